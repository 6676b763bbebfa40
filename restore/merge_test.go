package restore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
	"chatkeep/restore/merge"
)

// history plays an app: a conversation that grows, in which messages are edited
// and deleted, and of which an export has the newest ones only.
type history struct {
	r        *rand.Rand
	ids      chat.MessageIDs
	messages []*chat.Message
	past     map[string][]string // by id: all texts, the oldest first, that an export had
	lines    map[string]int      // by id: in how many exports
}

var dawn = time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)

// grow adds messages, some of them the same twice in one minute, and changes
// some of the older ones.
func (h *history) grow(n int) {
	for range n {
		at := dawn.Add(time.Duration(len(h.messages)/3) * time.Minute)
		text := []string{"ok", "yes", strings.Repeat("word ", 3+h.r.IntN(40))}[h.r.IntN(3)]
		h.messages = append(h.messages, &chat.Message{
			ID: h.ids.Next(at, "anna", chat.Text, text), Conversation: "c1", Sender: "anna", Time: at, Precision: chat.Minute,
			ZoneSource: chat.FromUser, Kind: chat.Text, Text: text, Source: chat.Pointer{File: "_chat.txt", At: "line 1"},
		})
	}
	for range n / 10 {
		m := *h.messages[h.r.IntN(len(h.messages))]
		i := slices.IndexFunc(h.messages, func(o *chat.Message) bool { return o.ID == m.ID })
		if h.r.IntN(2) == 0 {
			m.Text, m.Edited = m.Text+" (changed)", true
		} else {
			m.Text, m.Deleted = "", &chat.Deletion{By: "anna"}
		}
		h.messages[i] = &m
	}
}

// export is the newest most messages as a snapshot has them, cut between records
// as the writer does.
func (h *history) export(t *testing.T, most int) []thing {
	t.Helper()
	list := h.messages[max(0, len(h.messages)-most):]
	for _, m := range list {
		h.lines[m.ID]++
		if past := h.past[m.ID]; len(past) == 0 || past[len(past)-1] != m.Text {
			h.past[m.ID] = append(past, m.Text)
		}
	}
	return exportOf(t, list...)
}

// exportOf is a snapshot of the one conversation c1 with these messages.
func exportOf(t *testing.T, list ...*chat.Message) []thing {
	t.Helper()
	return []thing{chatList(t, list), {path: "messages/c1.jsonl", content: linesOf(t, list)}}
}

func chatList(t *testing.T, list []*chat.Message) thing {
	t.Helper()
	var b bytes.Buffer
	e := record.NewEncoder(&b, nil)
	must(t, e.Conversation(&chat.Conversation{ID: "c1", Platform: "test", Kind: chat.Direct, Title: "Anna", Participants: []chat.Participant{{ID: "anna"}}}))
	must(t, e.Coverage(&chat.Coverage{Conversation: "c1", From: list[0].Time, To: list[len(list)-1].Time, Messages: len(list)}))
	return thing{path: "conversations.jsonl", content: b.Bytes()}
}

func linesOf(t *testing.T, list []*chat.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	e := record.NewEncoder(&b, nil)
	for _, m := range list {
		must(t, e.Message(m))
	}
	return b.Bytes()
}

// together makes an archive of all snapshots of a world.
func (w *world) together() *merge.Archive {
	w.t.Helper()
	r, err := repo.NewReader(w.t.Context(), w.store, w.view(), w.master, nil)
	must(w.t, err)
	a, err := merge.Load(w.t.Context(), r, r.Heads(), nil)
	must(w.t, err)
	return a
}

// all are the messages of a conversation. What could not be read is counted.
func all(t *testing.T, a *merge.Archive, c *merge.Conversation) (list []merge.Message, lost int) {
	t.Helper()
	reading, err := a.Read(t.Context(), c)
	must(t, err)
	lost = len(reading.Lost)
	for m, err := range reading.Messages(t.Context()) {
		if err != nil {
			if format.ClassOf(err) == "" {
				t.Fatal(err)
			}
			lost++
			continue
		}
		if got, _, err := record.Parse(m.Line); err != nil || got.(*chat.Message).ID != m.ID {
			t.Errorf("the line of %s is another's: %v", m.ID, err)
		}
		list = append(list, *m)
	}
	return list, lost
}

// TestMergeHistory makes snapshots of a growing conversation of which each has the
// newest part, and wants every message once, in order, as the newest export had
// it, with all that earlier ones had.
func TestMergeHistory(t *testing.T) {
	for seed := range uint64(12) {
		h := &history{r: rand.New(rand.NewPCG(seed, 5)), past: map[string][]string{}, lines: map[string]int{}}
		w := newWorld(t)
		for range 2 + h.r.IntN(6) {
			h.grow(20 + h.r.IntN(200))
			w.backup(h.export(t, 50+h.r.IntN(400))...)
		}
		a := w.together()
		list, lost := all(t, a, a.Conversations()[0])
		if len(a.Conversations()) != 1 || lost > 0 || len(a.Lost) > 0 {
			t.Fatalf("seed %d: %d conversations, %d lost, %v", seed, len(a.Conversations()), lost, a.Lost)
		}
		if len(list) != len(h.past) {
			t.Errorf("seed %d: %d messages of %d", seed, len(list), len(h.past))
		}
		seen := map[string]bool{}
		for i, m := range list {
			var texts []string
			for _, old := range m.Earlier {
				texts = append(texts, old.Text)
			}
			if want := h.past[m.ID]; !slices.Equal(append(texts, m.Text), want) || seen[m.ID] {
				t.Errorf("seed %d: message %d has been %q, want %q (again: %t)", seed, i, append(texts, m.Text), want, seen[m.ID])
			}
			seen[m.ID] = true
			if i > 0 && m.Time.Before(list[i-1].Time) {
				t.Errorf("seed %d: message %d comes before the one before it", seed, i)
			}
		}
		coverage, err := a.Count(t.Context(), a.Conversations()[0])
		if err != nil || coverage.Messages != len(list) || !coverage.From.Equal(list[0].Time) || !coverage.To.Equal(list[len(list)-1].Time) {
			t.Errorf("seed %d: coverage %+v, %v", seed, coverage, err)
		}
	}
}

// TestMergeTwoAccounts has two messages that two accounts gave one number: they are
// two, however often each is stored, and one that was edited stays one.
func TestMergeTwoAccounts(t *testing.T) {
	at := func(text string, day int) *chat.Message {
		return &chat.Message{ID: "a", Conversation: "c1", Time: dawn.AddDate(0, 0, day), Precision: chat.Second,
			Kind: chat.Text, Text: text, NativeID: "7", Source: chat.Pointer{File: "f", At: "line 1"}}
	}
	w := newWorld(t)
	for _, m := range []*chat.Message{at("one", 0), at("another", 300), at("one, edited", 0), at("another", 300), at("a third", -40)} {
		w.backup(chatList(t, []*chat.Message{m}), thing{path: "messages/c1.jsonl", content: linesOf(t, []*chat.Message{m})})
	}
	a := w.together()
	list, _ := all(t, a, a.Conversations()[0])
	var texts []string
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	if !slices.Equal(texts, []string{"a third", "one, edited", "another"}) || len(list[1].Earlier) != 1 {
		t.Errorf("%q", texts)
	}
}

// TestMergeTwoExports has two exports of one conversation in one snapshot: the
// one that reaches further says what a message is.
func TestMergeTwoExports(t *testing.T) {
	at := func(id, text string, minute int) *chat.Message {
		return &chat.Message{ID: id, Conversation: "c1", Time: dawn.Add(time.Duration(minute) * time.Minute), Precision: chat.Minute,
			Kind: chat.Text, Text: text, Source: chat.Pointer{File: "f", At: "line 1"}}
	}
	old := []*chat.Message{at("a", "first", 0), at("b", "before", 1)}
	newer := []*chat.Message{at("b", "after", 1), at("c", "third", 2)}
	for _, names := range [][2]string{{"c1.jsonl", "c1-2.jsonl"}, {"c1-2.jsonl", "c1.jsonl"}} {
		w := newWorld(t)
		w.backup(chatList(t, old), thing{path: "messages/" + names[0], content: linesOf(t, old)}, thing{path: "messages/" + names[1], content: linesOf(t, newer)})
		a := w.together()
		list, _ := all(t, a, a.Conversations()[0])
		if len(list) != 3 || list[1].Text != "after" || len(list[1].Earlier) != 1 || list[1].Earlier[0].Text != "before" {
			t.Errorf("%q: %v", names, list)
		}
	}
}

// TestMergeLongRecord has records that are longer than a chunk can be.
func TestMergeLongRecord(t *testing.T) {
	w := newWorld(t)
	var list []*chat.Message
	for i := range 3 {
		list = append(list, &chat.Message{ID: fmt.Sprint(i), Conversation: "c1", Time: dawn.Add(time.Duration(i) * time.Hour), Precision: chat.Second,
			Kind: chat.Text, Text: strings.Repeat(string(rune('a'+i)), 9<<20), Source: chat.Pointer{File: "f", At: "line 1"}})
	}
	long := func(list []*chat.Message) []thing {
		things := exportOf(t, list...)
		things[1].chunk = format.MaxChunk
		return things
	}
	w.backup(long(list[:2])...)
	w.backup(long(list)...)
	a := w.together()
	got, lost := all(t, a, a.Conversations()[0])
	if len(got) != 3 || lost > 0 {
		t.Errorf("%d messages, %d lost", len(got), lost)
	}
	for i, m := range got {
		if m.Text != list[i].Text {
			t.Errorf("message %d has %d bytes of text", i, len(m.Text))
		}
	}
}

// TestMergeDamage takes away each pack in turn. What other snapshots have stays.
func TestMergeDamage(t *testing.T) {
	w := newWorld(t)
	w.packSize = 8 << 10
	h := &history{r: rand.New(rand.NewPCG(9, 9)), past: map[string][]string{}, lines: map[string]int{}}
	for range 4 {
		h.grow(120)
		w.backup(h.export(t, 200)...)
	}
	whole := w.store
	for _, key := range whole.Keys("packs/") {
		w.store = whole.Clone()
		must(t, w.store.Delete(t.Context(), key))
		a := w.together()
		lost := len(a.Lost)
		got := 0
		for _, c := range a.Conversations() {
			list, n := all(t, a, c)
			got, lost = got+len(list), lost+n
		}
		if lost == 0 && got < len(h.past) {
			t.Errorf("without %s: %d messages of %d, and nobody says so", key, got, len(h.past))
		}
	}
}

// TestMergeLink has a chat as a text and as a database: another clock, names for
// ids, other ids of messages. What both have is shown once, what one has, too.
func TestMergeLink(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	summer := time.Date(2024, 3, 31, 1, 0, 0, 0, time.UTC)
	var text, native []*chat.Message
	var ids chat.MessageIDs
	both, onlyText, onlyNative := 0, 0, 0
	for i := range 900 {
		at := dawn.Add(time.Duration(i) * 71 * time.Minute)
		lag := time.Hour
		if at.After(summer) {
			lag = 2 * time.Hour
		}
		who := r.IntN(2)
		words := []string{"ok", "ok", fmt.Sprintf("this is number %d of all", i)}[r.IntN(3)]
		in := r.IntN(10)
		if in > 0 {
			wall := at.Add(lag).Truncate(time.Minute)
			sender := []string{"name-anna", "name-me"}[who]
			text = append(text, &chat.Message{ID: ids.Next(wall, sender, chat.Text, words), Conversation: "text", Sender: sender, Time: wall,
				Precision: chat.Minute, Kind: chat.Text, Text: words, Source: chat.Pointer{File: "t", At: "line 1"}})
		}
		if in < 9 {
			native = append(native, &chat.Message{ID: fmt.Sprintf("n%d", i), NativeID: fmt.Sprintf("K%d", i), Conversation: "native",
				Sender: []string{"jid-anna", "jid-me"}[who], Time: at, Precision: chat.Millisecond, Kind: chat.Text, Text: words, Source: chat.Pointer{File: "d", At: "row 1"}})
		}
		switch in {
		case 0:
			onlyNative++
		case 9:
			onlyText++
		default:
			both++
		}
	}
	var list bytes.Buffer
	e := record.NewEncoder(&list, nil)
	for _, c := range []chat.Conversation{
		{ID: "text", Platform: "whatsapp", Kind: chat.Direct, Title: "Anna "}, {ID: "native", Platform: "whatsapp", Kind: chat.Direct, NativeID: "49@s", Title: "anna"},
		{ID: "other", Platform: "signal", Kind: chat.Direct, NativeID: "x", Title: "Anna"},
	} {
		must(t, e.Conversation(&c))
		must(t, e.Coverage(&chat.Coverage{Conversation: c.ID, From: dawn, To: dawn.Add(time.Hour)}))
	}
	w := newWorld(t)
	w.backup(thing{path: "conversations.jsonl", content: list.Bytes()},
		thing{path: "messages/text.jsonl", content: linesOf(t, text)}, thing{path: "messages/native.jsonl", content: linesOf(t, native)})
	a := w.together()
	a.Link()
	chats := a.Conversations()
	if len(chats) != 2 {
		t.Fatalf("%d conversations", len(chats))
	}
	i := slices.IndexFunc(chats, func(c *merge.Conversation) bool { return c.ID == "native" })
	got, _ := all(t, a, chats[i])
	if want := both + onlyText + onlyNative; len(got) != want {
		t.Errorf("%d messages; %d are in both, %d in the text, %d in the database", len(got), both, onlyText, onlyNative)
	}
	if !slices.Equal(chats[i].Linked, []string{"text"}) {
		t.Errorf("linked are %q", chats[i].Linked)
	}
}
