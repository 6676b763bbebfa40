package backup

import (
	"context"
	"path"
	"sync"
)

const (
	batchBytes = 4 << 20
	batchFiles = 128
	// window is how many batches may be on their way: what a slow one holds up
	// must fit in memory.
	window = 256
)

// batch is a run of neighbours in one folder: they share frames.
type batch struct {
	number  int
	tasks   []task
	bytes   int64
	folder  string
	results []result
}

// task is one node with what the last run stored of it.
type task struct {
	node
	known *known
	link  string // the path of an earlier name of the same file
}

// feeder makes batches of what the walk meets.
type feeder struct {
	out    chan *batch
	room   chan struct{}
	ctx    context.Context
	table  *tableReader
	linked map[fileNumber]string
	open   *batch
	next   int
	broken func(node) // takes what has no entry
}

func (f *feeder) add(n node) error {
	if n.path == "" {
		f.broken(n)
		return nil
	}
	j := task{node: n}
	folder := path.Dir(n.path)
	if n.info != nil && n.info.Mode().IsRegular() {
		j.link = f.earlier(n)
		if j.link == "" {
			j.known = f.table.find(n.path)
		}
	}
	if f.open != nil && (f.open.folder != folder || len(f.open.tasks) >= batchFiles || f.open.bytes >= batchBytes) {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if f.open == nil {
		f.open = &batch{number: f.next, folder: folder}
		f.next++
	}
	f.open.tasks = append(f.open.tasks, j)
	if n.info != nil {
		f.open.bytes += n.info.Size()
	}
	return nil
}

// earlier returns the path under which this very file was met before.
func (f *feeder) earlier(n node) string {
	number, names := links(n.info)
	if names < 2 {
		return ""
	}
	if first, ok := f.linked[number]; ok {
		return first
	}
	f.linked[number] = n.path
	return ""
}

func (f *feeder) flush() error {
	if f.open == nil {
		return nil
	}
	select {
	case f.room <- struct{}{}:
	case <-f.ctx.Done():
		return context.Cause(f.ctx)
	}
	f.out <- f.open
	f.open = nil
	return nil
}

// storeFiles stores every file of the source, and puts the entries of the
// exports among them where they belong.
func (r *run) storeFiles(ctx context.Context, cancel context.CancelCauseFunc, extra []result) error {
	f := &feeder{
		out: make(chan *batch, window), room: make(chan struct{}, window), ctx: ctx,
		table: readTable(r.o.Files), linked: map[fileNumber]string{}, broken: r.broken,
	}
	defer f.table.close()
	done := make(chan *batch, window)
	var workers sync.WaitGroup
	for _, p := range r.packers[:len(r.packers)-1] {
		workers.Go(func() {
			w := &fileWorker{r: r, packer: p}
			for b := range f.out {
				if err := w.batch(ctx, b); err != nil {
					cancel(err)
				}
				done <- b
			}
		})
	}
	go func() {
		defer close(f.out)
		err := walk(ctx, r.src.Path, &r.src.Select, f.add)
		if err == nil {
			err = f.flush()
		}
		if err != nil {
			cancel(err)
		}
	}()
	go func() {
		workers.Wait()
		close(done)
	}()
	err := r.collect(done, f.room, extra)
	if err != nil {
		cancel(err)
	}
	for range done {
		<-f.room
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// collect brings the batches back into order.
func (r *run) collect(done chan *batch, room chan struct{}, extra []result) error {
	waiting := map[int]*batch{}
	next := 0
	for b := range done {
		waiting[b.number] = b
		for waiting[next] != nil {
			for i := range waiting[next].results {
				res := &waiting[next].results[i]
				for len(extra) > 0 && extra[0].path < res.path {
					if err := r.out.add(&extra[0]); err != nil {
						return err
					}
					extra = extra[1:]
				}
				if err := r.out.add(res); err != nil {
					return err
				}
			}
			delete(waiting, next)
			next++
			<-room
		}
	}
	for i := range extra {
		if err := r.out.add(&extra[i]); err != nil {
			return err
		}
	}
	return nil
}
