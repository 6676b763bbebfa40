package format

import (
	"bufio"
	"errors"
	"hash/maphash"
	"io"
	"iter"
)

// Item is a whole entry of contents: its line with the "more" lines after it
// and, of a zip, the segments with theirs.
type Item struct {
	Entry
	Segments []Entry // of a zip, in order
}

// AppendItem appends all lines of an item.
func AppendItem(dst []byte, i *Item) []byte {
	dst = AppendEntry(dst, &i.Entry)
	for k := range i.Segments {
		dst = AppendEntry(dst, &i.Segments[k])
	}
	return dst
}

// AllChunks yields the chunks of the item and of its segments, in order.
func (i *Item) AllChunks() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for _, id := range i.Chunks {
			if !yield(id) {
				return
			}
		}
		for k := range i.Segments {
			for _, id := range i.Segments[k].Chunks {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// Items reads a stream of contents and yields its items.
//
// It checks what single lines cannot say: that paths ascend, that lines which
// continue have something to continue, that a hardlink names an earlier file,
// that a zip's segments add up to its size, and that a number of chunks can have
// the size they are said to have.
//
// The sequence ends after the first error, which is r's or an *Error. It may be
// run once.
func Items(r io.Reader) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		a := newAssembler(r)
		for {
			item, err := a.item()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}

// assembler keeps what one line of contents must know of those before it.
type assembler struct {
	lines   *bufio.Reader
	line    int    // of the line read last, from 1
	pending *Entry // the line read last, where it belongs to what comes next
	path    string // of the item before
	// files holds hashes of the paths of files and zips, for hardlinks: a
	// million of them take a tenth of what the paths would.
	files    map[uint64]struct{}
	seed     maphash.Seed
	maxNames int // MaxNames
}

func newAssembler(r io.Reader) *assembler {
	return &assembler{
		lines: bufio.NewReaderSize(r, MaxLine), files: map[uint64]struct{}{}, seed: maphash.MakeSeed(), maxNames: MaxNames,
	}
}

func (a *assembler) fail(class Class, format string, args ...any) error {
	e := Fail(class, "contents", format, args...)
	e.Err = lineError{a.line, e.Err}
	return e
}

// item returns the next item, or io.EOF.
func (a *assembler) item() (*Item, error) {
	e, err := a.take()
	if err != nil {
		return nil, err
	}
	switch {
	case !e.Type.Begins():
		return nil, a.fail(Malformed, "a line that continues nothing")
	case e.Path <= a.path:
		return nil, a.fail(Malformed, "paths are not in ascending order")
	}
	a.path = e.Path
	item := &Item{Entry: e}
	if err := a.more(&item.Entry); err != nil {
		return nil, err
	}
	if err := a.link(&item.Entry); err != nil {
		return nil, err
	}
	if e.Type == EntryZip {
		return item, a.segments(item)
	}
	return item, nil
}

// take returns the pending line or reads one.
func (a *assembler) take() (Entry, error) {
	if e := a.pending; e != nil {
		a.pending = nil
		return *e, nil
	}
	line, err := a.lines.ReadSlice('\n')
	a.line++
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return Entry{}, a.fail(Oversized, "more than %d bytes", MaxLine)
	case err == io.EOF && len(line) == 0:
		return Entry{}, io.EOF
	case err == io.EOF:
		return Entry{}, a.fail(Truncated, "it has no end")
	case err != nil:
		return Entry{}, err
	}
	e, err := ParseEntry(line)
	var f *Error
	if errors.As(err, &f) {
		err = &Error{Class: f.Class, What: "contents", Err: lineError{a.line, f.Err}}
	}
	return e, err
}

// link notes what later entries may refer to, and checks what refers to earlier
// ones.
func (a *assembler) link(e *Entry) error {
	switch e.Type {
	case EntryFile, EntryZip:
		a.files[maphash.String(a.seed, e.Path)] = struct{}{}
	case EntryHardlink:
		if _, ok := a.files[maphash.String(a.seed, e.Target)]; !ok {
			return a.fail(Malformed, "a hardlink to what is no earlier file")
		}
	}
	return nil
}

// segments reads the segments of a zip and checks that they add up.
func (a *assembler) segments(zip *Item) error {
	left, chunks, names := zip.Size, 0, 0
	for {
		e, err := a.take()
		if err != nil && err != io.EOF {
			return err
		}
		if err == io.EOF || e.Type != EntryRaw && e.Type != EntryMember {
			if err == nil {
				a.pending = &e
			}
			if left != 0 {
				return a.fail(Malformed, "the zip before has no segments for %d of its bytes", left)
			}
			return nil
		}
		if e.Path != zip.Path {
			return a.fail(Malformed, "a segment of another path")
		}
		if left -= e.Stands(); left < 0 {
			return a.fail(Malformed, "the segments are longer than their zip")
		}
		if err := a.more(&e); err != nil {
			return err
		}
		chunks += len(e.Chunks)
		// A chunk of such lines that is named again and again costs its maker
		// nothing: what is kept of each is bounded.
		e.Path = zip.Path
		if names += len(e.Name); names > a.maxNames {
			return a.fail(Oversized, "a zip whose members have names of more than %d bytes, together", a.maxNames)
		}
		if len(zip.Segments) == MaxSegments || chunks > MaxChunks {
			return a.fail(Oversized, "a zip of more than %d segments or %d chunks", MaxSegments, MaxChunks)
		}
		zip.Segments = append(zip.Segments, e)
	}
}

// more joins the lines that continue e.
func (a *assembler) more(e *Entry) error {
	if !e.Type.hasChunks() {
		return nil
	}
	for full := lineFull(e.Chunks); ; {
		next, err := a.take()
		if err != nil && err != io.EOF {
			return err
		}
		if err == io.EOF || next.Type != EntryMore {
			if err == nil {
				a.pending = &next
			}
			return a.checkChunks(e)
		}
		switch {
		case next.Path != e.Path:
			return a.fail(Malformed, "it continues another path")
		case !full:
			return a.fail(NonCanonical, "it continues a line that was not full")
		case len(e.Chunks)+len(next.Chunks) > MaxChunks:
			return a.fail(Oversized, "more than %d chunks", MaxChunks)
		}
		e.Chunks = append(e.Chunks, next.Chunks...)
		full = lineFull(next.Chunks)
	}
}

// checkChunks checks that the chunks of e can have its size.
func (a *assembler) checkChunks(e *Entry) error {
	if n := int64(len(e.Chunks)); n > e.Size || n < (e.Size+MaxChunk-1)/MaxChunk {
		return a.fail(Malformed, "%d chunks cannot have %d bytes", n, e.Size)
	}
	return nil
}
