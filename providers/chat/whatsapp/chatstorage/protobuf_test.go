package chatstorage

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// pb makes a message of fields: numbers, and texts or messages.
func pb(fields ...any) (b []byte) {
	for i := 0; i < len(fields); i += 2 {
		num := protowire.Number(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
		case string:
			b = protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
		case []byte:
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
		}
	}
	return b
}

func TestQuoted(t *testing.T) {
	// As a public sample of a real database begins: 2a 14, and a stanza id.
	b := append([]byte("\x2a\x143A0123456789ABCDEF01"), pb(6, "x@lid", 9, 1)...)
	if stanza, author := quoted(b); stanza != "3A0123456789ABCDEF01" || author != "x@lid" {
		t.Errorf("%q of %q", stanza, author)
	}
	for _, b := range [][]byte{nil, {0xc0, 0x0d, 0x01}, pb(5, 7), pb(5, "\xff"), []byte("\x2a\x7fshort")} {
		if stanza, _ := quoted(b); stanza != "" {
			t.Errorf("%x answers %q", b, stanza)
		}
	}
}

func TestReactions(t *testing.T) {
	b := pb(4, 1, 7, pb(1, pb(1, "id", 2, "a@lid", 3, "👍", 4, 1700000000000), 2, pb(1, "id", 2, "❤️", 3, 5)), 7, pb(3, pb(1, pb(1, "🌊", 2, 12), 2, 9)), 9, "x")
	want := []reaction{{emoji: "👍", by: "a@lid", ms: 1700000000000}, {emoji: "❤️", ms: 5}, {emoji: "🌊", count: 12}}
	if got := reactions(b); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for n := range len(b) {
		if got := reactions(b[:n]); len(got) > len(want) {
			t.Errorf("%d of %d bytes: %+v", n, len(b), got)
		}
	}
	var many []byte
	for range maxEntries + 5 {
		many = append(many, pb(1, pb(3, "x"))...)
	}
	if got := reactions(pb(7, many)); len(got) != maxEntries {
		t.Errorf("%d reactions", len(got))
	}
}

func TestPoll(t *testing.T) {
	b := pb(8, pb(2, "which?", 3, pb(1, "a"), 3, pb(1, "b"), 5, pb(1, 0, 1, 1, 4, "a@lid"), 6, pb(1, []byte{1, 0x80})))
	want := &poll{question: "which?", options: []string{"a", "b"}, votes: []vote{{by: "a@lid", options: []uint64{0, 1}}, {options: []uint64{1}}}}
	if got := pollOf(b); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for _, b := range [][]byte{nil, pb(8, ""), pb(8, 5), pb(7, pb(2, "which?"))} {
		if p := pollOf(b); p != nil {
			t.Errorf("%x is a poll: %+v", b, p)
		}
	}
}

func TestPushName(t *testing.T) {
	for in, want := range map[string]string{
		base64.StdEncoding.EncodeToString(pb(1, "Zoë", 2, 7)): "Zoë",
		base64.StdEncoding.EncodeToString(pb(2, 7)):           "",
		"Anna":                     "Anna",
		"Mary Ann":                 "Mary Ann",
		"":                         "",
		strings.Repeat("A", 1<<12): "",
	} {
		if got := pushName(in); got != want {
			t.Errorf("%.20q is %q", in, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	if n := callSeconds(pb(87, pb(1, pb(3, 61)))); n != 61 {
		t.Errorf("%d seconds", n)
	}
	if n := timerSeconds(pb(1, "x", 36, 86400)); n != 86400 {
		t.Errorf("%d seconds", n)
	}
	if n := timerSeconds([]byte("\xa0\x02")); n != 0 {
		t.Errorf("%d seconds", n)
	}
}

func FuzzProtobuf(f *testing.F) {
	f.Add(pb(5, "3A01", 6, "x@lid"))
	f.Add(pb(7, pb(1, pb(1, "id", 2, "a@lid", 3, "👍", 4, 5), 2, pb(2, "x"), 3, pb(1, pb(1, "y", 2, 3)))))
	f.Add(pb(8, pb(2, "q", 3, pb(1, "a"), 5, pb(1, 0, 4, "b"), 6, pb(1, []byte{0, 1}))))
	f.Add(pb(87, pb(1, pb(3, 61)), 36, 5))
	f.Add([]byte("\x3b\x3b\x3b\x3b\x3c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		quoted(b)
		callSeconds(b)
		timerSeconds(b)
		if len(reactions(b)) > maxEntries {
			t.Error("too many reactions")
		}
		if p := pollOf(b); p != nil && len(p.options)+len(p.votes) > maxEntries {
			t.Error("too many votes")
		}
		pushName(string(b))
		pushName(base64.StdEncoding.EncodeToString(b))
	})
}
