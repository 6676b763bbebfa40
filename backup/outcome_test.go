package backup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
)

// nightly backs up a source as a nightly run does, which remembers the last one. By
// its clock all files are old enough to be told from later ones by their times.
func (w *world) nightly(src backup.Source) *backup.Report {
	w.t.Helper()
	s, err := repo.Begin(w.ctx, w.store, w.view(), w.key, w.memory, repo.SessionOptions{})
	must(w.t, err)
	defer s.Close()
	report, err := backup.Run(w.ctx, src, s, backup.Options{
		Files:   w.memory.Table("files", w.key.IndexIdentity(), w.key.IndexRecipient()),
		Exports: w.memory.Table("exports", w.key.IndexIdentity(), w.key.IndexRecipient()),
		Program: "test", Now: func() time.Time { return time.Now().Add(time.Hour) },
	})
	must(w.t, err)
	return report
}

// contents are the files of the newest snapshot.
func (w *world) contents() map[string]string {
	w.t.Helper()
	s := w.latest()
	files := map[string]string{}
	for e, err := range s.Entries(w.ctx) {
		must(w.t, err)
		data, err := io.ReadAll(s.Chunks(w.ctx, e.Chunks))
		must(w.t, err)
		files[e.Path] = string(data)
	}
	return files
}

// TestExportsUnchanged parses exports again where anything that parsing depends on
// is another than in the last run, and else stores the same without.
func TestExportsUnchanged(t *testing.T) {
	dir := t.TempDir()
	anna := filepath.Join(dir, "WhatsApp Chat with Anna")
	text := filepath.Join(anna, "WhatsApp Chat with Anna.txt")
	must(t, os.Mkdir(anna, 0o755))
	must(t, os.WriteFile(text, []byte(annaChat), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("one"), 0o644))
	src := backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}}
	w := newWorld(t, storagetest.NewMemory())

	for _, step := range []struct {
		what      string
		do        func() error
		unchanged bool
		messages  int64
	}{
		{"the first time", nil, false, 4},
		{"the second time", nil, true, 4},
		{"the third time", nil, true, 4},
		{"with another file elsewhere", func() error { return os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("two"), 0o644) }, true, 4},
		{"with its picture", func() error {
			return os.WriteFile(filepath.Join(anna, "IMG-20190313-WA0001.jpg"), []byte("\xff\xd8\xff\xe0 no real picture"), 0o644)
		}, false, 4},
		{"again", nil, true, 4},
		{"with one more message", func() error {
			return os.WriteFile(text, []byte(annaChat+"14/03/2019, 10:12 - Ben: three\n"), 0o644)
		}, false, 5},
		{"for another owner", func() error { src.Chat.Me = "Ben"; return nil }, false, 5},
		{"in a zone that is told", func() error { src.Chat.Zone = time.UTC; return nil }, false, 5},
		{"in the same", nil, true, 5},
		{"with a second export", func() error {
			return os.WriteFile(filepath.Join(dir, "WhatsApp Chat with Bo.txt"), []byte(annaChat), 0o644)
		}, false, 9},
		{"at the end", nil, true, 9},
	} {
		if step.do != nil {
			must(t, step.do())
		}
		var old map[string]string
		if step.unchanged {
			old = w.contents()
		}
		r := w.nightly(src)
		if r.ExportsUnchanged != step.unchanged || r.Messages != step.messages || (len(r.Conversations) == 0) != step.unchanged || r.ConversationCount == 0 {
			t.Errorf("%s: unchanged %t, %d messages, %d of %d conversations", step.what, r.ExportsUnchanged, r.Messages, len(r.Conversations), r.ConversationCount)
		}
		if !step.unchanged {
			continue
		}
		now := w.contents()
		for path, data := range old {
			if filepath.Base(path) != "notes.txt" && now[path] != data {
				t.Errorf("%s: %s is another", step.what, path)
			}
		}
		if len(now) != len(old) {
			t.Errorf("%s: %d entries, not %d", step.what, len(now), len(old))
		}
	}
}

// TestExportsIncomplete parses again what was not understood whole: what could not
// be read one day may be the next.
func TestExportsIncomplete(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "_chat.txt"), []byte(annaChat), 0o644))
	broken := whatsapp.Provider
	broken.Open = func(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
		return nil, errors.New("not today")
	}
	w := newWorld(t, storagetest.NewMemory())
	for range 2 {
		if r := w.nightly(backup.Source{Path: dir, Providers: []chat.Provider{broken}}); r.ExportsUnchanged || r.Unparsed != 1 {
			t.Errorf("%+v", r)
		}
	}
	if r := w.nightly(backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}}); r.ExportsUnchanged || r.Messages != 4 {
		t.Errorf("%+v", r)
	}
}

// TestExportsGone parses again where a chunk of the last run is no longer in the
// repository.
func TestExportsGone(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "_chat.txt"), []byte(annaChat), 0o644))
	src := backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}}
	w := newWorld(t, storagetest.NewMemory())
	w.nightly(src)

	table := w.memory.Table("exports", w.key.IndexIdentity(), w.key.IndexRecipient())
	in, err := table.Read()
	must(t, err)
	var kept struct {
		Key     string
		Entries []struct {
			Path  string
			Lines []byte
		}
	}
	must(t, json.NewDecoder(in).Decode(&kept))
	in.Close()
	lines := kept.Entries[0].Lines
	id := bytes.Index(lines, []byte(`"chunks":["`)) + len(`"chunks":["`)
	copy(lines[id:], "00000000")
	out, err := table.Write()
	must(t, err)
	must(t, json.NewEncoder(out).Encode(kept))
	must(t, out.Close())

	if r := w.nightly(src); r.ExportsUnchanged || r.Messages != 4 {
		t.Errorf("%+v", r)
	}
	if r := w.nightly(src); !r.ExportsUnchanged {
		t.Errorf("%+v", r)
	}
}
