package repo

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// outcome is what became of one object.
type outcome struct {
	key   string
	size  int64
	moved bool  // by this copy
	err   error // with a class: a problem of the object's
}

// each does work on objects side by side, within the bounds of the options, and
// hands every outcome to one goroutine. It begins them in order, waits for all
// that it began, and ends with the first error that has no class.
func (c *copier) each(ctx context.Context, keys []string, sizes map[string]int64, parallel int, work func(context.Context, string, int64) outcome, done func(outcome)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan outcome)
	running, held := 0, int64(0)
	var failed error
	settle := func() {
		r := <-results
		running--
		held -= r.size
		if r.err != nil && format.ClassOf(r.err) == "" {
			if failed == nil {
				failed = r.err
				cancel()
			}
			return
		}
		done(r)
	}
	for _, key := range keys {
		size := sizes[key]
		for running > 0 && (running >= parallel || held+size > c.o.Memory) {
			settle()
		}
		if failed == nil && ctx.Err() != nil {
			failed = context.Cause(ctx)
		}
		if failed != nil {
			break
		}
		running++
		held += size
		go func() { results <- work(ctx, key, size) }()
	}
	for running > 0 {
		settle()
	}
	return failed
}

// moveAll moves those of the objects that the target does not have with their
// size.
func (c *copier) moveAll(ctx context.Context, keys []string, parallel int) error {
	keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		there, ok := c.target[key]
		return ok && there == c.source[key]
	})
	return c.each(ctx, keys, c.source, parallel, c.move, func(r outcome) {
		_, there := c.target[r.key]
		switch {
		case r.err != nil && format.ClassOf(r.err) == format.Missing && c.needs[r.key] == "" && !c.signed[r.key]:
			// Litter that was cleared away, or a pack that was pruned meanwhile.
			c.report.Condemned++
			c.report.Objects--
			c.report.Bytes -= r.size
		case r.err != nil:
			c.problem(r.key, r.err)
		case r.moved:
			c.report.Moved++
			c.report.MovedBytes += r.size
			c.target[r.key] = r.size
		default:
			c.report.Present++
			c.target[r.key] = r.size
		}
		if !there {
			c.tell(r.size)
		}
	})
}

// move moves one object. One that came to the target meanwhile, or that the
// listing did not show, is as good if it is as long.
func (c *copier) move(ctx context.Context, key string, size int64) outcome {
	r := outcome{key: key, size: size}
	var data []byte
	if data, r.err = proved(ctx, c.from.Store, key, size); r.err != nil {
		if storage.ClassOf(r.err) == storage.Other && format.ClassOf(r.err) == "" && ctx.Err() == nil {
			// The store is there and cannot give this one, as a disk with a bad spot.
			r.err = format.Fail(format.Truncated, key, "not all of it can be read: %w", r.err)
		}
		return r
	}
	_, err := c.to.Put(ctx, key, data)
	if err == nil {
		r.moved = true
		return r
	}
	if !errors.Is(err, fs.ErrExist) {
		r.err = err
		return r
	}
	info, err := c.to.Stat(ctx, key)
	if err == nil && info.Size != size {
		err = otherSize(key, info.Size, size)
	}
	r.err = err
	return r
}

// proved reads an object of a known size and holds it against its name.
func proved(ctx context.Context, store storage.Reader, key string, size int64) ([]byte, error) {
	name, _ := format.ParseName(key)
	if limit := limitOf(name.Type); size > limit {
		return nil, format.Fail(format.Oversized, key, "%d bytes, and %d is the limit", size, limit)
	}
	if name.Type == format.ObjectText {
		data, err := readAll(ctx, store, key, limitOf(name.Type))
		if err == nil && !bytes.Equal(data, []byte(Text)) {
			err = format.Fail(format.Flipped, key, "it is not the text that chatkeep writes; do not follow what it says")
		}
		return data, err
	}
	data := make([]byte, size)
	return data, (&objects{store: store}).into(ctx, data, name)
}

// verify reads everything at the target, if that is asked for.
func (c *copier) verify(ctx context.Context) error {
	if !c.o.Verify {
		return nil
	}
	keys := make([]string, 0, len(c.target))
	for key := range c.target {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	work := func(ctx context.Context, key string, size int64) outcome {
		_, err := proved(ctx, c.to, key, size)
		return outcome{key: key, size: size, err: err}
	}
	return c.each(ctx, keys, c.target, c.o.Parallel, work, func(r outcome) {
		var f *format.Error
		if errors.As(r.err, &f) {
			e := format.Fail(f.Class, r.key, "in the copy: %w", f.Err)
			e.Cure = cureTarget
			c.problem(r.key, e)
		}
		c.report.Verified++
		c.report.VerifiedBytes += r.size
		c.tell(r.size)
	})
}
