//go:build unix

package restore_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// machine is what the commands of a script share.
type machine struct {
	t     testscript.T
	trees map[string]map[string]string // what stands below directories, by path
	seen  map[string]bool              // lines of --json that came, as "command:definition"
}

func machineOf(ts *testscript.TestScript) *machine { return ts.Value(machineKey{}).(*machine) }

type machineKey struct{}

// remember DIR… notes everything in directories.
func remember(ts *testscript.TestScript, neg bool, args []string) {
	for _, dir := range args {
		machineOf(ts).trees[dir] = contents(ts, dir)
	}
}

// unchanged DIR… fails unless directories are as they were when remembered.
func unchanged(ts *testscript.TestScript, neg bool, args []string) {
	for _, dir := range args {
		if d := difference(machineOf(ts).trees[dir], contents(ts, dir), true); d != "" {
			ts.Fatalf("%s: %s", dir, d)
		}
	}
}

// kept DIR… fails unless all that was in directories when remembered still is.
// More may be there.
func kept(ts *testscript.TestScript, neg bool, args []string) {
	for _, dir := range args {
		if len(machineOf(ts).trees[dir]) == 0 {
			ts.Fatalf("%s was not remembered, or empty", dir)
		}
		if d := difference(machineOf(ts).trees[dir], contents(ts, dir), false); d != "" {
			ts.Fatalf("%s: %s", dir, d)
		}
	}
}

// contents has type and content of everything below a directory, times and
// modes left out. A directory that is not there has nothing in it.
func contents(ts *testscript.TestScript, dir string) map[string]string {
	all := map[string]string{}
	root := ts.MkAbs(dir)
	if _, err := os.Lstat(root); err != nil {
		return all
	}
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		all[name], err = described(path, d.Type())
		return err
	}))
	return all
}

func described(path string, kind fs.FileMode) (string, error) {
	switch {
	case kind.IsRegular():
		data, err := os.ReadFile(path)
		return fmt.Sprintf("%d bytes, sha256 %x", len(data), sha256.Sum256(data)), err
	case kind&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return fmt.Sprintf("a link to %q", target), err
	}
	return kind.String(), nil
}

func difference(before, after map[string]string, exact bool) string {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		switch now, there := after[name]; {
		case !there:
			return fmt.Sprintf("%q is gone", name)
		case now != before[name]:
			return fmt.Sprintf("%q was %s and is %s", name, before[name], now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, there := before[name]; !there && exact {
			return fmt.Sprintf("%q is new", name)
		}
	}
	return ""
}

// cmpTree A B fails unless two directories have the same in them: names, types,
// bytes, targets, modes, times to the nanosecond, and which names are one file.
func cmpTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cmptree A B")
	}
	a, b := exactly(ts, args[0]), exactly(ts, args[1])
	if len(a) == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	if d := difference(a, b, true); d != "" {
		ts.Fatalf("%s and %s: %s", args[0], args[1], d)
	}
}

// exactly is contents with all that cmptree compares.
func exactly(ts *testscript.TestScript, dir string) map[string]string {
	all := contents(ts, dir)
	root := ts.MkAbs(dir)
	first := map[uint64]string{} // by inode: the first name of a file
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if d.Type()&fs.ModeSymlink == 0 {
			all[name] += fmt.Sprintf(", %v, %v", info.Mode(), info.ModTime().UnixNano())
		}
		if s := info.Sys().(*syscall.Stat_t); d.Type().IsRegular() && s.Nlink > 1 {
			if _, known := first[s.Ino]; !known {
				first[s.Ino] = name
			}
			all[name] += fmt.Sprintf(", the file %q", first[s.Ino])
		}
		return nil
	}))
	return all
}

// private DIR… fails where anything below a directory, or itself, is open to
// others than its owner.
func private(ts *testscript.TestScript, neg bool, args []string) {
	for _, dir := range args {
		ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				return fmt.Errorf("%s is %v", path, info.Mode())
			}
			return err
		}))
	}
}

// biggest NAME GLOB sets a variable to the largest file that a pattern matches.
func biggest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: biggest NAME GLOB")
	}
	best, size := "", int64(-1)
	for _, path := range matches(ts, ts.MkAbs(args[1])) {
		info, err := os.Stat(path)
		ts.Check(err)
		if info.Size() > size {
			best, size = path, info.Size()
		}
	}
	ts.Setenv(args[0], best)
}

// matches are the files that a pattern matches, one at least.
func matches(ts *testscript.TestScript, pattern string) []string {
	found, err := filepath.Glob(pattern)
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("nothing matches %s", pattern)
	}
	return found
}

// damaged CODES GLOB flips a byte at the beginning, in the middle and at the end
// of one of the objects below repository that a pattern matches, has a full
// check end with one of the codes and name the object, and puts it right.
func damaged(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs("repository")
	found := matches(ts, filepath.Join(dir, args[1]))
	path := found[len(found)-1]
	good, err := os.ReadFile(path)
	ts.Check(err)
	for _, at := range []int{0, len(good) / 2, len(good) - 1} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x20
		replace(ts, path, bad)
		checkNames(ts, args[0], noted(dir, []string{path})[0])
	}
	replace(ts, path, good)
}

// missing CODES GLOB is damaged with the object gone.
func missing(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs("repository")
	found := matches(ts, filepath.Join(dir, args[1]))
	path := found[len(found)-1]
	ts.Check(os.Rename(path, ts.MkAbs("away")))
	checkNames(ts, args[0], noted(dir, []string{path})[0])
	ts.Check(os.Rename(ts.MkAbs("away"), path))
}

// checkNames has a full check end with one of some codes, and name an object.
func checkNames(ts *testscript.TestScript, codes, name string) {
	err := ts.Exec("chatkeep", "check", "--read-data")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !slices.Contains(strings.Split(codes, ","), strconv.Itoa(exit.ExitCode())) {
		ts.Fatalf("%s is not what it was, and a check ends with %v, not %s", name, err, codes)
	}
	all := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if hash := strings.TrimSuffix(name, filepath.Ext(name)); !strings.Contains(all, hash[len(hash)-64:]) {
		ts.Fatalf("the check does not name %s", name)
	}
}

// flip GLOB [OFFSET] inverts a byte of each file, in the middle without an
// offset. A negative one counts from the end.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	for _, path := range matches(ts, ts.MkAbs(args[0])) {
		data, err := os.ReadFile(path)
		ts.Check(err)
		at := len(data) / 2
		if len(args) > 1 {
			_, err := fmt.Sscan(args[1], &at)
			ts.Check(err)
		}
		if at < 0 {
			at += len(data)
		}
		data[at] ^= 0xff
		replace(ts, path, data)
	}
}

// cut FILE BYTES makes a file that long.
func cutFile(ts *testscript.TestScript, neg bool, args []string) {
	size := 0
	_, err := fmt.Sscan(args[1], &size)
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	replace(ts, ts.MkAbs(args[0]), data[:size])
}

// replace writes a file anew, of whatever mode the old one is: a repository's
// files are read-only, and other names of them must not change.
func replace(ts *testscript.TestScript, path string, data []byte) {
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Remove(path))
	ts.Check(os.WriteFile(path, data, info.Mode().Perm()))
}

// noted is a list of names without the directory in front.
func noted(dir string, paths []string) (names []string) {
	for _, path := range paths {
		names = append(names, strings.TrimPrefix(path, dir+string(os.PathSeparator)))
	}
	return names
}
