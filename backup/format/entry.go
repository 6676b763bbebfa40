package format

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// EntryType says what a line of contents is.
type EntryType uint8

// The types of lines.
const (
	EntryFile EntryType = iota + 1
	EntryMore
	EntryDir
	EntrySymlink
	EntryHardlink
	EntrySkipped    // a socket, a device and the like
	EntryUnreadable // a file that could not be read
	EntryZip        // a file that is the segments after it
	EntryRaw        // a segment that stands for its chunks
	EntryMember     // a segment that is a zip member
)

var entryTypes = [...]string{
	EntryFile: "file", EntryMore: "more", EntryDir: "dir", EntrySymlink: "symlink", EntryHardlink: "hardlink",
	EntrySkipped: "skipped", EntryUnreadable: "unreadable", EntryZip: "zip", EntryRaw: "raw", EntryMember: "member",
}

// String returns the type as it stands in a line.
func (t EntryType) String() string {
	if int(t) >= len(entryTypes) || t == 0 {
		return fmt.Sprintf("entry type %d", uint8(t))
	}
	return entryTypes[t]
}

// Begins reports whether lines of this type begin an entry, and so have a line
// of stats: all but EntryMore, EntryRaw and EntryMember.
func (t EntryType) Begins() bool { return t != EntryMore && t != EntryRaw && t != EntryMember }

// hasChunks reports whether lines of this type list chunks.
func (t EntryType) hasChunks() bool {
	return t == EntryFile || t == EntryMore || t == EntryRaw || t == EntryMember
}

// Entry is one line of contents or, where it stands in an Item or goes into
// AppendEntry, a line with the "more" lines after it.
type Entry struct {
	Path   string // raw bytes; see CleanPath
	Type   EntryType
	Size   int64  // of a file, zip or segment; of a member inflated
	Sparse bool   // of a file: runs of zero bytes may come back as holes
	Chunks []ID   // of a file, raw segment or member
	Target string // of a link, raw bytes: of a symlink as it stands, of a hardlink an earlier Path
	Why    string // of what was skipped or unreadable
	SHA256 *Hash  // of a zip
	Name   string // of a member, raw bytes, at most MaxMemberName
	Packed int64  // of a member its size deflated; 0 for a stored one
	Level  int    // of a deflated member zlib's level, 1 to 9
}

// Stands returns how many bytes of its zip a segment stands for.
func (e *Entry) Stands() int64 {
	if e.Type == EntryMember && e.Packed > 0 {
		return e.Packed
	}
	return e.Size
}

// AppendEntry appends the line of e, and its "more" lines where its chunks do
// not fit into one. It checks nothing; ParseEntry does.
func AppendEntry(dst []byte, e *Entry) []byte {
	dst = appendEntryHead(dst, e.Path, e.Type)
	switch e.Type {
	case EntryFile:
		dst = appendKeyInt(dst, `,"size":`, e.Size)
		if e.Sparse {
			dst = append(dst, `,"sparse":true`...)
		}
	case EntrySymlink, EntryHardlink:
		dst = appendName(append(dst, ','), "target", e.Target)
	case EntrySkipped, EntryUnreadable:
		dst = appendString(append(dst, `,"why":`...), e.Why)
	case EntryZip:
		dst = appendKeyInt(dst, `,"size":`, e.Size)
		dst = append(dst, `,"sha256":"`...)
		if e.SHA256 != nil {
			dst = hex.AppendEncode(dst, e.SHA256[:])
		}
		dst = append(dst, '"')
	case EntryRaw:
		dst = appendKeyInt(dst, `,"size":`, e.Size)
	case EntryMember:
		dst = appendName(append(dst, ','), "name", e.Name)
		dst = appendKeyInt(dst, `,"size":`, e.Size)
		if e.Packed > 0 {
			dst = appendKeyInt(dst, `,"packed":`, e.Packed)
			dst = appendKeyInt(dst, `,"level":`, int64(e.Level))
		}
	}
	if e.Type.hasChunks() {
		dst = appendChunks(dst, e)
	}
	return append(dst, "}\n"...)
}

// appendChunks writes the chunks of e, and begins further lines as they fill.
func appendChunks(dst []byte, e *Entry) []byte {
	rest := e.Chunks
	for {
		n := lineChunks(rest)
		dst = append(dst, `,"chunks":`...)
		dst = appendIDs(dst, rest[:n])
		if rest = rest[n:]; len(rest) == 0 {
			return dst
		}
		dst = append(dst, "}\n"...)
		dst = appendEntryHead(dst, e.Path, EntryMore)
	}
}

// lineChunks returns how many of ids go into one line: up to one whose last
// byte is zero, or MaxLineChunks. So a line's end depends on the ids before it
// alone, and after a change in the middle of a file the lines fall into step
// again.
func lineChunks(ids []ID) int {
	n := min(len(ids), MaxLineChunks)
	for i := range n {
		if ids[i][len(ID{})-1] == 0 {
			return i + 1
		}
	}
	return n
}

// lineFull reports whether a line with these chunks may be continued.
func lineFull(ids []ID) bool {
	return len(ids) == MaxLineChunks || len(ids) > 0 && ids[len(ids)-1][len(ID{})-1] == 0
}

func appendEntryHead(dst []byte, path string, typ EntryType) []byte {
	dst = appendName(append(dst, '{'), "path", path)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, typ.String()...)
	return append(dst, '"')
}

func appendKeyInt(dst []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(dst, key...), n, 10)
}

// appendName writes a name that need not be UTF-8.
func appendName(dst []byte, key, name string) []byte {
	dst = append(dst, '"')
	dst = append(dst, key...)
	dst = append(dst, `":`...)
	dst = appendString(dst, name)
	if utf8.ValidString(name) {
		return dst
	}
	dst = append(dst, `,"`...)
	dst = append(dst, key...)
	dst = append(dst, `_b64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(name))
	return append(dst, '"')
}

// ParseEntry reads one line of contents with its line feed. What takes more
// than one line to say, such as the order of paths, Items checks.
func ParseEntry(line []byte) (Entry, error) {
	c := cursor{data: line, what: "entry"}
	if len(line) > MaxLine {
		c.fail(Oversized, "a line of %d bytes, and %d is the limit", len(line), MaxLine)
		return Entry{}, c.err
	}
	e := Entry{Path: c.bytes("{", "path")}
	c.lit(`,"type":`)
	e.Type = c.entryType()
	c.entryFields(&e)
	if e.Type.hasChunks() {
		c.lit(`,"chunks":`)
		e.Chunks = c.lineIDs()
	}
	c.lit("}\n")
	c.end()
	if c.err == nil {
		c.checkEntry(&e)
	}
	if c.err != nil {
		return Entry{}, c.err
	}
	return e, nil
}

func (c *cursor) entryType() EntryType {
	for t := EntryFile; int(t) < len(entryTypes); t++ {
		name := entryTypes[t]
		if string(c.token(len(name))) == name {
			c.pos += len(name) + 2
			return t
		}
	}
	if s := c.str(); c.err == nil {
		c.fail(Malformed, "no line has the type %q", short(s))
	}
	return 0
}

func (c *cursor) entryFields(e *Entry) {
	switch e.Type {
	case EntryFile:
		c.lit(`,"size":`)
		e.Size = c.int()
		e.Sparse = c.opt(`,"sparse":true`)
	case EntrySymlink, EntryHardlink:
		e.Target = c.bytes(",", "target")
	case EntrySkipped, EntryUnreadable:
		c.lit(`,"why":`)
		e.Why = c.str()
	case EntryZip:
		c.lit(`,"size":`)
		e.Size = c.int()
		c.lit(`,"sha256":`)
		h := c.hash()
		e.SHA256 = &h
	case EntryRaw:
		c.lit(`,"size":`)
		e.Size = c.int()
	case EntryMember:
		e.Name = c.bytes(",", "name")
		c.lit(`,"size":`)
		e.Size = c.int()
		if c.opt(`,"packed":`) {
			e.Packed = int64(c.positive(c.num(), "a member's packed size"))
			c.lit(`,"level":`)
			e.Level = c.level()
		}
	}
}

func (c *cursor) level() int {
	n := c.num()
	if n < 1 || n > 9 {
		// At level 0 zlib's blocks depend on the buffers of its caller.
		c.fail(Malformed, "zlib has no level %d", n)
	}
	return int(n)
}

// lineIDs reads the ids of one line.
func (c *cursor) lineIDs() []ID {
	// Most files are one chunk; a guess for the others spares growing.
	ids := make([]ID, 0, min((len(c.data)-c.pos)/(2*len(ID{})+3), MaxLineChunks))
	c.list(MaxLineChunks, "chunks in a line", func() {
		if lineFull(ids) {
			c.fail(NonCanonical, "a line goes on after a chunk that ends it")
		}
		ids = append(ids, c.id())
	})
	return ids
}

// checkEntry checks what one line says.
func (c *cursor) checkEntry(e *Entry) {
	switch {
	case len(e.Path) > MaxPath || len(e.Target) > MaxPath:
		c.fail(Oversized, "a path of more than %d bytes", MaxPath)
	case len(e.Name) > MaxMemberName:
		c.fail(Oversized, "a member's name of more than %d bytes", MaxMemberName)
	case !CleanPath(e.Path) || !isPlaced(e.Path, e.Type):
		c.fail(Malformed, "no snapshot has the path %q", short(e.Path))
	case e.Type == EntryHardlink && (!CleanPath(e.Target) || e.Target >= e.Path):
		c.fail(Malformed, "a hardlink to %q, which cannot come before it", short(e.Target))
	case e.Type == EntrySymlink && !validTarget(e.Target):
		c.fail(Malformed, "a symlink to nothing, or with a zero byte")
	case e.Type == EntryMore && len(e.Chunks) == 0:
		c.fail(Malformed, "a line goes on with no chunks")
	}
}

// validTarget reports whether a symlink can have this target.
func validTarget(target string) bool {
	for i := range len(target) {
		if target[i] == 0 {
			return false
		}
	}
	return target != ""
}
