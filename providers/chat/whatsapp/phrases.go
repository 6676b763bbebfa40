package whatsapp

import (
	"bytes"
	_ "embed" // for the tables
	"strings"
	"unicode"
	"unicode/utf8"

	"chatkeep/providers/internal/phrasebook"
)

//go:embed phrases.txt
var phrasesText string

//go:embed events.txt
var eventsText string

// phraseLimit is the longest phrase looked up, in bytes.
const phraseLimit = 256

// tables hold what the app writes itself, in all languages at once: an export
// does not say which one it is in, and no two mean different things by one
// phrase.
type tables struct {
	phrase map[string]string // to its code
	forms  [][2]string       // what stands before and after an attached file's name
	events []eventPhrase
	typed  []eventPhrase // those of events that count behind a sender
	// longest is the length of the longest phrase, and begins the first bytes of
	// typed: what cannot match is not looked up.
	longest int
	begins  [256]bool
}

// eventPhrase is a fragment of a notice.
type eventPhrase struct {
	code       string
	parts      []string // in this order, with anything between
	start, end bool     // where in the text it must be
	typed      bool     // counts even behind a sender
}

// known is the tables, parsed once.
var known = parseTables(phrasesText, eventsText)

func parseTables(phrases, events string) *tables {
	t := &tables{phrase: map[string]string{}}
	for code, s := range phrasebook.Entries(phrases) {
		if before, after, ok := strings.Cut(s, "%s"); ok {
			t.forms = append(t.forms, [2]string{before, after})
			continue
		}
		if code == "attached-after" {
			s = "(" + s + ")"
		}
		if code == "attached-label" {
			s += ":"
		}
		if _, ok := t.phrase[s]; !ok {
			t.phrase[s] = code
			t.longest = max(t.longest, len(s))
		}
	}
	for code, s := range phrasebook.Entries(events) {
		e := eventPhrase{code: code}
		s, e.typed = strings.CutPrefix(s, "!")
		s, e.start = strings.CutPrefix(s, "^")
		s, e.end = strings.CutSuffix(s, "$")
		e.start = e.start || e.typed
		e.parts = strings.Split(strings.ReplaceAll(s, "_", " "), "…")
		t.events = append(t.events, e)
		if e.typed {
			t.typed = append(t.typed, e)
			t.begins[e.parts[0][0]] = true
		}
	}
	return t
}

// folded is text brought to the form of the tables.
type folded [phraseLimit]byte

// fold writes b in lower case, with one kind of space, without marks, without
// spaces around and without final dots. It returns "" as nil where b is too long
// to be a phrase.
func (f *folded) fold(b []byte) []byte {
	if len(b) > phraseLimit {
		return nil
	}
	n := 0
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			if n < len(f) {
				f[n] = c
				n++
			}
			i++
			continue
		}
		if k := markLen(b[i:]); k > 0 {
			i += k
			continue
		}
		r, k := utf8.DecodeRune(b[i:])
		if s := spaceLen(b[i:]); s > 0 {
			r, k = ' ', s
		}
		r = unicode.ToLower(r)
		if n+utf8.RuneLen(r) > len(f) {
			return nil
		}
		n += utf8.EncodeRune(f[n:], r)
		i += k
	}
	return trimDots(f[:n])
}

func trimDots(b []byte) []byte {
	b = bytes.Trim(b, " ")
	for len(b) > 0 {
		switch {
		case b[len(b)-1] == '.':
			b = b[:len(b)-1]
		case bytes.HasSuffix(b, []byte("。")):
			b = b[:len(b)-len("。")]
		default:
			return bytes.TrimRight(b, " ")
		}
	}
	return b
}

// code is what a phrase means, or "".
func (t *tables) code(b []byte) string {
	if len(b) > t.longest+16 { // marks and dots are folded away
		return ""
	}
	var f folded
	return t.phrase[string(f.fold(b))]
}

// bracketed is the code of a phrase in angle brackets, or "".
func (t *tables) bracketed(b []byte) string {
	var f folded
	s := f.fold(b)
	if len(s) < 2 || s[0] != '<' || s[len(s)-1] != '>' {
		return ""
	}
	return t.phrase[string(trimDots(s[1:len(s)-1]))]
}

// event is the code of a notice, or "". typed asks for those alone that count
// behind a sender.
func (t *tables) event(b []byte, typed bool) (code string, at, end int) {
	if typed && !t.mayBegin(b) {
		return "", 0, 0
	}
	// A notice says what it is at once. Lower case and a cut rune may take more
	// bytes than the text did.
	if len(b) > phraseLimit*3/4 {
		b = b[:phraseLimit*3/4]
	}
	var f folded
	s := string(f.fold(b))
	list := t.events
	if typed {
		list = t.typed
	}
	for _, e := range list {
		if at, end, ok := e.in(s); ok {
			return e.code, at, end
		}
	}
	return "", 0, 0
}

// mayBegin says whether one of typed can stand at the head of b. Capitals that
// are not ASCII share their first byte with small letters, or pass.
func (t *tables) mayBegin(b []byte) bool {
	if len(b) == 0 || b[0] >= utf8.RuneSelf {
		return len(b) > 0
	}
	return t.begins[b[0]|0x20]
}

// in finds the phrase in folded text.
func (e eventPhrase) in(s string) (at, end int, ok bool) {
	if e.start && !strings.HasPrefix(s, e.parts[0]) {
		return 0, 0, false
	}
	for i, part := range e.parts {
		k := strings.Index(s[end:], part)
		if k < 0 {
			return 0, 0, false
		}
		if i == 0 {
			at = k
		}
		end += k + len(part)
	}
	return at, end, !e.end || end == len(s)
}
