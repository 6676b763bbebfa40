package session

import (
	"context"
	"iter"
	"path/filepath"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// What the flags of a setting begin with for either end of a copy.
const (
	fromPrefix = "from-"
	toPrefix   = "to-"
)

// Ends are the two places of a command whose arguments are FROM and TO.
type Ends struct {
	call     *Call
	from, to place
}

// Ends works out the two places.
func (c *Call) Ends() (*Ends, error) {
	e := &Ends{call: c, from: place{id: c.id()}}
	e.from.location.Text, e.to.location.Text = c.Arg(0), c.Arg(1)
	for _, end := range []struct {
		p      *place
		name   string
		prefix string
	}{{&e.from, "FROM", fromPrefix}, {&e.to, "TO", toPrefix}} {
		if end.p.location.Text == "" {
			return nil, Usage("%s is empty", end.name)
		}
		if err := c.locate(end.p, end.prefix); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Source is the end that is read, as it is: what is wrong with it is for the copy
// to tell.
type Source struct {
	*Archive
	Origin repo.Origin
}

// Source opens FROM and finds out which repository is there. It needs no key.
func (e *Ends) Source(ctx context.Context) (*Source, error) {
	store, err := e.call.open(ctx, e.from, false)
	if err != nil {
		return nil, err
	}
	a := e.call.archive(e.from, store)
	id, err := a.identify(ctx)
	if err != nil {
		return nil, a.named(err)
	}
	a.Memory = e.call.Dirs.Repository(id)
	if key, _ := e.call.readWriterKey(a.Memory); key != nil {
		a.told = id // an owner of the repository made the key file
	}
	return &Source{a, repo.Origin{Store: store, ID: id, Place: a.name, Memory: a.Memory}}, nil
}

// Seen notes what a copy saw of FROM and found in order, so that an older state of
// it is noticed the next time; as ever only of a repository that somebody vouches
// for.
func (s *Source) Seen(view *repo.View) error {
	if !s.Vouched() || view == nil {
		return nil
	}
	s.View = view
	return s.remember()
}

// Accepted are the classes of problems that the user lives with.
func (c *Call) Accepted() (map[format.Class]bool, error) { return c.accepted() }

// Target is the end that is written to.
type Target struct {
	Store storage.Store
	Place string // for people
	name  string
	dirs  state.Dirs
}

// Target opens TO and creates the place, if it is not there. In a dry run one that
// is not there is empty. It must not be FROM, nor one of the two within the other.
func (e *Ends) Target(ctx context.Context, from *Archive) (*Target, error) {
	if err := e.apart(from, e.to.location.Text); err != nil {
		return nil, err // before a folder is made in the other end
	}
	store, err := e.call.open(ctx, e.to, !e.call.DryRun())
	if e.call.DryRun() && storage.ClassOf(err) == storage.NoPlace {
		return &Target{nowhere{}, e.to.location.Text, "", e.call.Dirs}, nil
	}
	if err != nil {
		return nil, err
	}
	t := &Target{store, e.to.location.Text, e.to.nameOf(store), e.call.Dirs}
	if t.name == from.name || store.root() != "" && e.apart(from, store.root()) != nil {
		return nil, Usage("FROM and TO are the same place, or one is in the other")
	}
	return t, nil
}

// apart refuses a path in or around FROM: a copy of a copy of a copy.
func (e *Ends) apart(from *Archive, path string) error {
	root := from.Root()
	if root == "" || len(e.to.provider.Schemes) > 0 {
		return nil
	}
	path, err := filepath.Abs(strings.TrimPrefix(path, "file:"))
	if err != nil {
		return err
	}
	if Within(root, path) || Within(path, root) {
		return Usage("FROM and TO are the same place, or one is in the other")
	}
	return nil
}

// Within reports whether path is dir or below it. Both are absolute and clean.
func Within(dir, path string) bool {
	relative, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(relative)
}

// Requests is how many requests went to the target so far.
func (t *Target) Requests() int64 {
	if l, ok := t.Store.(*traffic); ok {
		return l.requests.Load()
	}
	return 0
}

// Holds notes that the repository is at the target now, too, where somebody
// vouches for its id: the copy can be read and written to as the original.
func (t *Target) Holds(from *Archive, id format.Hash) error {
	if !from.Vouched() || t.name == "" {
		return nil
	}
	return t.dirs.SetPlace(t.name, id)
}

// Archive opens FROM to read it with a key, if it is in order.
func (e *Ends) Archive(ctx context.Context) (*Archive, error) {
	store, err := e.call.open(ctx, e.from, false)
	if err != nil {
		return nil, err
	}
	a, err := e.call.load(ctx, e.from, store)
	if err != nil {
		return nil, err
	}
	return a, a.trust(ctx)
}

// Writable opens TO, which is a repository, to write to it with this machine's
// key.
func (e *Ends) Writable(ctx context.Context) (*Writable, error) {
	store, err := e.call.open(ctx, e.to, false)
	if err != nil {
		return nil, err
	}
	a, err := e.call.load(ctx, e.to, store)
	if err != nil {
		return nil, err
	}
	return &Writable{a, store}, a.trust(ctx)
}

// nowhere is the store of a place that is not there yet. A dry run asks it for its
// listing and for nothing else.
type nowhere struct{ storage.Store }

func (nowhere) List(context.Context, string) iter.Seq2[storage.Info, error] {
	return func(func(storage.Info, error) bool) {}
}
