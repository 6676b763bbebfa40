package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
)

var (
	at     = time.Date(2026, 7, 1, 21, 30, 0, 0, time.UTC)
	people = []*chat.Participant{
		{ID: "p1", Names: []chat.Name{{Value: "Nora", From: "export"}}},
		{ID: "p2", IDs: []chat.NativeID{{Kind: "phone", Value: "+4912"}}},
	}
	talk = &chat.Conversation{ID: "c1", Platform: "test", Kind: chat.Group, Title: "=SUM(A1)", Participants: []chat.Participant{{ID: "p1"}, {ID: "p2"}}}
)

// messages have something of everything.
func messages() []*Message {
	source := chat.Pointer{File: "f", At: "line 1"}
	list := []*chat.Message{
		{ID: "1", Sender: "p1", Time: at, Kind: chat.Text, Text: "first\nsecond \"line\", with; all", Source: source},
		{ID: "2", Sender: "p2", Time: at.Add(time.Minute), Kind: chat.Text, Text: "=HYPERLINK(\"http://x\")", Edited: true, Source: source,
			ReplyTo: &chat.Reply{ID: "1", Found: true, Quote: "first"}, Reactions: []chat.Reaction{{Emoji: "👍", By: "p1"}, {Emoji: "👍", Count: 2}}},
		{ID: "3", Sender: "p1", Time: at.Add(24 * time.Hour), Kind: chat.Media, Source: source,
			Attachments: []chat.Attachment{{Role: "image", File: "originals/a.jpg", State: chat.Stored}, {Role: "video", Name: "b.mp4", State: chat.Missing}}},
		{ID: "4", Kind: chat.EventKind, Event: &chat.Event{Code: "added", Targets: []string{"p2", "unknown-id"}}, Source: source},
		{ID: "5", Sender: "p2", Kind: chat.PollKind, Poll: &chat.Poll{Question: "when?", Options: []chat.PollOption{{Text: "now", Votes: 2}, {Text: "later"}}}, Source: source},
		{ID: "6", Sender: "p2", Kind: chat.CallKind, Call: &chat.Call{Video: true, Missed: true}, Source: source},
		{ID: "7", Sender: "p2", Kind: chat.LocationKind, Location: &chat.Location{Latitude: "1.5", Longitude: "2.5"}, Source: source},
		{ID: "8", Sender: "p1", Kind: chat.Other, Deleted: &chat.Deletion{}, Source: source},
	}
	var all []*Message
	for _, m := range list {
		all = append(all, &Message{Message: m, Line: lineOf(m)})
	}
	all[7].Earlier = []*chat.Message{{ID: "8", Sender: "p1", Kind: chat.Text, Text: "it was this", Source: source}}
	return all
}

func lineOf(m *chat.Message) []byte {
	var b bytes.Buffer
	if err := record.NewEncoder(&b, nil).Message(m); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// write writes n conversations in a form.
func write(t *testing.T, name string, n int) string {
	t.Helper()
	form, ok := Find(name)
	if !ok {
		t.Fatalf("no form %s", name)
	}
	var out bytes.Buffer
	w := form.New(&out, people, time.FixedZone("", 7200))
	for range n {
		if err := w.Begin(talk, &chat.Coverage{Conversation: "c1", Messages: 8}); err != nil {
			t.Fatal(err)
		}
		for _, m := range messages() {
			if err := w.Message(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	d := record.NewDecoder(strings.NewReader(write(t, "jsonl", 2)))
	d.Strict = true
	counts := map[string]int{}
	for {
		r, err := d.Next()
		if err != nil {
			break
		}
		switch r.(type) {
		case *chat.Participant:
			counts["participants"]++
		case *chat.Conversation:
			counts["conversations"]++
		case *chat.Message:
			counts["messages"]++
		case *chat.Coverage:
			counts["coverages"]++
		}
	}
	if counts["participants"] != 2 || counts["conversations"] != 2 || counts["messages"] != 18 || counts["coverages"] != 2 {
		t.Errorf("%v", counts)
	}
}

func TestDocument(t *testing.T) {
	for n := range 3 {
		var doc struct {
			Schema        string
			Participants  []struct{ ID string }
			Conversations []struct {
				Conversation struct{ Title string }
				Coverage     struct{ Messages int }
				Messages     []struct {
					ID      string
					Message *struct{ ID string }
					Earlier []struct{ Text string }
				}
			}
		}
		d := json.NewDecoder(strings.NewReader(write(t, "json", n)))
		d.UseNumber()
		if err := d.Decode(&doc); err != nil {
			t.Fatalf("%d conversations: %v", n, err)
		}
		if doc.Schema != record.Schema || len(doc.Participants) != 2 || len(doc.Conversations) != n {
			t.Errorf("%d conversations: %+v", n, doc)
		}
		for _, c := range doc.Conversations {
			last := c.Messages[len(c.Messages)-1]
			if len(c.Messages) != 8 || c.Coverage.Messages != 8 || last.Message == nil || last.Message.ID != "8" || last.Earlier[0].Text != "it was this" {
				t.Errorf("%+v", c)
			}
		}
	}
}

func TestTable(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(write(t, "csv", 1))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 10 {
		t.Fatalf("%d rows", len(rows))
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	cell := func(row int, name string) string { return rows[row][column[name]] }
	for _, row := range rows {
		for _, c := range row {
			if strings.ContainsAny(c[:min(1, len(c))], "=+-@") {
				t.Errorf("a formula: %q", c)
			}
		}
	}
	if got := cell(1, "text"); got != messages()[0].Text {
		t.Errorf("text %q", got)
	}
	if got := cell(1, "time"); got != "2026-07-01T23:30:00+02:00" {
		t.Errorf("time %q", got)
	}
	if cell(2, "sender") != "'+4912" || cell(2, "reply_to") != "1" || cell(2, "edited") != "yes" {
		t.Errorf("row 2: %q", rows[2])
	}
	if got := cell(3, "attachments"); got != "originals/a.jpg; b.mp4 (missing)" {
		t.Errorf("attachments %q", got)
	}
	if cell(8, "earlier") != "yes" || cell(8, "text") != "it was this" || cell(9, "deleted") != "yes" || cell(9, "earlier") != "" {
		t.Errorf("the deleted one: %q, %q", rows[8], rows[9])
	}
	if empty := write(t, "csv", 0); !strings.HasPrefix(empty, "time,") {
		t.Errorf("without conversations: %q", empty)
	}
}

func TestText(t *testing.T) {
	text := write(t, "txt", 1)
	for _, want := range []string{
		"=SUM(A1) · test\nNora, +4912\n", "Wednesday, 2026-07-01", "23:30  Nora: first\n         second", "> first", "[edited]", "[👍 3]",
		"[image originals/a.jpg]", "[video b.mp4, missing]", "[added: +4912, unknown-]", "when?\n         - now (2)", "[video call, missed]",
		"[location: 1.5, 2.5]", "[deleted]", "before: it was this",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
