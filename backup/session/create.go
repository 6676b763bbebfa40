package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// OpenOrCreate is OpenStore, and creates the repository where that is sure to
// do no harm: nobody named a place, and this machine never had a repository. A
// disk that is not mounted must not turn into a new, empty archive.
func (c *Call) OpenOrCreate(ctx context.Context) (*Writable, error) {
	w, err := c.OpenStore(ctx)
	var none *repo.NoRepository
	if !errors.As(err, &none) {
		return w, err
	}
	p, perr := c.place()
	if perr != nil || !p.byChance {
		return nil, err
	}
	had, herr := c.hadOne()
	if herr != nil {
		return nil, herr
	}
	if had {
		return nil, Fail(ExitNoRepository, "name it with --repo or "+envRepository+"; chatkeep init creates another one",
			"%v, and this machine has had one before", none)
	}
	c.Voice.Say("no repository yet: creating one at %s", p.location.Text)
	w, _, err = c.found(ctx, "", false)
	return w, err
}

// hadOne reports whether this machine ever saw a repository or wrote to one.
func (c *Call) hadOne() (bool, error) {
	if seen, err := c.Dirs.Anywhere(); seen || err != nil {
		return seen, err
	}
	// What was seen may be lost with the state folder; keys lie elsewhere.
	found, err := filepath.Glob(filepath.Join(c.Dirs.Data, "*", "*.key*"))
	return len(found) > 0, err
}

// Vacant makes sure that the place the flags name holds no repository yet, nor
// anything else, and returns its name for people. It writes nothing.
func (c *Call) Vacant(ctx context.Context) (string, error) {
	p, err := c.place()
	if err != nil {
		return "", err
	}
	store, err := c.open(ctx, p, false)
	if storage.ClassOf(err) == storage.NoPlace {
		return p.location.Text, nil
	}
	if err != nil {
		return "", err
	}
	id, err := repo.Identify(ctx, store, p.location.Text)
	var none *repo.NoRepository
	switch {
	case errors.As(err, &none):
		return p.location.Text, unoccupied(ctx, store, p.location.Text)
	case err != nil:
		return "", err
	}
	return "", Fail(ExitFailed, "chatkeep writer add lets this machine back up to it", "%s holds a repository already, %s", p.location.Text, id)
}

// unoccupied makes sure that nothing lies in a place beside which a repository could
// not be pruned.
func unoccupied(ctx context.Context, store storage.Reader, place string) error {
	foreign, err := repo.FindForeign(ctx, store, nil)
	if err != nil || foreign == nil {
		return err
	}
	return &repo.Occupied{Place: place, By: foreign}
}

// Create creates a repository where the flags say, with a slot for a passphrase
// and, if its owner can be given one, for a recovery key, and enrols this
// machine. Label is the machine's name in it; empty is the host's. The recovery
// key, "" without one, is for the kit.
func (c *Call) Create(ctx context.Context, label string) (*Writable, keys.RecoveryKey, error) {
	return c.found(ctx, label, true)
}

// found is Create, and asks with less care where nobody meant to set anything up.
func (c *Call) found(ctx context.Context, label string, careful bool) (*Writable, keys.RecoveryKey, error) {
	if _, err := c.Vacant(ctx); err != nil {
		return nil, "", err
	}
	passphrase, err := c.NewPassphrase(ctx, ExitNoRepository)
	if err != nil {
		return nil, "", err
	}
	master, err := keys.NewMaster(c.Bool("classic"))
	if err != nil {
		return nil, "", err
	}
	// The owner has the secrets before they count: a crash in between leaves a
	// key without a lock, and not the other way round.
	recovery, forget, err := c.NewRecoveryKey(ctx, careful)
	if err != nil {
		return nil, "", err
	}
	slots, err := firstSlots(master, passphrase, recovery)
	if err != nil {
		forget()
		return nil, "", err
	}
	if recovery == "" {
		c.Voice.Warn("no recovery key was made: without the passphrase nobody can open this archive; chatkeep key add --recovery makes one")
	}
	w, doubtful, err := c.create(ctx, master, slots, label)
	if err == nil {
		return w, recovery, nil
	}
	// Only if it is sure that nothing was created is the key worthless.
	if _, still := c.Vacant(ctx); still == nil && !doubtful {
		forget()
	} else if files := c.recoveryFiles(); len(files) > 0 {
		c.Voice.Warn("a repository may have been created all the same; its recovery key stays in %s", strings.Join(files, " and "))
	}
	return nil, "", err
}

// firstSlots seals the master for its first secrets; there may be no recovery key.
func firstSlots(master *keys.Master, passphrase string, recovery keys.RecoveryKey) ([]repo.NewSlot, error) {
	object, err := keys.SealPassphrase(master, passphrase)
	if err != nil {
		return nil, err
	}
	slots := []repo.NewSlot{{Name: "passphrase", Kind: format.SlotPassphrase, Object: object}}
	if recovery == "" {
		return slots, nil
	}
	if object, err = keys.SealRecovery(master, recovery); err != nil {
		return nil, err
	}
	return append(slots, repo.NewSlot{Name: "recovery", Kind: format.SlotRecovery, Object: object}), nil
}

// create returns with its error whether there may be a repository in spite of
// it, now or later: a server that was asked and did not answer may yet do so.
func (c *Call) create(ctx context.Context, master *keys.Master, slots []repo.NewSlot, label string) (w *Writable, doubtful bool, err error) {
	p, err := c.place()
	if err != nil {
		return nil, false, err
	}
	store, err := c.open(ctx, p, true)
	if err != nil {
		return nil, false, err
	}
	founding := &founding{Store: store}
	grace, err := c.grace()
	if err != nil {
		return nil, false, err
	}
	with := []func(*format.Authority){repo.WithGrace(grace)}
	if c.Bool("parity") {
		with = append(with, repo.WithParity)
	}
	key, err := repo.Create(ctx, founding, p.location.Text, master, slots, Label(label), with...)
	if err != nil {
		return nil, founding.asked && store.root() == "", err
	}
	w, err = c.enrol(ctx, p, store, key)
	return w, true, err
}

// founding is a store that notes whether it was asked for the object that makes
// a repository of a place.
type founding struct {
	storage.Store
	asked bool
}

func (s *founding) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	s.asked = s.asked || strings.HasPrefix(key, format.AuthorityDir)
	return s.Store.Put(ctx, key, data)
}

// enrol keeps the first writer's key of a new repository, and opens that.
func (c *Call) enrol(ctx context.Context, p place, store *traffic, key *keys.Writer) (*Writable, error) {
	// From here on the repository exists. This machine's share of it comes at
	// once; were it lost, writer add would make another.
	data := key.Marshal()
	defer clear(data)
	if err := state.WriteFile(c.Dirs.Repository(key.Repository).WriterKeyPath(), data); err != nil {
		return nil, err
	}
	if err := c.Dirs.SetPlace(p.nameOf(store), key.Repository); err != nil {
		return nil, err
	}
	a, err := c.identified(ctx, p, store)
	if err != nil {
		return nil, err
	}
	if err := a.askWitness(ctx, true); err != nil {
		return nil, err
	}
	if a.View, err = repo.Load(ctx, store, a.Memory.ID, a.name, a.Memory); err != nil {
		return nil, err
	}
	a.View.Notes = nil // that nothing was seen of it before is as it should be
	return &Writable{a, store}, a.trust(ctx)
}

// minGrace is the shortest grace that a repository may have: the store's times
// are whole seconds.
const minGrace = 2 * time.Second

// grace is how long what is condemned stays in a new repository.
func (c *Call) grace() (time.Duration, error) {
	if !c.IsSet("grace") {
		return repo.DefaultGrace, nil
	}
	if d := c.Duration("grace"); d >= minGrace {
		return d, nil
	}
	return 0, Usage("--grace: %s is shorter than %s", c.Duration("grace"), minGrace)
}

// Label is a machine's name in a repository: the one given, or the host's.
func Label(given string) string {
	if given == "" {
		given, _ = os.Hostname()
	}
	if given == "" {
		given = "unnamed"
	}
	return given
}
