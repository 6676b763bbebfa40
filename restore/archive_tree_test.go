//go:build unix

package restore_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"testing"
)

// describe says of everything in a folder, the folder itself included, what a
// restore must give back: type, mode, time to the nanosecond, length, content,
// target, whether there are holes, and which other names are the same file.
func describe(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	names := map[uint64][]string{} // by inode
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%v, %d.%09d", info.Mode(), info.ModTime().Unix(), info.ModTime().Nanosecond())
		switch st := info.Sys().(*syscall.Stat_t); {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(", to %q", target)
		case info.Mode().IsRegular():
			sum, err := sumOf(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(", %d bytes, %x, holes: %t", info.Size(), sum, st.Blocks*512 < info.Size()-64<<10)
			if st.Nlink > 1 {
				names[st.Ino] = append(names[st.Ino], name)
			}
		}
		all[name] = text
		return nil
	}))
	for _, same := range names {
		sort.Strings(same)
		for _, name := range same {
			all[name] += fmt.Sprintf(", one of %q", same)
		}
	}
	return all
}

func sumOf(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

// wantSame compares two descriptions.
func wantSame(t *testing.T, want, got map[string]string) {
	t.Helper()
	if len(want) < 2 {
		t.Fatalf("only %d entries to compare", len(want))
	}
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 10 {
			t.Errorf(format, args...)
		}
	}
	for name, x := range want {
		if y, ok := got[name]; !ok {
			complain("%q did not come back: %s", name, x)
		} else if x != y {
			complain("%q came back as\n%s\nit was\n%s", name, y, x)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			complain("%q came from nowhere", name)
		}
	}
	if wrong > 10 {
		t.Errorf("and %d more", wrong-10)
	}
}

// restored restores a snapshot and describes what came.
func (h *host) restored(snapshot string, args ...string) (map[string]string, *ran) {
	h.t.Helper()
	parent, err := os.MkdirTemp(h.home, "restored-")
	must(h.t, err)
	defer os.RemoveAll(parent)
	target := filepath.Join(parent, "target")
	r := h.json(0, append([]string{"restore", snapshot, "--target", target}, args...)...)
	defer unlock(target)
	return describe(h.t, target), r
}

// bytesIn sums up the files below a folder.
func bytesIn(t *testing.T, dir string) (sum int64) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	}))
	return sum
}
