package restore

import (
	"compress/flate"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// examiner finds out what an earlier run has written. It believes nobody: every
// byte is read and held against the ids of the snapshot, which takes no request.
type examiner struct {
	snapshot *repo.Snapshot
	chunks   *repo.Proof
	buf      []byte // the largest chunk so far
}

func newExaminer(s *repo.Snapshot) *examiner { return &examiner{snapshot: s, chunks: s.NewProof()} }

// stretch is a part of a file and what it should be.
type stretch struct {
	offset, size int64
	ids          []format.ID
	places       []repo.Place // of ids
	packed       bool         // a zip's member, deflated, whose ids are of what it inflates to
}

// stretches divides a file or zip whose chunks are at these places: into its
// chunks, and members that are deflated.
func (p *examiner) stretches(item *format.Item, places []repo.Place) (all []stretch) {
	offset := int64(0)
	add := func(e *format.Entry) {
		own := places[:len(e.Chunks)]
		places = places[len(e.Chunks):]
		if e.Packed > 0 {
			all = append(all, stretch{offset, e.Packed, e.Chunks, own, true})
			offset += e.Packed
			return
		}
		for i := range own {
			size := chunkSize(p.snapshot.Index(), own[i])
			all = append(all, stretch{offset, size, e.Chunks[i : i+1], own[i : i+1], false})
			offset += size
		}
	}
	if item.Type != format.EntryZip {
		add(&item.Entry)
	}
	for i := range item.Segments {
		add(&item.Segments[i])
	}
	return all
}

// whole reports whether a file has all its bytes.
func (p *examiner) whole(f *os.File, item *format.Item, places []repo.Place) (bool, error) {
	if item.Type == format.EntryZip {
		sum := sha256.New()
		_, err := io.Copy(sum, io.NewSectionReader(f, 0, item.Size))
		return err == nil && format.Hash(sum.Sum(nil)) == *item.SHA256, nil
	}
	for _, s := range p.stretches(item, places) {
		if ok, err := p.holds(f, &s); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// holds reports whether a stretch of a file is as it should be. What cannot be
// read is not; an error is of the keys.
func (p *examiner) holds(f *os.File, s *stretch) (bool, error) {
	var in io.Reader = io.NewSectionReader(f, s.offset, s.size)
	if s.packed {
		in = flate.NewReader(in)
	}
	for i, id := range s.ids {
		size := int(chunkSize(p.snapshot.Index(), s.places[i]))
		if cap(p.buf) < size {
			p.buf = make([]byte, size)
		}
		if _, err := io.ReadFull(in, p.buf[:size]); err != nil {
			return false, nil
		}
		kind := p.snapshot.Index().Packs()[s.places[i].Pack].Kind
		if ok, err := p.chunks.Holds(kind, id, p.buf[:size]); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// errOther says that there is no such file, or another one.
var errOther = errors.New("it is another file")

// kept reports whether an earlier run has finished a file, and sees to it that
// mode and time are the list's.
func (r *run) kept(f *file, e repo.Entry, places []repo.Place) (bool, error) {
	if !r.target.resuming {
		return false, nil
	}
	var broken error
	err := r.target.in(f.dir, func(h *handle) error {
		info, err := h.root.Lstat(f.name)
		if err != nil || !info.Mode().IsRegular() || !isOurs(info) || info.Size() != f.size {
			return errOther
		}
		mode, alone := fs.FileMode(f.mode), links(info) == 1
		dressed := info.Mode() == mode && info.ModTime().Equal(f.mtime)
		if !dressed && !alone {
			return errOther // it may have a name elsewhere
		}
		if alone && mode&0o400 == 0 {
			dressed = false
			if err := h.root.Chmod(f.name, mode|0o400); err != nil {
				return err
			}
		}
		in, err := h.root.OpenFile(f.name, os.O_RDONLY|noWait, 0)
		if err != nil {
			return err
		}
		defer in.Close()
		var ok bool
		if now, err := in.Stat(); err == nil && os.SameFile(info, now) {
			ok, broken = r.examiner.whole(in, e.Item, places)
		}
		if !ok {
			if alone && mode&0o400 == 0 {
				_ = in.Chmod(info.Mode())
			}
			return errOther
		}
		if dressed {
			return nil
		}
		return errors.Join(in.Chmod(mode), setTimes(h, f.name, f.mtime))
	})
	if err != nil {
		return false, broken
	}
	r.report.Kept++
	r.meter.files.Add(1)
	r.meter.bytes.Add(f.size)
	if f.zip != nil {
		r.meter.zips.Add(1)
	}
	return true, nil
}

// half finds out which stretches of a file an earlier run has written, if it had
// begun one of several. They are true in the order of stretches. Where zeroes are
// not written, whatever stands in their place would stay, so sparse files begin
// anew.
func (r *run) half(f *file, e repo.Entry, places []repo.Place) (there []bool, err error) {
	if !r.target.resuming || f.whole || f.sparse || f.size == 0 {
		return nil, nil
	}
	_ = r.target.in(f.dir, func(h *handle) error {
		name := r.target.temporary(f.serial)
		out := openOwn(h.root, name, os.O_RDWR)
		if out == nil {
			return nil // create removes what is in the way
		}
		defer out.Close()
		if info, err := out.Stat(); err != nil || info.Size() > f.size && out.Truncate(f.size) != nil {
			return nil
		}
		all := r.examiner.stretches(e.Item, places)
		there = make([]bool, len(all))
		for i := range all {
			if there[i], err = r.examiner.holds(out, &all[i]); err != nil {
				return err
			}
			if !there[i] {
				continue
			}
			r.report.Reused += int64(len(all[i].ids))
			if f.zip != nil {
				if err = f.zip.wrote(out, all[i].offset, all[i].size); err != nil {
					return err
				}
			}
		}
		f.state.Or(stateStarted)
		return nil
	})
	return there, err
}
