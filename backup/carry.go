package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/split"
)

// CarryReport is what became of one snapshot that was carried into another
// repository.
type CarryReport struct {
	Snapshot format.Hash
	Sequence uint64
	Files    int64
	Bytes    int64
	Lost     []error // of files that cannot be read at the source, each with its path
	Notes    []string
	repo.Stats
}

// Carrier carries snapshots of one repository into another, one after the other.
type Carrier struct {
	Program  string // name and version, for the manifests
	Progress func(Progress)
	cut      map[[sha256.Size]byte][]format.ID
	ids      int // in cut
}

// maxCut is how many ids of what was carried before are kept: 64 MiB of them, and
// as much again for the table where files are small.
const maxCut = 4 << 20

// carriage is one snapshot on its way.
type carriage struct {
	*Carrier
	from   *repo.Snapshot
	r      *run
	worker *fileWorker
	reader *repo.ChunkReader
	lost   map[string]bool
	report *CarryReport
}

// Carry makes a snapshot of the session's repository of one of another. Every file
// is cut anew, by the rules of a backup: so what this machine backs up later finds
// its chunks here, which those of another writer would not be. A zip keeps its
// segments. What cannot be read at the source stands in the new snapshot as
// unreadable, and makes it incomplete; the rest arrives.
func (c *Carrier) Carry(ctx context.Context, from *repo.Snapshot, s *repo.Session) (*CarryReport, error) {
	// Puts go on in the background until the commit has waited for them.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := &carriage{Carrier: c, from: from, reader: from.NewChunkReader(), lost: map[string]bool{}, report: &CarryReport{}}
	g.r = newRun(Source{}, s, Options{Workers: 1, Progress: c.Progress})
	g.r.far.total.Store(from.Manifest.Totals.Bytes)
	g.worker = &fileWorker{r: g.r, packer: g.r.packers[0]}
	if c.cut == nil {
		c.cut = map[[sha256.Size]byte][]format.ID{}
	}
	m, err := g.store(ctx)
	if err == nil {
		err = s.Flush(ctx, g.r.packers...)
	}
	if err != nil {
		return g.report, err
	}
	head, err := s.Commit(ctx, m)
	g.report.Stats, g.report.Notes = s.Stats(), s.Notes()
	if err != nil {
		return g.report, err
	}
	g.report.Snapshot, g.report.Sequence = head.Hash, head.Seq
	return g.report, nil
}

// store puts everything but manifest and head. A list that is damaged somewhere
// gives what it says up to there.
func (g *carriage) store(ctx context.Context) (*format.Manifest, error) {
	out := newCollector(ctx, g.r)
	m := *g.from.Manifest
	m.Program = g.Program
	entries := 0
	for e, err := range g.from.Entries(ctx) {
		if err != nil && format.ClassOf(err) == "" {
			return nil, err
		}
		if err != nil && entries == 0 {
			return nil, err // nothing of it is left
		}
		if err != nil {
			g.report.Lost = append(g.report.Lost, fmt.Errorf("what comes after the first %s: %w", plural(entries), err))
			break
		}
		entries++
		item, err := g.item(ctx, e.Item)
		if err != nil {
			return nil, err
		}
		if item.Type == format.EntryUnreadable && e.Type != format.EntryUnreadable {
			m.Totals.Files, m.Totals.Bytes = max(0, m.Totals.Files-1), max(0, m.Totals.Bytes-e.Size)
			m.Totals.Unreadable++
		}
		if err := out.add(&result{path: e.Path, lines: format.AppendItem(nil, item), stat: e.Stat}); err != nil {
			return nil, err
		}
	}
	m.Complete = m.Complete && len(g.report.Lost) == 0
	g.report.Files, g.report.Bytes = m.Totals.Files, m.Totals.Bytes
	var err error
	m.Contents, m.Stats, err = out.close()
	return &m, err
}

func plural(entries int) string {
	if entries == 1 {
		return "entry"
	}
	return fmt.Sprintf("%d entries", entries)
}

// item carries one entry. Its error is none of the entry's.
func (g *carriage) item(ctx context.Context, from *format.Item) (*format.Item, error) {
	to := *from
	var err error
	switch from.Type {
	case format.EntryFile:
		to.Chunks, err = g.stream(ctx, from.Path, &from.Entry)
	case format.EntryZip:
		to.Segments = make([]format.Entry, len(from.Segments))
		for i := range from.Segments {
			to.Segments[i] = from.Segments[i]
			name := "raw.bin"
			if from.Segments[i].Type == format.EntryMember {
				name = from.Segments[i].Name
			}
			if to.Segments[i].Chunks, err = g.stream(ctx, from.Path+"/"+name, &from.Segments[i]); err != nil {
				break
			}
		}
	case format.EntryHardlink:
		if g.lost[from.Target] {
			err = format.Fail(format.Missing, from.Target, "it is a link to this file, which cannot be read")
		}
	}
	var trouble *storeError
	if errors.As(err, &trouble) {
		return nil, trouble.err // whatever its class, it is none of the file's
	}
	if format.ClassOf(err) == "" {
		return &to, err
	}
	g.lost[from.Path] = true
	g.report.Lost = append(g.report.Lost, fmt.Errorf("%s: %w", printable(from.Path), err))
	return &format.Item{Entry: format.Entry{Path: from.Path, Type: format.EntryUnreadable, Why: printable(err.Error())}}, nil
}

// stream stores the bytes of a file or segment. What an earlier snapshot had under
// this name, in the same chunks, is cut already.
func (g *carriage) stream(ctx context.Context, name string, e *format.Entry) ([]format.ID, error) {
	key := cutKey(name, e.Chunks)
	if ids, ok := g.cut[key]; ok && g.has(ids) {
		g.r.far.add(e.Size, name)
		return ids, nil
	}
	content := g.reader.Stream(ctx, e.Chunks)
	var ids []format.ID
	var size int64
	var err error
	if format.IsRecords(name) {
		ids, size, err = g.records(ctx, name, content)
	} else {
		head := make([]byte, min(e.Size, split.HeadSize))
		var n int
		if n, err = io.ReadFull(content, head); err == io.ErrUnexpectedEOF || err == io.EOF {
			err = nil
		}
		if err == nil {
			whole := io.MultiReader(bytes.NewReader(head[:n]), content)
			ids, size, err = g.worker.store(ctx, whole, name, e.Size, head[:n])
		}
	}
	if err == nil && size != e.Size {
		err = format.Fail(format.Malformed, "contents", "chunks of %d bytes for a file or segment of %d", size, e.Size)
	}
	if err != nil {
		return nil, err
	}
	g.keep(key, ids)
	return ids, nil
}

// records stores messages, or a list of conversations or participants.
func (g *carriage) records(ctx context.Context, name string, content io.Reader) ([]format.ID, int64, error) {
	s := g.r.recordStream(ctx, g.worker.packer, name)
	src := &sourceReader{r: content, name: name, far: &g.r.far}
	_, err := s.ReadFrom(src)
	if err == nil {
		err = s.Close()
	}
	if err != nil && src.err == nil {
		err = &storeError{err}
	}
	return s.IDs, s.Size, err
}

func (g *carriage) has(ids []format.ID) bool {
	for _, id := range ids {
		if !g.worker.packer.Has(id) {
			return false
		}
	}
	return true
}

// keep remembers how something was cut.
func (c *Carrier) keep(key [sha256.Size]byte, ids []format.ID) {
	if c.ids+len(ids) > maxCut || len(c.cut) >= maxCut/8 {
		clear(c.cut)
		c.ids = 0
	}
	if len(ids) <= maxCut {
		c.cut[key] = ids
		c.ids += len(ids)
	}
}

// cutKey is what decides how bytes are cut: their name, and what they are.
func cutKey(name string, ids []format.ID) (key [sha256.Size]byte) {
	h := sha256.New()
	_, _ = io.WriteString(h, name+"\x00")
	for i := range ids {
		h.Write(ids[i][:])
	}
	h.Sum(key[:0])
	return key
}
