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
	root *os.Root
	terms
	token    string   // tells this restore's temporary files from another's
	resuming bool     // an earlier run has left something
	goesOn   bool     // it was one of the same restore
	lock     *os.File // the journal, while this run writes to the target
	rules    rules
	handles  *pool[*dir, *handle]
	// nowhere says that nothing is written: what would be is read, checked and
	// let go.
	nowhere bool
}

// terms are what a target is used on.
type terms struct {
	overwrite bool
	safe      bool     // names are to be those that any system takes
	journal   *journal // nil for none
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
func openTarget(path string, on terms) (*target, error) {
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
	t := &target{root: root, terms: on, token: newToken(), rules: systemRules(), handles: newPool[*dir, *handle](openDirs)}
	if err := t.begin(path); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// begin makes sure that the target may be used, and tries it.
func (t *target) begin(path string) error {
	if err := t.findJournal(path); err != nil {
		return err
	}
	if !t.overwrite && !t.resuming {
		if err := t.checkEmpty(path); err != nil {
			return err
		}
	}
	if err := t.probe(); err != nil {
		return err
	}
	if t.safe || t.rules.caseless && !t.rules.normal {
		// A disk that takes "a" for "A" is one for Windows, or for a machine like it.
		t.rules = t.rules.safe()
	}
	return t.writeJournal()
}

func newToken() string {
	var b [4]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// checkEmpty refuses a target with something in it, save for what a run left that
// was ended before it had begun.
func (t *target) checkEmpty(path string) error {
	d, err := t.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(1)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !isProbe(names[0]) || !t.discard(names[0]):
			return &notEmpty{path}
		}
	}
}

// isProbe reports whether a file of that name was made by probe, or was to become
// a journal.
func isProbe(name string) bool {
	token, ok := strings.CutPrefix(name, temporary)
	token, zero := strings.CutSuffix(token, "-0")
	return ok && zero && isToken(token)
}

// discard removes a small file of this user's, and reports whether it was one.
func (t *target) discard(name string) bool {
	info, err := t.root.Lstat(name)
	return err == nil && info.Mode().IsRegular() && isOurs(info) && info.Size() <= maxJournal && t.root.Remove(name) == nil
}

func isToken(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 4 && text == strings.ToLower(text)
}

// probe asks whether the target takes "a" and "A" for one: any system can have
// a disk of another mounted. It also finds a target that cannot be written
// before anything is fetched.
func (t *target) probe() error {
	name := t.temporary(0)
	f, err := t.create(t.root, name, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	if _, err := t.root.Lstat(strings.ToUpper(name)); err == nil {
		t.rules.caseless = true
	}
	return t.root.Remove(name)
}

// create makes a file that is not there. What an earlier run of this restore left
// under its name goes.
func (t *target) create(in *os.Root, name string, mode fs.FileMode) (*os.File, error) {
	f, err := in.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, mode)
	if t.resuming && errors.Is(err, fs.ErrExist) {
		if err := in.Remove(name); err != nil {
			return nil, err
		}
		return in.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, mode)
	}
	return f, err
}

// temporary is the name of something that is not yet whole.
func (t *target) temporary(serial uint32) string {
	return temporary + t.token + "-" + strconv.FormatUint(uint64(serial), 36)
}

func (t *target) close() {
	t.handles.closeAll()
	if t.lock != nil {
		t.lock.Close()
	}
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
