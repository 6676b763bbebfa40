package state

import (
	"os"
	"path/filepath"
)

// RunsPath is where this machine remembers its runs of jobs.
func (d Dirs) RunsPath() string { return filepath.Join(d.State, "runs.json") }

// LockRuns takes this machine's lock on running jobs, which dies with the process.
// It returns false where another process has it.
func (d Dirs) LockRuns() (release func(), ok bool, err error) {
	if err := os.MkdirAll(d.State, 0o700); err != nil {
		return nil, false, err
	}
	f, err := os.OpenFile(filepath.Join(d.State, "runs.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	ok, err = tryLock(f)
	if err != nil || !ok {
		f.Close()
		return nil, false, err
	}
	return func() { f.Close() }, true, nil
}
