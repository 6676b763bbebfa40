package repo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"chatkeep/backup/format"
)

// Hurt is a snapshot that something is lost of.
type Hurt struct {
	Head *Head
	// Keys are the objects that it needs and that are missing or damaged.
	Keys []string
	// Failure is why it cannot be opened, or nil.
	Failure error
	// The rest is known only with a key. Entries are those that it lists, Lost
	// those of them that something is lost of, Mendable those of the lost that
	// other packs have whole.
	Entries, Lost, Mendable int64
	// Lists counts the chunks of its lists that are lost to it. Gone are the
	// entries of which not even the names remain, Untimed those whose modes and
	// times do not.
	Lists         int
	Gone, Untimed int64
}

// Error says what is lost, for people.
func (h *Hurt) Error() string {
	what := fmt.Sprintf("snapshot %s: ", h.Head.Hash.String()[:8])
	switch {
	case h.Failure != nil && h.Entries == 0:
		return what + h.Failure.Error()
	case h.Entries == 0 && h.Gone == 0 && len(h.Keys) == 1:
		return what + fmt.Sprintf("it needs %s, which is missing or damaged", h.Keys[0])
	case h.Entries == 0 && h.Gone == 0 && len(h.Keys) > 0:
		return what + fmt.Sprintf("it needs %d objects that are missing or damaged, %s one of them", len(h.Keys), h.Keys[0])
	}
	what += fmt.Sprintf("%d of its %d entries are hurt", h.Lost, h.Entries)
	if h.Mendable > 0 {
		what += fmt.Sprintf(", other packs have %d of them whole", h.Mendable)
	}
	if h.Lists > 0 {
		what += fmt.Sprintf("; its lists are hurt, and %d entries have no name left", h.Gone)
	}
	if h.Failure != nil {
		what += "; " + h.Failure.Error()
	}
	return what
}

// examine finds out what the damage means: which snapshots are hurt and, with a
// key, which of their entries.
func (c *checker) examine(ctx context.Context) error {
	if c.reader == nil {
		return c.examineNames()
	}
	remains, err := newRemains(ctx, c.reader, packStates{c.there, c.named, c.bad, c.dead})
	if err != nil {
		return err
	}
	c.remains = remains
	c.judgeIndexes(remains)
	for _, h := range c.reader.Heads() {
		c.report.Snapshots++
		if err := c.carry(c.examineSnapshot(ctx, remains, h)); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) examineSnapshot(ctx context.Context, x *Remains, h *Head) error {
	e, err := x.Exam(ctx, h)
	if err != nil {
		return err
	}
	hurt := &Hurt{Head: h}
	for r, err := range e.Entries(ctx) {
		if err != nil {
			return format.At("snapshot "+h.Hash.String()[:8], err)
		}
		hurt.Entries++
		if !r.Hurt() {
			continue
		}
		hurt.Lost++
		if r.Mendable {
			hurt.Mendable++
		}
		if c.o.Hurt != nil {
			if err := c.o.Hurt(e, r); err != nil {
				return err
			}
		}
	}
	hurt.Keys, hurt.Failure = e.Keys(), e.Failure
	hurt.Lists, hurt.Gone, hurt.Untimed = e.Lists, e.Gone, e.Untimed
	if hurt.Failure != nil || hurt.Lost > 0 || hurt.Lists > 0 {
		c.report.Hurt = append(c.report.Hurt, hurt)
		c.explain(hurt)
	}
	return nil
}

// explain adds a problem where none of the objects is one yet.
func (c *checker) explain(h *Hurt) {
	for _, key := range h.Keys {
		if c.bad[key] != nil {
			return
		}
	}
	class := format.Missing
	if h.Failure != nil {
		class = format.ClassOf(h.Failure)
	}
	c.problem(format.Fail(class, "snapshot "+h.Head.Hash.String()[:8], "%v", h))
}

// judgeIndexes tells of index objects that are missing or damaged. Where others
// cover every pack of the heads that name one, nothing depends on it.
func (c *checker) judgeIndexes(x *Remains) {
	for _, key := range slices.Sorted(maps.Keys(c.bad)) {
		name, ok := format.ParseName(key)
		if !ok || name.Type != format.ObjectIndex {
			continue
		}
		if c.spare(x, name.Hash) {
			c.report.Notes = append(c.report.Notes, c.bad[key].Error()+": other index objects say what it said")
		} else {
			c.report.Problems = append(c.report.Problems, c.bad[key])
		}
	}
}

// spare reports whether every pack that needs an index object has another.
func (c *checker) spare(x *Remains, index format.Hash) bool {
	for _, h := range c.heads() {
		if c.view.Forgotten(h) {
			continue
		}
		live, err := c.view.Chains[h.Writer].Live(h)
		if err != nil || !slices.ContainsFunc(live.Index, func(r format.Ref) bool { return r.SHA256 == index }) {
			continue
		}
		for _, ref := range live.Packs {
			if _, there := c.there[format.PackName(ref.SHA256)]; there && !x.covered[ref.SHA256] {
				return false
			}
		}
	}
	return true
}

// examineNames finds the snapshots that name what is missing or damaged.
func (c *checker) examineNames() error {
	heads := c.needed()
	slices.SortFunc(heads, compareHeads)
	for _, h := range heads {
		if h.Manifest == nil || c.view.Forgotten(h) {
			continue
		}
		c.report.Snapshots++
		hurt := &Hurt{Head: h}
		note := func(key string) {
			if isLoss(c.bad[key]) {
				hurt.Keys = append(hurt.Keys, key)
			}
		}
		note(format.HeadName(h.Writer, h.Seq, h.Hash))
		note(format.ManifestName(h.Manifest.SHA256))
		live, err := c.view.Chains[h.Writer].Live(h)
		hurt.Failure = err
		for _, ref := range live.Index {
			note(format.IndexName(ref.SHA256))
		}
		for _, ref := range live.Packs {
			note(format.PackName(ref.SHA256))
		}
		if len(hurt.Keys) > 0 || hurt.Failure != nil {
			c.report.Hurt = append(c.report.Hurt, hurt)
		}
	}
	return nil
}

// needed are the heads that somebody needs.
func (c *checker) needed() (heads []*Head) {
	for _, chain := range c.view.Chains {
		needed := c.view.needed(chain)
		for _, h := range chain.Heads {
			if needed[h.Hash] {
				heads = append(heads, h)
			}
		}
	}
	return heads
}

func compareHeads(a, b *Head) int {
	return a.Ref().Compare(b.Ref())
}
