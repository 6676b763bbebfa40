package backup

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

const (
	// lostEnd ends the name of the entry that says what is lost of a file of
	// messages.
	lostEnd = ".lost"
	// remainsEnd ends the name of the folder with what remains of a zip.
	remainsEnd = ".remains"
)

// rebuild makes the lists of a snapshot of what remains of another.
type rebuild struct {
	ctx    context.Context
	e      *repo.Exam
	done   *Repaired
	out    relister
	teller hurtTeller
	extra  []extra         // entries yet to come in their order
	lost   map[string]bool // files that later links must not name
	less   format.Totals   // what the totals are to be less by
}

// relister takes the entries of the new lists.
type relister interface {
	// carry stores the chunks of an item and puts their new ids in place.
	carry(ctx context.Context, item *format.Item) error
	add(item *format.Item, stat format.Stat) error
}

type extra struct {
	item *format.Item
	stat format.Stat
}

// all goes through what remains.
func (b *rebuild) all() error {
	b.lost = map[string]bool{}
	for r, err := range b.e.Entries(b.ctx) {
		if err != nil {
			return err
		}
		if !r.Timed {
			r.Stat = unknownStat(r.Type)
		}
		if err := b.entry(r); err != nil {
			return err
		}
	}
	b.done.Gone = b.e.Gone
	return b.flush("")
}

// unknownStat is for an entry whose mode and time are lost: the owner alone may
// read it.
func unknownStat(t format.EntryType) format.Stat {
	s := format.Stat{Mode: 0o600, Mtime: time.Unix(0, 0)}
	if t == format.EntryDir {
		s.Mode = 0o700
	}
	return s
}

func (b *rebuild) entry(r *repo.Remnant) error {
	whole := !r.Hurt() || r.Mendable
	switch {
	case r.Type == format.EntryHardlink && b.lost[r.Target]:
		return b.unreadable(r, "the file that it is a name of is lost")
	case whole:
		item := *r.Item
		item.Segments = slices.Clone(r.Segments)
		err := b.out.carry(b.ctx, &item)
		if format.ClassOf(err) != "" {
			return b.unreadable(r, err.Error())
		}
		if err != nil {
			return err
		}
		b.done.Whole++
		return b.emit(&item, r.Stat)
	case r.Type == format.EntryFile && format.IsRecords(r.Path):
		return b.records(r)
	case r.Type == format.EntryZip:
		return b.zip(r)
	}
	return b.unreadable(r, b.why(r))
}

func (b *rebuild) why(r *repo.Remnant) string {
	n := 0
	for range r.AllChunks() {
		n++
	}
	return fmt.Sprintf("%d of its %d pieces are lost", len(r.Lost), max(n, len(r.Lost)))
}

// unreadable lists an entry as one that is lost.
func (b *rebuild) unreadable(r *repo.Remnant, why string) error {
	b.done.Lost++
	b.lost[r.Path] = true
	if strings.HasPrefix(r.Path, format.OriginalsPath+"/") {
		b.less.Files++
		if r.Type != format.EntryHardlink {
			b.less.Bytes += r.Size
		}
	}
	return b.emit(&format.Item{Entry: format.Entry{Path: r.Path, Type: format.EntryUnreadable, Why: printable(why)}}, r.Stat)
}

// records keeps the chunks of a file of records that can be read, and says in an
// entry beside it what is lost.
func (b *rebuild) records(r *repo.Remnant) error {
	item := &format.Item{Entry: r.Entry.Entry}
	item.Chunks, item.Size = nil, 0
	for _, id := range r.Chunks {
		if b.e.Can(id) {
			item.Chunks = append(item.Chunks, id)
		}
	}
	told, err := b.teller.describe(b.ctx, b.e, r)
	if err != nil {
		return err
	}
	kept, err := b.measure(item)
	if err != nil {
		return err
	}
	why := b.why(r)
	if r.Cut {
		why = fmt.Sprintf("%d of its %d bytes are lost", r.Size-item.Size, r.Size)
	}
	if known := b.teller.titles[told.Conversation]; told.Conversation != "" && int64(known.coverage.Messages) > kept {
		n := int64(known.coverage.Messages) - kept
		b.done.LostMessages += n
		b.less.Messages += n
		why += fmt.Sprintf(", %d messages", n)
	}
	for _, d := range told.Dates {
		why += spanLine(d)
	}
	if len(item.Chunks) == 0 {
		return b.unreadable(r, why)
	}
	if err := b.out.carry(b.ctx, item); err != nil {
		return err
	}
	b.done.Partial++
	b.less.Unreadable--
	mark := format.Entry{Path: format.MessagesDir + path.Base(r.Path) + lostEnd, Type: format.EntryUnreadable, Why: printable(why)}
	b.later(&format.Item{Entry: mark}, r.Stat)
	return b.emit(item, r.Stat)
}

// measure counts the bytes and the lines of the chunks of an item.
func (b *rebuild) measure(item *format.Item) (lines int64, err error) {
	reader := b.e.Snapshot().NewChunkReader()
	for _, id := range item.Chunks {
		data, err := reader.Chunk(b.ctx, id)
		if err != nil {
			return lines, err
		}
		item.Size += int64(len(data))
		lines += int64(bytes.Count(data, []byte("\n")))
	}
	return lines, nil
}

// zip lists a zip that cannot be put together again as lost, and beside it, in a
// folder, its members that are whole.
func (b *rebuild) zip(r *repo.Remnant) error {
	if err := b.unreadable(r, b.why(r)); err != nil {
		return err
	}
	names := map[string]bool{}
	for i := range r.Segments {
		s := &r.Segments[i]
		if s.Type != format.EntryMember || s.Size == 0 || !b.whole(s) {
			continue
		}
		name := memberPath(r.Path, s.Name, i)
		for names[name] {
			name += "~"
		}
		names[name] = true
		item := &format.Item{Entry: format.Entry{Path: name, Type: format.EntryFile, Size: s.Size, Chunks: s.Chunks}}
		if err := b.out.carry(b.ctx, item); err != nil {
			return err
		}
		b.less.Files--
		b.less.Bytes -= s.Size
		b.done.Partial++
		b.later(item, format.Stat{Mode: r.Stat.Mode & 0o666, Mtime: r.Stat.Mtime})
	}
	return nil
}

// whole reports whether all of a member is there.
func (b *rebuild) whole(s *format.Entry) bool {
	var sum int64
	for _, id := range s.Chunks {
		if !b.e.Can(id) {
			return false
		}
		sum += b.e.ChunkSize(id)
	}
	return sum == s.Size
}

// memberPath is where a member of a zip goes. A name that is no path below the
// folder becomes a number.
func memberPath(zip, name string, number int) string {
	p := zip + remainsEnd + "/" + strings.TrimPrefix(name, "/")
	if !format.CleanPath(p) {
		p = fmt.Sprintf("%s%s/member-%d", zip, remainsEnd, number)
	}
	return p
}

// later keeps an entry until its turn.
func (b *rebuild) later(item *format.Item, stat format.Stat) {
	at, _ := slices.BinarySearchFunc(b.extra, item.Path, func(x extra, p string) int { return strings.Compare(x.item.Path, p) })
	b.extra = slices.Insert(b.extra, at, extra{item, stat})
}

// emit adds an entry, after those that come before it.
func (b *rebuild) emit(item *format.Item, stat format.Stat) error {
	if err := b.flush(item.Path); err != nil {
		return err
	}
	return b.out.add(item, stat)
}

// flush adds the entries that come before a path, or all.
func (b *rebuild) flush(before string) error {
	for len(b.extra) > 0 && (before == "" || b.extra[0].item.Path <= before) {
		x := b.extra[0]
		b.extra = b.extra[1:]
		if x.item.Path == before {
			// The snapshot has something there: it keeps the name.
			x.item.Path += "~"
			b.later(x.item, x.stat)
			continue
		}
		if err := b.out.add(x.item, x.stat); err != nil {
			return err
		}
	}
	return nil
}

// totals are those of the snapshot less what is lost.
func (b *rebuild) totals(t format.Totals) format.Totals {
	t.Files = max(0, t.Files-b.less.Files)
	t.Bytes = max(0, t.Bytes-b.less.Bytes)
	t.Messages = max(0, t.Messages-b.less.Messages)
	t.Unreadable += b.done.Lost + b.done.Gone - b.less.Unreadable
	return t
}

// discarded takes entries for the sake of counting.
type discarded struct{}

func (*discarded) carry(context.Context, *format.Item) error { return nil }

func (*discarded) add(*format.Item, format.Stat) error { return nil }

// relisted writes the lists of a snapshot.
type relisted struct {
	carrier         *repo.Carrier
	contents, stats *repo.ListWriter
}

func (l *relisted) carry(ctx context.Context, item *format.Item) (err error) {
	hint := repo.Hint{Group: path.Dir(item.Path), Increment: true}
	if format.IsRecords(item.Path) {
		hint.Group = item.Path
	}
	if item.Chunks, err = l.carrier.Chunks(ctx, item.Chunks, hint); err != nil {
		return err
	}
	for i := range item.Segments {
		s := &item.Segments[i]
		if s.Chunks, err = l.carrier.Chunks(ctx, s.Chunks, hint); err != nil {
			return err
		}
	}
	return nil
}

func (l *relisted) add(item *format.Item, stat format.Stat) error {
	if err := l.contents.Append(format.AppendItem(nil, item)); err != nil {
		return err
	}
	return l.stats.Append(format.AppendStat(nil, &stat))
}
