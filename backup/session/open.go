package session

import (
	"context"
	"errors"

	"chatkeep/backup/config"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// Archive is an opened repository that can be read.
type Archive struct {
	Store  storage.Reader
	View   *repo.View
	Memory *state.Repository
	Place  string // for people

	call    *Call
	store   *traffic
	said    config.Repository // what the configuration file says of it
	given   string            // the id that the user gave, or ""
	name    string            // what this machine remembers the place by
	told    format.Hash       // the id that somebody vouches for, zero where only the place claims it
	witness                   // of the repository
	key     *keys.Writer      // this machine's, nil without one
	keyIs   error             // why a key that is there cannot be used
	only    *format.Slot      // the slot that alone is tried, nil for all
	by      format.Slot       // the slot that opened it

	followed bool // it was known here by a former id, until this command
}

// Writable is an opened repository that can be written to as well.
type Writable struct {
	*Archive
	Store storage.Store
}

// Open opens the repository that the flags name to read it, and refuses one
// whose signed statements are not in order, save for what --accept says.
func (c *Call) Open(ctx context.Context) (*Archive, error) {
	a, err := c.Inspect(ctx)
	if err != nil {
		return nil, err
	}
	return a, a.trust(ctx)
}

// OpenStore is Open to write.
func (c *Call) OpenStore(ctx context.Context) (*Writable, error) {
	a, err := c.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &Writable{a, a.store}, nil
}

// Inspect is Open for those who want to know what is wrong: problems stay in
// the view.
func (c *Call) Inspect(ctx context.Context) (*Archive, error) {
	p, err := c.place()
	if err != nil {
		return nil, err
	}
	store, err := c.open(ctx, p, false)
	if err != nil {
		if p.byChance && storage.ClassOf(err) == storage.NoPlace {
			return nil, &repo.NoRepository{Place: p.location.Text}
		}
		return nil, err
	}
	return c.load(ctx, p, store)
}

// Look is Inspect for those who leave no trace: nothing is kept on this machine, not
// even what could be read again.
func (c *Call) Look(ctx context.Context) (*Archive, error) {
	still := *c
	still.Dirs, still.opened = c.Dirs.Still(), opened{}
	a, err := still.Inspect(ctx)
	c.closers, c.file = append(c.closers, still.closers...), still.file
	return a, err
}

// Untold reports whether nobody names a repository, so that the embedded default is
// meant.
func (c *Call) Untold() (bool, error) {
	p, err := c.place()
	return p.byChance, err
}

func (c *Call) load(ctx context.Context, p place, store *traffic) (*Archive, error) {
	a, err := c.identified(ctx, p, store)
	if err != nil {
		return nil, err
	}
	if err := a.askWitness(ctx, false); err != nil {
		return nil, err
	}
	if a.View, err = repo.Survey(ctx, store, a.Memory.ID, a.name, a.Memory); err != nil {
		return nil, a.named(err)
	}
	return a, a.hearWitness(ctx, a.Memory)
}

// identified is the archive as far as this machine's memory goes: which repository
// it is, and the key for it.
func (c *Call) identified(ctx context.Context, p place, store *traffic) (*Archive, error) {
	a := c.archive(p, store)
	id, err := a.identify(ctx)
	if err != nil {
		return nil, a.named(err)
	}
	a.Memory = c.Dirs.Repository(id)
	if a.key, a.keyIs = c.readWriterKey(a.Memory); a.key != nil {
		a.told = id // an owner of the repository made the key file
	}
	return a, nil
}

func (c *Call) archive(p place, store *traffic) *Archive {
	return &Archive{Store: store, Place: p.location.Text, call: c, store: store, said: p.said, given: p.id, name: p.nameOf(store), witness: witness{text: p.witness}}
}

// named makes an absent repository one at the place as the user knows it.
func (a *Archive) named(err error) error {
	var none *repo.NoRepository
	if errors.As(err, &none) {
		return &repo.NoRepository{Place: a.Place}
	}
	return err
}

// identify finds out which repository to expect: the one that the user names,
// or this machine saw here; else the one that the place claims to be.
func (a *Archive) identify(ctx context.Context) (format.Hash, error) {
	if a.given != "" {
		id, err := format.ParseHash(a.given)
		if err != nil {
			return id, Usage("--id: %v", err)
		}
		a.told = id
		return id, nil
	}
	id, ok, err := a.call.Dirs.Place(a.name)
	if err != nil {
		return id, err
	}
	if ok {
		a.told = id
		return id, nil
	}
	return repo.Identify(ctx, a.store, a.name)
}

// Root is the folder of this machine that the repository is in, or "".
func (a *Archive) Root() string { return a.store.root() }

// Requests is how many requests went to the store so far; a listing counts as
// one for every thousand names. What a store does to connect, and to try again,
// is its own.
func (a *Archive) Requests() int64 { return a.store.requests.Load() }

// Received is how many bytes of objects came from the store so far.
func (a *Archive) Received() int64 { return a.store.received.Load() }

// ID returns the repository's id.
func (a *Archive) ID() format.Hash { return a.View.ID }

// Vouched reports whether the id is more than the place's own claim.
func (a *Archive) Vouched() bool { return !a.told.IsZero() }

// trust refuses a view with problems that were not accepted, and remembers one of
// the repository that is meant.
func (a *Archive) trust(ctx context.Context) error {
	if err := a.judge(); err != nil {
		return err
	}
	if err := a.follow(ctx); err != nil {
		return err
	}
	a.tellNotes()
	if !a.Vouched() {
		return nil
	}
	return a.remember()
}

// judge refuses a view with problems that were not accepted.
func (a *Archive) judge() error {
	accept, err := a.call.accepted()
	if err != nil {
		return err
	}
	return a.View.Trust(accept)
}

func (a *Archive) tellNotes() {
	for _, note := range a.View.Notes {
		a.call.Voice.Say("note: %s", note)
	}
	a.TellUnheard()
}

// acceptable are the classes of problems that a view may have and that a person
// may decide to live with.
var acceptable = []format.Class{
	format.Rollback, format.Gap, format.Fork, format.Missing, format.WrongWriter, format.BadSignature,
	format.Flipped, format.Truncated, format.Malformed, format.NonCanonical, format.WrongPlace, format.WrongRepository, format.Oversized,
}

func (c *Call) accepted() (map[format.Class]bool, error) {
	accept := map[format.Class]bool{}
	for _, word := range c.StringSlice("accept") {
		known := false
		for _, class := range acceptable {
			known = known || word == string(class)
		}
		if !known {
			return nil, Usage("--accept: there is no class of problems %q", word)
		}
		accept[format.Class(word)] = true
	}
	return accept, nil
}

// remember notes the view, which is trusted and of the repository that is
// meant.
func (a *Archive) remember() error {
	if err := a.call.Dirs.SetPlace(a.name, a.View.ID); err != nil {
		return err
	}
	return a.View.RememberSeen(a.Memory, a.own())
}

// own is this machine's writer, zero without one.
func (a *Archive) own() format.Hash {
	if a.key == nil {
		return format.Hash{}
	}
	return a.key.ID
}

// Renew opens the repository again, in the middle of a command: what came since
// is looked at as critically as at its beginning.
func (w *Writable) Renew(ctx context.Context) error {
	view, err := repo.Load(ctx, w.Store, w.View.ID, w.name, w.Memory)
	if err != nil {
		return err
	}
	accept, err := w.call.accepted()
	if err == nil {
		err = view.Trust(accept)
	}
	if err != nil {
		return err
	}
	w.View = view
	return w.remember()
}

// Unchanged returns an error where the owner has changed the repository since it was
// looked at. It is for the moment before another change.
func (w *Writable) Unchanged(ctx context.Context) error {
	now, err := repo.Load(ctx, w.Store, w.View.ID, w.name, w.Memory)
	if err == nil && !now.SameAuthority(w.View) {
		err = &repo.Changed{}
	}
	return err
}

// Reload looks at the repository again, after a change of it, and remembers
// what it sees.
func (w *Writable) Reload(ctx context.Context) error {
	view, err := repo.Load(ctx, w.Store, w.View.ID, w.name, w.Memory)
	if err != nil {
		return err
	}
	w.View = view
	return w.remember()
}
