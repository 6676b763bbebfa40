package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// file is a log of lines. It is opened for each line anew: a log has few, and may
// be moved away by others, and taken off a disk that was full.
type file struct {
	path string
	max  int64 // bytes after which it is rotated
	keep int   // older files, named path.1 and so on, the newest first
}

// append adds a whole line, line end included, by one write.
func (f *file) append(line []byte) error {
	w, size, err := f.open()
	if err != nil {
		return err
	}
	if size > 0 && size+int64(len(line)) > f.max {
		w.Close() // Windows does not rename what is open
		if err := f.rotate(); err != nil {
			return fmt.Errorf("full, and not to be moved away: %w", err)
		}
		if w, size, err = f.open(); err != nil {
			return err
		}
	}
	if torn(w, size) {
		line = append([]byte{'\n'}, line...)
	}
	_, err = w.Write(line)
	return errors.Join(err, w.Close())
}

// open opens the file, and makes it where there is none.
func (f *file) open() (*os.File, int64, error) {
	// Opening a pipe that nobody reads would wait for ever.
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is no regular file", f.path)
	}
	const flags = os.O_RDWR | os.O_APPEND | os.O_CREATE
	w, err := os.OpenFile(f.path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(f.path), 0o700); err == nil {
			w, err = os.OpenFile(f.path, flags, 0o600)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := w.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, w.Close())
	}
	return w, info.Size(), nil
}

// torn reports whether the last line has no end: a crash or a full disk cut it.
// What of it there is stays, on a line of its own.
func torn(w *os.File, size int64) bool {
	var last [1]byte
	if size == 0 {
		return false
	}
	_, err := w.ReadAt(last[:], size-1)
	return err == nil && last[0] != '\n'
}

// rotate moves the file to path.1 and the older ones up, as far as there is no gap:
// so one that was cut off loses nothing, and is made good by the next. Only the
// oldest is replaced.
func (f *file) rotate() error {
	if f.keep < 1 {
		return os.Remove(f.path)
	}
	free := 1
	for free < f.keep && exists(f.older(free)) {
		free++
	}
	for n := free; n > 1; n-- {
		if err := os.Rename(f.older(n-1), f.older(n)); err != nil {
			return err
		}
	}
	if err := os.Rename(f.path, f.older(1)); err != nil {
		return err
	}
	// Those of a time when more were to be kept.
	for n := f.keep + 1; os.Remove(f.older(n)) == nil; n++ {
	}
	return nil
}

func (f *file) older(n int) string { return f.path + "." + strconv.Itoa(n) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
