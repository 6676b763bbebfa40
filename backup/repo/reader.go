package repo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// Reader reads a repository with its master identity.
type Reader struct {
	store   storage.Reader
	source  *objects
	view    *View
	ring    *keys.Keyring
	secrets map[format.Hash]keys.Secrets // by writer
}

// NewReader opens the keyring. The view must be trusted.
func NewReader(ctx context.Context, store storage.Reader, view *View, master *keys.Master, memory Memory) (*Reader, error) {
	r := &Reader{store: store, source: &objects{store, memory}, view: view, secrets: map[format.Hash]keys.Secrets{}}
	if master.Repository != view.ID {
		return nil, format.Fail(format.WrongRepository, "the unlocked key", "it belongs to repository %s", master.Repository)
	}
	a := view.Authority
	name := format.Name{Type: format.ObjectKeyring, N: a.Keyring.N, Hash: a.Keyring.SHA256}
	var err error
	r.ring, err = cached(ctx, r.source, name, format.MaxKeyring, func(object []byte) (*keys.Keyring, error) {
		return keys.OpenKeyring(name.String(), object, master)
	})
	if err != nil {
		return nil, err
	}
	for _, w := range a.Writers {
		r.secrets[w.ID] = r.ring.Secrets(w.Dedup)
	}
	return r, nil
}

// Renew returns a reader that reads by a later view, with the same keys.
func (r *Reader) Renew(view *View) (*Reader, error) {
	if view.ID != r.view.ID {
		return nil, format.Fail(format.WrongRepository, "the view", "it is of repository %s", view.ID)
	}
	next := *r
	next.view = view
	next.secrets = map[format.Hash]keys.Secrets{}
	for _, w := range view.Authority.Writers {
		next.secrets[w.ID] = next.ring.Secrets(w.Dedup)
	}
	return &next, nil
}

// Keyring returns the opened keyring.
func (r *Reader) Keyring() *keys.Keyring { return r.ring }

// View returns the view that the reader reads by.
func (r *Reader) View() *View { return r.view }

func (r *Reader) identities() []age.Identity { return r.ring.Identities() }

// Heads lists the snapshots that are not forgotten, newest last: by the times
// that [Chain.Times] gives, then by writer and seq.
func (r *Reader) Heads() []*Head {
	var heads []*Head
	times := map[*Head]time.Time{}
	for _, chain := range r.view.Chains {
		for i, t := range chain.Times() {
			h := chain.Heads[i]
			times[h] = t
			if h.Manifest != nil && !r.view.Forgotten(h) {
				heads = append(heads, h)
			}
		}
	}
	slices.SortFunc(heads, func(a, b *Head) int {
		if c := times[a].Compare(times[b]); c != 0 {
			return c
		}
		return a.Ref().Compare(b.Ref())
	})
	return heads
}

// Manifest reads the manifest of a snapshot and makes sure that the two belong
// together.
func (r *Reader) Manifest(ctx context.Context, h *Head) (*format.Manifest, error) {
	name := format.Name{Type: format.ObjectManifest, Hash: h.Manifest.SHA256}
	m, err := r.readManifest(ctx, name)
	if err != nil {
		return nil, err
	}
	live, err := r.view.Chains[h.Writer].Live(h)
	if err != nil {
		return nil, err
	}
	return m, format.At(name.String(), format.CheckManifest(m, h.Head, live.Hash()))
}

// readManifest reads a manifest, whosesoever it is.
func (r *Reader) readManifest(ctx context.Context, name format.Name) (*format.Manifest, error) {
	data, err := cached(ctx, r.source, name, format.MaxObject, func(object []byte) ([]byte, error) {
		return openSealed(name.String(), object, format.TypeManifest, r.view.Label(), format.MaxManifest, r.identities()...)
	})
	if err != nil {
		return nil, err
	}
	m, err := format.ParseManifest(data)
	return m, format.At(name.String(), err)
}

// Snapshot is one snapshot with the index of its packs.
type Snapshot struct {
	*Reader
	Head     *Head
	Manifest *format.Manifest
	// Notes are for people: what was missing and could be done without.
	Notes []string
	index *Index
}

// Family is the writer whose secrets the snapshot's writer uses, most often
// itself. Equal bytes in one kind of pack have equal ids within a family.
func (s *Snapshot) Family() format.Hash { return s.view.Chains[s.Head.Writer].Writer.Dedup }

// Open reads what is needed to read a snapshot: its manifest and index.
func (r *Reader) Open(ctx context.Context, h *Head) (*Snapshot, error) {
	m, err := r.Manifest(ctx, h)
	if err != nil {
		return nil, err
	}
	live, err := r.view.Chains[h.Writer].Live(h)
	if err != nil {
		return nil, err
	}
	index, notes, err := r.loadIndex(ctx, live, r.view.Chains[h.Writer].Writer.Dedup)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Reader: r, Head: h, Manifest: m, Notes: notes, index: index}, nil
}

// Age tells how old a snapshot is, as the storage's clock had it.
func (h *Head) Age(now time.Time) string {
	if h.At().IsZero() {
		return "of unknown age"
	}
	switch d := now.Sub(h.At()); {
	case d < 0:
		return "dated in the future"
	case d < 2*time.Hour:
		return old(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return old(int(d.Hours()), "hour")
	default:
		return old(int(d.Hours()/24), "day")
	}
}

func old(n int, unit string) string {
	if n == 1 {
		return "1 " + unit + " old"
	}
	return fmt.Sprintf("%d %ss old", n, unit)
}
