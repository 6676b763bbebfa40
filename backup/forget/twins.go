package forget

import (
	"context"
	"crypto/sha256"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// twins finds states that are one though two families of writers stored them,
// who know the bytes of attachments by other ids. It is nil where a source has
// one family alone.
type twins struct {
	byShape map[sum][]twin
	hashes  map[sum]format.Hash // of content
	open    *repo.ChunkReader   // of the one looked at last
	opened  *repo.Head
}

type twin struct {
	head   *repo.Head
	family format.Hash
	places []place
}

// twins prepares for a source with snapshots of several families.
func (w *weighing) twins() {
	var families []format.Hash
	for _, s := range w.plan.Snapshots {
		if s.Source == w.source && s.Manifest != nil {
			families = append(families, w.reader.View().Chains[s.Head.Writer].Writer.Dedup)
		}
	}
	for _, f := range families {
		if f != families[0] {
			w.ledger.twins = &twins{byShape: map[sum][]twin{}, hashes: map[sum]format.Hash{}}
			return
		}
	}
}

// note remembers a state with attachments that is held.
func (t *twins) note(s *Snapshot, r *streams, st *state) {
	if t == nil || len(st.places) == 0 {
		return
	}
	family := r.snapshot.Family()
	for _, have := range t.byShape[st.shape] {
		if have.family == family && have.places[0].sum == st.places[0].sum {
			return
		}
	}
	t.byShape[st.shape] = append(t.byShape[st.shape], twin{s.Head, family, st.places})
}

// find reports whether another family's snapshot has the same record with the
// same attachments, byte for byte.
func (t *twins) find(ctx context.Context, reader *repo.Reader, r *streams, st *state) (bool, error) {
	if t == nil || len(st.places) == 0 {
		return false, nil
	}
	for _, have := range t.byShape[st.shape] {
		if have.family == r.snapshot.Family() {
			continue
		}
		if t.opened != have.head {
			s, err := reader.Open(ctx, have.head)
			if format.ClassOf(err) != "" {
				continue // what cannot be read stands for nothing
			}
			if err != nil {
				return false, err
			}
			t.open, t.opened = s.NewChunkReader(), have.head
		}
		same, err := t.same(ctx, r.reader, st.places, t.open, have.places)
		if same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func (t *twins) same(ctx context.Context, a *repo.ChunkReader, as []place, b *repo.ChunkReader, bs []place) (bool, error) {
	for i := range as {
		if as[i].sum == bs[i].sum {
			continue
		}
		if as[i].zip || bs[i].zip {
			return false, nil // whole zips are known by their hash in every family
		}
		x, err := t.hash(ctx, a, &as[i].content)
		if err != nil {
			return false, err
		}
		y, err := t.hash(ctx, b, &bs[i].content)
		if format.ClassOf(err) != "" {
			return false, nil // what cannot be read stands for nothing
		}
		if err != nil || x != y {
			return false, err
		}
	}
	return true, nil
}

// hash reads content, once in a run.
func (t *twins) hash(ctx context.Context, r *repo.ChunkReader, c *content) (format.Hash, error) {
	if h, ok := t.hashes[c.sum]; ok {
		return h, nil
	}
	hash := sha256.New()
	if err := readChunks(ctx, r, slices.Values(c.ids), hash); err != nil {
		return format.Hash{}, err
	}
	h := format.Hash(hash.Sum(nil))
	t.hashes[c.sum] = h
	return h, nil
}
