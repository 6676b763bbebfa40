package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"chatkeep/providers/internal/spill"
)

// attempts is how often a database is copied that changes meanwhile.
const attempts = 3

// ErrChanging is what a database gives that an app wrote to during each attempt
// to copy it.
var ErrChanging = errors.New("the database changes while it is read: close the app, or take its own backup")

// Open opens the database of this name in fsys, and the write-ahead log beside
// it, from an encrypted copy of both.
func Open(ctx context.Context, fsys fs.FS, name string) (*DB, error) {
	for range attempts {
		before, err := look(fsys, name)
		if err != nil {
			return nil, err
		}
		db, err := openCopy(ctx, fsys, name)
		after, lookErr := look(fsys, name)
		if lookErr == nil && before == after {
			if err == nil && after.journal {
				db.Warnings = append(db.Warnings, name+": an app was writing to it when it was copied: its last changes may be half there")
			}
			return db, err
		}
		if err == nil {
			db.Close()
		}
	}
	return nil, fmt.Errorf("%s: %w", name, ErrChanging)
}

// looks is how the files of a database look from outside.
type looks struct {
	size, logSize       int64
	changed, logChanged time.Time
	journal             bool // a rollback journal that is not empty
}

func look(fsys fs.FS, name string) (looks, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return looks{}, err
	}
	l := looks{size: info.Size(), changed: info.ModTime()}
	if info, err := fs.Stat(fsys, name+"-wal"); err == nil {
		l.logSize, l.logChanged = info.Size(), info.ModTime()
	}
	if info, err := fs.Stat(fsys, name+"-journal"); err == nil {
		l.journal = info.Size() > 0
	}
	return l, nil
}

// openCopy copies the database first: were the log first, what an app moves
// from it into the database in between would be in neither.
func openCopy(ctx context.Context, fsys fs.FS, name string) (*DB, error) {
	main, err := copyFile(ctx, fsys, name)
	if err != nil {
		return nil, err
	}
	var wal Bytes
	closeAll := main.Close
	if log, err := copyFile(ctx, fsys, name+"-wal"); err == nil {
		wal = log
		closeAll = func() error { return errors.Join(main.Close(), log.Close()) }
	} else if !errors.Is(err, fs.ErrNotExist) {
		main.Close()
		return nil, err
	}
	db, err := New(ctx, main, wal)
	if err != nil {
		closeAll()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	db.close = closeAll
	return db, nil
}

// copyFile copies a file, or as much of it as there is: what is there of a file
// that ends early is worth reading.
func copyFile(ctx context.Context, fsys fs.FS, name string) (*spill.Spill, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return spill.Copy(ctx, &untilCut{f})
}

// untilCut ends where a file was cut off, as if that were its end.
type untilCut struct{ io.Reader }

func (u *untilCut) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
