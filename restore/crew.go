package restore

import (
	"cmp"
	"context"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// crew is the workers of one batch and what they share.
type crew struct {
	*run
	batch  *batch
	files  *pool[*file, *os.File]
	jobs   []job
	next   atomic.Int64
	report sync.Mutex // one call of Progress at a time
}

// job is one worker's work: a pack, or members of zips, or a zip that is written
// nowhere.
type job struct {
	pack    int
	refs    []ref
	members []member
	zip     *wholeZip
}

// worker is one goroutine of a crew, with its readers.
type worker struct {
	*crew
	packs  *repo.PackReader
	chunks *repo.ChunkReader
	stream chunkStream
	gather gather
}

// execute writes the files of a batch. When it returns an error, no file is
// left that is not whole, save for those that a journal lets another run go on
// with.
func (r *run) execute(ctx context.Context, b *batch) error {
	if r.target == nil {
		r.costs.count(r, b)
		return nil
	}
	c := &crew{run: r, batch: b, files: newPool[*file, *os.File](openFiles), jobs: b.jobs()}
	err := c.work(ctx)
	if err == nil {
		return nil
	}
	// No worker runs any more: what has not got its name by now never will, unless
	// another run goes on with it.
	for _, f := range b.files {
		switch {
		case !f.is(stateStarted) || f.is(stateDone):
		case r.target.journal != nil && !f.whole && !f.is(stateLost):
			c.leave(f)
		default:
			c.remove(f)
		}
	}
	return err
}

// memberBytes and memberCount bound the members of one job: neighbours share
// frames, so one worker does well to take several.
const (
	memberBytes = 4 << 20
	memberCount = 256
)

// jobs makes the list of what there is to do. Packs come in the order in which
// the files need them, so that few files are open at a time.
func (b *batch) jobs() []job {
	var jobs []job
	for _, pack := range b.order {
		jobs = append(jobs, job{pack: pack, refs: b.packs[pack]})
	}
	for rest := b.members; len(rest) > 0; {
		n, size := 0, int64(0)
		for n < len(rest) && n < memberCount && size < memberBytes {
			size += rest[n].size
			n++
		}
		jobs = append(jobs, job{members: rest[:n]})
		rest = rest[n:]
	}
	for i := range b.zips {
		jobs = append(jobs, job{zip: &b.zips[i]})
	}
	return jobs
}

// work runs the workers until all is done or one fails.
func (c *crew) work(ctx context.Context) error {
	for _, f := range c.batch.empty {
		if err := c.putWhole(f, nil); err != nil {
			return err
		}
	}
	for _, f := range c.batch.ready {
		if err := c.done(f, 0); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for range min(c.workers(), len(c.jobs)) {
		wait.Go(func() {
			if err := c.newWorker().run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// workers is how many packs are read side by side.
func (r *run) workers() int {
	if n := r.options.Workers; n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0) + 1
}

func (c *crew) newWorker() *worker {
	return &worker{crew: c, chunks: c.snapshot.NewChunkReader()}
}

func (w *worker) run(ctx context.Context) error {
	for {
		n := int(w.next.Add(1)) - 1
		if n >= len(w.jobs) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.do(ctx, &w.jobs[n]); err != nil {
			return err
		}
		w.progress()
	}
}

// do does one job. Members come after the packs, whose buffers are then given
// up: those for chunks take as much.
func (w *worker) do(ctx context.Context, j *job) error {
	if j.zip != nil {
		w.packs = nil
		return w.proveZip(ctx, j.zip)
	}
	if j.members != nil {
		w.packs = nil
		return w.deflateMembers(ctx, j.members)
	}
	if w.packs == nil {
		w.packs = w.snapshot.NewPackReader()
	}
	if err := w.readPack(ctx, j.pack, j.refs); err != nil {
		return err
	}
	j.refs = nil
	return w.flush()
}

func (c *crew) progress() {
	if c.options.Progress == nil {
		return
	}
	c.report.Lock()
	defer c.report.Unlock()
	c.options.Progress(Progress{
		Files: c.meter.files.Load(), TotalFiles: c.meter.totalFiles,
		Bytes: c.meter.bytes.Load(), TotalBytes: c.meter.totalBytes,
	})
}

// readPack writes what a batch needs of a pack to where it belongs.
func (w *worker) readPack(ctx context.Context, pack int, refs []ref) error {
	sortRefs(refs)
	if w.sparsely(pack, refs) {
		return w.readChunks(ctx, pack, refs, nil)
	}
	asked := 0 // frames are asked for in ascending order
	want := func(frame int) bool {
		for asked < len(refs) && int(refs[asked].frame) < frame {
			asked++
		}
		return asked < len(refs) && int(refs[asked].frame) == frame
	}
	done := 0
	var stop error
	err := w.packs.Read(ctx, pack, want, func(at repo.Place, data []byte) error {
		for done < len(refs) && int(refs[done].frame) == at.Frame && int(refs[done].member) == at.Member {
			r := refs[done]
			done++
			if stop = w.put(r.file, r.offset, data); stop != nil {
				return stop
			}
		}
		return ctx.Err()
	})
	switch {
	case stop != nil:
		return stop
	case err == nil:
		return nil
	case !damage(err):
		return err
	}
	return w.readChunks(ctx, pack, refs[done:], err)
}

// sortRefs puts refs in the order in which a pack holds the chunks.
func sortRefs(refs []ref) {
	slices.SortFunc(refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.frame, b.frame), cmp.Compare(a.member, b.member))
	})
}

// sparsely reports whether single frames are cheaper to fetch than the pack.
func (r *run) sparsely(pack int, refs []ref) bool {
	const fewFrames, share = 4, 4
	p := &r.snapshot.Index().Packs()[pack]
	frames, size := 0, int64(0)
	for i, ref := range refs {
		if i == 0 || ref.frame != refs[i-1].frame {
			frames++
			size += int64(p.Frames[ref.frame].Length)
		}
	}
	return frames <= fewFrames && size < p.Size/share
}

// maxBadFrames is after how many unreadable frames in a row the rest of a pack
// is given up: where its head or directory is damaged, all are.
const maxBadFrames = 4

// readChunks is the way to chunks without the whole pack: age authenticates
// pieces of 64 KiB and ids each chunk, so what is not hit by the damage to a
// pack, which cause is, is as good as ever.
func (w *worker) readChunks(ctx context.Context, pack int, refs []ref, cause error) error {
	frames := w.snapshot.Index().Packs()[pack].Frames
	bad, badFrame := 0, -1
	if format.ClassOf(cause) == format.Missing {
		bad = maxBadFrames
	}
	for i, r := range refs {
		var data []byte
		err := cause
		again := i > 0 && int(r.frame) == badFrame && refs[i-1].member == r.member
		if bad < maxBadFrames && !again {
			data, err = w.chunks.Chunk(ctx, frames[r.frame].Members[r.member].ID)
		}
		switch {
		case err == nil && data != nil:
			bad = 0
			if err := w.put(r.file, r.offset, data); err != nil {
				return err
			}
			continue
		case !damage(err):
			return err
		}
		if int(r.frame) != badFrame {
			bad++
			badFrame = int(r.frame)
		}
		cause = err
		w.lose(r.file, err)
		if err := w.done(r.file, 1); err != nil {
			return err
		}
	}
	return nil
}
