package repo

import (
	"context"
	"fmt"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// A copy is made without any key. What is written once and named by its hash can
// be carried by anybody and proved by everybody:
//
//  1. The signed statements of the source are read and verified first, and only
//     those heads are copied: what they name was there before them, so the listing
//     that follows has it, whatever writers put meanwhile.
//  2. Content comes first at the target, statements after it, each after those
//     that it names. At any moment the target is either no repository or one that
//     the source has been: see order.
//  3. Nothing at the target is replaced or deleted. What is there with its size is
//     not moved again, what is there and damaged is named.
//  4. Every object is held against the hash in its name on the way. What does not
//     have it is named and left out, and the rest arrives.

// Origin is what is copied.
type Origin struct {
	Store  storage.Reader
	ID     format.Hash
	Place  string
	Memory Memory // of the source; may be nil
	// Testimony is what the source's witness has seen, nil without one.
	Testimony *Testimony
}

// CopyOptions tune a copy. The zero value is good.
type CopyOptions struct {
	// DryRun lists and compares, and writes nothing.
	DryRun bool
	// Verify reads everything at the target again.
	Verify bool
	// Parallel is how many objects are under way at once; 4 where 0.
	Parallel int
	// Memory is how many bytes of objects are under way at once; 128 MiB where
	// 0. An object that is larger goes alone, so that this or the largest object
	// there may be, 289 MiB, bounds what is held of them.
	Memory int64
	// Accept are the classes of problems of the source's statements that are no
	// reason to complain.
	Accept map[format.Class]bool
	// Progress, if set, is called with bytes dealt with of bytes to deal with.
	Progress func(done, total int64)
}

const (
	copyParallel = 4
	copyMemory   = 128 << 20
)

// CopyReport is what a copy did or, in a dry run, would do. Problems have
// classes.
type CopyReport struct {
	Objects       int   // of the repository, that belong at the target
	Bytes         int64 // of them
	Moved         int
	MovedBytes    int64
	Present       int // were there already, with their size
	Verified      int // were read at the target
	VerifiedBytes int64
	Condemned     int   // left out: pruned, or about to be
	Uncounted     int   // left out: signed statements that came later, or that nobody entitled made
	Foreign       int   // left alone: nothing of chatkeep's
	View          *View // of the source; nil where its newest authority is damaged
	Problems      []error
	Notes         []string
	Unheard       error // why the source's witness could not be heard
}

// copier is one copy under way.
type copier struct {
	from   Origin
	to     storage.Store
	o      CopyOptions
	report *CopyReport
	view   *View // nil where the source's newest authority cannot be read
	rules  *View // with the newest authority of both ends; nil with view

	source map[string]int64  // every object of the source, with its size
	target map[string]int64  // every object of the target; those of this copy come in
	signed map[string]bool   // statements of the source that are verified
	needs  map[string]string // what a head that counts or the authority needs, and which
	bad    map[string]bool   // keys that a problem names

	authorities map[format.Hash]*format.Authority
	heads       map[format.Hash]*Head
	tombstones  map[format.Hash]*format.Tombstone
	dead        map[format.Hash]bool // condemned

	done, total int64
}

// Copy makes the target hold what the source holds. The error says that the copy
// could not go on, and is nil in spite of problems: those are in the report, which
// comes back in any case. A target that holds another repository is refused.
//
// Beside the objects under way it takes some 400 bytes for each object of the
// repository.
func Copy(ctx context.Context, from Origin, to storage.Store, o CopyOptions) (*CopyReport, error) {
	if o.Parallel <= 0 {
		o.Parallel = copyParallel
	}
	if o.Memory <= 0 {
		o.Memory = copyMemory
	}
	c := &copier{
		from: from, to: to, o: o, report: &CopyReport{},
		source: map[string]int64{}, target: map[string]int64{}, signed: map[string]bool{},
		needs: map[string]string{}, bad: map[string]bool{},
		authorities: map[format.Hash]*format.Authority{}, heads: map[format.Hash]*Head{},
		tombstones: map[format.Hash]*format.Tombstone{}, dead: map[format.Hash]bool{},
	}
	for _, step := range []func(context.Context) error{
		c.loadSource, c.listTarget, c.listSource, c.condemn, c.carryOver, c.verify,
	} {
		if err := step(ctx); err != nil {
			return c.report, err
		}
	}
	slices.SortStableFunc(c.report.Problems, compareText)
	return c.report, nil
}

// problem notes what is wrong with an object, once for each.
func (c *copier) problem(key string, err error) {
	if !c.bad[key] {
		c.bad[key] = true
		c.report.Problems = append(c.report.Problems, err)
	}
}

// carry notes a failure with a class and passes on any other error.
func (c *copier) carry(key string, err error) error {
	if err != nil && format.ClassOf(err) != "" {
		c.problem(key, err)
		return nil
	}
	return err
}

func (c *copier) note(text string, args ...any) {
	c.report.Notes = append(c.report.Notes, fmt.Sprintf(text, args...))
}

func (c *copier) tell(n int64) {
	c.done += n
	if c.o.Progress != nil {
		c.o.Progress(c.done, c.total)
	}
}

// carryOver works out what is to be moved, and moves it.
func (c *copier) carryOver(ctx context.Context) error {
	content, statements := c.split(), c.order()
	c.total = c.plan(content) + c.plan(statements)
	if c.o.Verify {
		c.total += c.report.Bytes
	}
	if c.o.DryRun {
		c.missing()
		return nil
	}
	if err := c.moveAll(ctx, content, c.o.Parallel); err != nil {
		return err
	}
	c.missing()
	// A head is copied even if something that it needs did not arrive: that costs
	// the files that are in it, and is a problem that a check of the target names,
	// too. Without the head, everything that its writer did since would be behind
	// a gap, and nothing of it could be restored from the target without force.
	return c.moveAll(ctx, statements, 1)
}

// split lists the keys of everything but statements, in the order of arrival:
// small things that are needed in any case come last, for they take no time.
func (c *copier) split() []string {
	rank := map[format.ObjectType]int{
		format.ObjectText: 0, format.ObjectPack: 1, format.ObjectIndex: 2, format.ObjectManifest: 3, format.ObjectNote: 4, format.ObjectParity: 4,
		format.ObjectSlot: 5, format.ObjectKeyring: 6, format.ObjectNews: 7,
	}
	stages := make([][]string, len(rank))
	for key := range c.source {
		name, _ := format.ParseName(key)
		if at, ok := rank[name.Type]; ok && c.wanted(key, name) {
			stages[at] = append(stages[at], key)
		}
	}
	for _, keys := range stages {
		slices.Sort(keys)
	}
	return slices.Concat(stages...)
}

// wanted leaves out what is condemned. What a head that counts needs is copied
// all the same, as long as it is there: whether that is in order, a check tells.
func (c *copier) wanted(key string, name format.Name) bool {
	if c.dead[name.Hash] && c.needs[key] == "" {
		c.report.Condemned++
		return false
	}
	return true
}

// plan counts these objects and returns how many bytes of them are to be moved.
func (c *copier) plan(keys []string) (bytes int64) {
	for _, key := range keys {
		size := c.source[key]
		c.report.Objects++
		c.report.Bytes += size
		there, ok := c.target[key]
		switch {
		case !ok:
			bytes += size
			if c.o.DryRun {
				c.report.Moved++
				c.report.MovedBytes += size
			}
		case there == size:
			c.report.Present++
		case c.o.DryRun:
			c.problem(key, otherSize(key, there, size))
		}
	}
	return bytes
}

// missing names what a head that counts needs and that neither end has.
func (c *copier) missing() {
	for key, who := range c.needs {
		_, there := c.target[key]
		if _, ok := c.source[key]; !ok && !there {
			c.problem(key, format.Fail(format.Missing, key, "the store does not have it, and %s needs it", who))
		}
	}
}

const cureTarget = "nothing is replaced: look at it, delete it there, and copy again"

// otherSize is the error of an object that the target has with another size.
func otherSize(key string, there, size int64) error {
	e := format.Fail(format.Truncated, key, "the copy has %d bytes of it, and they should be %d", there, size)
	e.Cure = cureTarget
	return e
}
