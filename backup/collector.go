package backup

import (
	"context"
	"fmt"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
)

// result is what became of one node: its lines in the two lists.
type result struct {
	path  string
	lines []byte
	stat  format.Stat
	print *fingerprint // for the table of the next run, nil where it must read again
}

// collector writes the lists of the snapshot, and the table for the next run, in
// order. It is used by one goroutine.
type collector struct {
	contents, stats *repo.ListWriter
	table           *state.TableWriter
	last            string
	buf             []byte
}

func newCollector(ctx context.Context, r *run) *collector {
	p := r.packers[len(r.packers)-1]
	c := &collector{contents: p.NewList(ctx, "contents"), stats: p.NewList(ctx, "stats")}
	if r.o.Files != nil {
		// Without a table the next run reads everything: slower, no worse.
		if w, err := r.o.Files.Write(); err == nil {
			if _, err := w.Write([]byte(tableMagic)); err == nil {
				c.table = w
			}
		}
	}
	return c
}

// add appends one entry.
func (c *collector) add(r *result) error {
	if r.path <= c.last && c.last != "" {
		return fmt.Errorf("%q comes after %q in the walk: this is a defect of chatkeep", r.path, c.last)
	}
	c.last = r.path
	if err := c.contents.Append(r.lines); err != nil {
		return err
	}
	c.buf = format.AppendStat(c.buf[:0], &r.stat)
	if err := c.stats.Append(c.buf); err != nil {
		return err
	}
	if c.table != nil && r.print != nil {
		c.buf = appendKnown(c.buf[:0], &known{r.path, *r.print, r.lines})
		if _, err := c.table.Write(c.buf); err != nil {
			c.table.Drop()
			c.table = nil
		}
	}
	return nil
}

func (c *collector) close() (contents, stats format.List, err error) {
	if contents, err = c.contents.Close(); err == nil {
		stats, err = c.stats.Close()
	}
	return contents, stats, err
}

// keep makes the table count, when what it says is committed.
func (c *collector) keep() error {
	if c.table == nil {
		return nil
	}
	if err := c.table.Close(); err != nil {
		return fmt.Errorf("the backup is done, but this machine's cache of it is not: %w", err)
	}
	return nil
}
