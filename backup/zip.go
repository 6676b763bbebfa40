package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"path"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/split"
	"chatkeep/backup/zips"
)

// maxZipSegments is how many pieces a zip is opened into; one with more is kept
// as plain bytes.
const maxZipSegments = format.MaxSegments

func isZip(name string, head []byte) bool {
	return strings.EqualFold(path.Ext(name), ".zip") && strings.HasPrefix(string(head), "PK\x03\x04")
}

// zipReader stores one zip by its parts.
type zipReader struct {
	w     *fileWorker
	ctx   context.Context
	f     *os.File
	name  string
	sum   hash.Hash
	level int // that proved the last member
	fails int // members in a row that no level proved
}

// maxFails is after how many members that zlib did not make no more are tried:
// what packed one packed them all.
const maxFails = 8

// zip stores a zip by its members, so that the same media in a fresh zip are not
// stored again. It returns nil where the file is better kept as plain bytes.
func (w *fileWorker) zip(ctx context.Context, j *task, f *os.File, size int64) (*format.Item, error) {
	segments, err := zips.Segments(f, size)
	if errors.Is(err, zips.ErrFormat) || err == nil && len(segments) > maxZipSegments {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	before, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z := &zipReader{w: w, ctx: ctx, f: f, name: j.path, sum: sha256.New(), level: 6}
	item := &format.Item{Entry: format.Entry{Path: j.path, Type: format.EntryZip, Size: size}}
	for _, s := range segments {
		e, err := z.segment(s)
		if err != nil {
			return nil, err
		}
		item.Segments = append(item.Segments, e)
	}
	after, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if identity(before) != identity(after) {
		// The parts may be of two states. Read in one go, it is one of them.
		return nil, nil
	}
	var h format.Hash
	z.sum.Sum(h[:0])
	item.SHA256 = &h
	w.count(size, false)
	return item, nil
}

// segment stores one segment: a member as what it holds, where its packed bytes
// can be made again from that, and its bytes otherwise.
func (z *zipReader) segment(s zips.Segment) (format.Entry, error) {
	e := format.Entry{Path: z.name, Type: format.EntryRaw}
	section := io.NewSectionReader(z.f, s.Offset, s.Length)
	content := io.TeeReader(section, z.sum)
	name := "raw.bin"
	if s.Member != nil {
		level, ok, err := z.prove(s)
		if err != nil {
			return e, err
		}
		if ok {
			e.Type, e.Name, name = format.EntryMember, string(s.Member.Name), string(s.Member.Name)
		}
		if ok && !s.Member.Stored {
			if _, err := io.Copy(z.sum, section); err != nil {
				return e, err
			}
			e.Packed, e.Level = s.Length, level
			content = zips.Open(z.f, s)
		}
	}
	return e, z.store(&e, content, name, s)
}

// prove asks whether the packed bytes of a member can be made again.
func (z *zipReader) prove(s zips.Segment) (level int, ok bool, err error) {
	if s.Member.Stored || len(s.Member.Name) > format.MaxMemberName {
		return 0, s.Member.Stored && len(s.Member.Name) <= format.MaxMemberName, nil
	}
	if z.fails >= maxFails {
		return 0, false, nil
	}
	level, ok, err = zips.Prove(z.ctx, z.f, s, z.level)
	if ok {
		z.level, z.fails = level, 0
	} else {
		z.fails++
	}
	return level, ok, err
}

func (z *zipReader) store(e *format.Entry, content io.Reader, name string, s zips.Segment) error {
	size := s.Length
	if e.Packed > 0 {
		size = s.Member.Size
	}
	head := make([]byte, min(size, split.HeadSize))
	n, err := io.ReadFull(content, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return err
	}
	whole := io.MultiReader(strings.NewReader(string(head[:n])), content)
	e.Chunks, e.Size, err = z.w.store(z.ctx, whole, z.name+"/"+name, size, head[:n])
	if err == nil && e.Size != size {
		err = io.ErrUnexpectedEOF
	}
	return err
}
