package repo

import (
	"context"
	"maps"
	"slices"

	"chatkeep/backup/format"
)

// Headless are the manifests that no head names and that stand at a number that
// no head of their writer has: those of heads that were lost, or of runs that
// were cut off just before their end. What they list may be there in full. The
// heads that come back are made up: they have a number and no hash.
func (x *Remains) Headless(ctx context.Context) ([]*Exam, error) {
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
		if err != nil || m.Repository != x.view.ID {
			continue
		}
		chain := x.view.Chains[m.Writer]
		if chain == nil || slices.ContainsFunc(chain.Heads, func(h *Head) bool { return h.Seq == m.Seq }) {
			continue
		}
		h := &Head{Head: &format.Head{Repository: m.Repository, Writer: m.Writer, Seq: m.Seq, Prev: m.Prev,
			Manifest: &format.Ref{SHA256: name.Hash, Size: x.state.there[key]}}}
		exams = append(exams, &Exam{Head: h, Manifest: m, x: x, own: x.index, keys: map[string]bool{}})
	}
	return exams, nil
}
