package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// CheckOptions say how much a check reads.
type CheckOptions struct {
	// ReadData reads every byte, not only what the structure needs.
	ReadData bool
	// Part of Parts limits ReadData to a share of the packs, chosen by their
	// names; Parts 0 means all. Parts from 1, Part from 1 to Parts.
	Part, Parts uint64
	// Choose, if set, limits ReadData to those packs that it returns, of all that
	// something names and that are there.
	Choose func(packs []format.Ref) map[format.Hash]bool
	// Read, if set, is called for each pack that ReadData read: whether it was
	// decoded, or only hashed, and what is wrong with it.
	Read func(pack format.Hash, decoded bool, err error)
	// Progress, if set, is called with bytes read of bytes to read.
	Progress func(done, total int64)
	// Known is damage that somebody has found already.
	Known []error
	// Hurt, if set, is called for every entry of a snapshot that something is
	// lost of.
	Hurt func(*Exam, *Remnant) error
}

// CheckReport is what a check found. Problems have classes; every one is about
// an object that something depends on, or about a signed statement.
type CheckReport struct {
	Snapshots, Objects int
	Packs              int
	Orphans            int // objects that no snapshot needs: of interrupted runs, or of forgotten snapshots
	OrphanBytes        int64
	BytesRead          int64
	// Archived objects are in archives of the store: they are there, of the
	// right size, and were not read.
	Archived      int
	ArchivedBytes int64
	Problems      []error
	Notes         []string
	// Hurt are the snapshots that something is lost of, the oldest first.
	Hurt []*Hurt
}

// checker holds what one check works on.
type checker struct {
	store  storage.Reader
	view   *View
	reader *Reader // nil without a key
	o      CheckOptions
	report *CheckReport
	there  map[string]int64     // every object in the store, with its size
	named  map[string]int64     // every object that something names; -1 where no size is told
	frozen map[string]bool      // objects that were to be read and are in archives
	chosen map[format.Hash]bool // packs, where the options choose; else nil
	bad    map[string]error     // objects with what is wrong with them
	dead   map[format.Hash]bool
	// remains is what examine found, nil without a key.
	remains *Remains
}

// Check examines a repository. With a nil reader it does what needs no key:
// signatures, presence, sizes, hashes. It returns an error only where the check
// itself could not go on.
func Check(ctx context.Context, store storage.Reader, view *View, reader *Reader, o CheckOptions) (*CheckReport, error) {
	report, _, err := Examine(ctx, store, view, reader, o)
	return report, err
}

// Examine is Check that also returns what remains, nil without a reader.
func Examine(ctx context.Context, store storage.Reader, view *View, reader *Reader, o CheckOptions) (*CheckReport, *Remains, error) {
	c := &checker{store: store, view: view, reader: reader, o: o, report: &CheckReport{},
		there: map[string]int64{}, named: map[string]int64{}, bad: map[string]error{}, frozen: map[string]bool{}}
	for _, p := range slices.Concat(view.Problems, o.Known) {
		c.problem(p)
	}
	c.report.Notes = append(c.report.Notes, view.Notes...)
	for _, step := range []func(context.Context) error{c.list, c.name, c.compare, c.readData, c.examine} {
		if err := step(ctx); err != nil {
			return c.report, nil, err
		}
	}
	return c.report, c.remains, nil
}

// problem notes a failure once for each object. With a key, that of an index
// object waits until it is known whether anything depends on it.
func (c *checker) problem(err error) {
	var f *format.Error
	if errors.As(err, &f) {
		if c.bad[f.What] != nil {
			return
		}
		c.bad[f.What] = err
		switch name, _ := format.ParseName(f.What); {
		case name.Type == format.ObjectIndex && c.reader != nil:
			return
		case name.Type == format.ObjectParity:
			c.report.Notes = append(c.report.Notes, err.Error()+": it can heal nothing")
			return
		}
	}
	c.report.Problems = append(c.report.Problems, err)
}

// carry notes a failure with a class, and that an object is in an archive, which
// is none. It passes on any other error.
func (c *checker) carry(err error) error {
	switch {
	case err == nil:
		return nil
	case format.ClassOf(err) != "":
		c.problem(err)
		return nil
	case storage.ClassOf(err) == storage.Archived:
		c.archived(err)
		return nil
	}
	return err
}

// archived notes, once for each, an object that cannot be read now.
func (c *checker) archived(err error) {
	var e *storage.Error
	if errors.As(err, &e) && !c.frozen[e.Key] {
		c.frozen[e.Key] = true
		c.report.Archived++
		c.report.ArchivedBytes += c.there[e.Key]
	}
}

// maxForeign is how many things that are no objects are named.
const maxForeign = 20

func (c *checker) list(ctx context.Context) error {
	foreign := 0
	for info, err := range listed(ctx, c.store, "") {
		if err != nil {
			return err
		}
		if name, ok := format.ParseName(info.Key); ok {
			c.there[info.Key] = info.Size
			if name.Type == format.ObjectPack {
				c.report.Packs++
			}
			continue
		}
		if foreign++; foreign <= maxForeign {
			c.report.Notes = append(c.report.Notes, info.Key+" is nothing of chatkeep's")
		}
	}
	if foreign > maxForeign {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("and %d more such things", foreign-maxForeign))
	}
	c.report.Objects = len(c.there)
	return nil
}

// name collects what signed statements name.
func (c *checker) name(ctx context.Context) error {
	c.named[format.TextName] = int64(len(Text))
	a := c.view.Authority
	c.named[format.AuthorityName(a.N, c.view.AuthorityHash)] = -1
	c.named[format.KeyringName(a.Keyring.N, a.Keyring.SHA256)] = a.Keyring.Size
	for _, s := range a.Slots {
		c.named[format.SlotName(s.Name, s.SHA256)] = s.Size
	}
	for _, w := range a.Writers {
		for _, n := range w.News {
			c.named[format.NewsName(w.ID, n.N, n.SHA256)] = n.Size
		}
	}
	condemned, strays, err := c.view.condemned(ctx, &objects{store: c.store})
	if err := c.carry(err); err != nil {
		return err
	}
	c.dead = condemned
	for _, p := range strays {
		c.problem(p)
	}
	for _, chain := range c.view.Chains {
		c.nameChain(chain)
	}
	// Condemned is not lost: what a snapshot needs stays as long as it does.
	kept := 0
	for key := range c.named {
		if name, _ := format.ParseName(key); condemned[name.Hash] {
			kept++
		}
	}
	if kept > 0 {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("%d objects were condemned and are still needed: they stay until they are not", kept))
	}
	return nil
}

// nameChain collects what the heads of one writer name.
func (c *checker) nameChain(chain *Chain) {
	needed := c.view.needed(chain)
	for _, h := range chain.Heads {
		c.named[format.HeadName(h.Writer, h.Seq, h.Hash)] = -1
		if !needed[h.Hash] {
			continue
		}
		live, err := chain.Live(h)
		if err != nil {
			c.problem(err)
			continue
		}
		if h.Manifest != nil {
			c.named[format.ManifestName(h.Manifest.SHA256)] = h.Manifest.Size
		}
		for _, ref := range live.Index {
			c.named[format.IndexName(ref.SHA256)] = ref.Size
		}
		for _, ref := range live.Packs {
			c.named[format.PackName(ref.SHA256)] = ref.Size
		}
	}
}

// heads are those that count.
func (c *checker) heads() []*Head {
	var all []*Head
	for _, chain := range c.view.Chains {
		all = append(all, chain.Heads...)
	}
	return all
}

// compare holds what is named against what is there.
func (c *checker) compare(context.Context) error {
	for _, key := range slices.Sorted(maps.Keys(c.named)) {
		size, ok := c.there[key]
		switch want := c.named[key]; {
		case !ok:
			c.problem(format.Fail(format.Missing, key, "the store does not have it"))
		case want >= 0 && size != want:
			c.problem(format.Fail(format.Truncated, key, "the store has %d bytes, and it should have %d", size, want))
		}
	}
	for key, size := range c.there {
		name, _ := format.ParseName(key)
		if _, ok := c.named[key]; !ok && isLitter(name.Type) {
			c.report.Orphans++
			c.report.OrphanBytes += size
		}
	}
	return nil
}

// isLitter reports whether an object of this type that no snapshot needs may be
// pruned. Slots, keyrings and authorities that newer ones took
// the place of stay, and are none.
func isLitter(t format.ObjectType) bool {
	return t == format.ObjectPack || t == format.ObjectIndex || t == format.ObjectManifest
}

// readData reads objects whole, and decodes packs where there is a key.
func (c *checker) readData(ctx context.Context) error {
	index, err := c.wholeIndex(ctx)
	if err != nil {
		return err
	}
	packs := &Snapshot{Reader: c.reader, index: &Index{packs: index}}
	reader := &PackReader{}
	if c.reader != nil {
		reader = packs.NewPackReader()
	}
	byHash := map[format.Hash]int{}
	for i, p := range index {
		byHash[p.Pack] = i
	}
	c.choose()
	var total int64
	for key := range c.toRead() {
		total += c.there[key]
	}
	for key := range c.toRead() {
		name, _ := format.ParseName(key)
		number, known := byHash[name.Hash]
		decode := name.Type == format.ObjectPack && known && c.reader != nil
		if decode {
			err = reader.Read(ctx, number, nil, func(Place, []byte) error { return nil })
		} else {
			err = c.readObject(ctx, name)
		}
		if name.Type == format.ObjectPack && c.o.Read != nil && (err == nil || format.ClassOf(err) != "") {
			c.o.Read(name.Hash, decode, err)
		}
		if err := c.carry(err); err != nil {
			return err
		}
		if c.frozen[key] {
			total -= c.there[key]
			continue
		}
		c.report.BytesRead += c.there[key]
		if c.o.Progress != nil {
			c.o.Progress(c.report.BytesRead, total)
		}
	}
	return nil
}

// toRead yields the objects to read in full, in order: small ones always, packs
// as the options say.
func (c *checker) toRead() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, key := range slices.Sorted(maps.Keys(c.there)) {
			name, _ := format.ParseName(key)
			if name.Type == format.ObjectPack || name.Type == format.ObjectParity {
				chosen := c.o.Parts == 0 || (uint64(name.Hash[0])<<8|uint64(name.Hash[1]))%c.o.Parts == c.o.Part-1
				if !c.o.ReadData || !chosen || c.chosen != nil && !c.chosen[name.Hash] {
					continue
				}
			}
			if !yield(key) {
				return
			}
		}
	}
}

// choose lets the options choose among the packs that something names.
func (c *checker) choose() {
	if c.o.Choose == nil {
		return
	}
	var packs []format.Ref
	for key, size := range c.there {
		name, _ := format.ParseName(key)
		if _, named := c.named[key]; named && name.Type == format.ObjectPack {
			packs = append(packs, format.Ref{SHA256: name.Hash, Size: size})
		}
	}
	format.SortRefs(packs)
	if c.chosen = c.o.Choose(packs); c.chosen == nil {
		c.chosen = map[format.Hash]bool{}
	}
}

func (c *checker) readObject(ctx context.Context, name format.Name) error {
	if name.Type == format.ObjectText {
		data, err := readAll(ctx, c.store, format.TextName, 1<<20)
		if err == nil && !bytes.Equal(data, []byte(Text)) {
			err = format.Fail(format.Flipped, format.TextName, "it is not the text that chatkeep writes; do not follow what it says")
		}
		return err
	}
	// What goes on beyond the size that was listed is not read to its end.
	_, err := (&objects{store: c.store}).get(ctx, name, min(c.there[name.String()], format.MaxObject))
	return err
}

// wholeIndex reads every index object that is named, for the directories of
// packs; what is wrong with them is noted. Where two contradict each other, the
// pack itself tells which one is false.
func (c *checker) wholeIndex(ctx context.Context) ([]format.IndexPack, error) {
	if c.reader == nil {
		return nil, nil
	}
	var all []format.IndexPack
	have, from := map[format.Hash]int{}, map[format.Hash]string{}
	for _, key := range slices.Sorted(maps.Keys(c.named)) {
		name, _ := format.ParseName(key)
		if name.Type != format.ObjectIndex {
			continue
		}
		packs, err := readIndex(ctx, &objects{store: c.store}, name, c.view.Label(), c.reader.identities()...)
		if err := c.carry(err); err != nil {
			return nil, err
		}
		for _, p := range packs {
			i, ok := have[p.Pack]
			if !ok {
				have[p.Pack], from[p.Pack] = len(all), key
				all = append(all, p)
				continue
			}
			if err := c.settle(ctx, &all[i], from[p.Pack], &p, key); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// settle looks into a pack of which two index objects may say different things. It
// leaves in record what is so, and names the object that says something else.
func (c *checker) settle(ctx context.Context, record *format.IndexPack, from string, other *format.IndexPack, otherFrom string) error {
	if sameRecord(record, other) {
		return nil
	}
	size, there := c.there[format.PackName(record.Pack)]
	if !there {
		return nil
	}
	truth, err := c.reader.readDirectory(ctx, format.Ref{SHA256: record.Pack, Size: size})
	if err != nil {
		return c.carry(err)
	}
	for key, said := range map[string]*format.IndexPack{from: record, otherFrom: other} {
		if !sameRecord(said, &truth) {
			c.problem(format.Fail(format.Malformed, key, "it says of pack %s what is not so", record.Pack))
		}
	}
	*record = truth
	return nil
}
