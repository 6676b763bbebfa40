package jid

import (
	"testing"

	"chatkeep/providers/chat"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]struct {
		bare, number string
		kind         chat.ConversationKind
	}{
		"4915112345678@s.whatsapp.net":     {"4915112345678@s.whatsapp.net", "+4915112345678", chat.Direct},
		"4915112345678.0:3@s.whatsapp.net": {"4915112345678@s.whatsapp.net", "+4915112345678", chat.Direct},
		"4915112345678:12@s.whatsapp.net":  {"4915112345678@s.whatsapp.net", "+4915112345678", chat.Direct},
		"123456789012345:1@lid":            {"123456789012345@lid", "", chat.Direct},
		"0@s.whatsapp.net":                 {"0@s.whatsapp.net", "", chat.Direct},
		"4915112345678-1600000000@g.us":    {"4915112345678-1600000000@g.us", "", chat.Group},
		"1600000000@broadcast":             {"1600000000@broadcast", "", chat.Broadcast},
		"120363000000000000@newsletter":    {"120363000000000000@newsletter", "", chat.Channel},
		"1234@bot":                         {"1234@bot", "", chat.Direct},
		"x@temp":                           {"x@temp", "", chat.OtherChat},
		"-1":                               {"-1", "", chat.OtherChat},
		"":                                 {"", "", chat.OtherChat},
	} {
		j := Parse(in)
		if j.String() != want.bare || j.Number() != want.number || j.Kind() != want.kind {
			t.Errorf("%q is %q, number %q, %s", in, j, j.Number(), j.Kind())
		}
	}
	if !Parse("status@broadcast").IsStatus() || Parse("1@broadcast").IsStatus() {
		t.Error("status")
	}
}

func TestOfNumber(t *testing.T) {
	for in, want := range map[string]string{
		"+49 151 1234-5678": "4915112345678@s.whatsapp.net", "(1) 555/0100": "15550100@s.whatsapp.net", "4915112345678@s.whatsapp.net": "4915112345678@s.whatsapp.net",
		"77@lid": "77@lid", "Anna": "", "": "", "123": "", "+49 x": "", "a@g.us": "",
	} {
		j, ok := OfNumber(in)
		if ok != (want != "") || ok && j.String() != want {
			t.Errorf("%q is %q, %v", in, j, ok)
		}
	}
}
