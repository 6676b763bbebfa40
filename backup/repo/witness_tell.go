package repo

import (
	"context"
	"time"

	"chatkeep/backup/format"
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
		if err := w.tell(ctx, source, v, name); err != nil {
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
func (w *Witness) tell(ctx context.Context, source *objects, v *View, name format.Name) error {
	object, err := v.statement(ctx, source, name)
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

// statement is a statement as it is stored. Loading looked at heads, and of the
// owner's at the newest alone.
func (v *View) statement(ctx context.Context, source *objects, name format.Name) ([]byte, error) {
	if name.Type == format.ObjectAuthority {
		if _, err := v.openEarlier(ctx, source, name); err != nil {
			return nil, err
		}
	}
	return cached(ctx, source, name, format.MaxSigned, func(object []byte) ([]byte, error) { return object, nil })
}
