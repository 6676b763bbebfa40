package split

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"
)

// Choose says how to cut a file. name is its path with slashes, of which the
// extension alone matters, size its length in bytes (a negative one stands for
// unknown, and counts as long), head its first HeadSize bytes, or all of them.
//
// Content comes before name: the same picture is cut the same way under any
// name, and an error page that was saved as a picture is text. The extension
// decides where the content could be either. Choose never says Records, which
// is for streams whose form is known to the one who writes them.
func Choose(name string, size int64, head []byte) Rule {
	head = head[:min(len(head), HeadSize)]
	switch {
	case sqliteUnit(head) > 0:
		// Small ones too: cut in units from the start, nothing is stored
		// again on the day the file outgrows one chunk.
		return SQLite
	case size >= 0 && size <= WholeSize:
		return Whole
	case isContainer(head):
		return Fixed
	case isMedia(head):
		return Media
	}
	ext := extension(name)
	switch {
	case isText(head, textNames[ext]):
		return Text
	case mediaNames[ext]:
		return Media
	}
	return Fixed
}

// extension is what follows the last dot of the last element of name, with A
// to Z in lower case, or "".
func extension(name string) string {
	lower := func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	return strings.Map(lower, strings.TrimPrefix(path.Ext(name), "."))
}

// isText says whether head begins a text in UTF-8, in an 8-bit encoding of a
// Latin script, or in UTF-16 with a byte order mark. named says that the
// file's name promises text: then any encoding without NUL will do.
func isText(head []byte, named bool) bool {
	if bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) {
		return !hasNulUnit(head)
	}
	// Every compressed or encrypted file of any length has a NUL in its first
	// 32 KiB, and no text has.
	if len(head) == 0 || bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	return named || 8*textBytes(head) >= 7*len(head)
}

// hasNulUnit says whether some aligned pair of bytes is two NULs, which UTF-16
// text does not have.
func hasNulUnit(head []byte) bool {
	for ; len(head) >= 2; head = head[2:] {
		if head[0] == 0 && head[1] == 0 {
			return true
		}
	}
	return false
}

// textBytes counts the bytes of head that are printable ASCII, tab, line feed,
// carriage return, or part of a longer character in well-formed UTF-8. What
// the end of head cut off is a few bytes in 32 KiB, and lost in the share that
// may be otherwise.
func textBytes(head []byte) int {
	n := 0
	for len(head) > 0 {
		b := head[0]
		size := 1
		switch {
		case b >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRune(head); r != utf8.RuneError || size > 1 {
				n += size
			}
		case b >= ' ' && b < 0x7F, b == '\t', b == '\n', b == '\r':
			n++
		}
		head = head[size:]
	}
	return n
}
