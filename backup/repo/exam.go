package repo

import (
	"context"
	"errors"
	"iter"
	"slices"

	"chatkeep/backup/format"
)

// Exam is a snapshot under examination: what of it can be read, and what is
// lost.
type Exam struct {
	Head     *Head
	Manifest *format.Manifest // nil where it cannot be read
	// Failure is why the snapshot cannot be opened at all, or nil.
	Failure error
	// Lists counts the chunks of its lists that its packs do not give.
	Lists int
	// Gone counts the entries of which not even the names remain.
	Gone int64
	// Untimed counts the entries whose modes and times are lost.
	Untimed int64

	x    *Remains
	own  *Index
	keys map[string]bool
}

// Remnant is an entry of a snapshot with what is lost of it.
type Remnant struct {
	Entry
	// Lost are the chunks that the snapshot's packs do not give, by their numbers
	// among AllChunks.
	Lost []int
	// LostBytes is how much they hold, as far as that is known.
	LostBytes int64
	// Mendable says that other packs have all of what is lost.
	Mendable bool
	// Cut says that the list of its chunks is itself incomplete.
	Cut bool
	// Timed is false where mode and time are lost.
	Timed bool
	// Keys are the objects whose loss it is.
	Keys []string
}

// Hurt reports whether something of the entry is lost.
func (r *Remnant) Hurt() bool { return len(r.Lost) > 0 || r.Cut }

// Exam begins to examine a snapshot.
func (x *Remains) Exam(ctx context.Context, h *Head) (*Exam, error) {
	e := &Exam{Head: h, x: x, keys: map[string]bool{}}
	var err error
	if e.Manifest, err = x.readManifest(ctx, format.Name{Type: format.ObjectManifest, Hash: h.Manifest.SHA256}); err != nil {
		return e, e.fail(err)
	}
	if key := format.ManifestName(h.Manifest.SHA256); x.state.bad[key] != nil {
		// This machine's cache has it, and no other machine would.
		e.keys[key] = true
		e.Failure = x.state.bad[key]
	}
	live, err := x.view.Chains[h.Writer].Live(h)
	if err != nil {
		e.own = x.index
		return e, e.fail(err)
	}
	e.own = x.own(live)
	if err := format.CheckManifest(e.Manifest, h.Head, live.Hash()); err != nil {
		return e, e.fail(format.At(format.ManifestName(h.Manifest.SHA256), err))
	}
	return e, nil
}

// fail notes a failure with a class and passes on any other.
func (e *Exam) fail(err error) error {
	if format.ClassOf(err) == "" {
		return err
	}
	var f *format.Error
	if errors.As(err, &f) {
		e.keys[f.What] = true
	}
	e.Failure = err
	return nil
}

// Snapshot is the snapshot as far as it can be read, from whichever packs.
func (e *Exam) Snapshot() *Snapshot {
	return &Snapshot{Reader: e.x.Reader, Head: e.Head, Manifest: e.Manifest, index: e.x.index}
}

// Can reports whether a chunk can be read, from whichever pack.
func (e *Exam) Can(id format.ID) bool { return e.x.Has(id) }

// Find returns the entry of a path as far as it remains, or nil.
func (e *Exam) Find(ctx context.Context, path string) (*format.Item, error) {
	s := &salvage{ctx: ctx, x: e.x}
	for item := range s.entries(&e.Manifest.Contents) {
		if item != nil && item.Path >= path {
			if item.Path == path {
				return item, nil
			}
			return nil, nil
		}
	}
	return nil, s.err
}

// Keys are the objects that are missing or damaged, and that the snapshot needs.
func (e *Exam) Keys() []string {
	var keys []string
	for key := range e.keys {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Entries yields every entry that remains, with what is lost of it. The lists
// themselves may be hurt: then it goes on after the gaps, and counts what it
// could not name. It may be run through again.
func (e *Exam) Entries(ctx context.Context) iter.Seq2[*Remnant, error] {
	return func(yield func(*Remnant, error) bool) {
		if e.Manifest == nil {
			return
		}
		unreadable, err := e.examineLists(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		entries := e.remaining
		if unreadable == 0 {
			entries = e.listed
		}
		for r, err := range entries(ctx) {
			if err == nil {
				e.examine(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// examineLists counts the chunks of the lists that are lost to the snapshot, and
// those that are lost for good.
func (e *Exam) examineLists(ctx context.Context) (unreadable int, err error) {
	e.Lists, e.Gone, e.Untimed = 0, 0, 0
	for _, l := range []*format.List{&e.Manifest.Contents, &e.Manifest.Stats} {
		s := &salvage{ctx: ctx, x: e.x}
		ids := slices.Clone(l.Chunks)
		for depth := l.Depth; ; depth-- {
			for _, id := range ids {
				if key := e.x.missing(e.own, id); key != "" {
					e.Lists++
					e.keys[key] = true
				}
				if !e.x.Has(id) {
					unreadable++
				}
			}
			if depth == 0 {
				break
			}
			above := ids
			ids = nil
			lines := s.join(func(yield func(format.ID, bool) bool) {
				for _, id := range above {
					if !yield(id, false) {
						return
					}
				}
			})
			for id := range s.idsOf(lines) {
				if id != (format.ID{}) {
					ids = append(ids, id)
				}
			}
			if s.err != nil {
				return unreadable, s.err
			}
		}
	}
	return unreadable, nil
}

// listed are the entries of lists that can be read.
func (e *Exam) listed(ctx context.Context) iter.Seq2[*Remnant, error] {
	return func(yield func(*Remnant, error) bool) {
		for entry, err := range e.Snapshot().Entries(ctx) {
			if !yield(&Remnant{Entry: entry, Timed: true}, err) {
				return
			}
		}
	}
}

// remaining are the entries of lists with gaps. The stats of an entry are found
// by its number, which is known up to the first gap in contents, and after the
// last one from the end.
func (e *Exam) remaining(ctx context.Context) iter.Seq2[*Remnant, error] {
	return func(yield func(*Remnant, error) bool) {
		s := &salvage{ctx: ctx, x: e.x}
		first, last := s.stats(&e.Manifest.Stats)
		total := e.Manifest.Contents.Entries
		var count, tail int64
		gaps := 0
		for item, gap := range s.entries(&e.Manifest.Contents) {
			if gap {
				tail = 0
				gaps++
			}
			if item != nil {
				count, tail = count+1, tail+1
			}
		}
		e.Gone = total - count
		var n int64 // of those yielded
		passed := 0
		for item, gap := range s.entries(&e.Manifest.Contents) {
			if gap {
				passed++
			}
			if item == nil {
				break
			}
			r := &Remnant{Entry: Entry{Item: item}}
			number := int64(-1)
			switch {
			case passed == 0:
				number = n
			case passed == gaps && tail > 0:
				number = total - count + n
			}
			r.Stat, r.Timed = statOf(number, total, first, last)
			if !r.Timed {
				e.Untimed++
			}
			n++
			if !yield(r, nil) {
				return
			}
		}
		if s.err != nil {
			yield(nil, s.err)
		}
	}
}

// statOf finds the stats of an entry by its number, if that is known.
func statOf(number, total int64, first, last []format.Stat) (format.Stat, bool) {
	fromEnd := total - number
	switch {
	case number < 0:
	case number < int64(len(first)):
		return first[number], true
	case fromEnd <= int64(len(last)):
		return last[int64(len(last))-fromEnd], true
	}
	return format.Stat{}, false
}

// examine finds what is lost of an entry.
func (e *Exam) examine(r *Remnant) {
	keys := map[string]bool{}
	n := 0
	r.Mendable = true
	for id := range r.AllChunks() {
		if key := e.x.missing(e.own, id); key != "" {
			r.Lost = append(r.Lost, n)
			r.LostBytes += sizeIn(e.own, id)
			keys[key], e.keys[key] = true, true
			r.Mendable = r.Mendable && e.x.Has(id)
		}
		n++
	}
	r.Cut = e.cut(r.Item)
	r.Mendable = r.Mendable && !r.Cut
	for key := range keys {
		r.Keys = append(r.Keys, key)
	}
	slices.Sort(r.Keys)
}

// cut reports whether lines of an entry are missing: what it lists is shorter
// than it is. Chunks of unknown size are taken to be as long as it needs.
func (e *Exam) cut(item *format.Item) bool {
	switch item.Type {
	case format.EntryFile:
		return e.short(&item.Entry)
	case format.EntryZip:
		var sum int64
		for i := range item.Segments {
			if e.short(&item.Segments[i]) {
				return true
			}
			sum += item.Segments[i].Stands()
		}
		return sum != item.Size
	}
	return false
}

func (e *Exam) short(entry *format.Entry) bool {
	var sum int64
	for _, id := range entry.Chunks {
		size := max(sizeIn(e.own, id), e.x.Size(id))
		if size == 0 {
			return false
		}
		sum += size
	}
	return sum != entry.Size
}

// sizeIn is how long a chunk is, 0 where the index does not know it.
func sizeIn(x *Index, id format.ID) int64 {
	at, ok := x.Find(id)
	if !ok {
		return 0
	}
	return int64(x.packs[at.Pack].Frames[at.Frame].Members[at.Member].Size)
}

// ChunkSize is how long a chunk is that can be read, else 0.
func (e *Exam) ChunkSize(id format.ID) int64 { return e.x.Size(id) }

// Dedup is the family of writers whose chunks the snapshot has.
func (e *Exam) Dedup() format.Hash { return e.x.view.Chains[e.Head.Writer].Writer.Dedup }
