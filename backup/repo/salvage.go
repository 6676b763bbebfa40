package repo

import (
	"bytes"
	"context"
	"iter"

	"chatkeep/backup/format"
)

// salvage reads the lines of a list of which parts are lost.
type salvage struct {
	ctx  context.Context
	x    *Remains
	lost int // chunks
	err  error
}

// lines yields the lines of a list that remain, whole. Gap says that before a
// line, or at the end with a nil line, something is missing. A line after a gap
// may lack its beginning: whoever parses it will know. After an error of the
// store, which is in s.err, the sequence ends.
func (s *salvage) lines(l *format.List) iter.Seq2[[]byte, bool] {
	ids := func(yield func(format.ID, bool) bool) {
		for _, id := range l.Chunks {
			if !yield(id, false) {
				return
			}
		}
	}
	lines := s.join(ids)
	for range l.Depth {
		lines = s.join(s.idsOf(lines))
	}
	return lines
}

// idsOf reads ids, one a line. More than a list may have end it, with a failure in
// s.err.
func (s *salvage) idsOf(lines iter.Seq2[[]byte, bool]) iter.Seq2[format.ID, bool] {
	return func(yield func(format.ID, bool) bool) {
		missed, n := false, 0
		for line, gap := range lines {
			missed = missed || gap
			if n++; n > maxListChunks {
				s.err = tooManyChunks()
				return
			}
			id, err := format.ParseID(string(bytes.TrimSuffix(line, []byte("\n"))))
			if err != nil {
				missed = true
				continue
			}
			if !yield(id, missed) {
				return
			}
			missed = false
		}
		if missed {
			yield(format.ID{}, true)
		}
	}
}

// join reads chunks and cuts what they hold into lines. The zero id stands for a
// gap at the end.
func (s *salvage) join(ids iter.Seq2[format.ID, bool]) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		reader := s.x.all().NewChunkReader()
		var rest []byte
		missed := false
		for id, gap := range ids {
			if gap {
				rest, missed = nil, true
			}
			if id == (format.ID{}) {
				break
			}
			data, err := reader.Chunk(s.ctx, id)
			if err != nil && format.ClassOf(err) == "" {
				s.err = err
				return
			}
			if err != nil {
				s.lost++
				rest, missed = nil, true
				continue
			}
			rest = append(rest, data...)
			for {
				end := bytes.IndexByte(rest, '\n') + 1
				if end == 0 {
					break
				}
				line := rest[:end:end]
				rest = rest[end:]
				if !yield(line, missed) {
					return
				}
				missed = false
			}
			if len(rest) > format.MaxLine {
				rest, missed = nil, true // no line is as long
			}
		}
		if missed || len(rest) > 0 {
			yield(nil, true)
		}
	}
}

// all is a snapshot of everything that can be read.
func (x *Remains) all() *Snapshot { return &Snapshot{Reader: x.Reader, index: x.index} }

// entries yields the entries of a list of contents that remain, with the gaps
// before them; at the end nil, where something is missing there. An entry of
// which lines are missing has fewer chunks than its size asks for.
func (s *salvage) entries(l *format.List) iter.Seq2[*format.Item, bool] {
	return func(yield func(*format.Item, bool) bool) {
		var item *format.Item
		before, missed := false, false // gaps before item, and after it
		path, ids := "", 0             // of item
		flush := func() bool {
			if item == nil {
				return true
			}
			done := item
			item = nil
			return yield(done, before)
		}
		for line, gap := range s.lines(l) {
			if gap {
				if !flush() {
					return
				}
				missed = true
			}
			e, err := format.ParseEntry(line)
			switch {
			case err != nil:
				if !flush() {
					return
				}
				missed = true
			case e.Type.Begins() && e.Path <= path:
				s.err = format.Fail(format.Malformed, "contents", "paths are not in ascending order")
				return
			case e.Type.Begins():
				if !flush() {
					return
				}
				path, ids = e.Path, len(e.Chunks)
				item, before, missed = &format.Item{Entry: e}, missed, false
			case item == nil || item.Path != e.Path:
				missed = true
			case ids+len(e.Chunks) > format.MaxChunks || len(item.Segments) == format.MaxSegments:
				s.err = format.Fail(format.Oversized, "contents", "an entry has more chunks or segments than there may be")
				return
			case e.Type != format.EntryMore:
				ids += len(e.Chunks)
				item.Segments = append(item.Segments, e)
			case len(item.Segments) > 0:
				ids += len(e.Chunks)
				last := &item.Segments[len(item.Segments)-1]
				last.Chunks = append(last.Chunks, e.Chunks...)
			default:
				ids += len(e.Chunks)
				item.Chunks = append(item.Chunks, e.Chunks...)
			}
		}
		if flush() && missed {
			yield(nil, true)
		}
	}
}

// maxStats is how many stats of a hurt list are kept, of more than any snapshot has.
const maxStats = 1 << 24

// stats reads those of a list that remain: the first and the last, whose places
// are known.
func (s *salvage) stats(l *format.List) (first, last []format.Stat) {
	missed := false
	for line, gap := range s.lines(l) {
		if len(first)+len(last) == maxStats {
			return first, nil
		}
		if gap {
			missed, last = true, nil
		}
		st, err := format.ParseStat(line)
		switch {
		case err != nil:
			missed, last = true, nil
		case missed:
			last = append(last, st)
		default:
			first = append(first, st)
		}
	}
	return first, last
}
