package session

import (
	"context"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// PlaceName is what this machine remembers the place by: notes say with it
// which copy of a repository they are about.
func (a *Archive) PlaceName() string { return a.name }

// Noter returns what puts notes as this machine's writer, and nothing else.
func (a *Archive) Noter(ctx context.Context) (*repo.Noter, error) {
	key, err := a.WriterKey()
	if err != nil {
		return nil, err
	}
	return repo.NewNoter(ctx, a.store, a.View, key, a.Memory, a.call.Env.Clock.Now)
}

// Newcomer reads the repository as somebody would who has nothing but its place
// and the secret: with no memory and no cache of this machine, and by what the
// place says alone. It asks for the secret anew, whatever was unlocked before.
func (a *Archive) Newcomer(ctx context.Context) (*repo.Reader, error) {
	n := &Archive{Store: a.Store, Place: a.Place, call: a.call, store: a.store, said: a.said, name: a.name}
	id := a.View.ID
	if len(a.call.StringSlice("identity")) > 0 || a.call.String("id") != "" {
		n.told = id // one who unlocks with such a key has to know it
	} else {
		claimed, err := repo.Identify(ctx, n.store, n.name)
		if err != nil {
			return nil, n.named(err)
		}
		if claimed != id {
			return nil, format.Fail(format.WrongRepository, a.Place, "to a newcomer it says that it is %s", claimed)
		}
	}
	var err error
	if n.View, err = repo.Load(ctx, n.store, id, n.name, nil); err != nil {
		return nil, n.named(err)
	}
	accept, err := a.call.accepted()
	if err != nil {
		return nil, err
	}
	if err := n.View.Trust(accept); err != nil {
		return nil, err
	}
	master, err := n.unlock(ctx)
	if err != nil {
		return nil, err
	}
	return repo.NewReader(ctx, n.Store, n.View, master, nil)
}

// Ledger returns this machine's ledger of what was read when at this place, a new
// one where there is none, and where it cannot be read, with a warning. Only a
// machine with a writer key keeps one: that opens it without a passphrase.
func (a *Archive) Ledger() (*repo.Ledger, error) {
	l := repo.NewLedger(a.call.Env.Clock.Now())
	if _, err := a.WriterKey(); err != nil {
		return l, err
	}
	kept, err := a.readLedger()
	switch {
	case err != nil:
		a.call.Voice.Warn("this machine's record of what was read when cannot be read, and is begun anew: %v", err)
	case kept != nil:
		return kept, nil
	}
	return l, nil
}

func (a *Archive) readLedger() (*repo.Ledger, error) {
	r, err := a.Memory.Table("scrub "+a.name, a.key.IndexIdentity(), a.key.IndexRecipient()).Read()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || len(data) == 0 {
		return nil, err
	}
	return repo.ParseLedger(data)
}

// SaveLedger keeps the ledger. What another run has kept meanwhile is not lost.
func (a *Archive) SaveLedger(l *repo.Ledger) error {
	if other, err := a.readLedger(); err == nil && other != nil {
		l.Merge(other)
	}
	w, err := a.Memory.Table("scrub "+a.name, a.key.IndexIdentity(), a.key.IndexRecipient()).Write()
	if err != nil {
		return err
	}
	if _, err := w.Write(l.Encode()); err != nil {
		w.Drop()
		return err
	}
	return w.Close()
}
