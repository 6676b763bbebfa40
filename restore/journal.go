package restore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// journalName is the file in the target by which a restore that was cut off is
// known again. It goes when the restore is through.
const journalName = temporary + "restore"

// maxJournal bounds what is read of a file of that name.
const maxJournal = 4 << 10

// journal says what restore was begun in a target. It names no file and makes no
// claim on any: what an earlier run finished is read and held against the
// snapshot, whoever wrote it. So one that an enemy made has files taken for the
// beginning of a restore that are none, which are then found to be other ones and
// stay as they are.
type journal struct {
	Version    int         `json:"chatkeep_restore"`
	Repository format.Hash `json:"repository"`
	Snapshot   format.Hash `json:"snapshot"`
	Asked      format.Hash `json:"asked"` // hash of Options.Resume
	Token      string      `json:"token"` // of the names of temporary files
}

// journalVersion changes when what an earlier release began can no longer be
// gone on with.
const journalVersion = 1

// newJournal is the journal of a restore, nil where none is asked for.
func newJournal(s *repo.Snapshot, asked string) *journal {
	if asked == "" {
		return nil
	}
	return &journal{Version: journalVersion, Repository: s.View().Label(), Snapshot: s.Head.Hash, Asked: format.Sum([]byte(asked))}
}

// continues reports whether two runs are of one restore.
func (j *journal) continues(earlier *journal) bool {
	same := *earlier
	same.Token = j.Token
	return same == *j
}

// otherRestore is the error of a target that has another restore in it.
type otherRestore struct {
	path     string
	snapshot format.Hash
	asked    bool // it is the same snapshot
}

func (e *otherRestore) Error() string {
	if e.asked {
		return fmt.Sprintf("%q has a restore of this snapshot in it that was cut off, with other options", e.path)
	}
	return fmt.Sprintf("%q has a restore of another snapshot in it that was cut off, of %s", e.path, e.snapshot)
}

// Hint tells what to do.
func (e *otherRestore) Hint() string {
	if e.asked {
		return "the command it was begun with goes on; --overwrite begins anew in the same place"
	}
	return fmt.Sprintf("chatkeep restore %s with the same options goes on with it; --overwrite begins anew in the same place", e.snapshot.String()[:16])
}

// ExitCode is 1.
func (e *otherRestore) ExitCode() int { return 1 }

// cutOff is trouble with the store in the middle of a restore that can go on.
type cutOff struct{ error }

func (e *cutOff) Unwrap() error { return e.error }

// Hint tells what to do.
func (e *cutOff) Hint() string {
	return "run the same command again: it goes on where this one stopped"
}

// busy is the error of a target that another process restores into.
type busy struct{ path string }

func (e *busy) Error() string { return fmt.Sprintf("another restore is writing to %q", e.path) }

// Hint tells what to do.
func (e *busy) Hint() string { return "wait until it is done, or end it" }

// ExitCode is 1.
func (e *busy) ExitCode() int { return 1 }

// findJournal looks for the journal of an earlier run. It stays open, and locked:
// two runs would take each other's files for their own.
func (t *target) findJournal(path string) error {
	if t.journal == nil {
		return nil
	}
	f := openOwn(t.root, journalName, os.O_RDONLY)
	if f == nil {
		return nil
	}
	t.lock = f
	if !tryLock(f) {
		return &busy{path}
	}
	found := readJournal(f)
	t.keepOpen()
	if found == nil {
		return nil
	}
	t.goesOn = t.journal.continues(found)
	if !t.goesOn && !t.overwrite {
		return &otherRestore{path, found.Snapshot, found.Snapshot == t.journal.Snapshot && found.Repository == t.journal.Repository}
	}
	// What another restore left is of use as far as it has the same bytes, too.
	t.resuming, t.token = true, found.Token
	return nil
}

// keepOpen closes the journal where an open file is no lock, but in the way of
// being renamed and removed.
func (t *target) keepOpen() {
	if !locks {
		t.lock.Close()
		t.lock = nil
	}
}

// readJournal returns the journal that a file holds, or nil where it holds none.
func readJournal(f io.Reader) *journal {
	text, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	var j journal
	if err != nil || len(text) > maxJournal || json.Unmarshal(text, &j) != nil || j.Version != journalVersion || !isToken(j.Token) {
		return nil
	}
	return &j
}

// openOwn opens a plain file of this user's that has no other name, or returns
// nil: it opens neither links nor what would wait, as a pipe.
func openOwn(root *os.Root, name string, how int) *os.File {
	before, err := root.Lstat(name)
	if err != nil || !before.Mode().IsRegular() || !isOurs(before) || links(before) > 1 {
		return nil
	}
	f, err := root.OpenFile(name, how|noWait, 0)
	if err != nil {
		return nil
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		f.Close()
		return nil
	}
	return f
}

// writeJournal writes the journal, unless it is there. A kill leaves it whole or
// as it was.
func (t *target) writeJournal() error {
	if t.journal == nil || t.goesOn {
		return nil
	}
	t.journal.Token = t.token
	text, err := json.Marshal(t.journal)
	if err != nil {
		return err
	}
	name := t.temporary(0)
	f, err := t.create(t.root, name, 0o600)
	if err != nil {
		return err
	}
	if t.lock != nil {
		t.lock.Close()
	}
	t.lock = f
	tryLock(f) // nobody else knows of it
	if _, err = f.Write(append(text, '\n')); err == nil {
		t.keepOpen()
		err = t.root.Rename(name, journalName)
	}
	if err != nil {
		return errors.Join(err, t.root.Remove(name))
	}
	return nil
}

// endJournal removes the journal, when all is there.
func (t *target) endJournal() error {
	if t.journal == nil {
		return nil
	}
	if err := t.root.Remove(journalName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("everything is restored, and %s could not be removed: %w", journalName, bare(err))
	}
	return nil
}
