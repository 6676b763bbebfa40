package forget

import (
	"context"
	"errors"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

// Hands are what it takes to carry a plan out.
type Hands struct {
	Store  storage.Store
	Memory repo.Memory
	Master *keys.Master
	// Load looks at the repository again.
	Load func(context.Context) (*repo.View, error)
	// Begin starts a run of this machine's writer, by the newest view.
	Begin   func(context.Context) (*repo.Session, error)
	Program string
	Now     func() time.Time
}

// Run carries a plan out, one that was made with r.
//
// Order is everything here. What is carried is committed, and read back whole.
// Then one authority says that the snapshots are no more: before it nothing has
// changed for them, after it they do not count.
func (p *Plan) Run(ctx context.Context, r *repo.Reader, h Hands) error {
	if len(p.Forgotten()) == 0 {
		return nil
	}
	if !p.request.LoseMessages {
		for _, c := range p.Carried {
			if err := c.carry(ctx, r, &h); err != nil {
				return err
			}
		}
	}
	if err := p.prove(ctx, &h); err != nil {
		return err
	}
	view, err := h.Load(ctx)
	if err != nil {
		return err
	}
	if view.AuthorityHash != r.View().AuthorityHash {
		// Another forget may have counted on what this one is about to drop. One
		// that commits at the same instant makes a fork, in which both are kept.
		return &repo.Changed{}
	}
	owner, err := repo.NewOwner(ctx, h.Store, view, h.Master, h.Memory)
	if err != nil {
		return err
	}
	var heads []*repo.Head
	for _, s := range p.Forgotten() {
		heads = append(heads, s.Head)
	}
	if err := owner.Forget(heads); err != nil {
		return err
	}
	return owner.Commit(ctx)
}

// errUnlike is what a carried snapshot is refused with that reads otherwise than
// it was written.
var errUnlike = errors.New("it does not read as it was written")

// prove reads the carried snapshots back, all of them: they are the last copy.
func (p *Plan) prove(ctx context.Context, h *Hands) error {
	if p.request.LoseMessages || len(p.Carried) == 0 {
		return nil
	}
	view, err := h.Load(ctx)
	if err != nil {
		return err
	}
	r, err := repo.NewReader(ctx, h.Store, view, h.Master, nil)
	if err != nil {
		return err
	}
	for _, c := range p.Carried {
		head := view.Chains[c.Snapshot.Writer].Find(c.Snapshot.Hash)
		if head == nil {
			return format.Fail(format.Missing, "snapshot "+c.Snapshot.Hash.String(), "it was carried, and is gone")
		}
		s, err := r.Open(ctx, head)
		if err != nil {
			return err
		}
		if err := c.compare(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
