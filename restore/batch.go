package restore

import (
	"fmt"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// A batch ends at the file that reaches one of these. They bound the memory of
// a restore however many files a snapshot has: a ref takes 24 bytes, up to 48
// while its list grows, a file about 100 and its name. Packs that two batches
// need are read twice; as packs are filled in the order of paths, few are.
const (
	batchChunks = 2 << 20
	batchFiles  = 1 << 19
)

// batch is a part of a snapshot's files, sorted by the packs that hold them.
type batch struct {
	files   []*file
	empty   []*file
	ready   []*file // all chunks are there, from an earlier run
	packs   map[int][]ref
	order   []int // of packs, as they were first met
	members []member
	zips    []wholeZip // that are put together and written nowhere
	chunks  int
	renamed map[*file]string // their paths, where they have another name on disk
	names   strings.Builder  // backs the files' names: a million small strings are slow to collect
	places  []repo.Place     // of the item at hand
}

// file is a file in the making.
type file struct {
	dir    *dir
	name   string
	size   int64
	mtime  time.Time
	zip    *zipSum // of a zip that is written
	serial uint32
	left   atomic.Int32 // refs and members that are not yet done
	state  atomic.Uint32
	mode   uint16
	sparse bool
	whole  bool // one chunk is all of it
	isZip  bool
}

// What has happened to a file.
const (
	stateStarted uint32 = 1 << iota // it may exist under its temporary name
	stateLost
	stateDone // it has its own name
)

func (f *file) is(state uint32) bool { return f.state.Load()&state != 0 }

// path is the file's in the snapshot.
func (b *batch) path(f *file) string {
	if path, ok := b.renamed[f]; ok {
		return path
	}
	if f.dir.path == "" {
		return f.name
	}
	return f.dir.path + "/" + f.name
}

// ref is one place that a chunk goes to.
type ref struct {
	file   *file
	offset int64
	frame  uint32
	member uint16
}

// member is a zip's deflated member, which is made from chunks that are
// inflated.
type member struct {
	file   *file
	offset int64 // in the zip
	size   int64 // inflated
	packed int64
	level  int
	ids    []format.ID
}

func newBatch() *batch { return &batch{packs: map[int][]ref{}, renamed: map[*file]string{}} }

// keep copies a name into the batch.
func (b *batch) keep(name string) string {
	if b.names.Cap()-b.names.Len() < len(name) {
		b.names = strings.Builder{}
		b.names.Grow(max(64<<10, len(name)))
	}
	b.names.WriteString(name)
	all := b.names.String()
	return all[len(all)-len(name):]
}

// add takes an entry into the restore.
func (r *run) add(f *filler, e repo.Entry) error {
	above, below := r.lineage.enter(e.Item)
	original := isOriginal(e.Path)
	if original {
		if err := f.endRecords(); err != nil {
			return err
		}
	}
	var d *dir
	if e.Type == format.EntryDir && !below {
		d = r.tree.declare(e.Path, e.Stat)
	}
	switch {
	case !r.wanted(e.Path):
		return nil
	case !original && !strings.HasPrefix(e.Path, mediaFolder):
		return r.addRecords(f, e, d, above, below)
	case !r.chosen.original(&e, r.snapshot.Index()):
		return nil
	case !original && !r.begun:
		r.media = true // messages come before it
		return nil
	}
	return r.addOriginal(f, e, d, above, below)
}

// addMedia is add for the media beside the messages, when these are there.
func (r *run) addMedia(f *filler, e repo.Entry) error {
	if isOriginal(e.Path) {
		return errEnough
	}
	above, below := r.lineage.enter(e.Item)
	if !strings.HasPrefix(e.Path, mediaFolder) || !r.wanted(e.Path) || !r.chosen.original(&e, r.snapshot.Index()) {
		return nil
	}
	var d *dir
	if e.Type == format.EntryDir {
		d = r.tree.declare(e.Path, e.Stat)
	}
	return r.addOriginal(f, e, d, above, below)
}

// addOriginal takes an entry that is asked for.
func (r *run) addOriginal(f *filler, e repo.Entry, d *dir, above string, below bool) error {
	if below {
		r.losses.add(e.Path, format.Fail(format.Malformed, "contents", "an entry below %q, which is no directory", above))
		return nil
	}
	switch e.Type {
	case format.EntryDir:
		return r.check(e.Path, r.tree.make(d))
	case format.EntryFile, format.EntryZip:
		if at := r.tree.spot(e.Path); !r.there(at) {
			return r.addFile(f.batch, e, at)
		}
	case format.EntrySymlink, format.EntryHardlink:
		if at := r.tree.spot(e.Path); !r.there(at) {
			r.links = append(r.links, link{at, e.Target, e.Stat, e.Type == format.EntryHardlink})
		}
	case format.EntrySkipped:
		r.report.Skipped++
	case format.EntryUnreadable:
		r.report.Unreadable = append(r.report.Unreadable, fmt.Sprintf("%s: %s", e.Path, e.Why))
	}
	return nil
}

func isOriginal(path string) bool {
	return path == format.OriginalsPath || strings.HasPrefix(path, format.OriginalsPath+"/")
}

// wanted reports whether the options ask for what has a path.
func (r *run) wanted(path string) bool {
	if r.options.Only != nil && !r.options.Only(path) {
		return false
	}
	if !inside(path, r.options.Paths) {
		return false
	}
	switch {
	case isOriginal(path):
		return r.chosen.kind(KindMedia) || r.chosen.kind(KindFiles)
	case strings.HasPrefix(path, mediaFolder) && len(r.chosen.Kinds) > 0:
		return r.chosen.kind(KindMedia)
	}
	return r.options.Messages || r.chosen.byRecords()
}

// comes reports whether an entry is one of those that come back.
func (r *run) comes(path string) bool {
	return r.wanted(path) && (r.chosen.all() || r.chosen.taken.has(path))
}

// there reports whether the target has an entry already.
func (r *run) there(at spot) bool {
	return r.options.There != nil && r.options.There(path.Join(at.dir.disk(), at.name))
}

// check sorts an error of one entry: into the losses, or, where it ends the
// restore, into what it returns.
func (r *run) check(path string, err error) error {
	if err == nil {
		return nil
	}
	if err := fatal(path, err); err != nil {
		return err
	}
	r.losses.add(path, bare(err))
	return nil
}

// addFile takes a file or zip into a batch.
func (r *run) addFile(b *batch, e repo.Entry, at spot) error {
	if err := r.tree.make(at.dir); err != nil {
		return r.check(at.path, err)
	}
	r.meter.totalFiles++
	r.meter.totalBytes += e.Size
	if err := r.locate(b, e.Item); err != nil {
		r.losses.add(at.path, err)
		return nil
	}
	if e.Stat.Mode&(bitSetUID|bitSetGID) != 0 {
		r.setID++
	}
	r.serial++
	f := &file{
		dir: at.dir, name: b.keep(at.name), size: e.Size, mtime: e.Stat.Mtime,
		serial: r.serial, mode: uint16(e.Stat.Mode & 0o777), sparse: e.Sparse,
	}
	f.isZip = e.Type == format.EntryZip
	switch {
	case !f.isZip:
		f.whole = len(e.Chunks) == 1
	case !r.proves():
		f.zip = newZipSum(*e.SHA256, f.size)
	}
	there, done, err := r.begin(f, e, b.places)
	if err != nil || done {
		return r.check(at.path, err)
	}
	b.files = append(b.files, f)
	if b.path(f) != at.path {
		b.renamed[f] = at.path
	}
	if r.proves() && f.isZip {
		b.zips = append(b.zips, wholeZip{f, e.Item})
		b.chunks += len(b.places)
		f.left.Add(1)
	} else if f.isZip {
		b.addZip(e.Item, f, r.snapshot.Index(), there)
	} else {
		b.addRefs(f, 0, b.places, r.snapshot.Index(), &there)
	}
	switch {
	case f.left.Load() > 0:
	case there != nil:
		b.ready = append(b.ready, f)
	default:
		b.empty = append(b.empty, f)
	}
	return nil
}

// begin looks at what an earlier run has made of a file: all of it, or which of
// its stretches. Without an earlier run that is nothing.
func (r *run) begin(f *file, e repo.Entry, places []repo.Place) (there found, done bool, err error) {
	if r.target == nil || !r.target.resuming {
		return nil, false, nil
	}
	if done, err = r.kept(f, e, places); done || err != nil {
		return nil, done, err
	}
	there, err = r.half(f, e, places)
	return there, false, err
}

// found says which stretches of a file are there, in order; nil is none.
type found []bool

// next takes the first away and tells whether it is there.
func (f *found) next() bool {
	if len(*f) == 0 {
		return false
	}
	first := (*f)[0]
	*f = (*f)[1:]
	return first
}

// addRefs says where in a file chunks go that are not there. It returns the
// offset behind them.
func (b *batch) addRefs(f *file, offset int64, places []repo.Place, index *repo.Index, there *found) int64 {
	n := 0
	for _, p := range places {
		if !there.next() {
			refs, ok := b.packs[p.Pack]
			if !ok {
				b.order = append(b.order, p.Pack)
			}
			b.packs[p.Pack] = append(refs, ref{f, offset, uint32(p.Frame), uint16(p.Member)})
			n++
		}
		offset += chunkSize(index, p)
	}
	f.left.Add(int32(n))
	b.chunks += n
	return offset
}

// addZip says where in a zip the chunks of its segments go, and which members
// are to be deflated.
func (b *batch) addZip(item *format.Item, f *file, index *repo.Index, there found) {
	offset, places := int64(0), b.places
	for i := range item.Segments {
		s := &item.Segments[i]
		own := places[:len(s.Chunks)]
		places = places[len(s.Chunks):]
		if s.Packed == 0 {
			b.addRefs(f, offset, own, index, &there)
		} else if !there.next() {
			b.members = append(b.members, member{f, offset, s.Size, s.Packed, s.Level, s.Chunks})
			b.chunks += len(s.Chunks)
			f.left.Add(1)
		}
		offset += s.Stands()
	}
}

// locate finds the chunks of an item, into b.places, and holds their sizes
// against what the list says, so that no file gets a chunk beyond its end.
func (r *run) locate(b *batch, item *format.Item) error {
	b.places = b.places[:0]
	if item.Type != format.EntryZip {
		return r.locateRun(b, &item.Entry)
	}
	for i := range item.Segments {
		if err := r.locateRun(b, &item.Segments[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) locateRun(b *batch, e *format.Entry) error {
	index, sum := r.snapshot.Index(), int64(0)
	for _, id := range e.Chunks {
		p, ok := index.Find(id)
		if !ok {
			return format.Fail(format.Missing, "chunk "+id.String(), "no pack of the snapshot has it")
		}
		if r.options.Unready != nil {
			if err := r.options.Unready(p.Pack); err != nil {
				return err
			}
		}
		b.places = append(b.places, p)
		sum += chunkSize(index, p)
	}
	if sum != e.Size {
		return sizeError(sum, e.Size)
	}
	return nil
}

func sizeError(chunks, size int64) error {
	return format.Fail(format.Malformed, "contents", "chunks of %d bytes for a file or segment of %d", chunks, size)
}

func chunkSize(index *repo.Index, p repo.Place) int64 {
	return int64(index.Packs()[p.Pack].Frames[p.Frame].Members[p.Member].Size)
}
