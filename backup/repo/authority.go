package repo

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// maxClaims is how many ids that a place claims are told.
const maxClaims = 8

// Identify returns the id that the repository at a place claims. The claim is
// consistent, its root key signed it, but whose repository it is only the id
// itself, or a slot's secret, can tell. Where several roots have signed, and not one
// as the successor of the others, whoever may create objects could decide by a high
// number which is the newest: it is an error of the class wrong-repository that
// names the ids.
func Identify(ctx context.Context, store storage.Reader, place string) (format.Hash, error) {
	names, err := listAuthorities(ctx, store, place)
	if err != nil {
		return format.Hash{}, err
	}
	claims := succession{after: map[format.Hash][]format.Hash{}, since: map[format.Hash][]format.Hash{}}
	var first error
	for _, name := range slices.Backward(names) {
		a, err := claimed(ctx, &objects{store: store}, name)
		switch {
		case err != nil && format.ClassOf(err) == "":
			return format.Hash{}, err
		case err == nil:
			claims.add(a)
		case first == nil:
			first = err
		}
		if len(claims.ids) > format.MaxFormer {
			break
		}
	}
	if len(claims.ids) == 0 {
		return format.Hash{}, first
	}
	standing := claims.standing()
	if len(standing) == 1 && len(claims.ids) <= format.MaxFormer {
		return standing[0], nil
	}
	var ids []string
	for _, id := range claims.ids[:min(maxClaims, len(claims.ids))] {
		ids = append(ids, id.String())
	}
	e := format.Fail(format.WrongRepository, "authority", "the place claims to be several repositories: %s", strings.Join(ids, ", "))
	e.Cure = "--id says which one is meant"
	return format.Hash{}, e
}

// claimed opens an authority of whatever repository it says it is of.
func claimed(ctx context.Context, source *objects, name format.Name) (*format.Authority, error) {
	data, err := source.get(ctx, name, format.MaxSigned)
	if err != nil {
		return nil, err
	}
	e, err := format.ParseEnvelope(data, format.MaxSigned)
	if err != nil {
		return nil, format.At(name.String(), err)
	}
	a, err := format.ParseAuthority([]byte(e.Body))
	if err != nil {
		return nil, format.At(name.String(), err)
	}
	return keys.OpenAuthority(name.String(), data, a.Repository)
}

// listAuthorities returns the names of all authorities, the newest last. There
// is at least one.
func listAuthorities(ctx context.Context, store storage.Reader, place string) ([]format.Name, error) {
	names, err := list(ctx, store, format.AuthorityDir)
	if err == nil && len(names) == 0 {
		err = &NoRepository{place}
	}
	return names, err
}

func (v *View) loadAuthority(ctx context.Context, source *objects) error {
	names, err := listAuthorities(ctx, source.store, v.Place)
	if err != nil {
		return err
	}
	statements, err := v.openNewest(ctx, source, names)
	if err != nil {
		return err
	}
	v.Authority, v.AuthorityHash, v.statements = statements[0], v.newest[0], statements
	if len(statements) > 1 {
		v.Authority = joinAuthorities(statements)
		v.Notes = append(v.Notes, "two owners changed the repository at once: "+
			"what either ended has ended, what either keeps is kept, and nobody can change it until chatkeep key join made one of both")
	}
	v.authorities = map[format.Hash]bool{}
	for _, name := range names {
		v.authorities[name.Hash] = true
	}
	v.forgotten = map[format.HeadRef]bool{}
	for _, ref := range v.Authority.Forgotten {
		v.forgotten[ref] = true
	}
	v.checkAncestry(statements, names)
	return v.succeed(ctx, source, statements, names)
}

// openNewest opens the authorities that the owner has signed with the highest
// number, more than one in a fork. What nobody entitled has signed is passed
// over, as a problem: whoever may create objects could else stop everybody. But
// the newest alone decides. Where it is damaged, or is the owner's and cannot be
// read, to fall back to an older one would undo what the owner decided since.
func (v *View) openNewest(ctx context.Context, source *objects, names []format.Name) ([]*format.Authority, error) {
	var statements []*format.Authority
	for _, name := range slices.Backward(names) {
		if len(statements) > 0 && name.N < statements[0].N {
			break
		}
		a, err := openAuthority(ctx, source, name, v.ID)
		var s *stray
		switch {
		case errors.As(err, &s):
			v.Problems = append(v.Problems, s.problem())
		case isLoss(err) && v.lenient && len(statements) == 0:
			v.Problems = append(v.Problems, err)
			v.unsound = err
		case err != nil:
			return nil, err
		default:
			statements, v.newest = append(statements, a), append(v.newest, name.Hash)
		}
	}
	if len(statements) > 0 {
		return statements, nil
	}
	if v.unsound != nil {
		return nil, v.unsound
	}
	var f *format.Error
	if err := v.Problems[0]; !errors.As(err, &f) || f.Class != format.WrongRepository {
		return nil, err
	}
	f.Cure = "another repository has taken this place; if that is meant, name it by its own id"
	return nil, f
}

func openAuthority(ctx context.Context, source *objects, name format.Name, id format.Hash) (*format.Authority, error) {
	return openSigned(ctx, source, name, func(object []byte) (*format.Authority, error) {
		return keys.OpenAuthority(name.String(), object, id)
	})
}

// checkAncestry holds the listing, which is in order, against the chain of
// numbers and hashes.
func (v *View) checkAncestry(newest []*format.Authority, all []format.Name) {
	var last uint64
	for _, name := range all {
		if name.N > v.Authority.N {
			break
		}
		if name.N > last+1 {
			v.Problems = append(v.Problems, format.Fail(format.Gap, name.String(), "the authorities from %d to %d before it are gone", last+1, name.N-1))
		}
		last = name.N
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
// keeps is kept. Where one side has begun an epoch, the other's slots open a master
// that means to be locked out: they count no more.
func joinAuthorities(statements []*format.Authority) *format.Authority {
	statements = slices.Clone(statements)
	slices.SortStableFunc(statements, func(a, b *format.Authority) int { return cmp.Compare(b.Epoch, a.Epoch) })
	joined := *statements[0]
	for _, other := range statements[1:] {
		joined.Forgotten = slices.DeleteFunc(slices.Clone(joined.Forgotten), func(h format.HeadRef) bool {
			return !slices.Contains(other.Forgotten, h)
		})
		joined.Parity = joined.Parity || other.Parity
		joined.Writers = joinWriters(joined.Writers, other.Writers)
		for _, slot := range other.Slots {
			if other.Epoch == joined.Epoch && !slices.Contains(joined.Slots, slot) {
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
		if ok && len(have.News) >= len(w.News) {
			w.News = have.News // where both sides began an epoch, that of the keyring
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
