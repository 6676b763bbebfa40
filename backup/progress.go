package backup

import (
	"context"
	"sync/atomic"
)

// Progress is how far a run has come. Totals are zero while they are unknown.
type Progress struct {
	Bytes, TotalBytes int64
	Path              string
}

// progress counts what was read, from several goroutines.
type progress struct {
	tell        func(Progress)
	done, total atomic.Int64
}

// measure adds up the sizes of the source beside the run: it takes a hundredth
// of the time, and without the sum nobody can say how much is left.
func (p *progress) measure(ctx context.Context, src *Source) {
	if p.tell == nil {
		return
	}
	var total int64
	err := walk(ctx, src.Path, &src.Select, func(n node) error {
		if n.info != nil && n.info.Mode().IsRegular() {
			total += n.info.Size()
		}
		return nil
	})
	if err == nil {
		p.total.Store(total)
	}
}

// add tells that n more bytes are dealt with.
func (p *progress) add(n int64, path string) {
	if p.tell != nil {
		p.tell(Progress{Bytes: p.done.Add(n), TotalBytes: p.total.Load(), Path: path})
	}
}
