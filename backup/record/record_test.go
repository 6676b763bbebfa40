package record

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
)

var rome = time.FixedZone("", 3600)

// full is a message with every field set.
func full() *chat.Message {
	at := time.Date(2022, 3, 18, 14, 56, 1, 250_000_000, rome)
	return &chat.Message{
		ID: "0a1b", NativeID: "n1", Conversation: "c1", Sender: "p1", Time: at, Precision: chat.Millisecond, ZoneSource: chat.FromExport,
		Kind: chat.Text, Text: "a \"b\" \\ \n\u2028<&>é", Spans: []chat.Span{{Start: 0, End: 1, Style: "bold"}, {Start: 2, End: 4, Style: "mention", Target: "p2"}},
		ReplyTo: &chat.Reply{ID: "r", NativeID: "nr", Found: true, Quote: "q"}, Thread: "t", Forwarded: &chat.Forward{From: "f", Time: at.Add(-time.Hour)},
		Attachments: []chat.Attachment{{Role: "image", Name: "a.jpg", MIME: "image/jpeg", Size: 0, File: "a.jpg", State: chat.Stored, Why: "w", Width: 1, Height: 2,
			Duration: 1500 * time.Millisecond, Caption: "c"}},
		Reactions: []chat.Reaction{{Emoji: "👍", By: "p2", Time: at, Count: 3}}, Edits: []chat.Edit{{Time: at, Text: "old"}}, Edited: true,
		Deleted: &chat.Deletion{By: "p1", Time: at}, Call: &chat.Call{Video: true, Missed: true, Duration: time.Second, Outcome: "missed"},
		Poll:     &chat.Poll{Question: "?", Options: []chat.PollOption{{Text: "x", Votes: 2, By: []string{"p1", "p2"}}, {Text: "y"}}},
		Location: &chat.Location{Latitude: "1.50", Longitude: "-2", Name: "n", Address: "a", URL: "u", Live: true},
		Event:    &chat.Event{Code: "added", By: "p1", Targets: []string{"p2"}}, Expires: at.Add(time.Hour).Truncate(time.Second),
		Source: chat.Pointer{File: "_chat.txt", At: "line 1"}, Extra: map[string]string{"b": "2", "a": "\xff"},
	}
}

// fullLine is how the specification spells it.
const fullLine = `{"type":"message","id":"0a1b","native_id":"n1","conversation":"c1","sender":"p1","time":"2022-03-18T14:56:01.250+01:00",` +
	`"time_precision":"ms","time_zone_source":"export","kind":"text","text":"a \"b\" \\ \n\u2028<&>é",` +
	`"spans":[{"start":0,"end":1,"style":"bold"},{"start":2,"end":4,"style":"mention","target":"p2"}],` +
	`"reply_to":{"id":"r","native_id":"nr","found":true,"quote":"q"},"thread":"t","forwarded":{"from":"f","time":"2022-03-18T13:56:01.250+01:00"},` +
	`"attachments":[{"role":"image","name":"a.jpg","mime":"image/jpeg","size":0,"file":"originals/a.jpg","state":"stored","why":"w","width":1,"height":2,"duration_ms":1500,"caption":"c"}],` +
	`"reactions":[{"emoji":"👍","by":"p2","time":"2022-03-18T14:56:01.250+01:00","count":3}],"edits":[{"time":"2022-03-18T14:56:01.250+01:00","text":"old"}],"edited":true,` +
	`"deleted":{"by":"p1","time":"2022-03-18T14:56:01.250+01:00"},"call":{"video":true,"missed":true,"duration_ms":1000,"outcome":"missed"},` +
	`"poll":{"question":"?","options":[{"text":"x","votes":2,"by":["p1","p2"]},{"text":"y"}]},` +
	`"location":{"latitude":"1.50","longitude":"-2","name":"n","address":"a","url":"u","live":true},"event":{"code":"added","by":"p1","targets":["p2"]},` +
	`"expires":"2022-03-18T15:56:01+01:00","source":{"file":"originals/_chat.txt","at":"line 1"},"extra":{"a":"` + "\ufffd" + `","b":"2"},"extra_b64":{"a":"/w=="}}` + "\n"

func originals(p string) string { return "originals/" + p }

func TestVectors(t *testing.T) {
	day := time.Date(2022, 3, 18, 14, 56, 1, 999, time.UTC)
	for _, c := range []struct {
		name  string
		write func(*Encoder) error
		want  string
	}{
		{"message", func(e *Encoder) error { return e.Message(full()) }, fullLine},
		{"least message", func(e *Encoder) error { return e.Message(&chat.Message{ID: "x"}) }, `{"type":"message","id":"x","source":{}}` + "\n"},
		{"minute", func(e *Encoder) error {
			return e.Message(&chat.Message{ID: "x", Time: day, Precision: chat.Minute, ZoneSource: chat.FromUser})
		}, `{"type":"message","id":"x","time":"2022-03-18T14:56:00Z","time_precision":"min","time_zone_source":"user","source":{}}` + "\n"},
		{"day", func(e *Encoder) error {
			return e.Message(&chat.Message{ID: "x", Time: day.In(rome), Precision: chat.Day})
		}, `{"type":"message","id":"x","time":"2022-03-18T00:00:00+01:00","time_precision":"day","source":{}}` + "\n"},
		{"milliseconds that are none", func(e *Encoder) error {
			return e.Message(&chat.Message{ID: "x", Time: day, Precision: chat.Millisecond})
		}, `{"type":"message","id":"x","time":"2022-03-18T14:56:01.000Z","time_precision":"ms","source":{}}` + "\n"},
		{"no utf-8", func(e *Encoder) error { return e.Message(&chat.Message{ID: "x", Text: "a\xffb\x00"}) },
			`{"type":"message","id":"x","text":"a` + "\ufffd" + `b\u0000","text_b64":"Yf9iAA==","source":{}}` + "\n"},
		{"escapes", func(e *Encoder) error {
			return e.Message(&chat.Message{ID: "x", Text: "\b\t\n\v\f\r\x1f\x7f/\u0085\u2028\u2029<"})
		},
			`{"type":"message","id":"x","text":"\b\t\n\u000b\f\r\u001f` + "\x7f" + `/\u0085\u2028\u2029<","source":{}}` + "\n"},
		{"participant", func(e *Encoder) error {
			return e.Participant(&chat.Participant{ID: "p", IDs: []chat.NativeID{{Kind: "phone", Value: "+1"}}, Names: []chat.Name{{Value: "Anna", From: "export"}}, Self: true})
		}, `{"type":"participant","id":"p","ids":[{"kind":"phone","value":"+1"}],"names":[{"value":"Anna","from":"export"}],"self":true}` + "\n"},
		{"conversation", func(e *Encoder) error {
			return e.Conversation(&chat.Conversation{ID: "c", Platform: "whatsapp", Account: "a", NativeID: "n", Kind: chat.Group, Title: "T",
				Participants: []chat.Participant{{ID: "p", Self: true}}, Parent: "d", Route: "text", Path: "_chat.txt"})
		}, `{"type":"conversation","id":"c","platform":"whatsapp","account":"a","native_id":"n","kind":"group","title":"T","participants":["p"],"parent":"d","route":"text","path":"originals/_chat.txt"}` + "\n"},
		{"conversation of files", func(e *Encoder) error {
			return e.Conversation(&chat.Conversation{ID: "c", Path: "in", Files: []string{"in/1", "in/\xff"}})
		}, `{"type":"conversation","id":"c","path":"originals/in","files":[{"file":"originals/in/1"},{"file":"originals/in/` + "\ufffd" + `","file_b64":"b3JpZ2luYWxzL2luL/8="}]}` + "\n"},
		{"coverage", func(e *Encoder) error {
			return e.Coverage(&chat.Coverage{Conversation: "c", From: day.Truncate(time.Second), To: day.Add(time.Hour).Truncate(time.Second), MediaMissing: 2, WhyIncomplete: "cut"})
		}, `{"type":"coverage","conversation":"c","from":"2022-03-18T14:56:01Z","to":"2022-03-18T15:56:01Z","messages":0,"media_missing":2,"why_incomplete":"cut"}` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := c.write(NewEncoder(&b, originals)); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want {
				t.Fatalf("got  %swant %s", b.String(), c.want)
			}
			d := NewDecoder(strings.NewReader(c.want))
			d.Strict = true
			if _, err := d.Next(); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Next(); err != io.EOF {
				t.Fatalf("after the last: %v", err)
			}
		})
	}
}

func TestMessageComesBack(t *testing.T) {
	var b bytes.Buffer
	if err := NewEncoder(&b, nil).Message(full()); err != nil {
		t.Fatal(err)
	}
	got, err := NewDecoder(&b).Next()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, full()) {
		t.Fatalf("got  %+v\nwant %+v", got, full())
	}
}

// TestEveryFieldIsWritten fails when the model grows a field that the written
// form does not know: a changed field must change the line.
func TestEveryFieldIsWritten(t *testing.T) {
	whole := encode(t, full())
	v := reflect.ValueOf(full()).Elem()
	for i := range v.NumField() {
		m := full()
		reflect.ValueOf(m).Elem().Field(i).SetZero()
		if encode(t, m) == whole {
			t.Errorf("%s is not written", v.Type().Field(i).Name)
		}
	}
	a := reflect.TypeFor[chat.Attachment]()
	for i := range a.NumField() {
		m := full()
		reflect.ValueOf(&m.Attachments[0]).Elem().Field(i).SetZero()
		if name := a.Field(i).Name; encode(t, m) == whole && name != "Size" && name != "Open" {
			t.Errorf("attachment %s is not written", name)
		}
	}
}

func encode(t *testing.T, m *chat.Message) string {
	t.Helper()
	var b bytes.Buffer
	if err := NewEncoder(&b, originals).Message(m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRandomMessagesComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		m := randomMessage(r)
		line := encode(t, m)
		d := NewDecoder(strings.NewReader(line))
		d.Strict = true
		got, err := d.Next()
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		back := got.(*chat.Message)
		if back.Text != m.Text || back.Source.At != m.Source.At || !reflect.DeepEqual(back.Extra, m.Extra) || !back.Time.Equal(m.Time) {
			t.Fatalf("got  %+v\nwant %+v", back, m)
		}
	}
}

func randomMessage(r *rand.Rand) *chat.Message {
	str := func() string {
		b := make([]byte, r.IntN(12))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b) + []string{"", "\u2029", "😊", "\ufffd", "\r\n", "\x7f"}[r.IntN(6)]
	}
	zone := time.FixedZone("", (r.IntN(24*60)-12*60)*60)
	m := &chat.Message{ID: "i", Time: time.Unix(r.Int64N(4e9), 0).In(zone), Precision: chat.Second, Text: str(), Kind: chat.MessageKind("text")}
	m.Source.At = str()
	for range r.IntN(3) {
		if m.Extra == nil {
			m.Extra = map[string]string{}
		}
		m.Extra["k"+string(rune('a'+r.IntN(26)))] = str()
	}
	return m
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       error // nil: any
		lenient    bool  // a reader takes it
	}{
		{"unknown key", `{"type":"message","id":"x","source":{},"new":1.5}`, ErrNotCanonical, true},
		{"other order", `{"id":"x","type":"message","source":{}}`, ErrNotCanonical, true},
		{"spaces", `{"type": "message","id":"x","source":{}}`, ErrNotCanonical, true},
		{"needless escape", `{"type":"message","id":"\u0078","source":{}}`, ErrNotCanonical, true},
		{"escape left out", "{\"type\":\"message\",\"id\":\"x\",\"text\":\"\u2028\",\"source\":{}}", ErrNotCanonical, true},
		{"offset instead of Z", `{"type":"message","id":"x","time":"2022-03-18T14:56:00+00:00","source":{}}`, ErrNotCanonical, true},
		{"seconds beyond precision", `{"type":"message","id":"x","time":"2022-03-18T14:56:01Z","time_precision":"min","source":{}}`, ErrNotCanonical, true},
		{"empty string", `{"type":"message","id":"x","text":"","source":{}}`, ErrNotCanonical, true},
		{"bytes without need", `{"type":"message","id":"x","text":"a","text_b64":"YQ==","source":{}}`, ErrNotCanonical, true},
		{"half a surrogate pair", `{"type":"message","id":"x","text":"\ud800","source":{}}`, ErrNotCanonical, true},
		{"key twice", `{"type":"message","id":"x","id":"y","source":{}}`, nil, false},
		{"unknown type", `{"type":"song","id":"x"}`, ErrUnknownType, false},
		{"not utf-8", "{\"type\":\"message\",\"id\":\"\xff\",\"source\":{}}", nil, false},
		{"not an object", `[]`, nil, false},
		{"more behind it", `{"type":"message","id":"x","source":{}} {}`, nil, false},
		{"a float", `{"type":"coverage","conversation":"c","messages":1.5}`, nil, false},
		{"a negative", `{"type":"coverage","conversation":"c","messages":-1}`, nil, false},
		{"a number for a string", `{"type":"message","id":1,"source":{}}`, nil, false},
		{"no time", `{"type":"message","id":"x","time":"yesterday","source":{}}`, nil, false},
		{"no base64", `{"type":"message","id":"x","text":"a","text_b64":"?","source":{}}`, nil, false},
		{"too deep", `{"type":"message","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, nil, false},
		{"cut", `{"type":"message","id":"x"`, errJSON, false},
		{"empty line", ``, errJSON, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, strict := range []bool{true, false} {
				d := NewDecoder(strings.NewReader(c.line + "\n" + `{"type":"message","id":"next","source":{}}` + "\n"))
				d.Strict = strict
				_, err := d.Next()
				if ok := err == nil; ok != (c.lenient && !strict) {
					t.Fatalf("strict %v: %v", strict, err)
				}
				var e *Error
				if err != nil && (!errors.As(err, &e) || e.Line != 1 || c.want != nil && !errors.Is(err, c.want)) {
					t.Fatalf("strict %v: %v, want %v at line 1", strict, err, c.want)
				}
				if m, err := d.Next(); err != nil || m.(*chat.Message).ID != "next" {
					t.Fatalf("the next line: %v, %v", m, err)
				}
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	var b bytes.Buffer
	e := NewEncoder(&b, nil)
	big := &chat.Message{ID: "x", Text: strings.Repeat("a", MaxLine)}
	if err := e.Message(big); !errors.Is(err, ErrTooLong) || b.Len() != 0 {
		t.Fatalf("wrote %d bytes: %v", b.Len(), err)
	}
	big.Text = big.Text[:MaxLine-len(`{"type":"message","id":"x","text":"","source":{}}`)]
	if err := e.Message(big); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDecoder(&b).Next(); err != nil {
		t.Fatalf("the longest line: %v", err)
	}
	d := NewDecoder(strings.NewReader(strings.Repeat("x", MaxLine+1) + "\n" + fullLine))
	if _, err := d.Next(); !errors.Is(err, ErrTooLong) {
		t.Fatalf("one byte more: %v", err)
	}
	if _, err := d.Next(); err != nil {
		t.Fatalf("after it: %v", err)
	}
}

func TestCutStream(t *testing.T) {
	for n := 1; n < len(fullLine); n++ {
		if _, err := NewDecoder(strings.NewReader(fullLine[:n])).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestUnspeakable(t *testing.T) {
	for name, m := range map[string]*chat.Message{
		"year":      {ID: "x", Time: time.Date(12022, 1, 1, 0, 0, 0, 0, time.UTC)},
		"precision": {ID: "x", Time: time.Now(), Precision: "century"},
		"target":    {ID: "x", Event: &chat.Event{Targets: []string{"\xff"}}},
		"size":      {ID: "x", Attachments: []chat.Attachment{{Size: -1}}},
		"extra":     {ID: "x", Extra: map[string]string{"\xff": ""}},
	} {
		var b bytes.Buffer
		if err := NewEncoder(&b, nil).Message(m); err == nil || b.Len() > 0 {
			t.Errorf("%s: wrote %q, %v", name, b.String(), err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(strings.TrimSuffix(fullLine, "\n")))
	f.Add([]byte(`{"type":"coverage","conversation":"c","messages":0}`))
	f.Add([]byte(`{"type":"conversation","id":"c","participants":["p"],"title":"\ud83d\ude00"}`))
	f.Add([]byte(`{"type":"participant","id":"c","names":[{"value":"x","value_b64":"/w=="}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.IndexByte(line, '\n') >= 0 {
			return
		}
		r, err := decode(line)
		if err != nil {
			return
		}
		var b bytes.Buffer
		e := NewEncoder(&b, nil)
		switch r := r.(type) {
		case *chat.Message:
			err = e.Message(r)
		case *chat.Conversation:
			err = e.Conversation(r)
		case *chat.Participant:
			err = e.Participant(r)
		case *chat.Coverage:
			err = e.Coverage(r)
		}
		if err != nil {
			return
		}
		d := NewDecoder(bytes.NewReader(b.Bytes()))
		d.Strict = true
		if _, err := d.Next(); err != nil {
			t.Fatalf("%v in %q from %q", err, b.String(), line)
		}
	})
}
