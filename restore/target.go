package restore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// openDirs is how many directories are kept open; each takes two descriptors.
const openDirs = 128

// temporary is how all files begin that are not whole. Whatever else a name
// says, no file that has it is one of the snapshot's.
const temporary = ".chatkeep-"

// target is the directory that everything is restored into. All names go
// through os.Root, which follows no link out of it.
type target struct {
	root      *os.Root
	overwrite bool
	token     string // tells this run's temporary files from another's
	rules     rules
	handles   *pool[*dir, *handle]
	// nowhere says that nothing is written: what would be is read, checked and
	// let go.
	nowhere bool
}

// nowhere is the target of a restore that proves and leaves nothing.
func nowhere() *target {
	return &target{token: newToken(), rules: systemRules(), handles: newPool[*dir, *handle](openDirs), nowhere: true}
}

// handle is an open directory.
type handle struct {
	root *os.Root
	self *os.File
}

// Close closes both.
func (h *handle) Close() error { return errors.Join(h.self.Close(), h.root.Close()) }

// notEmpty is the error of a target with something in it.
type notEmpty struct{ path string }

func (e *notEmpty) Error() string { return fmt.Sprintf("%q is not empty", e.path) }

// Hint tells what to do.
func (e *notEmpty) Hint() string {
	return "--target takes a new or empty directory; --overwrite replaces files that are there"
}

// ExitCode is 1.
func (e *notEmpty) ExitCode() int { return 1 }

// openTarget opens or makes a target and finds out what names it takes.
func openTarget(path string, overwrite bool) (*target, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	// What is restored is private until it has its own mode.
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	t := &target{root: root, overwrite: overwrite, token: newToken(), rules: systemRules(), handles: newPool[*dir, *handle](openDirs)}
	if !overwrite {
		err = t.checkEmpty(path)
	}
	if err == nil {
		err = t.probe()
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return t, nil
}

func newToken() string {
	var b [4]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func (t *target) checkEmpty(path string) error {
	d, err := t.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	switch {
	case err == nil:
		return &notEmpty{path}
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// probe asks whether the target takes "a" and "A" for one: any system can have
// a disk of another mounted. It also finds a target that cannot be written
// before anything is fetched.
func (t *target) probe() error {
	name := t.temporary(0)
	f, err := t.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	if _, err := t.root.Lstat(strings.ToUpper(name)); err == nil {
		t.rules.caseless = true
	}
	return t.root.Remove(name)
}

// temporary is the name of something that is not yet whole.
func (t *target) temporary(serial uint32) string {
	return temporary + t.token + "-" + strconv.FormatUint(uint64(serial), 36)
}

func (t *target) close() {
	t.handles.closeAll()
	if !t.nowhere {
		t.root.Close()
	}
}

// in calls do with a directory open.
func (t *target) in(d *dir, do func(*handle) error) error {
	h, err := t.handles.acquire(d, func() (*handle, error) { return t.open(d) })
	if err != nil {
		return err
	}
	defer t.handles.release(d)
	return do(h)
}

func (t *target) open(d *dir) (*handle, error) {
	root, err := t.root.OpenRoot(d.disk())
	if err != nil {
		return nil, err
	}
	self, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &handle{root, self}, nil
}

// settle gives what is whole its own name. Without leave to overwrite, the name
// must be free: two of a snapshot's names can be one to a file system.
func (t *target) settle(h *handle, temporary, name string) error {
	if !t.overwrite {
		if _, err := h.root.Lstat(name); err == nil {
			return fmt.Errorf("the target has something of that name: %w", fs.ErrExist)
		}
	}
	return h.root.Rename(temporary, name)
}
