package repo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// noteTime is when notes in tests are put, by this machine's clock.
var noteTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func noterOf(t *testing.T, s *scene, m *machine, store storage.Store) *repo.Noter {
	t.Helper()
	n, err := repo.NewNoter(t.Context(), store, s.load(t, nil), m.key, m.memory, func() time.Time { return noteTime })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func aDrill(snapshot format.Hash, n int64) *repo.Drill {
	return &repo.Drill{
		Snapshot: snapshot, Place: "here", Time: noteTime.Add(time.Duration(n) * time.Minute), Scope: repo.ScopeAll, Outcome: repo.Proved,
		Files: n, FilesTotal: n, Failures: []string{},
	}
}

// drills reads all results with fresh eyes. The storage of tests tells its own
// time, which is later than noteTime.
func (s *scene) drills(t *testing.T) *repo.Drills {
	t.Helper()
	d, err := s.reader(t).Drills(t.Context(), time.Now().Add(100*365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// noteNames are the notes that the store has.
func noteNames(s *scene) []string { return s.store.Keys(format.NotesDir) }

// TestNotesComeBack puts many results: all are read, however they were merged,
// and what has to be read stays bounded.
func TestNotesComeBack(t *testing.T) {
	s := newScene(t)
	n := noterOf(t, s, s.machine, s.store)
	var d *repo.Drills
	for i := range int64(68) {
		s.store.Advance(time.Minute)
		if err := n.NoteDrill(t.Context(), aDrill(format.Sum([]byte{byte(i % 3)}), i), d); err != nil {
			t.Fatal(err)
		}
		d = s.drills(t)
		if len(d.All) != int(i)+1 || len(d.Problems) > 0 {
			t.Fatalf("%d results after %d drills, %v", len(d.All), i+1, d.Problems)
		}
	}
	for i, one := range d.All {
		if one.Files != int64(i) || !one.Time.Equal(noteTime.Add(time.Duration(i)*time.Minute)) || one.Writer != s.key.ID {
			t.Errorf("result %d is %+v", i, one)
		}
	}
	counter := storagetest.NewCounting(s.store)
	r, err := repo.NewReader(t.Context(), counter, s.load(t, nil), s.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	counter.Reset()
	if _, err := r.Drills(t.Context(), time.Now().Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if gets := counter.Count(storagetest.OpGet, "notes").Requests; gets > 40 {
		t.Errorf("%d notes were read", gets)
	}
	last, ok := d.Last(format.Sum([]byte{0}), func(*repo.Drill) bool { return true })
	if !ok || last.Files != 66 {
		t.Errorf("the last of the first is %+v", last)
	}
}

// TestNoteFaults lets each request of a note fail, in each way: either the note
// is there afterwards, and right, or it is not, and what was there before is.
func TestNoteFaults(t *testing.T) {
	s := newScene(t)
	if err := noterOf(t, s, s.machine, s.store).NoteDrill(t.Context(), aDrill(format.Hash{1}, 1), nil); err != nil {
		t.Fatal(err)
	}
	for _, do := range []storagetest.Trouble{storagetest.FailBefore, storagetest.FailAfter, storagetest.GetBroken, storagetest.GetTruncated, storagetest.GetFlipped} {
		for nth := 1; nth <= 3; nth++ {
			c := s.fork(t)
			fault := storagetest.NewFault(c.store, storagetest.Rule{Prefix: format.NotesDir, Nth: nth, Do: do})
			err := noterOf(t, c, c.machine, fault).NoteDrill(t.Context(), aDrill(format.Hash{2}, 2), nil)
			d := c.drills(t)
			if len(d.Problems) > 0 || len(d.All) == 0 || d.All[0].Files != 1 || err == nil && len(d.All) != 2 {
				t.Errorf("request %d %v: put says %v, and there are %d results, %v", nth, do, err, len(d.All), d.Problems)
			}
		}
	}
}

// TestBadNotes: whatever is wrong with a note, it is named, the others count, and
// nothing of it does.
func TestBadNotes(t *testing.T) {
	s := newScene(t)
	thief := s.enrol(t, "thief")
	n := noterOf(t, s, s.machine, s.store)
	if err := n.NoteDrill(t.Context(), aDrill(format.Hash{1}, 1), nil); err != nil {
		t.Fatal(err)
	}
	good := noteNames(s)[0]
	object := s.store.Bytes(good)
	if err := noterOf(t, s, thief, s.store).NoteDrill(t.Context(), aDrill(format.Hash{9}, 9), nil); err != nil {
		t.Fatal(err)
	}
	var foreign string
	for _, name := range noteNames(s) {
		if name != good {
			foreign = name
		}
	}
	other := s.store.Bytes(foreign)
	text := func(about, text string) func(*testing.T, *scene) {
		return func(t *testing.T, c *scene) {
			if _, _, err := noterOf(t, c, c.machine, c.store).Put(t.Context(), about, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	flipped := slices.Clone(object)
	flipped[len(flipped)/2] ^= 1
	for name, do := range map[string]func(*testing.T, *scene){
		"flipped":   func(_ *testing.T, c *scene) { c.store.Tamper(format.NoteName(s.key.ID, format.Sum(object)), flipped) },
		"cut":       func(_ *testing.T, c *scene) { c.store.Tamper(good, object[:len(object)/2]) },
		"another's": func(_ *testing.T, c *scene) { c.store.Tamper(format.NoteName(s.key.ID, format.Sum(other)), other) },
		"no writer's": func(_ *testing.T, c *scene) {
			c.store.Tamper(format.NoteName(format.Hash{3}, format.Sum(object)), object)
		},
		"noise": func(_ *testing.T, c *scene) {
			c.store.Tamper(format.NoteName(s.key.ID, format.Sum([]byte("x"))), []byte("x"))
		},
		"no text":           text(repo.AboutDrill, ""),
		"no JSON":           text(repo.AboutDrill, "{"),
		"a later version":   text(repo.AboutDrill, "{\"version\":2,\"replaces\":[]}\n"),
		"white space":       text(repo.AboutDrill, "{\"version\":1, \"replaces\":[],\"drills\":[]}\n"),
		"an unknown key":    text(repo.AboutDrill, "{\"version\":1,\"replaces\":[],\"drills\":[],\"more\":1}\n"),
		"a strange outcome": text(repo.AboutDrill, strings.ReplaceAll(drillText(t, s), "proved", "splendid")),
		"no failures":       text(repo.AboutDrill, strings.ReplaceAll(drillText(t, s), "proved", "failed")),
		"less than nothing": text(repo.AboutDrill, strings.ReplaceAll(drillText(t, s), `"zips":0`, `"zips":-1`)),
	} {
		c := s.fork(t)
		do(t, c)
		d := c.drills(t)
		if len(d.Problems) != 1 || format.ClassOf(d.Problems[0]) == "" || !strings.Contains(d.Problems[0].Error(), format.NotesDir) {
			t.Errorf("%s: the problems are %v", name, d.Problems)
		}
		want := 2
		if name == "flipped" || name == "cut" {
			want = 1
		}
		if len(d.All) != want {
			t.Errorf("%s: %d results", name, len(d.All))
		}
	}
}

// drillText is the text of a note about a drill.
func drillText(t *testing.T, s *scene) string {
	t.Helper()
	for n, err := range s.reader(t).Notes(t.Context(), time.Now()) {
		if err != nil {
			t.Fatal(err)
		}
		if n.About == repo.AboutDrill && n.Writer == s.key.ID {
			return n.Text
		}
	}
	t.Fatal("there is no such note")
	return ""
}

// TestEndedWritersNotes: the notes of a writer that was ended do not count, nor
// can it put any.
func TestEndedWritersNotes(t *testing.T) {
	s := newScene(t)
	gone := s.enrol(t, "gone")
	if err := noterOf(t, s, gone, s.store).NoteDrill(t.Context(), aDrill(format.Hash{1}, 1), nil); err != nil {
		t.Fatal(err)
	}
	if n := len(s.drills(t).All); n != 1 {
		t.Fatalf("%d results", n)
	}
	o := s.owner(t)
	if err := o.EndWriter(gone.key.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := s.drills(t); len(d.All) != 0 || len(d.Problems) != 0 {
		t.Errorf("%d results, %v", len(d.All), d.Problems)
	}
	if _, err := repo.NewNoter(t.Context(), s.store, s.load(t, nil), gone.key, gone.memory, time.Now); format.ClassOf(err) != format.WrongWriter {
		t.Errorf("an ended writer may note: %v", err)
	}
}

// TestNotesOfTheFuture are not believed.
func TestNotesOfTheFuture(t *testing.T) {
	s := newScene(t)
	if err := noterOf(t, s, s.machine, s.store).NoteDrill(t.Context(), aDrill(format.Hash{1}, 1), nil); err != nil {
		t.Fatal(err)
	}
	d, err := s.reader(t).Drills(t.Context(), time.Unix(1, 0))
	if err != nil || len(d.All) != 0 || len(d.Problems) != 1 {
		t.Errorf("%d results, %v, %v", len(d.All), d.Problems, err)
	}
}

// TestFloodOfNotes: however many notes there are, reading them has an end, and
// those of others count.
func TestFloodOfNotes(t *testing.T) {
	s := newScene(t)
	thief := s.enrol(t, "thief")
	if err := noterOf(t, s, s.machine, s.store).NoteDrill(t.Context(), aDrill(format.Hash{1}, 1), nil); err != nil {
		t.Fatal(err)
	}
	for i := range 1200 {
		junk := []byte(fmt.Sprint(i))
		s.store.Tamper(format.NoteName(thief.key.ID, format.Sum(junk)), junk)
	}
	d := s.drills(t)
	if len(d.All) != 1 || len(d.Problems) == 0 || len(d.Problems) > 30 {
		t.Errorf("%d results and %d problems", len(d.All), len(d.Problems))
	}
}

// TestNotesUnreachable: a store that fails is no empty list.
func TestNotesUnreachable(t *testing.T) {
	s := newScene(t)
	if err := noterOf(t, s, s.machine, s.store).NoteDrill(t.Context(), aDrill(format.Hash{1}, 1), nil); err != nil {
		t.Fatal(err)
	}
	for _, op := range []storagetest.Op{storagetest.OpList, storagetest.OpGet} {
		fault := storagetest.NewFault(s.store, storagetest.Rule{Op: op, Prefix: format.NotesDir, Do: storagetest.FailBefore})
		r, err := repo.NewReader(t.Context(), fault, s.load(t, nil), s.master, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Drills(context.Background(), time.Now()); !errors.Is(err, storagetest.ErrInjected) {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// FuzzNoteText reads any text as each kind.
func FuzzNoteText(f *testing.F) {
	f.Add("{\"version\":1,\"replaces\":[],\"drills\":[]}\n")
	f.Add("{\"version\":1,\"replaces\":[],\"place\":\"here\",\"reads\":[{\"time\":\"2026-01-02T03:04:05Z\",\"method\":\"hash\",\"packs\":\"\"}]}\n")
	f.Add("{\"version\":1,\"since\":\"1970-01-01T00:00:00Z\",\"runs\":null,\"notes\":null,\"replaced\":null,\"reads\":[],\"fresh\":\"\"}\n")
	f.Fuzz(func(t *testing.T, text string) {
		n := &repo.Note{Note: &format.Note{Text: text}, Dated: noteTime}
		_ = repo.NewLedger(noteTime).Hear(n, "here")
		l, err := repo.ParseLedger([]byte(text))
		if err != nil {
			return
		}
		again, err := repo.ParseLedger(l.Encode())
		if err != nil || string(again.Encode()) != string(l.Encode()) {
			t.Errorf("%q becomes %q: %v", text, l.Encode(), err)
		}
		if !json.Valid(l.Encode()) {
			t.Errorf("%q becomes %q", text, l.Encode())
		}
	})
}
