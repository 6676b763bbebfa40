package meta

import (
	"strings"
	"testing"
)

func TestNotice(t *testing.T) {
	for _, c := range []struct{ text, sender, code, rest string }{
		{"Anna Bell named the group Lake, July.", "Anna Bell", "subject", " Lake, July"},
		{"You named the group Lake.", "Ben", "subject", " Lake"},
		{"Anna Bell left the group.", "Anna Bell", "left", ""},
		{"Anna Bell added Cy to the group.", "Anna Bell", "added", "Cy"},
		{"Anna Bell created a poll: Where to?", "Anna Bell", "poll", "Where to?"},
		{"Anna Bell voted for \"Lake\" in the poll: Where to?", "Anna Bell", "vote", "\"Lake\""},
		{"Anna Bell missed your call.", "Anna Bell", "call-missed", ""},
		{"You missed a video chat with Anna.", "Anna Bell", "call-missed-video", "Anna"},
		{"Video chat ended", "Anna Bell", "call-video", ""},
		{"Liked a message", "Anna Bell", "liked", ""},
		{"Reacted 😡 to your message ", "Anna Bell", "reacted", "😡"},
		{"Anna Bell hat die Gruppe See genannt.", "Anna Bell", "subject", "See"},
		{"Du hast die Gruppe See genannt.", "Ben", "subject", "See"},

		{"", "Anna Bell", "", ""},
		{"she left the group.", "Anna Bell", "", ""},
		{"Cy left the group.", "Anna Bell", "", ""},
		{"Anna Bell left the group. And then?", "Anna Bell", "", ""},
		{"Reacted badly to your message", "Anna Bell", "", ""},
		{"I Liked a message", "Anna Bell", "", ""},
		{"named the group x", "", "", ""},
	} {
		code, rest := noticeOf(c.text, c.sender)
		if code != c.code || rest != c.rest && c.code != "left" && c.code != "liked" && c.code != "call-video" && c.code != "call-missed" {
			t.Errorf("%q by %q: %q, %q; want %q, %q", c.text, c.sender, code, rest, c.code, c.rest)
		}
	}
}

// TestNoticeTable finds each line of the table under its own code.
func TestNoticeTable(t *testing.T) {
	check := func(list []notice, who string) {
		for _, n := range list {
			text := who + strings.Join(n.parts, "👍") + "."
			if code, _ := noticeOf(text, "Anna"); code != n.code {
				t.Errorf("%q is %q, not %q", text, code, n.code)
			}
		}
	}
	check(named, "Anna ")
	check(named, "You ")
	for _, list := range unnamed {
		check(list, "")
	}
}
