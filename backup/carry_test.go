package backup_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/restore"
)

// packedZip is a zip of these files, in the order of names.
func packedZip(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: []uint16{zip.Deflate, zip.Store}[i%2]})
		must(t, err)
		_, err = f.Write(files[name])
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

func random(seed uint64, n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(data)
	return data
}

// carriedSource is a folder with what snapshots are made of.
func carriedSource(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	chatText := "[02.03.19, 10:11:12] Anna: the kettle is on\r\n[02.03.19, 10:12:00] Ben: two minutes\r\n"
	for i := range 2000 {
		chatText += fmt.Sprintf("[03.03.19, %02d:%02d:%02d] Anna: number %d\r\n", i/3600, i/60%60, i%60, i)
	}
	for name, data := range map[string][]byte{
		"note.txt": []byte(strings.Repeat("a line of text\n", 40000)), "empty": {}, "sub/small": []byte("x"),
		"sub/large.bin": random(1, 9<<20), "photo.jpg": append([]byte("\xff\xd8\xff\xe0"), random(2, 700<<10)...),
		"WhatsApp Chat - Anna.zip": packedZip(t, map[string][]byte{"_chat.txt": []byte(chatText), "a.jpg": random(3, 300<<10), "b.txt": []byte(chatText)}),
		"a/\xff\xfe":               []byte("not UTF-8"),
	} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, data, 0o640))
	}
	must(t, os.Symlink("note.txt", filepath.Join(dir, "link")))
	must(t, os.Link(filepath.Join(dir, "photo.jpg"), filepath.Join(dir, "z-photo.jpg")))
	return dir
}

// carry carries a snapshot into w.
func (w *world) carry(c *backup.Carrier, from *repo.Snapshot) (*backup.CarryReport, error) {
	w.t.Helper()
	s, err := repo.Begin(w.ctx, w.store, w.view(), w.key, w.memory, repo.SessionOptions{PackSize: 1 << 20})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	return c.Carry(w.ctx, from, s)
}

// wantSame compares two snapshots entry for entry and byte for byte, and returns
// the paths of what came over as unreadable.
func wantSame(t *testing.T, from, to *repo.Snapshot) (lost []string) {
	t.Helper()
	var there []repo.Entry
	for e, err := range to.Entries(t.Context()) {
		must(t, err)
		there = append(there, e)
	}
	i := 0
	for e, err := range from.Entries(t.Context()) {
		must(t, err)
		if i == len(there) || there[i].Path != e.Path || there[i].Stat != e.Stat {
			t.Fatalf("%q is not where it should be", e.Path)
		}
		got := there[i]
		i++
		if got.Type == format.EntryUnreadable {
			lost = append(lost, e.Path)
			continue
		}
		if got.Type != e.Type || got.Size != e.Size || got.Target != e.Target || len(got.Segments) != len(e.Segments) {
			t.Errorf("%q is another entry: %+v", e.Path, got.Entry)
		}
		if e.Type != format.EntryFile && e.Type != format.EntryZip {
			continue
		}
		var want, have bytes.Buffer
		must(t, restore.WriteFile(t.Context(), from, e, &want))
		must(t, restore.WriteFile(t.Context(), to, got, &have))
		if !bytes.Equal(want.Bytes(), have.Bytes()) {
			t.Errorf("%q comes back as other bytes", e.Path)
		}
	}
	if i != len(there) {
		t.Errorf("%d entries too many", len(there)-i)
	}
	return lost
}

// TestCarry carries two snapshots into another repository. They come back byte for
// byte, and a backup of the same folder finds all of it there.
func TestCarry(t *testing.T) {
	dir := carriedSource(t)
	src := backup.Source{Path: dir, Name: "exports", Host: "phone", Tags: []string{"one"}, Providers: []chat.Provider{whatsapp.Provider}}
	counting := storagetest.NewCounting(storagetest.NewMemory())
	from, to := newWorld(t, counting), newWorld(t, storagetest.NewPolice(storagetest.NewMemory(), t.Errorf))
	first, err := from.run(src)
	must(t, err)
	if first.Messages < 2000 {
		t.Fatalf("%d messages", first.Messages)
	}
	carrier := &backup.Carrier{Program: "test"}
	one := from.latest()
	report, err := to.carry(carrier, one)
	must(t, err)
	if lost := wantSame(t, one, to.latest()); len(lost)+len(report.Lost) > 0 {
		t.Errorf("lost: %v %v", lost, report.Lost)
	}
	got, want := *to.latest().Manifest, *one.Manifest
	if got.Source != want.Source || !slices.Equal(got.Tags, want.Tags) || !got.Started.Equal(want.Started) || !got.Finished.Equal(want.Finished) ||
		got.Totals != want.Totals || got.Complete != want.Complete {
		t.Errorf("the manifest became %+v, and was %+v", got, want)
	}

	// The second has little new, and little of it is read.
	must(t, os.WriteFile(filepath.Join(dir, "new.txt"), []byte("new\n"), 0o600))
	_, err = from.run(src)
	must(t, err)
	counting.Reset()
	report, err = to.carry(carrier, from.latest())
	must(t, err)
	if read := counting.Count(storagetest.OpGet, "packs").Bytes; report.BytesNew > 20<<10 || read > 3<<20 {
		t.Errorf("%d bytes are new, %d were read", report.BytesNew, read)
	}
	wantSame(t, from.latest(), to.latest())
	// So also without the help of the first.
	if report, err = to.carry(&backup.Carrier{}, from.latest()); err != nil || report.BytesNew > 0 {
		t.Errorf("carried again, %d bytes are new: %v", report.BytesNew, err)
	}

	// A backup by this machine finds its chunks.
	again, err := to.run(src)
	must(t, err)
	if again.BytesNew > 0 {
		t.Errorf("%d bytes of %d are new to a backup", again.BytesNew, again.Bytes)
	}
}

// TestCarryDamaged damages each pack of the source in turn: what cannot be read is
// named and marked, the rest arrives.
func TestCarryDamaged(t *testing.T) {
	dir := carriedSource(t)
	memory := storagetest.NewMemory()
	from := newWorld(t, memory)
	_, err := from.run(backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}})
	must(t, err)
	hurt := 0
	for _, key := range memory.Keys(format.PacksDir) {
		whole := memory.Bytes(key)
		damaged := bytes.Clone(whole)
		for at := 100 << 10; at < len(damaged)-(100<<10); at += 32 << 10 {
			damaged[at] ^= 1
		}
		snapshot := from.latest()
		memory.Tamper(key, damaged)
		to := newWorld(t, storagetest.NewMemory())
		report, err := to.carry(&backup.Carrier{}, snapshot)
		memory.Tamper(key, whole)
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		lost := wantSame(t, from.latest(), to.latest())
		m := to.latest().Manifest
		if len(lost) != len(report.Lost) || m.Complete != (len(lost) == 0) || m.Totals.Unreadable != int64(len(lost)) {
			t.Errorf("%s: lost %q, said %v, complete %v", key, lost, report.Lost, m.Complete)
		}
		for i, path := range lost {
			if !strings.Contains(report.Lost[i].Error(), strings.ToValidUTF8(path, "\uFFFD")) || format.ClassOf(report.Lost[i]) == "" {
				t.Errorf("%q: %v", path, report.Lost[i])
			}
		}
		hurt += len(lost)
	}
	if hurt == 0 {
		t.Error("no damage did any harm")
	}
}

// TestCarryInterrupted fails requests of the target one after the other. Carried
// anew, everything is there.
func TestCarryInterrupted(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a.bin"), random(1, 3<<20), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "b.txt"), []byte(strings.Repeat("a line of text\n", 40000)), 0o600))
	from := newWorld(t, storagetest.NewMemory())
	_, err := from.run(backup.Source{Path: dir})
	must(t, err)
	for n := 1; ; n++ {
		fault := storagetest.NewFault(storagetest.NewMemory())
		to := newWorld(t, fault)
		view := to.view()
		fault.Script(storagetest.Rule{Nth: n, Do: storagetest.FailAfter})
		s, err := repo.Begin(to.ctx, to.store, view, to.key, to.memory, repo.SessionOptions{PackSize: 1 << 20})
		if err == nil {
			_, err = (&backup.Carrier{}).Carry(to.ctx, from.latest(), s)
			s.Close()
		}
		calls := len(fault.Calls())
		fault.Script()
		if err == nil && n <= calls {
			t.Errorf("request %d failed, and it says that all is done", n)
		}
		report, err := to.carry(&backup.Carrier{}, from.latest())
		if err != nil || len(report.Lost) > 0 {
			t.Fatalf("after request %d: %v", n, err)
		}
		wantSame(t, from.latest(), to.latest())
		if n > calls {
			break
		}
	}
}
