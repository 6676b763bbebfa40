package state

import (
	"os"
	"path/filepath"
	"time"
)

// Busy is the error of a lock that another process of this machine holds.
type Busy struct{ Path string }

func (e *Busy) Error() string {
	return "another chatkeep is writing to this repository from this machine"
}

// Hint tells what to do.
func (e *Busy) Hint() string { return "wait until it is done; the lock ends with its process" }

// Lock takes this machine's lock on writing to the repository: one writer key,
// one writer at a time. The lock dies with the process, so that none is ever
// stale. Whoever has it also clears away what killed ones left. It returns
// [*Busy] when another process has it.
func (r *Repository) Lock() (release func(), err error) {
	path := r.state("lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = &Busy{path}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r.sweep(time.Now())
	return func() { f.Close() }, nil
}
