package restore

import (
	"context"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// Prove is [Run] with nothing written: everything that a restore reads is read,
// by the same code, checked, and let go. Zips are put together in order, each by
// one worker, for there is no file to put the pieces into. Nothing reaches a disk.
func Prove(ctx context.Context, s *repo.Snapshot, o Options) (*Report, error) {
	r := newRun(s, o)
	r.enter(nowhere())
	return r.finished(r.all(ctx))
}

// proves reports whether everything is read and nothing is written.
func (r *run) proves() bool { return r.target != nil && r.target.nowhere }

// wholeZip is a zip that is put together from its segments in order.
type wholeZip struct {
	file *file
	item *format.Item
}

// proveZip puts a zip together and holds it against its hash.
func (w *worker) proveZip(ctx context.Context, z *wholeZip) error {
	c := &content{ctx: ctx, out: io.Discard, deflate: w.deflate}
	c.chunks.open(ctx, w.chunks, nil)
	err := c.zip(z.item)
	z.item.Segments, z.item.Chunks = nil, nil
	w.meter.chunks.Add(c.read + int64(c.chunks.count))
	if err != nil && !damage(err) {
		return err
	}
	if err != nil {
		w.lose(z.file, err)
	}
	return w.done(z.file, 1)
}
