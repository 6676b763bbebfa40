package archive

import (
	"archive/zip"
	"encoding/binary"
	"hash/crc32"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// unicodePath is the extra field that holds a name in UTF-8 beside one in a
// legacy code page (APPNOTE.TXT 4.6.9).
const unicodePath = 0x7075

// decodeName gives an entry's name in UTF-8: as it is where it is valid, from
// the extra field, else from code page 437, which is what a zip's names are in
// unless it says otherwise.
func decodeName(f *zip.File) string {
	if utf8.ValidString(f.Name) {
		return f.Name
	}
	if s, ok := extraName(f); ok {
		return s
	}
	s, err := charmap.CodePage437.NewDecoder().String(f.Name)
	if err != nil {
		return strings.ToValidUTF8(f.Name, "_")
	}
	return s
}

// extraName reads the UTF-8 name, which counts if it belongs to the name beside
// it.
func extraName(f *zip.File) (string, bool) {
	for b := f.Extra; len(b) >= 4; {
		tag, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return "", false
		}
		if tag == unicodePath && n > 5 && b[0] == 1 && binary.LittleEndian.Uint32(b[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) {
			s := string(b[5:n])
			return s, utf8.ValidString(s)
		}
		b = b[n:]
	}
	return "", false
}

// safeName makes a name a path of an fs.FS below its root: forward slashes, no
// drive, no "..", no bytes that some system cannot write. "" is nothing left.
func safeName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	var parts []string
	for i, p := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		switch {
		case p == ".":
			continue
		case p == "..":
			p = "__"
		case i == 0 && len(p) == 2 && p[1] == ':':
			p = p[:1] + "_"
		}
		parts = append(parts, strings.Map(safeRune, p))
	}
	return strings.Join(parts, "/")
}

func safeRune(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '_'
	}
	return r
}

// isPlain says whether a mode is that of a file with bytes.
func isPlain(m fs.FileMode) bool { return m&fs.ModeType == 0 }
