package restore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const onWindows = runtime.GOOS == "windows"

// rules say which names a target can hold.
//
// Names that it can hold stay as they are. Where it cannot, what does not fit
// is written as %XX with two hex digits a byte: on Windows control characters,
// < > : " | ? * and \, a space or dot at the end, the first letter of device
// names such as CON or com1.txt, and the ~ of names such as LONGNA~1.TXT, which
// can be another file's; on Windows and macOS bytes that are no UTF-8. A % that
// could be read as the beginning of such a code is %25. Of two names in a
// directory that the target takes for one, as "a" and "A", the later gets %~2,
// %~3 and so on at its end. So whoever takes a %~ and a number from the end and
// puts bytes in the place of codes has the name that was.
//
// Where Windows counts, a name that is then longer than 247 bytes is cut and goes
// on with %~x, sixteen hex digits of its SHA-256, and its extension. What that
// was only the report tells. Each change of a name is a warning, and listed.
//
// These are the rules of Windows there, on any disk that takes "a" for "A", save
// on macOS, and where safe names are asked for.
type rules struct {
	windows  bool // reserved characters and devices
	text     bool // names are UTF-8
	caseless bool // "a" is "A"
	normal   bool // composed and decomposed characters are the same
}

// longestName leaves room behind a name for %~ and a number: 255 bytes are what
// most file systems take.
const longestName = 247

// systemRules are those that follow from the operating system alone.
func systemRules() rules {
	mac := runtime.GOOS == "darwin"
	return rules{windows: onWindows, text: onWindows || mac, caseless: onWindows, normal: mac}
}

// safe returns the rules for names that any system takes.
func (r rules) safe() rules {
	r.windows, r.text, r.caseless, r.normal = true, true, true, true
	return r
}

// escape returns the name that stands for one on disk.
func (r rules) escape(name string) string {
	if !r.windows && !r.text && !r.merges() {
		return name
	}
	whole := name
	var b strings.Builder
	if r.windows && isDevice(name) {
		writeEscaped(&b, name[0])
		name = name[1:]
	}
	alias := r.windows && isAlias(whole)
	for len(name) > 0 {
		c, size := utf8.DecodeRuneInString(name)
		last := size == len(name)
		switch {
		case r.text && c == utf8.RuneError && size == 1,
			r.windows && (c < ' ' || strings.ContainsRune(`<>:"|?*\`, c)),
			r.windows && last && (c == ' ' || c == '.'),
			c == '%' && isCode(name),
			alias && c == '~':
			writeEscaped(&b, name[0])
			size = 1
		default:
			b.WriteString(name[:size])
		}
		name = name[size:]
	}
	if r.windows && b.Len() > longestName {
		return shorten(b.String(), whole)
	}
	return b.String()
}

// isCode reports whether text begins like what stands for something else.
func isCode(text string) bool {
	if strings.HasPrefix(text, "%~") {
		return true
	}
	return len(text) >= 3 && isUpperHex(text[1]) && isUpperHex(text[2])
}

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

// isAlias reports whether Windows could have made a name up for a file with a
// longer one.
func isAlias(name string) bool {
	base, extension, _ := strings.Cut(name, ".")
	at := strings.LastIndexByte(base, '~')
	if at < 1 || len(base) > 8 || len(extension) > 3 {
		return false
	}
	digits := base[at+1:]
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// shorten cuts an escaped name that is too long, and marks it with the hash of
// what it stands for.
func shorten(escaped, name string) string {
	const longestExtension = 16
	extension := ""
	if at := strings.LastIndexByte(escaped, '.'); at > 0 && len(escaped)-at <= longestExtension {
		extension = escaped[at:]
	}
	sum := sha256.Sum256([]byte(name))
	tail := "%~x" + hex.EncodeToString(sum[:8]) + extension
	cut := longestName - len(tail)
	for cut > 0 && !utf8.RuneStart(escaped[cut]) {
		cut--
	}
	return escaped[:cut] + tail
}

func writeEscaped(b *strings.Builder, c byte) { fmt.Fprintf(b, "%%%02X", c) }

// isDevice reports whether Windows takes a name for a device, whatever
// extension it has.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(base, "COM")
	if !ok {
		port, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// merges reports whether the target may take two names for one.
func (r rules) merges() bool { return r.caseless || r.normal }

// key is the same for names that the target takes for one. Systems differ in
// what they take for the same letters, and in which they pass over; this takes
// for one whatever any of them does.
func (r rules) key(name string) string {
	switch {
	case r.caseless:
		name = sharpS.Replace(norm.NFKD.String(name))
		// Both ways, for letters that differ in one of them alone.
		name = strings.ToLower(strings.ToUpper(name))
		return norm.NFKD.String(strings.Map(visible, name))
	case r.normal:
		return norm.NFD.String(name)
	}
	return name
}

// sharpS does what no change of single letters can.
var sharpS = strings.NewReplacer("ß", "ss", "ẞ", "ss")

// visible drops the characters that some systems pass over in names.
func visible(c rune) rune {
	if unicode.In(c, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
		return -1
	}
	return c
}

// namer gives out the names on disk, and none twice in a directory.
type namer struct {
	rules rules
	seed  maphash.Seed
	used  map[uint64]struct{} // hashes of what is given out, in the directories that need it
	busy  map[uint32]bool     // directories that need it though names do not merge
}

func newNamer(r rules) *namer {
	return &namer{rules: r, seed: maphash.MakeSeed(), used: map[uint64]struct{}{}, busy: map[uint32]bool{}}
}

// name returns the name on disk for one in the directory with this number.
func (n *namer) name(dir uint32, name string) string {
	disk := n.rules.escape(name)
	if !n.rules.merges() && !n.busy[dir] {
		return disk
	}
	free := disk
	for i := 2; !n.take(dir, free); i++ {
		free = fmt.Sprintf("%s%%~%d", disk, i)
	}
	return free
}

// reserve keeps a name in a directory from being given out.
func (n *namer) reserve(dir uint32, name string) {
	n.busy[dir] = true
	n.take(dir, name)
}

// take notes a name as given out, and returns false where it was.
func (n *namer) take(dir uint32, name string) bool {
	hash := maphash.Comparable(n.seed, struct {
		dir  uint32
		name string
	}{dir, n.rules.key(name)})
	_, taken := n.used[hash]
	n.used[hash] = struct{}{}
	return !taken
}
