package meta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// testApp stands for either of the apps.
var testApp = &App{
	Name: "messenger", Title: "Messenger", Activity: []string{"your_facebook_activity"},
	Profile: []string{"profile.json"}, Own: Marks{`"type"`}, Foreign: InstagramMarks,
	Bare: true, Encrypted: true, Parts: regexp.MustCompile(`^(facebook-.+-\d{8})(?:[-_ ].*|\.zip)?$`),
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

// object is a JSON object of a test.
type object = map[string]any

// jsonFile is a file with a value in it.
func jsonFile(t testing.TB, v any) *fstest.MapFile {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b, Mode: 0o644}
}

// threadOf is a thread with messages as they stand in a file.
func threadOf(people []string, messages ...any) object {
	var list []any
	for _, p := range people {
		list = append(list, object{"name": p})
	}
	return object{"participants": list, "title": people[0], "messages": messages}
}

// reading is what one conversation gave.
type reading struct {
	chat     *chat.Conversation
	messages []*chat.Message
	errs     []error
	cover    chat.Coverage
}

// result is what an export gave.
type result struct {
	threads  []*reading
	errs     []error // of conversations
	accounts chat.Accounts
}

// read reads the first export of a route in fsys.
func read(t testing.TB, fsys fs.FS, route string, o chat.Options) *result {
	t.Helper()
	list, err := testApp.Recognize(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.Route == route {
			return readMatch(t, fsys, m, o)
		}
	}
	t.Fatalf("nothing recognised as %s: %v", route, list)
	return nil
}

func readMatch(t testing.TB, fsys fs.FS, m chat.Match, o chat.Options) *result {
	t.Helper()
	s, err := testApp.Open(fsys, m, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &result{}
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		r.threads = append(r.threads, &reading{chat: c})
	}
	for _, one := range r.threads {
		for m, err := range s.Messages(t.Context(), one.chat) {
			if err != nil {
				one.errs = append(one.errs, err)
				continue
			}
			k := *m
			one.messages = append(one.messages, &k)
		}
		one.cover = s.Coverage(one.chat)
	}
	r.accounts = s.Accounts()
	return r
}

// one reads a thread that is all there is, and whole.
func one(t testing.TB, messages ...any) *reading {
	t.Helper()
	r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": jsonFile(t, threadOf([]string{"Anna", "Ben"}, messages...))},
		RouteJSON, chat.Options{Me: "Ben"})
	if len(r.errs) > 0 || len(r.threads) != 1 || len(r.threads[0].errs) > 0 {
		t.Fatalf("%v, %d threads", r.errs, len(r.threads))
	}
	return r.threads[0]
}

// name is who has an id.
func (r *reading) name(id string) string {
	for _, p := range r.chat.Participants {
		if p.ID == id {
			return p.Names[0].Value
		}
	}
	return id
}

// ids are the ids of all messages.
func (r *reading) ids() (list []string) {
	for _, m := range r.messages {
		list = append(list, m.ID)
	}
	return list
}

// texts are the texts of all messages.
func (r *reading) texts() (list []string) {
	for _, m := range r.messages {
		list = append(list, m.Text)
	}
	return list
}

// same says where two readings differ, but for the files that messages are in.
func same(a, b *reading) string {
	if len(a.messages) != len(b.messages) {
		return fmt.Sprintf("%d and %d messages", len(a.messages), len(b.messages))
	}
	for i := range a.messages {
		x, y := *a.messages[i], *b.messages[i]
		x.Source, y.Source = chat.Pointer{}, chat.Pointer{}
		if !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("message %d:\n%+v\n%+v", i, x, y)
		}
	}
	return ""
}

// pretty writes JSON as the downloads do: with line ends, and everything beyond
// ASCII escaped, a byte at a time.
func pretty(t testing.TB, v any) []byte {
	t.Helper()
	var b, out bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Bytes() {
		if c < 0x80 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "\\u%04x", c)
		}
	}
	return out.Bytes()
}
