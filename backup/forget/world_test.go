package forget_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
	"chatkeep/backup/split"
	"chatkeep/backup/state"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

func long() bool { return os.Getenv("CHATKEEP_LONG") != "" }

// machine is a writer's machine.
type machine struct {
	key    *keys.Writer
	memory *state.Repository
}

// world is a repository, its owner, and the machines that back up to it.
type world struct {
	store    *storagetest.Memory
	master   *keys.Master
	machines []*machine
	ever     map[string]bool // what any snapshot ever said
	here     time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: storagetest.NewMemory(), ever: map[string]bool{}}
	w.clock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	var err error
	if w.master, err = keys.NewMaster(true); err != nil {
		t.Fatal(err)
	}
	object, err := keys.SealRecovery(w.master, keys.NewRecoveryKey())
	if err != nil {
		t.Fatal(err)
	}
	key, err := repo.Create(t.Context(), w.store, "here", w.master, []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	w.machines = append(w.machines, newMachine(t, key))
	return w
}

func newMachine(t *testing.T, key *keys.Writer) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "chatkeep-test-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	dirs := state.Dirs{Config: dir + "/c", Data: dir + "/d", State: dir + "/s", Cache: dir + "/x"}
	return &machine{key, dirs.Repository(key.Repository)}
}

// clock sets the time of the store and of all machines.
func (w *world) clock(now time.Time) {
	w.here = now
	w.store.SetTime(now)
}

// enrol adds a machine; inherit names one whose secrets it takes over.
func (w *world) enrol(t *testing.T, inherit *format.Hash) *machine {
	t.Helper()
	o, err := repo.NewOwner(t.Context(), w.store, w.view(t, nil), w.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := o.AddWriter("another", inherit)
	if err == nil {
		err = o.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, key)
	w.machines = append(w.machines, m)
	return m
}

func (w *world) view(t *testing.T, memory repo.Memory) *repo.View {
	t.Helper()
	v, err := load(t.Context(), w.store, w.master.Repository, memory)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func load(ctx context.Context, store storage.Reader, id format.Hash, memory repo.Memory) (*repo.View, error) {
	v, err := repo.Load(ctx, store, id, "here", memory)
	if err != nil {
		return nil, err
	}
	return v, v.Trust(nil)
}

func (w *world) reader(t *testing.T) *repo.Reader {
	t.Helper()
	r, err := repo.NewReader(t.Context(), w.store, w.view(t, nil), w.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// message is what a test says of one; an attachment with nil bytes is missing.
type message struct {
	chat, id, text string
	media          map[string][]byte // by path below originals/
	at             time.Time
	reactions      []chat.Reaction
	line           []byte // in place of all that, where a later release wrote it
}

// export is what a snapshot is made of.
type export struct {
	name, host string
	messages   []message
	files      map[string][]byte // others, by path below originals/
	tags       []string
	incomplete bool
}

// said is a message as one line of the model.
func (m *message) said() (full, bare string) {
	if m.line != nil {
		return string(m.line), string(m.line)
	}
	bare = fmt.Sprintf("%s %s %q %v", m.chat, m.id, m.text, m.reactions)
	for _, path := range slices.Sorted(maps.Keys(m.media)) {
		bare += " " + path[strings.LastIndexByte(path, '/')+1:]
	}
	full = bare
	for _, path := range slices.Sorted(maps.Keys(m.media)) {
		if m.media[path] != nil {
			full += fmt.Sprintf(" %x", sha256.Sum256(m.media[path]))
		}
	}
	return full, bare
}

// backup commits an export as a snapshot, and remembers what it says.
func (w *world) backup(t *testing.T, m *machine, x *export) *repo.Head {
	t.Helper()
	ctx := t.Context()
	v := w.view(t, m.memory)
	s, err := repo.Begin(ctx, w.store, v, m.key, m.memory, repo.SessionOptions{PackSize: 64 << 10, Now: func() time.Time { return w.here }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h, err := commit(ctx, s, x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x.messages {
		full, bare := x.messages[i].said()
		w.ever[full], w.ever[bare] = true, true
	}
	return h
}

func commit(ctx context.Context, s *repo.Session, x *export) (*repo.Head, error) {
	contents := map[string][]byte{}
	for path, data := range x.files {
		contents["originals/"+path] = data
	}
	people := bytes.Buffer{}
	if err := record.NewEncoder(&people, nil).Participant(&chat.Participant{ID: "p", Names: []chat.Name{{Value: "Anna"}}}); err != nil {
		return nil, err
	}
	contents["participants.jsonl"] = people.Bytes()
	var chats bytes.Buffer
	streams := map[string]*bytes.Buffer{}
	for i := range x.messages {
		m := &x.messages[i]
		if streams[m.chat] == nil {
			streams[m.chat] = new(bytes.Buffer)
		}
		if err := m.write(streams[m.chat], i); err != nil {
			return nil, err
		}
		for path, data := range m.media {
			if data != nil {
				contents["originals/"+path] = data
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(streams)) {
		contents["messages/"+id+".jsonl"] = streams[id].Bytes()
		if err := record.NewEncoder(&chats, nil).Conversation(&chat.Conversation{ID: id, Title: "chat " + id, Platform: "test"}); err != nil {
			return nil, err
		}
	}
	contents["conversations.jsonl"] = chats.Bytes()
	p := s.NewPacker()
	list, stats := p.NewList(ctx, "contents"), p.NewList(ctx, "stats")
	for _, path := range slices.Sorted(maps.Keys(contents)) {
		kind, rule := format.Messages, split.Records
		if strings.HasPrefix(path, "originals/") {
			kind, rule = format.Originals, split.Text
		}
		st := p.Stream(ctx, kind, repo.Hint{Group: path}, s.Cutter(rule), nil)
		if _, err := st.Write(contents[path]); err != nil {
			return nil, err
		}
		if err := st.Close(); err != nil {
			return nil, err
		}
		e := &format.Entry{Path: path, Type: format.EntryFile, Size: st.Size, Chunks: st.IDs}
		if err := errors.Join(list.Append(format.AppendEntry(nil, e)), stats.Append(format.AppendStat(nil, &format.Stat{Mode: 0o644, Mtime: time.Unix(1, 0)}))); err != nil {
			return nil, err
		}
	}
	at := time.Unix(1700000000, 0).UTC()
	m := &format.Manifest{
		Source: format.Source{Name: x.name, Host: x.host, Path: "/p", App: "auto"}, Tags: append([]string{}, x.tags...),
		Started: at, Finished: at, Program: "test", Complete: !x.incomplete,
	}
	var err, err2 error
	m.Contents, err = list.Close()
	m.Stats, err2 = stats.Close()
	if err := errors.Join(err, err2, s.Flush(ctx, p)); err != nil {
		return nil, err
	}
	return s.Commit(ctx, m)
}

// write writes a message as a provider would have: with the place where it stood.
func (m *message) write(to io.Writer, n int) error {
	if m.line != nil {
		_, err := to.Write(m.line)
		return err
	}
	one := &chat.Message{
		ID: m.id, Conversation: m.chat, Sender: "p", Time: m.at, Precision: chat.Second, Kind: chat.Text, Text: m.text,
		Reactions: m.reactions, Source: chat.Pointer{File: "originals/_chat.txt", At: fmt.Sprint("line ", n)},
	}
	for _, path := range slices.Sorted(maps.Keys(m.media)) {
		a := chat.Attachment{Role: "image", Name: path[strings.LastIndexByte(path, '/')+1:], State: chat.Missing, Why: "not in the export"}
		if data := m.media[path]; data != nil {
			a.State, a.Why, a.Size, a.File = chat.Stored, "", int64(len(data)), "originals/"+path
		}
		one.Attachments = append(one.Attachments, a)
	}
	return record.NewEncoder(to, nil).Message(one)
}

// says reads all snapshots that count, the simple way: whole files in memory.
func (w *world) says(t *testing.T) map[string]bool {
	t.Helper()
	r := w.reader(t)
	all := map[string]bool{}
	for _, h := range r.Heads() {
		for _, m := range messagesOf(t, r, h) {
			full, bare := m.said()
			all[full], all[bare] = true, true
		}
	}
	return all
}

// messagesOf reads one snapshot.
func messagesOf(t *testing.T, r *repo.Reader, h *repo.Head) []message {
	t.Helper()
	s, err := r.Open(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	contents, chunks := map[string][]byte{}, s.NewChunkReader()
	for e, err := range s.Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		contents[e.Path] = []byte{}
		for id := range e.AllChunks() {
			data, err := chunks.Chunk(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			contents[e.Path] = append(contents[e.Path], data...)
		}
	}
	var all []message
	for path, data := range contents {
		if !strings.HasPrefix(path, "messages/") {
			continue
		}
		for line := range bytes.Lines(data) {
			one, err := record.NewDecoder(bytes.NewReader(line)).Next()
			if err != nil || bytes.Contains(line, []byte(`"later"`)) {
				all = append(all, message{line: line})
				continue
			}
			m := one.(*chat.Message)
			said := message{chat: m.Conversation, id: m.ID, text: m.Text, reactions: m.Reactions, media: map[string][]byte{}}
			for _, a := range m.Attachments {
				// By its name alone: where it stands may change.
				said.media[a.Name] = nil
				if a.State == chat.Stored {
					if contents[a.File] == nil {
						t.Errorf("snapshot %s: %s names %s, which it does not have", h.Hash, m.ID, a.File)
					}
					said.media[a.Name] = contents[a.File]
				}
			}
			all = append(all, said)
		}
	}
	return all
}

// nothingLost compares what remains with what ever was.
func (w *world) nothingLost(t *testing.T) {
	t.Helper()
	have := w.says(t)
	for said := range w.ever {
		if !have[said] {
			t.Errorf("lost: %s", said)
		}
	}
}

// forget runs a request as a machine, over a store that may have faults.
func (w *world) forget(t *testing.T, m *machine, store storage.Store, q forget.Request) (*forget.Plan, error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	id := w.master.Repository
	v, err := load(ctx, store, id, m.memory)
	if err != nil {
		return nil, err
	}
	r, err := repo.NewReader(ctx, store, v, w.master, m.memory)
	if err != nil {
		return nil, err
	}
	q.Here, q.Zone, q.Own = w.here, time.UTC, m.key.ID
	if q.GroupBy, err = forget.GroupBy([]string{"source", "host"}); err != nil {
		return nil, err
	}
	plan, err := forget.Make(ctx, r, q)
	if err != nil {
		return nil, err
	}
	return plan, plan.Run(ctx, r, w.hands(m, store))
}

// hands are those of a machine.
func (w *world) hands(m *machine, store storage.Store) forget.Hands {
	look := func(ctx context.Context) (*repo.View, error) { return load(ctx, store, w.master.Repository, m.memory) }
	return forget.Hands{
		Store: store, Memory: m.memory, Master: w.master, Program: "test", Now: func() time.Time { return w.here }, Load: look,
		Begin: func(ctx context.Context) (*repo.Session, error) {
			v, err := look(ctx)
			if err != nil {
				return nil, err
			}
			return repo.Begin(ctx, store, v, m.key, m.memory, repo.SessionOptions{PackSize: 64 << 10, Now: func() time.Time { return w.here }})
		},
	}
}

// must is forget in peace.
func (w *world) must(t *testing.T, m *machine, q forget.Request) *forget.Plan {
	t.Helper()
	plan, err := w.forget(t, m, w.store, q)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// last keeps the newest snapshots, and spares nothing.
func last(n int) forget.Request { return forget.Request{Policy: retention.Policy{Last: n}} }

// sound checks the repository.
func (w *world) sound(t *testing.T) {
	t.Helper()
	r := w.reader(t)
	report, err := repo.Check(t.Context(), w.store, r.View(), r, repo.CheckOptions{ReadData: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Errorf("check: %v", p)
	}
}
