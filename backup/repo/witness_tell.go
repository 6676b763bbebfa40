package repo

import (
	"context"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// Tell hands the witness what a trusted view shows and it does not have yet, the
// authorities first, then the heads of each writer, in the order of their numbers.
// A witness that was away so catches up. What the repository holds does not depend
// on it: that is durable already. Progress may be nil.
func (w *Witness) Tell(ctx context.Context, store storage.Reader, v *View, memory Memory, progress func(done, total int)) error {
	t, err := w.Ask(ctx)
	if err != nil {
		return err
	}
	h := &hearing{v: v, t: t, source: &objects{store: w.Store}}
	unseen, _ := h.unseen()
	if _, _, err := h.owner(ctx, unseen); err != nil {
		return err
	}
	source := &objects{store, memory}
	todo, err := t.news(ctx, source, v)
	if err != nil {
		return err
	}
	for i, name := range todo {
		if progress != nil {
			progress(i, len(todo))
		}
		if err := w.tell(ctx, source, v.ID, name); err != nil {
			return err
		}
	}
	return nil
}

// news are the statements of the view that the witness does not have.
func (t *Testimony) news(ctx context.Context, source *objects, v *View) (todo []format.Name, err error) {
	authorities, err := listAuthorities(ctx, source.store, v.Place)
	if err != nil {
		return nil, err
	}
	for _, name := range authorities {
		if !t.has[name] && name.N <= v.Authority.N {
			todo = append(todo, name)
		}
	}
	for _, w := range v.Authority.Writers {
		chain := v.Chains[w.ID]
		if chain == nil {
			continue
		}
		for _, h := range chain.Heads {
			if name := h.name(); !t.has[name] {
				todo = append(todo, name)
			}
		}
	}
	return todo, nil
}

// paceOfWitness is how slow a witness may be beyond its patience, in bytes a second.
const paceOfWitness = 16 << 10

// tell hands over one statement. What nobody entitled has signed is passed over, and
// so is what is damaged: a check names it.
func (w *Witness) tell(ctx context.Context, source *objects, id format.Hash, name format.Name) error {
	var object []byte
	keep := func(data []byte) (struct{}, error) {
		object = data
		return struct{}{}, nil
	}
	if name.Type == format.ObjectAuthority {
		keep = func(data []byte) (struct{}, error) {
			object = data
			_, err := keys.OpenAuthority(name.String(), data, id)
			return struct{}{}, err
		}
	}
	_, err := openSigned(ctx, source, name, keep)
	if format.ClassOf(err) != "" {
		return nil
	}
	if err != nil {
		return err
	}
	patience := w.patience() + time.Duration(len(object)/paceOfWitness)*time.Second
	_, err = Bounded(ctx, patience, func(ctx context.Context) (storage.Info, error) {
		return w.Store.Put(ctx, name.String(), object)
	})
	if exists(err) {
		return nil // another machine was faster
	}
	return err
}
