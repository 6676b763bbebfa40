package repo

import (
	"context"
	"errors"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// maxStatement bounds signed objects, in bytes.
const maxStatement = 32 << 20

// Identify returns the id that the repository at a place claims. The claim is
// consistent, its root key signed it, but whose repository it is only the id
// itself, or a slot's secret, can tell.
func Identify(ctx context.Context, store storage.Reader, place string) (format.Hash, error) {
	newest, _, err := newestAuthority(ctx, store, place)
	if err != nil {
		return format.Hash{}, err
	}
	data, err := (&objects{store: store}).get(ctx, newest[0], maxStatement)
	if err != nil {
		return format.Hash{}, err
	}
	a, err := claimed(data)
	if err != nil {
		return format.Hash{}, err
	}
	if _, err := keys.OpenAuthority(newest[0].String(), data, a.Repository); err != nil {
		return format.Hash{}, err
	}
	return a.Repository, nil
}

func claimed(object []byte) (*format.Authority, error) {
	e, err := format.ParseEnvelope(object, maxStatement)
	if err != nil {
		return nil, err
	}
	return format.ParseAuthority([]byte(e.Body))
}

// newestAuthority lists the authorities and returns the names with the highest
// number, more than one in a fork, and all names.
func newestAuthority(ctx context.Context, store storage.Reader, place string) (newest, all []format.Name, err error) {
	l, err := list(ctx, store, format.AuthorityDir)
	if err != nil {
		return nil, nil, err
	}
	if len(l.names) == 0 {
		return nil, nil, &NoRepository{place}
	}
	n := l.names[len(l.names)-1].N
	for _, name := range l.names {
		if name.N == n {
			newest = append(newest, name)
		}
	}
	return newest, l.names, nil
}

func (v *View) loadAuthority(ctx context.Context, source *objects) error {
	newest, all, err := newestAuthority(ctx, source.store, v.Place)
	if err != nil {
		return err
	}
	var statements []*format.Authority
	for _, name := range newest {
		a, err := openAuthority(ctx, source, name, v.ID)
		if err != nil {
			// The newest alone decides: falling back to an older one would
			// undo what the owner decided since.
			return err
		}
		statements = append(statements, a)
	}
	v.Authority, v.AuthorityHash = statements[0], newest[0].Hash
	if len(statements) > 1 {
		v.Authority = joinAuthorities(statements)
		v.Problems = append(v.Problems, format.Fail(format.Fork, newest[1].String(), "two authorities have the number %d", v.Authority.N))
	}
	v.checkAncestry(statements, all)
	return nil
}

func openAuthority(ctx context.Context, source *objects, name format.Name, id format.Hash) (*format.Authority, error) {
	data, err := source.cached(ctx, name, maxStatement)
	if err != nil {
		return nil, err
	}
	a, err := keys.OpenAuthority(name.String(), data, id)
	var f *format.Error
	if errors.As(err, &f) && f.Class == format.WrongRepository && f.Cure == "" {
		f.Cure = "another repository has taken this place; if that is meant, name it by its own id"
	}
	return a, err
}

// checkAncestry holds the listing against the chain of numbers and hashes.
func (v *View) checkAncestry(newest []*format.Authority, all []format.Name) {
	numbers := map[uint64]bool{}
	for _, name := range all {
		numbers[name.N] = true
	}
	for n := uint64(1); n < v.Authority.N; n++ {
		if !numbers[n] {
			v.Problems = append(v.Problems, format.Fail(format.Gap, "authority", "number %d is missing", n))
		}
	}
	for _, a := range newest {
		for _, prev := range a.Previous {
			if !slices.ContainsFunc(all, func(n format.Name) bool { return n.Hash == prev && n.N == a.N-1 }) {
				v.Problems = append(v.Problems, format.Fail(format.Gap, format.AuthorityName(a.N-1, prev), "the newer one names it, and it is gone"))
			}
		}
	}
}

// joinAuthorities reads a fork: the endings of all count, what any of them
// keeps is kept.
func joinAuthorities(statements []*format.Authority) *format.Authority {
	joined := *statements[0]
	for _, other := range statements[1:] {
		joined.Forgotten = slices.DeleteFunc(slices.Clone(joined.Forgotten), func(h format.HeadRef) bool {
			return !slices.Contains(other.Forgotten, h)
		})
		joined.Writers = joinWriters(joined.Writers, other.Writers)
		for _, slot := range other.Slots {
			if !slices.Contains(joined.Slots, slot) {
				joined.Slots = append(slices.Clone(joined.Slots), slot)
			}
		}
	}
	return &joined
}

func joinWriters(a, b []format.AuthorityWriter) []format.AuthorityWriter {
	byID := map[format.Hash]format.AuthorityWriter{}
	for _, w := range slices.Concat(a, b) {
		have, ok := byID[w.ID]
		if ok && have.Ended != nil && (w.Ended == nil || w.Ended.Seq > have.Ended.Seq) {
			w.Ended = have.Ended
		}
		byID[w.ID] = w
	}
	var all []format.AuthorityWriter
	for _, w := range byID {
		all = append(all, w)
	}
	slices.SortFunc(all, func(x, y format.AuthorityWriter) int { return slices.Compare(x.ID[:], y.ID[:]) })
	return all
}
