package restore

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const onWindows = runtime.GOOS == "windows"

// rules say which names a target can hold.
//
// Names that it can hold stay as they are. Where it cannot, what does not fit
// is written as %XX with two hex digits a byte: on Windows control characters,
// < > : " | ? * and \, a space or dot at the end, and the first letter of
// device names such as CON or com1.txt; on Windows and macOS bytes that are no
// UTF-8. Of two names in a directory that the target takes for one, as "a" and
// "A", the later gets %~2, %~3 and so on at its end. Each such change is a
// warning.
type rules struct {
	windows  bool // reserved characters and devices
	text     bool // names are UTF-8
	caseless bool // "a" is "A"
	normal   bool // composed and decomposed characters are the same
}

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
	if !r.windows && !r.text {
		return name
	}
	var b strings.Builder
	if r.windows && isDevice(name) {
		writeEscaped(&b, name[0])
		name = name[1:]
	}
	for len(name) > 0 {
		c, size := utf8.DecodeRuneInString(name)
		last := size == len(name)
		switch {
		case r.text && c == utf8.RuneError && size == 1,
			r.windows && (c < ' ' || strings.ContainsRune(`<>:"|?*\`, c)),
			r.windows && last && (c == ' ' || c == '.'):
			writeEscaped(&b, name[0])
			size = 1
		default:
			b.WriteString(name[:size])
		}
		name = name[size:]
	}
	return b.String()
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

// key is the same for names that the target takes for one.
func (r rules) key(name string) string {
	if r.caseless {
		// Both ways, for letters that differ in one of them alone.
		name = strings.ToLower(strings.ToUpper(name))
	}
	if r.normal {
		name = norm.NFD.String(name)
	}
	return name
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
