package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"

	"chatkeep/providers/chat"
	"chatkeep/providers/storage"
)

// talk is a snapshot with two chats of a message a month in 2024: in a folder,
// which is what the messages name, and in a zip, of which they name a file.
type talk struct {
	w        *world
	s        *repo.Snapshot
	things   map[string]thing
	ids      map[string]string
	messages map[string][]*chat.Message
}

func newTalk(t testing.TB) *talk {
	k := &talk{w: newWorld(t), things: map[string]thing{}, ids: map[string]string{"Anna": "a000a000", "Ben": "b000b000"}, messages: map[string][]*chat.Message{}}
	all := []thing{directory(""), directory("anna"), directory("empty"), plain("anna/chat.txt", "the chat with Anna"), plain("notes.txt", "not of a chat"),
		{path: "originals/ben.zip", typ: format.EntryZip, mode: 0o600, pieces: []piece{{content: noise(1, 9000)}}},
		{path: "originals/other.jpg", content: noise(2, 3000), mode: 0o600, kind: format.Media},
		hardTo("picture", "anna/03.jpg"), hardTo("text", "anna/chat.txt"),
		{path: "originals/soft", typ: format.EntrySymlink, target: "notes.txt"},
	}
	var conversations, people bytes.Buffer
	for _, name := range []string{"Anna", "Ben"} {
		id := k.ids[name]
		p := chat.Participant{ID: "p-" + id, Names: []chat.Name{{Value: name, From: "export"}}}
		must(t, record.NewEncoder(&people, nil).Participant(&p))
		enc := record.NewEncoder(&conversations, nil)
		conv := &chat.Conversation{ID: id, Platform: "test", Kind: chat.Direct, Title: name, Participants: []chat.Participant{p}}
		if name == "Anna" {
			conv.Files = []string{"originals/anna/chat.txt"}
		}
		must(t, enc.Conversation(conv))
		var lines bytes.Buffer
		for month := 1; month <= 12; month++ {
			m := &chat.Message{ID: fmt.Sprintf("%s-%02d", id, month), Conversation: id, Sender: p.ID, Kind: chat.Media, Precision: chat.Second,
				ZoneSource: chat.FromExport, Time: time.Date(2024, time.Month(month), 15, 12, 0, 0, 0, time.UTC),
				Text: fmt.Sprintf("month %d", month), Source: chat.Pointer{File: "originals/anna", At: "line 1"}}
			file := fmt.Sprintf("originals/anna/%02d.jpg", month)
			if name == "Ben" {
				file, m.Source.File = fmt.Sprintf("originals/ben.zip/in/%02d.jpg", month), "originals/ben.zip/chat.txt"
			} else {
				all = append(all, thing{path: file, content: noise(uint64(month), 5000), mode: 0o600, kind: format.Media})
			}
			m.Attachments = []chat.Attachment{{Role: "image", Name: "x.jpg", File: file, State: chat.Stored, Size: 5000}}
			must(t, record.NewEncoder(&lines, nil).Message(m))
			k.messages[name] = append(k.messages[name], m)
		}
		must(t, enc.Coverage(&chat.Coverage{Conversation: id, Messages: 12, Complete: true}))
		all = append(all, thing{path: "messages/" + id + ".jsonl", content: lines.Bytes(), mode: 0o600, chunk: 300})
	}
	all = append(all, thing{path: "conversations.jsonl", content: conversations.Bytes(), mode: 0o600},
		thing{path: "participants.jsonl", content: people.Bytes(), mode: 0o600},
		thing{path: "media/live.jpg", content: noise(77, 2000), mode: 0o600, kind: format.Media})
	for _, th := range all {
		k.things[th.path] = th
	}
	k.s = k.w.backup(all...)
	return k
}

func months(name string, from, to int) (all []string) {
	for month := from; month <= to; month++ {
		all = append(all, fmt.Sprintf("%s/%02d.jpg", name, month))
	}
	return all
}

// records decodes a file of records.
func recordsIn(t *testing.T, path string) (all []any) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	d := record.NewDecoder(f)
	d.Strict = true
	for {
		r, err := d.Next()
		if err == io.EOF {
			return all
		}
		must(t, err)
		all = append(all, r)
	}
}

func day(text string) time.Time {
	t, _ := time.Parse(time.DateOnly, text)
	return t
}

// TestChoices restores parts by chat, time and kind, and looks at what is there,
// and what is not.
func TestChoices(t *testing.T) {
	k := newTalk(t)
	beside := "chatkeep-messages/"
	records := []string{beside, beside + "conversations.jsonl", beside + "participants.jsonl", beside + "messages/"}
	a, b := beside+"messages/"+k.ids["Anna"]+".jsonl", beside+"messages/"+k.ids["Ben"]+".jsonl"
	allOf := append(months("anna", 1, 12), "anna/")
	for name, c := range map[string]struct {
		choice   Choice
		messages bool
		want     []string
		anna     int // messages of hers
		ben      int
	}{
		"a chat":                          {Choice{Chats: []string{"Anna"}}, false, append(slices.Clone(allOf), "anna/chat.txt"), 0, 0},
		"a chat by its id, with messages": {Choice{Chats: []string{"b000"}}, true, append(slices.Clone(records), b, "ben.zip"), 0, 12},
		"a time": {Choice{From: day("2024-03-01"), To: day("2024-05-01")}, true,
			append(append(slices.Clone(records), a, b, "anna/", "ben.zip"), months("anna", 3, 4)...), 2, 2},
		"from": {Choice{From: day("2024-11-01"), Chats: []string{"Anna"}}, true,
			append(append(slices.Clone(records), a, "anna/"), months("anna", 11, 12)...), 2, 0},
		"no time":            {Choice{To: day("2020-01-01")}, false, nil, 0, 0},
		"kind messages":      {Choice{Kinds: []Kind{KindMessages}}, false, append(slices.Clone(records), a, b), 12, 12},
		"kind media":         {Choice{Kinds: []Kind{KindMedia}}, false, append(slices.Clone(allOf), "other.jpg", "picture", beside, beside+"media/", beside+"media/live.jpg"), 0, 0},
		"kind files":         {Choice{Kinds: []Kind{KindFiles}}, false, []string{"anna/", "anna/chat.txt", "empty/", "ben.zip", "notes.txt", "text", "soft"}, 0, 0},
		"media of a time":    {Choice{Kinds: []Kind{KindMedia}, From: day("2024-12-01")}, false, []string{"anna/", "anna/12.jpg"}, 0, 0},
		"messages of a chat": {Choice{Kinds: []Kind{KindMessages}, Chats: []string{"Ben"}}, false, append(slices.Clone(records), b), 0, 12},
		"everything by kinds": {Choice{Kinds: []Kind{KindMessages, KindMedia, KindFiles}}, false, append(append(slices.Clone(records), a, b, beside+"media/", beside+"media/live.jpg",
			"anna/chat.txt", "empty/", "ben.zip", "notes.txt", "other.jpg", "picture", "text", "soft"), allOf...), 12, 12},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newTarget(t)
			o := Options{Choice: c.choice, Messages: c.messages, Workers: 1}
			wantPlanned(t, k.w, name, k.s, o)
			_, err := Run(t.Context(), k.s, dir, o)
			must(t, err)
			wantLeft(t, dir, c.want...)
			for _, path := range c.want {
				if th, ok := k.things["originals/"+path]; ok && th.content != nil {
					wantFile(t, filepath.Join(dir, path), th.content)
				}
			}
			k.wantMessages(t, dir, "Anna", c.anna)
			k.wantMessages(t, dir, "Ben", c.ben)
		})
	}
	for _, wrong := range []string{"Nobody", "zzzz"} {
		dir := newTarget(t)
		if _, err := Run(t.Context(), k.s, dir, Options{Choice: Choice{Chats: []string{wrong}}, Resume: "x"}); err == nil {
			t.Errorf("there is a chat %s", wrong)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Error("a restore of no chat has made a target")
		}
	}
}

// wantMessages fails unless the records are those of so many messages of a chat,
// and of nobody else.
func (k *talk) wantMessages(t *testing.T, dir, name string, want int) {
	t.Helper()
	id := k.ids[name]
	path := filepath.Join(dir, "chatkeep-messages", "messages", id+".jsonl")
	if want == 0 {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s has messages", name)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "chatkeep-messages", "participants.jsonl")); err == nil && strings.Contains(string(text), name) {
			t.Errorf("%s is among the participants", name)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "chatkeep-messages", "conversations.jsonl")); err == nil && strings.Contains(string(text), id) {
			t.Errorf("%s is among the conversations", name)
		}
		return
	}
	got := recordsIn(t, path)
	if len(got) != want {
		t.Errorf("%s has %d messages, want %d", name, len(got), want)
	}
	if want == 12 {
		wantFile(t, path, k.things["messages/"+id+".jsonl"].content)
	}
	for _, file := range []string{"conversations.jsonl", "participants.jsonl"} {
		text, err := os.ReadFile(filepath.Join(dir, "chatkeep-messages", file))
		if err != nil || !strings.Contains(string(text), name) {
			t.Errorf("%s is not in %s: %v", name, file, err)
		}
		recordsIn(t, filepath.Join(dir, "chatkeep-messages", file))
	}
}

// TestMessagesFirst counts what is fetched before the messages are there: of
// contents their packs alone, and of the lists no more than leads up to them,
// however many files come after.
func TestMessagesFirst(t *testing.T) {
	w := newWorld(t)
	w.packSize = 64 << 10
	things := []thing{directory(""),
		{path: "conversations.jsonl", content: []byte("{}\n"), mode: 0o600},
		{path: "media/live.jpg", content: noise(5, 300<<10), mode: 0o600, kind: format.Media, chunk: 100 << 10},
		{path: "messages/anna.jsonl", content: noise(6, 50<<10), mode: 0o600},
		{path: "participants.jsonl", content: []byte("{}\n"), mode: 0o600}}
	for i := range 6000 {
		things = append(things, thing{path: fmt.Sprintf("originals/%x", noise(uint64(i), 60)), content: noise(uint64(i%7), 3000), mode: 0o600})
	}
	s := w.backup(things...)
	metas := map[string]bool{}
	kinds := map[string]format.Kind{}
	for _, p := range s.Index().Packs() {
		kinds[format.PackName(p.Pack)] = p.Kind
		if p.Kind == format.Meta {
			metas[format.PackName(p.Pack)] = true
		}
	}
	for _, o := range []Options{{Messages: true}, {Choice: Choice{Kinds: []Kind{KindMessages, KindMedia}}}} {
		dir := newTarget(t)
		seen := map[string]bool{}
		watch := &watched{Reader: w.store, at: func(key string) {
			if _, err := os.Lstat(dir + "/chatkeep-messages/messages/anna.jsonl"); err == nil {
				return
			}
			seen[key] = true
			if kind := kinds[key]; kind != format.Meta && kind != format.Messages {
				t.Errorf("before the messages it fetched of %s, of %v", key, kind)
			}
		}}
		_, err := Run(t.Context(), through(s, watch), dir, o)
		must(t, err)
		lists := 0
		for key := range seen {
			if metas[key] {
				lists++
			}
		}
		if lists == 0 || lists > len(metas)/2 {
			t.Errorf("it read %d of %d packs of lists before the messages", lists, len(metas))
		}
		wantFile(t, dir+"/chatkeep-messages/messages/anna.jsonl", noise(6, 50<<10))
		wantFile(t, dir+"/chatkeep-messages/media/live.jpg", noise(5, 300<<10))
	}
}

// watched calls at before each Get.
type watched struct {
	storage.Reader
	mu sync.Mutex
	at func(key string)
}

func (w *watched) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	w.mu.Lock()
	w.at(key)
	w.mu.Unlock()
	return w.Reader.Get(ctx, key, offset, length)
}

// TestChoiceDamaged loses a chat whose messages cannot be read, says so, and
// gives back the others.
func TestChoiceDamaged(t *testing.T) {
	k := newTalk(t)
	th := k.things["messages/"+k.ids["Ben"]+".jsonl"]
	var all []thing
	for _, other := range k.things {
		if other.path == th.path {
			other.ids, other.size = []format.ID{{1, 2, 3, 0}}, 5
		}
		all = append(all, other)
	}
	s := k.w.backup(all...)
	dir := newTarget(t)
	_, err := Run(t.Context(), s, dir, Options{Messages: true, Choice: Choice{From: day("2024-12-01")}})
	var e *Incomplete
	if !errors.As(err, &e) || e.ExitCode() != 11 || len(e.Lost) != 1 || e.Lost[0].Path != th.path {
		t.Errorf("%v", err)
	}
	k.wantMessages(t, dir, "Anna", 1)
	k.wantMessages(t, dir, "Ben", 0)
	wantFile(t, dir+"/anna/12.jpg", k.things["originals/anna/12.jpg"].content)
}
