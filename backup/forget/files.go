package forget

import (
	"context"
	"io/fs"
	"strings"
	"unicode/utf8"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// files tells of the paths in a snapshot which bytes they stand for: those of
// files, of hard links, and of members of zips, which records name as if the zip
// were a folder. A path whose bytes are not all there has none.
type files struct {
	sums  *summer
	bytes map[sum]content // by path
	links map[sum]string  // by path of a hard link, the file it means
}

// content is the bytes of a file: what stands for them, and where they are.
type content struct {
	sum  sum
	size int64
	zip  bool        // it is a whole zip, which is no run of chunks
	ids  []format.ID // of other content
}

// place is where the bytes of an attachment are.
type place struct {
	attachment int    // its number in the message
	file       string // its path in the record
	path       string // of the entry, or of the member as records name it
	content
}

// filesOf looks through the contents of a snapshot.
func filesOf(ctx context.Context, s *repo.Snapshot, stock *repo.Stock, sums *summer) (*files, error) {
	f := &files{sums: sums, bytes: map[sum]content{}, links: map[sum]string{}}
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return nil, err
		}
		if !isFile(e.Path) {
			continue
		}
		switch e.Type {
		case format.EntryFile:
			if stock.Holds(s, e.Chunks) {
				at := f.path(e.Path)
				f.bytes[at] = f.chunks(s, e.Size, e.Chunks)
			}
		case format.EntryHardlink:
			if b, ok := f.bytes[f.path(e.Target)]; ok {
				f.bytes[f.path(e.Path)] = b
				f.links[f.path(e.Path)] = e.Target
			}
		case format.EntryZip:
			f.zip(s, stock, e.Item)
		}
	}
	return f, nil
}

// isFile reports whether a path is that of a backed-up file, not of records.
func isFile(path string) bool {
	return strings.HasPrefix(path, format.OriginalsPath+"/") || strings.HasPrefix(path, format.MediaPath+"/")
}

func (f *files) path(p string) sum { return f.sums.begin("path").str(p).end() }

// chunks is content by the ids of its chunks, which stand for the same bytes in
// all snapshots of a family.
func (f *files) chunks(s *repo.Snapshot, size int64, ids []format.ID) content {
	family := s.Family()
	f.sums.begin("chunks").num(size).str(string(family[:]))
	for _, id := range ids {
		f.sums.Write(id[:])
	}
	return content{sum: f.sums.end(), size: size, ids: ids}
}

func (f *files) zip(s *repo.Snapshot, stock *repo.Stock, zip *format.Item) {
	whole := true
	for i := range zip.Segments {
		whole = whole && stock.Holds(s, zip.Segments[i].Chunks)
	}
	if whole && zip.SHA256 != nil {
		at := f.path(zip.Path)
		f.bytes[at] = content{sum: f.sums.begin("zip").str(string(zip.SHA256[:])).end(), size: zip.Size, zip: true}
	}
	for name, segment := range members(zip) {
		if stock.Holds(s, segment.Chunks) {
			at := f.path(name)
			f.bytes[at] = f.chunks(s, segment.Size, segment.Chunks)
		}
	}
}

// members are the segments that stand for a member, by its path as records have
// it. Where names are such that a path could mean another member there are none:
// attachments in that zip are found in it as a whole.
func members(zip *format.Item) map[string]*format.Entry {
	found := map[string]*format.Entry{}
	for i := range zip.Segments {
		m := &zip.Segments[i]
		if m.Type != format.EntryMember || strings.HasSuffix(m.Name, "/") && m.Size == 0 {
			continue
		}
		name := zip.Path + "/" + m.Name
		if found[name] != nil || !plainName(m.Name) {
			return nil
		}
		found[name] = m
	}
	return found
}

// plainName reports whether a member's name is its path without further ado.
func plainName(name string) bool {
	return fs.ValidPath(name) && name != "." && utf8.ValidString(name) && strings.Count(name, "/") < 32 &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == ':' })
}

// find returns where the bytes of an attachment are: at its path, or in a file
// that the path leads into, as a zip that could not be taken apart.
func (f *files) find(name string) (place, bool) {
	for at := name; at != ""; {
		if b, ok := f.bytes[f.path(at)]; ok {
			return place{file: name, path: at, content: b}, true
		}
		i := strings.LastIndexByte(at, '/')
		if i < 0 {
			break
		}
		at = at[:i]
	}
	return place{}, false
}

// source is the path of the entry that has the bytes of a place.
func (f *files) source(at string) string {
	if target, ok := f.links[f.path(at)]; ok {
		return target
	}
	return at
}
