package repo

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// Noter puts notes as one writer, and nothing else: whoever has one cannot put
// another object, nor delete any.
type Noter struct {
	store storage.Store
	view  *View
	key   *keys.Writer
	now   func() time.Time
}

// NewNoter returns what puts notes with this machine's key. The authority must
// name the writer and not have ended it, and the key must know the repository's
// epoch, or news must tell of it. The newest state need not be trusted beyond
// that: a note commits nothing.
func NewNoter(ctx context.Context, store storage.Store, view *View, key *keys.Writer, memory Memory, now func() time.Time) (*Noter, error) {
	w, err := view.mayWrite(key)
	if err != nil {
		return nil, err
	}
	if key, err = view.caughtUp(ctx, &objects{store, memory}, key, w); err != nil {
		return nil, err
	}
	return &Noter{store, view, key, now}, nil
}

// Writer is the writer that the notes are of.
func (n *Noter) Writer() format.Hash { return n.key.ID }

// Put signs a note, seals it to the epoch and puts it, and reads it back where
// the credentials allow it. It returns the note's name and when it was put: by
// the storage's clock where that tells, else by this machine's.
func (n *Noter) Put(ctx context.Context, about string, text []byte) (format.Hash, time.Time, error) {
	note := &format.Note{
		Repository: n.view.Label(), Writer: n.key.ID, About: about,
		Time: n.now().UTC().Truncate(time.Second), Text: string(text),
	}
	data := keys.SignNote(n.key.Signer(), note)
	if _, err := format.ParseNote(data); err != nil {
		return format.Hash{}, time.Time{}, err // what readers refuse would be there for ever
	}
	header := format.Header{Type: format.TypeNote, Repository: n.view.Label(), Epoch: n.key.Epoch, Writer: n.key.ID}
	object, hash, err := sealData(header, data, n.key.EpochRecipient()...)
	if err != nil {
		return hash, time.Time{}, err
	}
	name := format.NoteName(n.key.ID, hash)
	info, err := create(ctx, n.store, name, object, "")
	if err != nil {
		return hash, time.Time{}, err
	}
	if err := readBack(ctx, n.store, name, object); err != nil && !errors.Is(err, fs.ErrPermission) {
		return hash, time.Time{}, err
	}
	return hash, noteTime(info.Time, note.Time), nil
}

// noteTime is when a note was put: its writer's clock counts only where the
// storage tells no time.
func noteTime(stored, written time.Time) time.Time {
	if stored.IsZero() {
		return written
	}
	return stored.UTC().Truncate(time.Second)
}
