package repo

import (
	"context"
	"slices"

	"chatkeep/backup/format"
)

// Unindexed are packs of heads that are whole, and that no index object in the
// store covers any more. Readers find their directories in the packs themselves,
// which takes longer; a writer would store again what they have.
func (x *Remains) Unindexed() []format.IndexPack { return x.named }

// Reindex writes index objects for packs of this writer, and of writers that it
// took over from, and commits them with a head that is no snapshot. It returns
// for how many: others' packs are theirs to index, for a writer refers to none
// but its own.
func (s *Session) Reindex(ctx context.Context, packs []format.IndexPack) (int, error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	mine := map[format.Hash]bool{}
	for _, chain := range s.family() {
		for _, ref := range chain.Ever().Packs {
			mine[ref.SHA256] = true
		}
	}
	s.mu.Lock()
	known := map[format.Hash]bool{}
	for _, p := range s.packs {
		known[p.Pack] = true
	}
	var fresh []*pack
	for _, p := range packs {
		if mine[p.Pack] && !known[p.Pack] {
			s.learn(p, format.Hash{})
			fresh = append(fresh, s.packs[len(s.packs)-1])
		}
	}
	s.mu.Unlock()
	if len(fresh) == 0 {
		return 0, nil
	}
	if err := s.putIndex(ctx, fresh); err != nil {
		return 0, err
	}
	live := s.live(func(p *pack) bool { return slices.Contains(fresh, p) })
	if err := s.verifyStored(ctx, live, nil); err != nil {
		return 0, err
	}
	return len(fresh), s.putHead(ctx, nil, live)
}
