package whatsapp

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// ids are the ids of a text's messages.
func ids(t *testing.T, text string, o chat.Options) (list []string) {
	for _, m := range readText(t, text, o).messages {
		list = append(list, m.ID)
	}
	return list
}

// TestIDsAgree gives one chat the same ids, however the phone was set and
// whatever was exported with it.
func TestIDsAgree(t *testing.T) {
	const english = "5/18/21, 9:04 PM - Anna: hi\n5/18/21, 9:04 PM - Anna: ok\n5/18/21, 9:04 PM - Anna: ok\n5/18/21, 9:05 PM - Anna: <Media omitted>\n" +
		"5/18/21, 9:06 PM - Bo: This message was deleted\n5/18/21, 9:07 PM - Bo: Missed voice call\n5/18/21, 9:08 PM - Anna created group \"x\"\n"
	const german = "18.05.21, 21:04 - Anna: hi\r\n18.05.21, 21:04 - Anna: ok\r\n18.05.21, 21:04 - Anna: ok\r\n18.05.21, 21:05 - Anna: STK-20210518-WA0001.webp (Datei angehängt)\r\n" +
		"18.05.21, 21:06 - Bo: Diese Nachricht wurde gelöscht\r\n18.05.21, 21:07 - Bo: Verpasster Sprachanruf\r\n18.05.21, 21:08 - Anna hat die Gruppe „x“ erstellt\r\n"
	a, b := ids(t, english, chat.Options{}), ids(t, german, chat.Options{Zone: time.FixedZone("", 7200), Chat: "other", Me: "Anna"})
	if len(a) != 7 || strings.Join(a, " ") != strings.Join(b, " ") {
		t.Errorf("ids differ:\n%q\n%q", a, b)
	}
	if a[1] == a[2] {
		t.Error("ok and ok are one message")
	}
	if tail := ids(t, english[strings.Index(english, "5/18/21, 9:05"):], chat.Options{}); strings.Join(tail, " ") != strings.Join(a[3:], " ") {
		t.Error("an export that begins later has other ids")
	}
}

func TestZones(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	text := "28/03/2021, 01:30 - Anna: a\n28/03/2021, 03:30 - Anna: b\n15/07/2021, 12:00 - Anna: c\n" +
		"31/10/2021, 02:10 - Anna: d\n31/10/2021, 02:50 - Anna: e\n31/10/2021, 02:10 - Anna: f\n31/10/2021, 02:50 - Anna: g\n31/10/2021, 03:00 - Anna: h\n"
	want := []string{"2021-03-28T00:30Z", "2021-03-28T01:30Z", "2021-07-15T10:00Z", "2021-10-31T00:10Z", "2021-10-31T00:50Z",
		"2021-10-31T01:10Z", "2021-10-31T01:50Z", "2021-10-31T02:00Z"}
	r := readText(t, text, chat.Options{Zone: rome})
	for i, m := range r.messages {
		if got := m.Time.UTC().Format("2006-01-02T15:04Z07:00"); got != want[i] || m.ZoneSource != chat.FromUser || m.Precision != chat.Minute {
			t.Errorf("message %d at %s, want %s (%s, %s)", i, got, want[i], m.ZoneSource, m.Precision)
		}
	}
	s, err := Provider.Open(fstest.MapFS{"a.txt": file(text)}, chat.Match{Route: routeText, Path: "a.txt"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for c := range s.Conversations(t.Context()) {
		for m := range s.Messages(t.Context(), c) {
			if m.ZoneSource != chat.FromDevice || m.Time.Location() != time.Local {
				t.Errorf("without a zone: %s in %s", m.ZoneSource, m.Time.Location())
			}
		}
	}
	if !strings.Contains(strings.Join(s.Accounts().Warnings, "\n"), "--tz") {
		t.Error("nothing is said of the zone")
	}
}

func TestTitles(t *testing.T) {
	for _, c := range []struct{ path, name, chat, want string }{
		{"_chat.txt", "WhatsApp Chat - Anna.zip", "", "Anna"},
		{"_chat.txt", "WhatsApp Chat - Anna (2).zip", "", "Anna"},
		{"_chat.txt", "WhatsApp Chat - Anna", "", "Anna"},
		{"WhatsApp Chat with Anna.txt", "Downloads", "", "Anna"},
		{"WhatsApp-Chat mit Anna.txt", "", "", "Anna"},
		{"Чат WhatsApp с контактом Anna.txt", "", "", "Anna"},
		{"Chat WhatsApp s uživatelem Anna.txt", "", "", "Anna"},
		{"与Anna的 WhatsApp 聊天.txt", "", "", "Anna"},
		{"與Anna的WhatsApp對話.txt", "", "", "Anna"},
		{"Conversa do WhatsApp com Anna.txt", "", "", "Anna"},
		{"Anna ile WhatsApp Sohbeti.txt", "", "", "Anna"},
		{"WhatsApp in a language to come - Anna.txt", "", "", "Anna"},
		{"_chat.txt", "Archive.zip", "", "Nora"}, // whom the first notice names
		{"holiday.txt", "", "", "holiday"},
		{"holiday.txt", "", "Mum", "Mum"},
	} {
		r := readFS(t, fstest.MapFS{c.path: file(iphone)}, c.path, chat.Options{Name: c.name, Chat: c.chat})
		if r.err != nil || r.conversation.Title != c.want || r.conversation.ID != chat.ConversationID(platform, "", "", c.want) {
			t.Errorf("%q in %q: %q, want %q (%v)", c.path, c.name, r.conversation.Title, c.want, r.err)
		}
	}
}

func TestSelf(t *testing.T) {
	self := func(r result) string {
		for _, p := range r.conversation.Participants {
			if p.Self {
				return p.Names[0].Value
			}
		}
		return ""
	}
	for _, c := range []struct {
		o    chat.Options
		want string
	}{
		{chat.Options{}, "Ivo"}, // the chat is named after Nora
		{chat.Options{Me: "Nora"}, "Nora"},
		{chat.Options{Me: "Nobody"}, ""},
		{chat.Options{Chat: "Trip"}, ""},
	} {
		r := readText(t, iphone, c.o)
		if got := self(r); got != c.want || r.conversation.Kind != chat.Direct {
			t.Errorf("%+v: %q, want %q; %s", c.o, got, c.want, r.conversation.Kind)
		}
	}
	r := readText(t, androidText, chat.Options{Me: "Bo"})
	if len(r.conversation.Participants) != 4 || r.conversation.Kind != chat.Group {
		t.Errorf("%d participants in a %s", len(r.conversation.Participants), r.conversation.Kind)
	}
	for _, p := range r.conversation.Participants {
		if p.Names[0].Value[0] == '+' && (len(p.IDs) != 1 || p.IDs[0] != chat.NativeID{Kind: "phone", Value: "+442079460000"}) {
			t.Errorf("a phone number gave %+v", p.IDs)
		}
	}
}

// TestNamesWithColons tells names that hold ": " from notices that do.
func TestNamesWithColons(t *testing.T) {
	line := func(s string) string { return "[18/05/2021, 21:04:00] " + s + "\n" }
	r := readText(t, line("Dr: Who: hello")+lrm+line("Dr: Who: "+lrm+"image omitted")+line("Dr: Who: a: b")+line("Bot: Status: fine")+line("Bot: Status: bad")+
		line("Bot: Status: fine")+line(lrm+"Dr: Who changed the subject to “x: y”"), chat.Options{})
	got := ""
	for _, m := range r.messages {
		got += r.name(m) + "|" + m.Text + "\n"
	}
	want := "Dr: Who|hello\nDr: Who|\nDr: Who|a: b\nBot|Status: fine\nBot|Status: bad\nBot|Status: fine\n|Dr: Who changed the subject to “x: y”\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := len(r.conversation.Participants); n != 2 {
		t.Errorf("%d participants", n)
	}
	r = readText(t, line("Dr: Who: hello")+line("Dr: Who: again"), chat.Options{Me: "Dr: Who"})
	if r.name(r.messages[0]) != "Dr: Who" || !r.conversation.Participants[0].Self {
		t.Errorf("named by the user: %+v", r.conversation.Participants)
	}
}

func TestCoverage(t *testing.T) {
	lines := func(n int, body string, start bool) string {
		var b strings.Builder
		if start {
			b.WriteString("18/05/2021, 10:00 - Messages and calls are end-to-end encrypted.\n")
			n--
		}
		for i := range n {
			fmt.Fprintf(&b, "18/05/2021, %02d:%02d - Anna: %s\n", 10+i/6000, i/100%60, body)
		}
		return b.String()
	}
	for _, c := range []struct {
		name     string
		text     string
		complete bool
	}{
		{"short", lines(500, "x", false), true},
		{"at the cap with media", lines(10000, "IMG-20210518-WA0001.jpg (file attached)", false), false},
		{"beyond the cap with media", lines(12000, "IMG-20210518-WA0001.jpg (file attached)", false), false},
		{"beyond it, from the first notice on", lines(12000, "IMG-20210518-WA0001.jpg (file attached)", true), true},
		{"without media", lines(10000, "x", false), true},
		{"with media left out", lines(10000, "<Media omitted>", false), true},
		{"at the cap without media", lines(40000, "x", true), false},
	} {
		r := readText(t, c.text, chat.Options{})
		if r.coverage.Complete != c.complete || c.complete != (r.coverage.WhyIncomplete == "") {
			t.Errorf("%s: %+v", c.name, r.coverage)
		}
	}
}
