package telegram

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// small is a chat of four messages, two of them in one second.
const small = `{"name":"Ann","type":"personal_chat","id":5,"messages":[
	{"id":1,"type":"message","date":"2024-01-01T10:00:00","date_unixtime":"1704103200","from":"Ann","from_id":"user5","text":"a"},
	{"id":3,"type":"message","date":"2024-01-01T10:00:00","date_unixtime":"1704103200","from":"Bea","from_id":"user6","text":"b"},
	{"id":4,"type":"message","date":"2024-01-01T10:00:01","date_unixtime":"1704103201","from":"Ann","from_id":"user5","text":"c","reply_to_message_id":3},
	{"id":9,"type":"service","date":"2024-01-01T10:00:02","date_unixtime":"1704103202","actor":"Ann","actor_id":"user5","action":"pin_message","message_id":1,"text":""}
]}`

// newestFirst is a chat with its messages the other way round.
func newestFirst(t testing.TB, text string) string {
	t.Helper()
	var c map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(c["messages"].([]any))
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	// The app writes the messages last.
	return fmt.Sprintf(`{"name":%q,"type":%q,"id":%s,%s`, c["name"], c["type"], c["id"], b[1:])
}

// same compares messages.
func same(t *testing.T, got, want []*chat.Message) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("message %d:\n%+v\n%+v", i, got[i], want[i])
		}
	}
}

// TestNewestFirst reads an export in the other order: the same records in the
// same order.
func TestNewestFirst(t *testing.T) {
	want := readText(t, small, chat.Options{})
	got := readText(t, newestFirst(t, small), chat.Options{})
	same(t, got.all(), want.all())
	if got.conversations[0].ID != want.conversations[0].ID || len(got.all()) != 4 || got.all()[2].ReplyTo.Found != true {
		t.Error("another conversation, or a reply to nothing")
	}
	bare := strings.NewReplacer(`"id":1,`, "", `"id":3,`, "", `"id":4,`, "", `"id":9,`, "").Replace(small)
	want, got = readText(t, bare, chat.Options{}), readText(t, newestFirst(t, bare), chat.Options{})
	for i, m := range want.all() {
		m.Source, got.all()[i].Source = chat.Pointer{}, chat.Pointer{} // a place in the list is all that they have
	}
	same(t, got.all(), want.all())
}

// TestNewestFirstInBatches reads more than may be held to be put in order.
func TestNewestFirstInBatches(t *testing.T) {
	const n, size = 160, 1 << 19
	var b strings.Builder
	b.WriteString(`{"name":"Ann","type":"personal_chat","id":5,"messages":[`)
	long := strings.Repeat("x", size)
	for i := n; i > 0; i-- {
		fmt.Fprintf(&b, `{"id":%d,"type":"message","date_unixtime":"%d","from":"Ann","from_id":"user5","text":"%d %s"},`, i, 1704103200+i, i, long)
	}
	text := strings.TrimSuffix(b.String(), ",") + "]}"
	s := openText(t, text)
	last := 0
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range s.Messages(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			if last++; m.NativeID != fmt.Sprint(last) || !strings.HasPrefix(m.Text, m.NativeID+" ") {
				t.Fatalf("message %s in the place of %d", m.NativeID, last)
			}
		}
	}
	if last != n || n*size < 2*batchSize {
		t.Errorf("%d messages", last)
	}
}

func openText(t testing.TB, text string) chat.Source {
	t.Helper()
	s, err := Provider.Open(fstest.MapFS{"result.json": file(text)}, chat.Match{Route: routeJSON, Path: "result.json"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestOneMore reads a later export of a chat: the same records and one at the end.
func TestOneMore(t *testing.T) {
	before := readText(t, small, chat.Options{}).all()
	after := readText(t, strings.TrimSuffix(small, "\n]}")+`,{"id":12,"type":"message","date":"2024-01-01T10:01:00","date_unixtime":"1704103260","from":"Bea","from_id":"user6","text":"d"}]}`, chat.Options{}).all()
	if len(after) != len(before)+1 {
		t.Fatalf("%d messages after %d", len(after), len(before))
	}
	same(t, after[:len(before)], before)
}

// TestOldAndNew reads one chat as exports before and since April 2021 have it: ids
// are the same.
func TestOldAndNew(t *testing.T) {
	old := readText(t, `{"name":"Ann","type":"personal_chat","id":4294967301,"messages":[
		{"id":1,"type":"message","date":"2020-01-01T10:00:00","edited":"1970-01-01T01:00:00","from":"Ann","from_id":5,"text":"a"},
		{"id":2,"type":"message","date":"2020-01-01T10:00:00","edited":"1970-01-01T01:00:00","from":"Bea","from_id":4294967302,"text":"b"}]}`, chat.Options{})
	later := readText(t, `{"name":"Ann","type":"personal_chat","id":5,"messages":[
		{"id":1,"type":"message","date":"2020-01-01T10:00:00","date_unixtime":"1577872800","from":"Ann","from_id":"user5","text":"a","text_entities":[{"type":"plain","text":"a"}]},
		{"id":2,"type":"message","date":"2020-01-01T10:00:00","date_unixtime":"1577872800","from":"Bea","from_id":"user6","text":"b","text_entities":[{"type":"plain","text":"b"}]}]}`, chat.Options{})
	if old.conversations[0].ID != later.conversations[0].ID || !reflect.DeepEqual(old.conversations[0].Participants, later.conversations[0].Participants) {
		t.Errorf("%+v and %+v", old.conversations[0], later.conversations[0])
	}
	for i, m := range old.all() {
		if n := later.all()[i]; m.ID != n.ID || m.Sender != n.Sender || m.Text != n.Text || m.Edited || n.ZoneSource != chat.FromExport {
			t.Errorf("message %d: %+v and %+v", i, m, n)
		}
	}
}

// TestAccountAndChat reads a chat out of an account's export, and alone, with the
// owner's number and without: the same records.
func TestAccountAndChat(t *testing.T) {
	account := `{"about":"Telegram","personal_information":{"user_id":6,"first_name":"Bea","last_name":""},"chats":{"about":"","list":[` + small + `]}}`
	all := readText(t, account, chat.Options{})
	for _, me := range []string{"", "6", "user6"} {
		one := readText(t, small, chat.Options{Me: me})
		if all.conversations[0].ID != one.conversations[0].ID || one.conversations[0].Account != strings.TrimPrefix(me, "user") {
			t.Errorf("--me %s: %+v and %+v", me, all.conversations[0], one.conversations[0])
		}
		for i, m := range all.all() {
			if n := one.all()[i]; m.ID != n.ID || m.Sender != n.Sender || m.Source.At != "$.chats.list[?@.id==5]"+strings.TrimPrefix(n.Source.At, "$") {
				t.Errorf("message %d: %+v and %+v", i, m, n)
			}
		}
	}
	if a, b := readText(t, small, chat.Options{}), readText(t, small, chat.Options{Me: "Bea"}); a.conversations[0].ID != b.conversations[0].ID || len(b.accounts.Warnings) > 0 {
		t.Error("a name changes ids, or is not found")
	}
	if r := readText(t, small, chat.Options{Me: "Zoe"}); len(r.accounts.Warnings) != 1 {
		t.Errorf("warnings %q", r.accounts.Warnings)
	}
}
