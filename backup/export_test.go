package backup_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/record"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
)

const annaChat = "02/03/2019, 10:11 - Messages and calls are end-to-end encrypted. No one outside of this chat, not even WhatsApp, can read or listen to them.\n" +
	"02/03/2019, 10:11 - Anna: hello\n" +
	"13/03/2019, 10:12 - Ben: two\nlines\n" +
	"13/03/2019, 10:12 - Anna: IMG-20190313-WA0001.jpg (file attached)\n"

// TestMessages backs up an export among other files and reads the records back.
func TestMessages(t *testing.T) {
	dir := t.TempDir()
	chatDir := filepath.Join(dir, "WhatsApp Chat with Anna")
	must(t, os.Mkdir(chatDir, 0o755))
	must(t, os.WriteFile(filepath.Join(chatDir, "WhatsApp Chat with Anna.txt"), []byte(annaChat), 0o644))
	must(t, os.WriteFile(filepath.Join(chatDir, "IMG-20190313-WA0001.jpg"), []byte("\xff\xd8\xff\xe0 no real picture"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("nothing of anybody's"), 0o644))

	w := newWorld(t, storagetest.NewMemory())
	report, err := w.run(backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}})
	must(t, err)
	if report.Messages != 4 || report.Unparsed != 0 || len(report.Conversations) != 1 || report.MediaStored != 1 {
		t.Errorf("report: %+v %+v", report, report.Conversations)
	}
	s := w.latest()
	files := map[string]string{}
	for e, err := range s.Entries(w.ctx) {
		must(t, err)
		data, err := io.ReadAll(s.Chunks(w.ctx, e.Chunks))
		must(t, err)
		files[e.Path] = string(data)
	}
	stream := files["messages/"+report.Conversations[0].ID+".jsonl"]
	if n := strings.Count(stream, "\n"); n != 4 {
		t.Errorf("%d records in the conversation's stream, not 4", n)
	}
	d := record.NewDecoder(bufio.NewReader(strings.NewReader(stream)))
	d.Strict = true
	for range 4 {
		r, err := d.Next()
		must(t, err)
		m := r.(*chat.Message)
		for _, a := range m.Attachments {
			if _, ok := files[a.File]; !ok {
				t.Errorf("attachment %q is no file of the snapshot", a.File)
			}
		}
		if _, ok := files[m.Source.File]; !ok {
			t.Errorf("source %q is no file of the snapshot", m.Source.File)
		}
	}
	for _, name := range []string{"conversations.jsonl", "participants.jsonl"} {
		if files[name] == "" {
			t.Errorf("%s is empty or missing", name)
		}
	}
}

// TestInspect counts without a repository.
func TestInspect(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "_chat.txt"), []byte(annaChat), 0o644))
	var records bytes.Buffer
	report, err := backup.Inspect(t.Context(), backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}}, &records)
	must(t, err)
	if report.Messages != 4 || report.Unparsed != 0 {
		t.Errorf("report: %+v", report)
	}
	if n := strings.Count(records.String(), `{"type":"message"`); n != 4 {
		t.Errorf("%d records", n)
	}
}

// TestZipWithAFolder finds the export in a zip that was packed with its folder.
func TestZipWithAFolder(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("exports/WhatsApp Chat with Anna/_chat.txt")
	must(t, err)
	_, err = f.Write([]byte(annaChat))
	must(t, err)
	must(t, z.Close())
	name := filepath.Join(t.TempDir(), "all.zip")
	must(t, os.WriteFile(name, b.Bytes(), 0o644))
	report, err := backup.Inspect(t.Context(), backup.Source{Path: name, Providers: []chat.Provider{whatsapp.Provider}}, nil)
	must(t, err)
	if len(report.Conversations) != 1 || report.Messages != 4 || report.Conversations[0].Title != "Anna" {
		t.Errorf("report: %+v", report.Conversations)
	}
}
