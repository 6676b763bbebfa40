package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// drillAll are the options of a drill of everything.
func drillAll() DrillOptions {
	return DrillOptions{All: true, Now: time.Now, Lot: rand.New(rand.NewPCG(1, 2))}
}

// messagesOf are the files of a conversation with so many messages, which claims
// to have others.
func messagesOf(t testing.TB, id string, messages, claimed int) []thing {
	t.Helper()
	var stream, list bytes.Buffer
	e := record.NewEncoder(&stream, nil)
	for i := range messages {
		must(t, e.Message(&chat.Message{ID: fmt.Sprintf("%s-%d", id, i), Conversation: id, Kind: chat.Text, Text: fmt.Sprint("the kettle is on ", i)}))
	}
	e = record.NewEncoder(&list, nil)
	must(t, e.Conversation(&chat.Conversation{ID: id, Platform: "toy", Kind: chat.Direct, Title: "Anna"}))
	must(t, e.Coverage(&chat.Coverage{Conversation: id, Messages: claimed, Complete: true}))
	return []thing{
		{path: "conversations.jsonl", content: list.Bytes()},
		{path: "messages/" + id + ".jsonl", content: stream.Bytes(), chunk: 1000},
	}
}

// mixed is a small snapshot with something of everything.
func mixed(t testing.TB) (*world, *repo.Snapshot, []thing) {
	w := newWorld(t)
	w.packSize = 64 << 10
	w.totals = func(totals *format.Totals) { totals.Messages, totals.Conversations = 40, 1 }
	content := noise(7, 90<<10)
	things := []thing{
		directory(""), directory("d"), plain("a", "good"), plain("d/b", string(noise(3, 20<<10))), plain("empty", ""),
		{path: "originals/again", typ: format.EntryHardlink, target: "originals/a"},
		{path: "originals/link", typ: format.EntrySymlink, target: "a"},
		{path: "originals/z", typ: format.EntryZip, pieces: []piece{
			{content: []byte("head")},
			{content: content[:70<<10], member: true, packed: deflated(t, content[:70<<10], 9), level: 9},
			{content: content[70<<10:], member: true},
		}},
	}
	// A hard link comes after what it names.
	things[5].path = "originals/zz"
	things = append(things, messagesOf(t, "c1", 40, 40)...)
	return w, w.backup(things...), things
}

// TestProveIsRun: what is proved is what a restore does, and nothing is written.
func TestProveIsRun(t *testing.T) {
	_, s, _ := mixed(t)
	_, s2, _ := many(t)
	// One worker: of several, who is free first decides who reads what twice.
	o := Options{Messages: true, Workers: 1}
	for _, s := range []*repo.Snapshot{s, s2} {
		proved, err := Prove(t.Context(), s, o)
		must(t, err)
		done, err := Run(t.Context(), s, newTarget(t), o)
		must(t, err)
		if fmt.Sprint(*proved) != fmt.Sprint(*done) || proved.Files == 0 {
			t.Errorf("proved %+v, restored %+v", *proved, *done)
		}
	}
}

// TestDrillCounts compares with what was stored.
func TestDrillCounts(t *testing.T) {
	_, s, things := mixed(t)
	var files, size int64
	for _, th := range things {
		if strings.HasPrefix(th.path, "originals/") && th.typ == 0 {
			files, size = files+1, size+int64(len(th.content))
		}
	}
	r, err := Drill(t.Context(), s, drillAll())
	must(t, err)
	if !r.Proved() || !r.Everything || r.Files != files+1 || r.FilesTotal != files+1 || r.Zips != 1 || r.Messages != 40 || r.Conversations != 1 || r.BytesTotal != r.Bytes || r.Bytes <= size {
		t.Errorf("%+v", r)
	}
	o := drillAll()
	o.Target = newTarget(t)
	kept, err := Drill(t.Context(), s, o)
	must(t, err)
	kept.Took, r.Took = 0, 0
	if fmt.Sprint(*kept) != fmt.Sprint(*r) {
		t.Errorf("to a target %+v, to nowhere %+v", kept, r)
	}
	wantLeft(t, o.Target, "a", "d/", "d/b", "empty", "zz", "link", "z")
}

// proves runs a drill from the start, as a newcomer would.
func (w *world) proves(ctx context.Context, store storage.Reader, head format.Hash) (*DrillReport, error) {
	v, err := repo.Load(ctx, store, w.master.Repository, "there", nil)
	if err != nil {
		return nil, err
	}
	if err := v.Trust(nil); err != nil {
		return nil, err
	}
	r, err := repo.NewReader(ctx, store, v, w.master, nil)
	if err != nil {
		return nil, err
	}
	for _, h := range r.Heads() {
		if h.Hash == head {
			s, err := r.Open(ctx, h)
			if err != nil {
				return nil, err
			}
			return Drill(ctx, s, drillAll())
		}
	}
	return nil, errors.New("the snapshot is not there")
}

// TestDrillNeverProvesDamage damages each object in turn. Where a drill says that
// everything is proved, everything does come back.
func TestDrillNeverProvesDamage(t *testing.T) {
	w, s, things := mixed(t)
	failed := 0
	for _, key := range w.store.Keys("") {
		object := w.store.Bytes(key)
		damages := [][]byte{nil, object[:len(object)/2]}
		for _, at := range []int{0, 200, len(object) / 4, len(object) / 2, len(object) * 3 / 4, len(object) - 1} {
			bad := bytes.Clone(object)
			bad[at%len(bad)] ^= 4
			damages = append(damages, bad)
		}
		for n, bad := range damages {
			store := w.store.Clone()
			store.Tamper(key, bad)
			r, err := w.proves(t.Context(), store, s.Head.Hash)
			switch {
			case err != nil:
				failed++
			case r.Proved():
				wantBack(t, w, store, s, things, fmt.Sprintf("%s, damage %d", key, n))
			default:
				failed++
				if len(r.Failures) == 0 || !strings.Contains(strings.Join(r.Failures, "\n"), key) {
					t.Errorf("%s, damage %d: the report does not name it: %q", key, n, r.Failures)
				}
			}
		}
		name, _ := format.ParseName(key)
		if r, err := w.proves(t.Context(), gone(w, key), s.Head.Hash); err == nil && r.Proved() && needed(name) {
			t.Errorf("%s is gone, and everything is proved", key)
		}
	}
	if failed < 20 {
		t.Errorf("only %d drills failed", failed)
	}
}

func gone(w *world, key string) storage.Reader {
	store := w.store.Clone()
	store.Tamper(key, nil)
	return store
}

// needed reports whether a newcomer who has the master needs an object. Without an
// index object the packs themselves tell what is in them.
func needed(name format.Name) bool {
	return name.Type != format.ObjectText && name.Type != format.ObjectSlot && name.Type != format.ObjectIndex
}

// wantBack fails unless everything comes back.
func wantBack(t *testing.T, w *world, store storage.Reader, s *repo.Snapshot, things []thing, what string) {
	t.Helper()
	dir := newTarget(t)
	if _, err := Run(t.Context(), w.open(store, s.Head), dir, Options{Messages: true}); err != nil {
		t.Errorf("%s: a drill proved everything, and a restore says %v", what, err)
		return
	}
	for _, th := range things {
		if th.typ == 0 {
			name, ok := strings.CutPrefix(th.path, "originals/")
			if !ok {
				name = MessagesDir + "/" + name
			}
			wantFile(t, filepath.Join(dir, name), th.content)
		}
	}
}

// TestDrillOfLies: what is whole and not what the manifest says is not proved.
func TestDrillOfLies(t *testing.T) {
	good := func(totals *format.Totals) { totals.Messages = 40 }
	for name, c := range map[string]struct {
		things []thing
		totals func(*format.Totals)
		want   string
	}{
		"a message fewer":        {messagesOf(t, "c1", 39, 39), good, "39 messages"},
		"messages elsewhere":     {messagesOf(t, "c1", 40, 39), good, "conversation c1"},
		"an unlisted stream":     {messagesOf(t, "c1", 40, 40)[1:], good, "does not list it"},
		"no messages":            {nil, good, "0 messages"},
		"half a record":          {[]thing{{path: "messages/c1.jsonl", content: []byte(`{"type":"message"`)}}, func(*format.Totals) {}, "messages/c1.jsonl"},
		"no record":              {[]thing{{path: "messages/c1.jsonl", content: []byte("hello\n")}}, func(*format.Totals) {}, "messages/c1.jsonl"},
		"a file fewer":           {nil, func(totals *format.Totals) { totals.Files++ }, "the manifest says"},
		"other bytes":            {nil, func(totals *format.Totals) { totals.Bytes-- }, "the manifest says"},
		"a zip of another hash":  {[]thing{{path: "originals/z", typ: format.EntryZip, pieces: []piece{{content: []byte("x")}}, hash: &format.Hash{}}}, func(*format.Totals) {}, "originals/z"},
		"a file of another size": {[]thing{{path: "originals/f", content: []byte("xyz"), size: 2}}, func(*format.Totals) {}, "originals/f"},
	} {
		w := newWorld(t)
		w.totals = c.totals
		s := w.backup(append([]thing{directory(""), plain("a", "good")}, c.things...)...)
		r, err := Drill(t.Context(), s, drillAll())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if r.Proved() || !strings.Contains(strings.Join(r.Failures, "\n"), c.want) {
			t.Errorf("%s: %q", name, r.Failures)
		}
	}
}

// TestDrillUnreachable: a store that cannot be reached proves nothing, and
// disproves nothing.
func TestDrillUnreachable(t *testing.T) {
	w, s, _ := mixed(t)
	trouble := &storage.Error{Class: storage.Unreachable, Op: "get", Place: "there", Err: errors.New("gone")}
	for nth := 1; ; nth++ {
		fault := storagetest.NewFault(w.store, storagetest.Rule{Op: storagetest.OpGet, Prefix: format.PacksDir, Nth: nth, Do: storagetest.FailBefore, Err: trouble})
		r, err := Drill(t.Context(), w.open(fault, s.Head), drillAll())
		if err == nil && r.Proved() && nth > 3 {
			return
		}
		if storage.ClassOf(err) != storage.Unreachable {
			t.Fatalf("get %d: %v", nth, err)
		}
	}
}

// TestSampleIsABeginning holds the sample against the order of the lot, kept
// whole.
func TestSampleIsABeginning(t *testing.T) {
	for seed := range uint64(50) {
		lot := rand.New(rand.NewPCG(seed, 9))
		budget := lot.Int64N(3000)
		o := DrillOptions{Sample: budget, Lot: rand.New(rand.NewPCG(seed, 1))}
		s, same := newSample(o), rand.New(rand.NewPCG(seed, 1))
		var all []drawn
		for i := range lot.IntN(100) {
			path, size := fmt.Sprintf("originals/%d", i), lot.Int64N(400)
			s.offer(repo.Entry{Item: &format.Item{Entry: format.Entry{Path: path, Size: size}}})
			if size <= budget {
				all = append(all, drawn{same.Uint64(), path, size})
			}
		}
		s.settle()
		slices.SortFunc(all, func(a, b drawn) int {
			if a.order < b.order {
				return -1
			}
			return 1
		})
		left, want := budget, map[string]bool{}
		for _, d := range all {
			if left -= d.size; left < 0 {
				break
			}
			want[d.path] = true
		}
		if fmt.Sprint(want) != fmt.Sprint(s.paths) {
			t.Errorf("seed %d: %v, want %v", seed, s.paths, want)
		}
	}
}

// TestDrillSample reads little for a small sample, and says what it left out.
func TestDrillSample(t *testing.T) {
	_, s, things := many(t)
	for seed := range uint64(5) {
		r, err := Drill(t.Context(), s, DrillOptions{Sample: 400 << 10, Now: time.Now, Lot: rand.New(rand.NewPCG(seed, 1))})
		must(t, err)
		if !r.Proved() || r.Everything || r.Files != 3 || r.FilesTotal != int64(len(things)) || r.Bytes != 360<<10 {
			t.Errorf("%+v", r)
		}
	}
	r, err := Drill(t.Context(), s, DrillOptions{Sample: 100, Now: time.Now, Lot: rand.New(rand.NewPCG(1, 1))})
	must(t, err)
	if r.Files != 0 || r.TooLarge != int64(len(things)) || r.Everything {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat("originals"); err == nil {
		t.Error("a drill to nowhere wrote")
	}
}
