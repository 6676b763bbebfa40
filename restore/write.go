package restore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openFiles is how many files with several chunks are kept open.
const openFiles = 512

// hole is the unit in which sparse files are left unwritten, in bytes: a page,
// and a block of most file systems.
const hole = 4 << 10

var zeroes [hole]byte

// writeAt writes all of data into a file at an offset.
type writeAt func(f *os.File, data []byte, offset int64) error

func plainWriteAt(f *os.File, data []byte, offset int64) error {
	_, err := f.WriteAt(data, offset)
	return err
}

// putRun writes chunks that stand side by side in a file of several, and finishes
// the file where these were the last.
func (c *crew) putRun(f *file, offset int64, data []byte, refs int) error {
	if !f.is(stateLost) {
		c.meter.chunks.Add(int64(refs))
		if c.target.nowhere {
			return c.done(f, refs)
		}
		err := c.with(f, func(out *os.File) error {
			if err := c.write(f, out, data, offset); err != nil || f.zip == nil {
				return err
			}
			return f.zip.wrote(out, offset, int64(len(data)))
		})
		if err := c.check(f, err); err != nil {
			return err
		}
	}
	return c.done(f, refs)
}

// putWhole writes a file that is one chunk, or none.
func (c *crew) putWhole(f *file, data []byte) error {
	if c.target.nowhere {
		c.settled(f)
		return nil
	}
	err := c.target.in(f.dir, func(h *handle) error {
		out, err := c.create(f, h)
		if err != nil {
			return err
		}
		if err := c.write(f, out, data, 0); err != nil {
			out.Close()
			return err
		}
		return c.finish(f, h, out)
	})
	if err := c.check(f, err); err != nil {
		return err
	}
	if f.is(stateLost) {
		c.remove(f)
	}
	return nil
}

// check notes that a file is lost to an error, or returns the error if it ends
// the restore.
func (c *crew) check(f *file, err error) error {
	if err == nil {
		return nil
	}
	if err := fatal(c.batch.path(f), err); err != nil {
		return err
	}
	c.lose(f, bare(err))
	return nil
}

// lose notes that a file will not be whole, once.
func (c *crew) lose(f *file, err error) {
	if f.state.Or(stateLost)&stateLost == 0 {
		c.losses.add(c.batch.path(f), err)
	}
}

// done counts refs or members of a file as dealt with. Each is counted once,
// whether it was written or lost, so the last one finds nobody else at work in
// the file, and it alone finishes or removes it.
func (c *crew) done(f *file, n int) error {
	if f.left.Add(-int32(n)) > 0 {
		return nil
	}
	if f.is(stateLost) {
		c.remove(f)
		return nil
	}
	if c.target.nowhere {
		c.settled(f)
		return nil
	}
	out, err := c.reclaim(f)
	if err == nil {
		err = c.target.in(f.dir, func(h *handle) error { return c.finish(f, h, out) })
	}
	if err := c.check(f, err); err != nil {
		return err
	}
	if f.is(stateLost) {
		c.remove(f)
	}
	return nil
}

// create makes a file under its temporary name. It mostly has its own mode from
// the beginning: a change would cost as much as the making.
func (c *crew) create(f *file, h *handle) (*os.File, error) {
	f.state.Or(stateStarted)
	mode := fs.FileMode(f.mode) | 0o600 // it may have to be opened again
	return c.target.create(h.root, c.target.temporary(f.serial), mode)
}

// with calls do with a file open that has several chunks.
func (c *crew) with(f *file, do func(*os.File) error) error {
	out, err := c.files.acquire(f, func() (*os.File, error) { return c.open(f) })
	if err != nil {
		return err
	}
	defer c.files.release(f)
	return do(out)
}

// open creates a file, or opens it again.
func (c *crew) open(f *file) (out *os.File, err error) {
	err = c.target.in(f.dir, func(h *handle) error {
		if !f.is(stateStarted) {
			out, err = c.create(f, h)
			return err
		}
		out, err = h.root.OpenFile(c.target.temporary(f.serial), os.O_RDWR, 0)
		return err
	})
	return out, err
}

// reclaim takes a file out of the pool, to finish it.
func (c *crew) reclaim(f *file) (*os.File, error) {
	if out, ok := c.files.take(f); ok {
		return out, nil
	}
	return c.open(f)
}

// write writes data, leaving out pages of zeroes where the file is sparse.
func (c *crew) write(f *file, out *os.File, data []byte, offset int64) error {
	if !f.sparse {
		return c.writeAt(out, data, offset)
	}
	for len(data) > 0 {
		skip := zeroPages(data, offset)
		data, offset = data[skip:], offset+int64(skip)
		n := nextZeroPage(data, offset)
		if n > 0 {
			if err := c.writeAt(out, data[:n], offset); err != nil {
				return err
			}
		}
		data, offset = data[n:], offset+int64(n)
	}
	return nil
}

// zeroPages returns how many bytes at the start of data, at this offset of a
// file, are whole pages of zeroes.
func zeroPages(data []byte, offset int64) int {
	n := 0
	for offset%hole == 0 && len(data)-n >= hole && bytes.Equal(data[n:n+hole], zeroes[:]) {
		n += hole
	}
	return n
}

// nextZeroPage returns how far it is to the next page of zeroes, or to the end.
func nextZeroPage(data []byte, offset int64) int {
	n := int((hole - offset%hole) % hole)
	for ; len(data)-n >= hole; n += hole {
		if bytes.Equal(data[n:n+hole], zeroes[:]) {
			return n
		}
	}
	return len(data)
}

// finish closes a file that has all its bytes and gives it its mode, its time
// and, last of all, its name.
func (c *crew) finish(f *file, h *handle, out *os.File) error {
	if err := c.seal(f, out); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	temporary := c.target.temporary(f.serial)
	if err := setTimes(h, temporary, f.mtime); err != nil {
		c.warnings.add("%q: its time could not be set: %v", c.batch.path(f), err)
	}
	if err := c.target.settle(h, temporary, f.name); err != nil {
		return err
	}
	c.settled(f)
	return nil
}

// settled counts a file that is whole.
func (c *crew) settled(f *file) {
	f.state.Or(stateDone)
	c.meter.files.Add(1)
	c.meter.bytes.Add(f.size)
	if f.isZip {
		c.meter.zips.Add(1)
	}
}

// seal does to an open file what must be done before it is closed.
func (c *crew) seal(f *file, out *os.File) error {
	if f.sparse {
		if err := out.Truncate(f.size); err != nil {
			return err
		}
	}
	if f.zip != nil {
		if err := f.zip.check(out); err != nil {
			return err
		}
	}
	info, err := out.Stat()
	if err != nil {
		return err
	}
	if info.Size() != f.size {
		return fmt.Errorf("%d bytes were written and the target has %d", f.size, info.Size())
	}
	if info.Mode() == fs.FileMode(f.mode) {
		return nil
	}
	if err := out.Chmod(fs.FileMode(f.mode)); err != nil {
		c.warnings.add("%q: its mode could not be set: %v", c.batch.path(f), bare(err))
	}
	return nil
}

// leave closes a file that another run goes on with.
func (c *crew) leave(f *file) {
	if out, ok := c.files.take(f); ok {
		out.Close()
	}
}

// remove takes away what there is of a file that will not be whole.
func (c *crew) remove(f *file) {
	if out, ok := c.files.take(f); ok {
		out.Close()
	}
	if !f.is(stateStarted) || f.is(stateDone) {
		return
	}
	err := c.target.in(f.dir, func(h *handle) error { return h.root.Remove(c.target.temporary(f.serial)) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENAMETOOLONG) {
		c.warnings.add("%q could not be removed: %v", f.dir.disk()+"/"+c.target.temporary(f.serial), bare(err))
	}
}
