package backup_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
)

// member is one of a zip.
type member struct {
	name, data string
	method     uint16
}

// forgetBut keeps the newest snapshot alone, and returns the carried one.
func (w *world) forgetBut(t *testing.T, last int) *repo.Snapshot {
	t.Helper()
	r, err := repo.NewReader(w.ctx, w.store, w.view(), w.master, nil)
	must(t, err)
	group, err := forget.GroupBy([]string{"source"})
	must(t, err)
	plan, err := forget.Make(w.ctx, r, forget.Request{
		Policy: retention.Policy{Last: last}, GroupBy: group, Here: time.Now(), Zone: time.UTC, Own: w.key.ID})
	must(t, err)
	must(t, plan.Run(w.ctx, r, forget.Hands{
		Store: w.store, Memory: w.memory, Master: w.master, Program: "test", Now: time.Now,
		Load: func(context.Context) (*repo.View, error) { return w.view(), nil },
		Begin: func(ctx context.Context) (*repo.Session, error) {
			return repo.Begin(ctx, w.store, w.view(), w.key, w.memory, repo.SessionOptions{})
		},
	}))
	return w.latest()
}

// TestForgetZip: pictures that an app no longer exports are carried out of the zip
// that has them, or with all of it, where a name could mean more than one.
func TestForgetZip(t *testing.T) {
	const name = "originals/WhatsApp Chat - Anna.zip"
	picture := strings.Repeat("not much of a picture\n", 1000)
	text := annaChat + "13/03/2019, 10:13 - Anna: Schöne Grüße.pdf (file attached)\n"
	for what, c := range map[string]struct {
		more []member
		want map[string]string // path in the snapshot, and its bytes
	}{
		"members": {nil, map[string]string{name + "/IMG-20190313-WA0001.jpg": picture, name + "/Schöne Grüße.pdf": "pdf"}},
		"twice":   {[]member{{"IMG-20190313-WA0001.jpg", "another", zip.Store}}, map[string]string{name: ""}},
		"odd":     {[]member{{`..\IMG-20190313-WA0001.jpg`, "another", zip.Store}}, map[string]string{name: ""}},
		// Nothing that zlib made: it is only raw bytes of the zip.
		"packed": {[]member{{"IMG-20190313-WA0001.jpg", picture, zip.Deflate}}, map[string]string{name: ""}},
	} {
		t.Run(what, func(t *testing.T) {
			members := append([]member{{"IMG-20190313-WA0001.jpg", picture, zip.Store}}, c.more...)
			if what == "packed" {
				members = c.more
			}
			dir := t.TempDir()
			w := newWorld(t, storagetest.NewMemory())
			for _, list := range [][]member{append(members, member{"Schöne Grüße.pdf", "pdf", zip.Store}), nil} {
				var b bytes.Buffer
				z := zip.NewWriter(&b)
				for _, m := range append(list, member{"_chat.txt", text, zip.Store}) {
					f, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
					must(t, err)
					_, err = f.Write([]byte(m.data))
					must(t, err)
				}
				must(t, z.Close())
				must(t, os.WriteFile(filepath.Join(dir, "WhatsApp Chat - Anna.zip"), b.Bytes(), 0o644))
				report, err := w.run(backup.Source{Path: dir, Name: "phone", Providers: []chat.Provider{whatsapp.Provider}})
				must(t, err)
				if list != nil && report.MediaStored != 2 {
					t.Fatalf("%d attachments", report.MediaStored)
				}
			}
			s := w.forgetBut(t, 1)
			if !s.Manifest.Carried() {
				t.Fatal("nothing was carried")
			}
			found := 0
			for e, err := range s.Entries(w.ctx) {
				must(t, err)
				if !strings.HasPrefix(e.Path, "originals/") {
					continue
				}
				found++
				want, ok := c.want[e.Path]
				data, err := io.ReadAll(s.Chunks(w.ctx, e.Chunks))
				must(t, err)
				if !ok || string(data) != want || (e.Type == format.EntryZip) != (e.Path == name) {
					t.Errorf("%s: a %v of %d bytes", e.Path, e.Type, len(data))
				}
			}
			if found != len(c.want) {
				t.Errorf("%d files were carried, not %d", found, len(c.want))
			}
			report, err := repo.Check(w.ctx, w.store, w.view(), s.Reader, repo.CheckOptions{ReadData: true})
			must(t, err)
			for _, p := range report.Problems {
				t.Errorf("check: %v", p)
			}
		})
	}
}
