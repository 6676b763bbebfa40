package android

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// FuzzDatabase reads any bytes as the database of a phone.
func FuzzDatabase(f *testing.F) {
	for _, sql := range []string{
		"PRAGMA page_size = 512;" + small,
		"PRAGMA page_size = 512;" + moving,
		"PRAGMA page_size = 512;" + small + "CREATE TABLE message_future (message_row_id, x); INSERT INTO message_future VALUES (1, 'a'), (2, X'00');",
	} {
		f.Add(alone(f, sql)["msgstore.db"].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := readMatch(t, fstest.MapFS{"msgstore.db": {Data: data, Mode: 0o644}}, chat.Match{Route: RoutePlain, Path: "msgstore.db", Whole: true}, chat.Options{})
		checkFit(t, "fuzz", r)
		if r.count() == 0 && len(r.errs) == 0 && len(r.accounts.Ignored) == 0 && len(data) < 100 {
			t.Error("nothing is in it, and nothing is said")
		}
	})
}

// FuzzJava looks for a path in what is no Java.
func FuzzJava(f *testing.F) {
	f.Add([]byte("\xac\xed\x00\x05sr\x00\x09MediaDatat\x00\x11Media/Images/a.jpgp"))
	f.Add([]byte("t\x00\x0bMedia/a.jpgt\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s := javaPath(data); s != "" && (!strings.Contains(string(data), s) || !fs.ValidPath(mediaPath(s))) {
			t.Errorf("%q in %q", s, data)
		}
	})
}

// FuzzWords reads the small forms of text that tables have in them.
func FuzzWords(f *testing.F) {
	f.Add(`{"title":"a","description":"b"}`, "BEGIN:VCARD\nFN;CHARSET=UTF-8:x\nEND:VCARD", "@12 and @123", "12")
	f.Add(`[{"title":1}]`, "fn:", "@", "")
	f.Fuzz(func(t *testing.T, element, card, text, word string) {
		for _, s := range inElement(element) {
			if !json.Valid([]byte(element)) {
				t.Errorf("%q of %q", s, element)
			}
		}
		if name := fullName(card); !strings.Contains(card, name) {
			t.Errorf("%q of %q", name, card)
		}
		m := &maker{budget: budget{left: maxParts}, message: chat.Message{Text: text}}
		if m.mark("id", []string{word}) != (len(m.message.Spans) > 0) {
			t.Errorf("%v", m.message.Spans)
		}
		for _, s := range m.message.Spans {
			if text[s.Start:s.End] != "@"+word {
				t.Errorf("%q of %q", text[s.Start:s.End], text)
			}
		}
	})
}
