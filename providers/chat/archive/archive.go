// Package archive gives the exports of apps one shape: a read-only fs.FS, be
// they a folder, a zip, or a single file.
//
// A zip is read as it is met, not as it should be: names in a legacy code page,
// names that climb out of the archive, names twice. Each becomes a valid and
// unique path of the tree, and [Tree.Original] still tells what was written.
// What a zip may inflate to is limited. Nothing inside is opened further: a zip
// in a zip is a file.
package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Limits bound what a zip may make a reader do. A zero field takes its value
// from [DefaultLimits].
type Limits struct {
	// Entries is how many files and folders a zip may list.
	Entries int
	// Directory is how long that list may be, in bytes.
	Directory int64
	// Free is how many bytes any entry may inflate to, whatever its ratio.
	Free int64
	// Ratio is how many times its compressed size an entry beyond Free may
	// inflate to. Deflate reaches 1032; text that people wrote stays below 30.
	Ratio int64
	// Total is how many times its own size a whole zip may inflate to, beyond
	// Free.
	Total int64
}

// DefaultLimits let through every export met so far: half a million entries,
// and 200 times the size of what is larger than 64 MiB.
var DefaultLimits = Limits{Entries: 500_000, Directory: 96 << 20, Free: 64 << 20, Ratio: 200, Total: 200}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	for _, f := range []struct{ have, want *int64 }{{&l.Directory, &d.Directory}, {&l.Free, &d.Free}, {&l.Ratio, &d.Ratio}, {&l.Total, &d.Total}} {
		if *f.have == 0 {
			*f.have = *f.want
		}
	}
	if l.Entries == 0 {
		l.Entries = d.Entries
	}
	return l
}

// ErrTooLarge is what limits are refused with.
var ErrTooLarge = errors.New("more than a zip may hold")

// ErrEncrypted is what opening an encrypted entry gives.
var ErrEncrypted = errors.New("encrypted with a password")

// Tree is a zip as an fs.FS.
type Tree struct {
	root   *node
	count  int
	limits Limits
}

// Open reads the directory of a zip of size bytes. A file that begins as a zip
// and has no directory at its end was cut off: the error matches
// io.ErrUnexpectedEOF. One beyond limits gives [ErrTooLarge].
func Open(r io.ReaderAt, size int64, limits Limits) (*Tree, error) {
	limits = limits.withDefaults()
	budget := &budget{r: r, left: limits.Directory}
	z, err := zip.NewReader(budget, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, explain(r, size, err)
	}
	budget.left = -1
	t := &Tree{root: &node{name: ".", mode: fs.ModeDir | 0o555}, limits: limits}
	if len(z.File) > limits.Entries {
		return nil, fmt.Errorf("zip: %d entries: %w", len(z.File), ErrTooLarge)
	}
	if err := checkTotal(z.File, size, limits); err != nil {
		return nil, err
	}
	for _, f := range z.File {
		t.add(f)
	}
	t.root.finish()
	return t, nil
}

// checkTotal refuses entries that share their bytes and those that together
// inflate beyond all measure.
func checkTotal(files []*zip.File, size int64, limits Limits) error {
	var packed, plain uint64
	for _, f := range files {
		if f.CompressedSize64 > uint64(size) {
			return fmt.Errorf("zip: entry %q is longer than the zip: cut off: %w", safeName(f.Name), io.ErrUnexpectedEOF)
		}
		packed += f.CompressedSize64
		if f.UncompressedSize64 > 1<<62 || plain > 1<<62 {
			return fmt.Errorf("zip: %w", ErrTooLarge)
		}
		plain += f.UncompressedSize64
	}
	if packed > uint64(size) {
		return fmt.Errorf("zip: entries lie over each other: %w", ErrTooLarge)
	}
	if plain > uint64(limits.Free) && plain/uint64(limits.Total) > uint64(size) {
		return fmt.Errorf("zip: inflates to %d bytes: %w", plain, ErrTooLarge)
	}
	return nil
}

// explain tells a zip that was cut off from what is no zip.
func explain(r io.ReaderAt, size int64, err error) error {
	var head [4]byte
	n, _ := r.ReadAt(head[:], 0)
	switch {
	case errors.Is(err, ErrTooLarge):
		return err
	case size == 0:
		return fmt.Errorf("zip: empty: %w", io.ErrUnexpectedEOF)
	case n == 4 && string(head[:]) == "PK\x03\x04" && errors.Is(err, zip.ErrFormat),
		n < 4 && string(head[:n]) == "PK\x03\x04"[:n]:
		return fmt.Errorf("zip: cut off after %d bytes: its directory is missing: %w", size, io.ErrUnexpectedEOF)
	}
	if errors.Is(err, zip.ErrFormat) {
		return fmt.Errorf("zip: damaged, or no zip at all: %w", err)
	}
	return fmt.Errorf("zip: %w", err)
}

// budget stops the directory of a zip from being read without end: each entry
// takes some hundred bytes of memory.
type budget struct {
	r    io.ReaderAt
	left int64 // or -1 where there is none
}

func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	if b.left < 0 {
		return b.r.ReadAt(p, off)
	}
	if int64(len(p)) > b.left {
		return 0, fmt.Errorf("zip: directory: %w", ErrTooLarge)
	}
	b.left -= int64(len(p))
	return b.r.ReadAt(p, off)
}

// Original is the name of a path as the zip has it, byte for byte; "" for
// folders that no entry names.
func (t *Tree) Original(name string) string {
	if n := t.root.find(name); n != nil {
		return n.original
	}
	return ""
}

// Entries is how many entries the zip lists.
func (t *Tree) Entries() int { return t.count }

// modified is the time of an entry, which a zip may not know.
func modified(f *zip.File) time.Time {
	if f == nil {
		return time.Time{}
	}
	return f.Modified
}
