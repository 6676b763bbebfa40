package restore

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// errDisk is what a file is lost to that the disk did not keep as it was written.
var errDisk = errors.New("read again from the disk it has other bytes than were written")

// verify reads every file again that was restored, where that is asked for. It
// leaves out files made of records that were picked, which no list describes, and
// those that stand in the place of a hard link.
func (r *run) verify(ctx context.Context) error {
	if !r.options.Verify {
		return nil
	}
	return r.files(ctx, func(f *filler, e repo.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		whole := isOriginal(e.Path) || !r.chosen.byRecords()
		if e.Type != format.EntryFile && e.Type != format.EntryZip || !whole || !r.comes(e.Path) || r.losses.has(e.Path) {
			return nil
		}
		if err := r.locate(f.batch, e.Item); err != nil {
			return nil // it is lost
		}
		return r.check(e.Path, r.verifyFile(e, f.batch.places))
	})
}

// verifyFile reads a file again. One that is not whole goes.
func (r *run) verifyFile(e repo.Entry, places []repo.Place) error {
	at := r.tree.find(e.Path)
	return r.target.in(at.dir, func(h *handle) error {
		in, err := h.root.OpenFile(at.name, os.O_RDONLY|noWait, 0)
		if errors.Is(err, fs.ErrPermission) {
			mode := fs.FileMode(e.Stat.Mode & 0o777)
			if err := h.root.Chmod(at.name, mode|0o400); err != nil {
				return err
			}
			defer h.root.Chmod(at.name, mode)
			in, err = h.root.OpenFile(at.name, os.O_RDONLY|noWait, 0)
		}
		if err != nil {
			return err
		}
		defer in.Close()
		if err := uncache(in); err != nil {
			return err
		}
		ok, err := r.examiner.whole(in, e.Item, places)
		if ok {
			r.report.Verified++
			return nil
		}
		r.meter.files.Add(-1)
		r.meter.bytes.Add(-e.Size)
		return errors.Join(err, errDisk, h.root.Remove(at.name))
	})
}
