package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Loss is an entry that did not come back.
type Loss struct {
	Path string // as the snapshot has it, raw bytes
	Err  error
}

// Incomplete is the error of a restore that went through and could not give
// back everything.
type Incomplete struct {
	Lost    []Loss // by path
	Listing error  // the damage that ended the list of entries early, or nil
}

// Error counts what is missing and names the first cause.
func (e *Incomplete) Error() string {
	switch {
	case e.Listing != nil && len(e.Lost) > 0:
		return fmt.Sprintf("%s not restored, and the snapshot's list ends early: %v", entries(len(e.Lost)), e.Listing)
	case e.Listing != nil:
		return fmt.Sprintf("the snapshot's list ends early: %v", e.Listing)
	}
	worst := e.worst()
	return fmt.Sprintf("%s not restored; %q: %v", entries(len(e.Lost)), worst.Path, worst.Err)
}

func entries(n int) string {
	if n == 1 {
		return "1 entry was"
	}
	return fmt.Sprintf("%d entries were", n)
}

// worst is the first loss that is the repository's fault, or the first of all.
func (e *Incomplete) worst() Loss {
	for _, l := range e.Lost {
		if format.ClassOf(l.Err) != "" {
			return l
		}
	}
	return e.Lost[0]
}

// Unwrap returns the damage of the list, or else the first loss for which the
// repository is to blame, or else the first: a *format.Error if there is one.
func (e *Incomplete) Unwrap() error {
	if e.Listing != nil {
		return e.Listing
	}
	return e.worst().Err
}

// ExitCode returns 11 where the repository is damaged, and 1 where only the
// target could not take something.
func (e *Incomplete) ExitCode() int {
	if format.ClassOf(e.Unwrap()) != "" {
		return 11
	}
	return 1
}

// Hint tells what to do.
func (e *Incomplete) Hint() string {
	var cause *format.Error
	if errors.As(e.Unwrap(), &cause) && cause.Cure != "" {
		return cause.Cure
	}
	if e.ExitCode() == 11 {
		return "chatkeep check --read-data shows what is damaged; an older snapshot or another copy of the repository may have it whole"
	}
	return "restore what is missing to another file system"
}

// losses collects what did not come back. It is safe for several goroutines.
type losses struct {
	mu    sync.Mutex
	all   []Loss
	paths map[string]error
}

func (l *losses) add(path string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paths == nil {
		l.paths = map[string]error{}
	}
	l.paths[path] = err
	l.all = append(l.all, Loss{path, err})
}

func (l *losses) has(path string) bool { return l.cause(path) != nil }

// cause returns why an entry is lost, or nil.
func (l *losses) cause(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paths[path]
}

func (l *losses) sorted() []Loss {
	slices.SortFunc(l.all, func(a, b Loss) int { return cmp.Compare(a.Path, b.Path) })
	return l.all
}

// warnings collects notes for people. It is safe for several goroutines.
type warnings struct {
	mu    sync.Mutex
	texts []string
	more  int
}

// maxWarnings bounds what a person would not read to the end.
const maxWarnings = 1000

func (w *warnings) add(text string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.texts) >= maxWarnings {
		w.more++
		return
	}
	w.texts = append(w.texts, fmt.Sprintf(text, args...))
}

func (w *warnings) list() []string {
	slices.Sort(w.texts) // workers come in any order
	if w.more > 0 {
		return append(w.texts, fmt.Sprintf("and %d more", w.more))
	}
	return w.texts
}

// damage reports whether an error of reading is about the one object that was
// read, so that the next may well be readable: a class of the format, trouble of
// the store that is neither the network's, the login's nor the place's, or an
// archive that has it.
func damage(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if format.ClassOf(err) != "" {
		return true
	}
	var e *storage.Error
	return errors.As(err, &e) && (e.Class == storage.Other || e.Class == storage.Archived)
}

// windowsDiskFull is ERROR_DISK_FULL of Windows; elsewhere no error has its
// number.
const windowsDiskFull = syscall.Errno(112)

// noSpace are errors of a target with no room left.
var noSpace = []error{syscall.ENOSPC, syscall.EDQUOT}

// hopeless are errors of the target after which the next file would fare no
// better.
var hopeless = []error{syscall.EROFS, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, fs.ErrClosed}

// targetError is trouble with the target that ends a restore.
type targetError struct {
	path string
	err  error
	full bool
}

func (e *targetError) Error() string { return fmt.Sprintf("%q: %v", e.path, e.err) }

func (e *targetError) Unwrap() error { return e.err }

// Hint tells what to do.
func (e *targetError) Hint() string {
	if e.full {
		return "the target has no space left: free some, or restore to another disk; files that are there are whole"
	}
	return ""
}

// ExitCode is 1.
func (e *targetError) ExitCode() int { return 1 }

// fatal returns the error that ends the restore, or nil where err is about one
// entry alone.
func fatal(path string, err error) error {
	is := func(target error) bool { return errors.Is(err, target) }
	full := slices.ContainsFunc(noSpace, is) || onWindows && is(windowsDiskFull)
	if full || slices.ContainsFunc(hopeless, is) {
		return &targetError{path, bare(err), full}
	}
	return nil
}

// bare takes the paths out of an error of os, where one is temporary.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
