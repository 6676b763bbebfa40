package repo

import (
	"context"
	"maps"
	"slices"

	"chatkeep/backup/format"
)

// Headless are the manifests that no head names and that stand at a number where
// their writer has no snapshot: those of heads that were lost, or of runs that
// were cut off just before their end. What they list may be there in full. The
// heads that come back are made up: they have a number and no hash.
//
// What a repair commits, a checkpoint or a snapshot that made says so of, can have
// taken the number of the very head that was lost, and says nothing.
func (x *Remains) Headless(ctx context.Context, made func(*format.Manifest) bool) ([]*Exam, error) {
	var exams []*Exam
	for _, key := range slices.Sorted(maps.Keys(x.state.there)) {
		name, _ := format.ParseName(key)
		if _, named := x.state.named[key]; named || name.Type != format.ObjectManifest || x.state.condemned[name.Hash] || x.state.bad[key] != nil {
			continue
		}
		m, err := x.readManifest(ctx, name)
		if err != nil && format.ClassOf(err) == "" {
			return nil, err
		}
		if err != nil || m.Repository != x.view.Label() {
			continue
		}
		chain := x.view.Chains[m.Writer]
		if chain == nil {
			continue
		}
		taken, err := x.taken(ctx, chain, m.Seq, made)
		if err != nil {
			return nil, err
		}
		if taken {
			continue
		}
		h := &Head{Head: &format.Head{Repository: m.Repository, Writer: m.Writer, Seq: m.Seq, Prev: m.Prev,
			Manifest: &format.Ref{SHA256: name.Hash, Size: x.state.there[key]}}}
		exams = append(exams, &Exam{Head: h, Manifest: m, x: x, own: x.index, keys: map[string]bool{}})
	}
	return exams, nil
}

// taken reports whether a writer has a snapshot with a number that no repair
// made. One whose manifest cannot be read counts as one.
func (x *Remains) taken(ctx context.Context, chain *Chain, seq uint64, made func(*format.Manifest) bool) (bool, error) {
	for _, h := range chain.Heads {
		if h.Seq != seq || h.Manifest == nil {
			continue
		}
		m, err := x.readManifest(ctx, format.Name{Type: format.ObjectManifest, Hash: h.Manifest.SHA256})
		if ends(err) {
			return false, err
		}
		if err != nil || !made(m) {
			return true, nil
		}
	}
	return false, nil
}
