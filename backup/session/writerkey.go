package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
)

// readWriterKey reads this machine's writer key for a repository, nil where it
// has none. A key that others could read is used, with a warning: a backup that
// stops is the greater harm.
func (c *Call) readWriterKey(memory *state.Repository) (*keys.Writer, error) {
	path := memory.WriterKeyPath()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("writer key: %w", err)
	}
	defer clear(data)
	key, err := keys.ParseWriter(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key.Repository != memory.ID {
		return nil, fmt.Errorf("%s belongs to repository %s", path, key.Repository)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		c.Voice.Warn("others on this machine can read %s; chmod 600 it", path)
	}
	return key, nil
}

// Key returns this machine's key, nil where it has none.
func (a *Archive) Key() (*keys.Writer, error) { return a.key, a.keyIs }

// WriterKey returns this machine's key. There must be one.
func (a *Archive) WriterKey() (*keys.Writer, error) {
	if a.keyIs == nil && a.key == nil {
		return nil, Fail(ExitWrongKey, "chatkeep writer add enrols it; a machine that replaces one that is gone takes --inherit",
			"this machine has no writer key for the repository at %s", a.Place)
	}
	return a.key, a.keyIs
}

// IsThisMachine reports whether a writer is this machine.
func (w *Writable) IsThisMachine(id format.Hash) bool { return id == w.own() && !id.IsZero() }

// SaveWriterKey makes a key this machine's.
func (w *Writable) SaveWriterKey(key *keys.Writer) error {
	if w.keyIs != nil {
		aside, err := setAside(w.Memory.WriterKeyPath())
		if err != nil {
			return fmt.Errorf("writer key: %w", err)
		}
		w.call.Voice.Warn("the old writer key, which could not be read, is now %s", aside)
	}
	data := key.Marshal()
	defer clear(data)
	w.key, w.keyIs = key, nil
	return state.WriteFile(w.Memory.WriterKeyPath(), data)
}

// setAside gives a file the first free name of "path.1" and so on: a key that
// could not be read may be one of a newer version, and the only one of its kind.
func setAside(path string) (string, error) {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.%d", path, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(path, aside)
		} else if err != nil {
			return "", err
		}
	}
}

// WriteSecret writes a secret for somebody else to a file that must not exist.
func WriteSecret(path string, data []byte) error { return writeSecret(path, string(data)) }

// Begin starts a run of this machine's writer.
func (w *Writable) Begin(ctx context.Context, o repo.SessionOptions) (*repo.Session, *keys.Writer, error) {
	key, err := w.WriterKey()
	if err != nil {
		return nil, nil, err
	}
	o.Now = w.call.Env.Clock.Now
	s, err := repo.Begin(ctx, w.Store, w.View, key, w.Memory, o)
	return s, key, err
}

// Accept notes that every head under this machine's key is its own, such as
// those that its clone made.
func (w *Writable) Accept() error { return w.View.Remember(w.Memory) }
