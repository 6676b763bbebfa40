package backup

import (
	"context"
	"math"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// What usage is told apart by.
const (
	bySource = "source"
	byKind   = "kind"
	byChat   = "chat"
)

// Use is what one source, kind or conversation takes.
type Use struct {
	ID, Name  string
	Snapshots int64
	// Files, Messages and Bytes are those of the newest snapshot of each source.
	Files, Messages, Bytes int64
	// Content is what all snapshots refer to, Unique what of it this row was the
	// first to use; both before compression, with zips inflated.
	Content, Unique int64
	// Stored is the share of packs that Unique takes, padding and all.
	Stored int64
	// LastProven is when a drill last proved one of its snapshots, in RFC 3339.
	LastProven string

	stored float64
	number int // of the last snapshot that was counted
}

// Usage is who uses how much of the packs of a repository. The rows' Stored, with
// those of Lists and Unused, are the size of all packs that snapshots hold.
type Usage struct {
	Rows          []*Use
	Lists, Unused int64 // bytes stored: lists of files, and what no snapshot refers to
	Packs         int64 // bytes
}

// usage is a count in the making. Its memory is a snapshot's index, a bit for
// each chunk and some 100 bytes for each pack and row.
type usage struct {
	by     string
	rows   map[string]*Use
	packs  map[format.Hash]*packUse
	number int // of the snapshot at hand
	chats  *chatFiles
	last   map[string]*listed
}

// packUse is which chunks of a pack some row has taken.
type packUse struct {
	bits   []uint64
	size   int64
	taken  float64 // bytes stored
	frames int64   // length of all frames
	meta   bool
}

// listed is a list of files that was counted, by source: an unchanged one need
// not be read again.
type listed struct {
	list    string
	content map[*Use]int64
}

// UsageOf counts. The oldest snapshot that refers to a chunk is the one that pays
// for it. By chat only the newest snapshot of each source is looked at, for that
// takes reading its messages.
func UsageOf(ctx context.Context, r *repo.Reader, by string, progress func(done, total int64)) (*Usage, error) {
	u := &usage{by: by, rows: map[string]*Use{}, packs: map[format.Hash]*packUse{}, last: map[string]*listed{}}
	heads, newest := r.Heads(), map[string]*repo.Head{}
	for _, h := range heads {
		m, err := r.Manifest(ctx, h)
		if err != nil {
			return nil, err
		}
		newest[m.Source.Name] = h
	}
	for i, h := range heads {
		s, err := r.Open(ctx, h)
		if err != nil {
			return nil, err
		}
		u.number = i + 1
		isNewest := newest[s.Manifest.Source.Name] == h
		if err := u.snapshot(ctx, s, isNewest); err != nil {
			return nil, err
		}
		progress(int64(i+1), int64(len(heads)))
	}
	return u.settled(), nil
}

// snapshot counts one snapshot.
func (u *usage) snapshot(ctx context.Context, s *repo.Snapshot, newest bool) error {
	c := &counting{usage: u, s: s, newest: newest, starts: map[int][]int{}, content: map[*Use]int64{}}
	for n := range s.Index().Packs() {
		c.pack(n)
	}
	source := s.Manifest.Source.Name
	if u.by == byChat {
		if !newest {
			return nil
		}
		var err error
		if u.chats, err = chatsOf(ctx, s, u); err != nil {
			return err
		}
	}
	list := listKey(s.Manifest)
	if last := u.last[source]; last != nil && last.list == list && !newest && u.by != byChat {
		for row, n := range last.content {
			row.Content += n
			c.met(row)
		}
		return nil
	}
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		c.entry(e)
	}
	if newest && u.by != byChat {
		u.row(u.messagesRow(source), "").Messages += s.Manifest.Totals.Messages
	}
	u.last[source] = &listed{list, c.content}
	return nil
}

// messagesRow is the row that a source's messages are counted in.
func (u *usage) messagesRow(source string) string {
	if u.by == byKind {
		return format.Messages.String()
	}
	return source
}

// listKey tells lists of files apart.
func listKey(m *format.Manifest) string {
	var b strings.Builder
	b.WriteString(m.Writer.String())
	for _, id := range m.Contents.Chunks {
		b.WriteString(id.String())
	}
	return b.String()
}

func (u *usage) row(id, name string) *Use {
	r := u.rows[id]
	if r == nil {
		r = &Use{ID: id, Name: name}
		if name == "" {
			r.Name = id
		}
		u.rows[id] = r
	}
	return r
}

// settled rounds.
func (u *usage) settled() *Usage {
	all := &Usage{}
	unused := 0.0
	for _, p := range u.packs {
		all.Packs += p.size
		if p.meta {
			all.Lists += p.size
		} else {
			unused += max(0, float64(p.size)-p.taken)
		}
	}
	all.Unused = int64(math.Round(unused))
	for _, r := range u.rows {
		r.Stored = int64(math.Round(r.stored))
		all.Rows = append(all.Rows, r)
	}
	slices.SortFunc(all.Rows, func(a, b *Use) int {
		if a.Stored != b.Stored {
			return int(min(max(b.Stored-a.Stored, -1), 1))
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// counting is the count of one snapshot.
type counting struct {
	*usage
	s       *repo.Snapshot
	newest  bool
	starts  map[int][]int  // by pack: the number of the first chunk of each frame
	content map[*Use]int64 // of this snapshot
}

// pack meets a pack of the snapshot's index.
func (c *counting) pack(n int) {
	p := &c.s.Index().Packs()[n]
	if c.packs[p.Pack] != nil {
		return
	}
	use := &packUse{size: p.Size, meta: p.Kind == format.Meta}
	chunks := 0
	for i := range p.Frames {
		use.frames += int64(p.Frames[i].Length)
		chunks += len(p.Frames[i].Members)
	}
	use.bits = make([]uint64, (chunks+63)/64)
	c.packs[p.Pack] = use
}

// met counts the snapshot of a row once.
func (c *counting) met(row *Use) {
	if row.number != c.number {
		row.number = c.number
		row.Snapshots++
	}
}

// entry counts one entry and its chunks.
func (c *counting) entry(e repo.Entry) {
	if e.Type != format.EntryFile && e.Type != format.EntryZip {
		return
	}
	whole := c.rowOf(e, "", e.Chunks)
	if c.newest {
		whole.Bytes += e.Size
		if strings.HasPrefix(e.Path, format.OriginalsPath) || strings.HasPrefix(e.Path, "media/") {
			whole.Files++
		}
	}
	c.met(whole)
	c.chunks(whole, e.Chunks)
	for i := range e.Segments {
		s := &e.Segments[i]
		row := c.rowOf(e, s.Name, s.Chunks)
		c.met(row)
		c.chunks(row, s.Chunks)
	}
}

// rowOf is the row of an entry, or of a member of a zip.
func (c *counting) rowOf(e repo.Entry, member string, ids []format.ID) *Use {
	switch c.by {
	case byChat:
		return c.chats.row(e, member)
	case bySource:
		return c.row(c.s.Manifest.Source.Name, "")
	}
	if format.IsRecords(e.Path) {
		return c.row(format.Messages.String(), "")
	}
	for i := 0; i < len(ids) || i < len(e.Segments); i++ {
		id := format.ID{}
		if i < len(ids) {
			id = ids[i]
		} else if len(e.Segments[i].Chunks) > 0 {
			id = e.Segments[i].Chunks[0]
		}
		if at, ok := c.s.Index().Find(id); ok {
			return c.row(c.s.Index().Packs()[at.Pack].Kind.String(), "")
		}
	}
	return c.row(format.Originals.String(), "")
}

// chunks counts what a row refers to, and what nobody referred to before it.
func (c *counting) chunks(row *Use, ids []format.ID) {
	for _, id := range ids {
		at, ok := c.s.Index().Find(id)
		if !ok {
			continue // a check tells of it
		}
		p := &c.s.Index().Packs()[at.Pack]
		frame := &p.Frames[at.Frame]
		size := int64(frame.Members[at.Member].Size)
		row.Content += size
		c.content[row] += size
		use, number := c.packs[p.Pack], c.start(at.Pack)[at.Frame]+at.Member
		if use.bits[number/64]&(1<<(number%64)) != 0 {
			continue
		}
		use.bits[number/64] |= 1 << (number % 64)
		row.Unique += size
		share := float64(use.size) * float64(frame.Length) / float64(use.frames) * float64(size) / float64(rawSize(frame))
		use.taken += share
		row.stored += share
	}
}

func rawSize(f *format.Frame) (n int64) {
	for i := range f.Members {
		n += int64(f.Members[i].Size)
	}
	return n
}

// start numbers the chunks of a pack.
func (c *counting) start(pack int) []int {
	starts := c.starts[pack]
	if starts == nil {
		n := 0
		for i := range c.s.Index().Packs()[pack].Frames {
			starts = append(starts, n)
			n += len(c.s.Index().Packs()[pack].Frames[i].Members)
		}
		c.starts[pack] = starts
	}
	return starts
}
