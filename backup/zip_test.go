package backup_test

import (
	"archive/zip"
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/providers/storage/storagetest"
)

// TestFreshZip backs up a zip, then one of the same media with new dates and one
// more message: what is stored anew is the message.
func TestFreshZip(t *testing.T) {
	dir := t.TempDir()
	media := make([]byte, 3<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(media)
	export := func(when time.Time, text string) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, m := range []struct {
			name   string
			data   []byte
			method uint16
		}{{"IMG-1.jpg", media, zip.Store}, {"_chat.txt", []byte(text), zip.Deflate}} {
			f, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method, Modified: when})
			must(t, err)
			_, err = f.Write(m.data)
			must(t, err)
		}
		must(t, z.Close())
		must(t, os.WriteFile(filepath.Join(dir, "WhatsApp Chat - Anna.zip"), b.Bytes(), 0o644))
	}
	w := newWorld(t, storagetest.NewMemory())
	text := strings.Repeat("a line of the chat\n", 1000)
	export(time.Unix(1700000000, 0), text)
	_, err := w.run(backup.Source{Path: dir, App: "files"})
	must(t, err)
	export(time.Unix(1800000000, 0), text+"one more\n")
	report, err := w.run(backup.Source{Path: dir, App: "files"})
	must(t, err)
	if report.BytesNew > 100<<10 {
		t.Errorf("%d bytes of a fresh zip were new", report.BytesNew)
	}
	opened := false
	for e, err := range w.latest().Entries(w.ctx) {
		must(t, err)
		opened = opened || e.Type == format.EntryZip && len(e.Segments) >= 3 && e.SHA256 != nil
	}
	if !opened {
		t.Error("the zip was not opened")
	}
}
