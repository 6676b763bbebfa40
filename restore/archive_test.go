//go:build unix

package restore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/all"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/providers/storage/storagetest/server"
)

const (
	tiny  = 2 << 20
	small = 30 << 20
	large = 2000 << 20

	smallMemory = 330_000 << 10
	largeMemory = 300_000 << 10
)

// TestArchiveIsTheSame makes an archive twice: the tests of growth stand on it.
func TestArchiveIsTheSame(t *testing.T) {
	dir := t.TempDir()
	a := archive{seed: 7, size: tiny}
	first := a.write(t, dir+"/1", 2)
	if second := a.write(t, dir+"/2", 2); first != second || first.bytes == 0 || first.texts == 0 {
		t.Errorf("gained %v, then %v", first, second)
	}
	one, two := describe(t, dir+"/1"), describe(t, dir+"/2")
	for name := range one { // nobody can date a symbolic link here
		if strings.Contains(one[name], ", to ") {
			delete(one, name)
			delete(two, name)
		}
	}
	wantSame(t, one, two)
	if size := bytesIn(t, dir+"/1"); size < tiny*8/10 || size > tiny*16 {
		t.Errorf("%d bytes are not about %d", size, tiny)
	}
}

func testTiny(t *testing.T, program string) {
	_, _ = twoDays(t, initialised(t, program, t.TempDir()+"/repository", nil), archive{seed: 1, size: tiny}, smallMemory)
}

func testArchive(t *testing.T, program string) {
	repository := t.TempDir() + "/repository"
	gained, grown := twoDays(t, initialised(t, program, repository, nil), archive{seed: 2, size: small}, smallMemory)
	bound := gained.growth()
	t.Logf("day 2 has %d bytes that are new, the repository grew by %d, %d are allowed", gained.bytes, grown, bound)
	if grown > bound {
		t.Errorf("for %d new bytes the repository grew by %d, more than %d", gained.bytes, grown, bound)
	}
}

// growth is how much a small repository may grow for it. A text that grew is cut
// anew from its last cut on, 64 KiB before the old end at most, and is stored
// once more as messages, all of it compressed at least to half. The four kinds of
// packs are padded by an eighth, and to 64 or 256 KiB.
func (g gained) growth() int64 {
	return g.bytes*9/8 + int64(g.texts)*64<<10 + 2*(64+256)<<10
}

func testLarge(t *testing.T, program string) {
	if !long {
		t.Skip("CHATKEEP_LONG is not set")
	}
	repository := t.TempDir() + "/repository"
	gained, grown := twoDays(t, initialised(t, program, repository, nil), archive{seed: 3, size: large}, largeMemory)
	bound := gained.bytes*11/10 + 2e6
	t.Logf("day 2 has %d bytes that are new, the repository grew by %d, %d are allowed", gained.bytes, grown, bound)
	if grown > bound {
		t.Errorf("for %d new bytes the repository grew by %d, more than %d", gained.bytes, grown, bound)
	}
}

// twoDays backs up two days' exports at one path, the first of them twice, and
// restores both days. It returns what the second day had anew and what the
// repository grew by then.
func twoDays(t *testing.T, h *host, a archive, memory int64) (gained, int64) {
	t.Helper()
	src := filepath.Join(t.TempDir(), "export")
	_ = a.write(t, src, 1)
	day1 := describe(t, src)
	first := h.json(0, "backup", src)
	wantPeak(t, "the first backup", first, memory)
	if first.number("messages") == 0 {
		t.Error("no messages were recognised")
	}
	same := h.json(0, "backup", src)
	wantPeak(t, "a backup of the same", same, memory)
	wantLittle(t, same.number("bytes_stored"), same.number("requests"))
	unlock(src)
	must(t, os.RemoveAll(src))

	gained := a.write(t, src, 2)
	day2 := describe(t, src)
	second := h.json(0, "backup", src)
	wantPeak(t, "the second day", second, memory)
	unlock(src)
	must(t, os.RemoveAll(src)) // a restore has no one to ask

	h.json(0, "check", "--read-data")
	got, r := h.restored("latest")
	wantPeak(t, "a restore", r, memory)
	wantSame(t, day2, got)
	got, _ = h.restored(first.text("snapshot"))
	wantSame(t, day1, got)
	return gained, second.number("bytes_stored")
}

// wantLittle fails where a run that had nothing to store did not see that.
func wantLittle(t *testing.T, bytes, requests int64) {
	t.Helper()
	t.Logf("the same again: %d bytes in %d requests", bytes, requests)
	if bytes >= 100<<10 || requests > 10 {
		t.Errorf("a backup of the same stored %d bytes in %d requests", bytes, requests)
	}
}

// TestSameAgain counts what an unchanged second run asks of the store, reading
// the repository's state included.
func TestSameAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	src := filepath.Join(t.TempDir(), "export")
	_ = archive{seed: 4, size: tiny}.write(t, src, 1)
	place := filepath.Join(t.TempDir(), "repository")
	store, err := local.Provider.Open(t.Context(), storage.Location{Text: place}, true)
	must(t, err)
	counting := storagetest.NewCounting(store)
	master, err := keys.NewMaster(false)
	must(t, err)
	slot, err := keys.SealRecovery(master, keys.NewRecoveryKey())
	must(t, err)
	key, err := repo.Create(t.Context(), counting, place, master, []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: slot}}, "test")
	must(t, err)
	d := t.TempDir()
	memory := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}.Repository(master.Repository)
	for range 3 {
		counting.Reset()
		backUp(t, counting, master, key, memory, src)
	}
	every, put := counting.Count("", ""), counting.Count(storagetest.OpPut, "")
	pages := counting.Count(storagetest.OpList, "").Entries / 1000
	wantLittle(t, put.Bytes, every.Requests)
	if moved := every.Bytes; moved > 200<<10 {
		t.Errorf("%d bytes went through the line", moved)
	}
	t.Logf("%+v in all, %+v puts, %d pages", every, put, pages)
}

func backUp(t *testing.T, store storage.Store, master *keys.Master, key *keys.Writer, memory *state.Repository, src string) {
	t.Helper()
	view, err := repo.Load(t.Context(), store, master.Repository, "here", memory)
	must(t, err)
	must(t, view.Trust(nil))
	s, err := repo.Begin(t.Context(), store, view, key, memory, repo.SessionOptions{})
	must(t, err)
	defer s.Close()
	table := memory.Table("files "+src, key.IndexIdentity(), key.IndexRecipient())
	_, err = backup.Run(t.Context(), backup.Source{Path: src, Providers: all.Chats}, s, backup.Options{Files: table, Program: "test"})
	must(t, err)
}

// testServers takes an archive to two S3 servers and back.
func testServers(t *testing.T, program string) {
	size := int64(small)
	if long {
		size = large
	}
	src := filepath.Join(t.TempDir(), "export")
	_ = archive{seed: 5, size: size}.write(t, src, 1)
	want := describe(t, src)
	for name, start := range map[string]func(testing.TB) *server.Server{"minio": server.MinIO, "versity": server.Versity} {
		t.Run(name, func(t *testing.T) {
			repository, env := onServer(t, start)
			h := initialised(t, program, repository, env)
			first := h.json(0, "backup", src)
			same := h.json(0, "backup", src)
			wantLittle(t, same.number("bytes_stored"), same.number("requests"))
			h.json(0, "check", "--read-data")
			got, r := h.restored(first.text("snapshot"))
			wantSame(t, want, got)
			wantPeak(t, "a backup", first, smallMemory)
			wantPeak(t, "a restore", r, smallMemory)
		})
	}
}

// testZips backs up a zip, and the next day's, whose entries are all dated anew.
func testZips(t *testing.T, program string) {
	dir, src := t.TempDir(), filepath.Join(t.TempDir(), "WhatsApp and others.zip")
	h := initialised(t, program, dir+"/repository", nil)
	d := newDeflater(t)
	a := archive{seed: 6, size: small / 3}
	var gained gained
	var entries int
	var stored [3]int64
	for day := 1; day <= 2; day++ {
		gained = a.write(t, dir+"/export", day)
		entries = zipped(t, d, dir+"/export", src, time.Date(2024, 3, day, 7, 30, day, 0, time.UTC))
		unlock(dir + "/export")
		must(t, os.RemoveAll(dir+"/export"))
		info, err := os.Stat(src)
		must(t, err)
		want, err := sumOf(src)
		must(t, err)
		r := h.json(0, "backup", src)
		wantPeak(t, "a zip", r, smallMemory)
		stored[day] = r.number("bytes_stored")
		target := filepath.Join(dir, "restored", []string{1: "one", 2: "two"}[day])
		h.run(0, "restore", "--target", target)
		got, err := sumOf(filepath.Join(target, filepath.Base(src)))
		if err != nil || got != want {
			t.Errorf("day %d: a zip of %d bytes came back otherwise: %v", day, info.Size(), err)
		}
	}
	h.json(0, "check", "--read-data")
	// Beside what the archive of day 2 costs as files: every entry has a header
	// of its own and one in the directory, with its name.
	bound := gained.growth() + int64(entries)*400
	t.Logf("zlib: %t; day 2 has %d bytes that are new, the repository grew by %d, %d are allowed", d.zlib, gained.bytes, stored[2], bound)
	if d.zlib && stored[2] > bound {
		t.Errorf("for %d new bytes in a zip the repository grew by %d, more than %d", gained.bytes, stored[2], bound)
	}
}

// testSamples takes every text that others collected as a WhatsApp export to
// one repository and back, each for itself and all together.
func testSamples(t *testing.T, program string) {
	fixtures := os.Getenv("CHATKEEP_FIXTURES")
	if fixtures == "" {
		t.Skip("CHATKEEP_FIXTURES is not set")
	}
	root := filepath.Join(fixtures, "whatsapp")
	var texts []string
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.EqualFold(filepath.Ext(path), ".txt") {
			texts = append(texts, path)
		}
		return err
	}))
	if len(texts) == 0 {
		t.Fatalf("%s has no texts", root)
	}
	h := initialised(t, program, t.TempDir()+"/repository", nil)
	if !long {
		texts = texts[:5] // for themselves; the folder has all of them
	}
	// One run stores them all, each in a snapshot of its own. Records that
	// nobody can parse are no reason not to come back byte for byte.
	r := h.jsonOr3(append([]string{"backup", "--pack-size", "1MiB"}, append(texts, root)...)...)
	if n := len(r.objects); n != len(texts)+1 {
		t.Fatalf("%d summaries for %d texts and their folder", n, len(texts))
	}
	for i, text := range texts {
		got := h.run(0, "cat", r.objects[i]["snapshot"].(string), "originals/"+filepath.Base(text)).stdout
		want, err := os.ReadFile(text)
		must(t, err)
		if got != string(want) {
			t.Errorf("%s came back as %d other bytes", text, len(got))
		}
	}
	got, _ := h.restored(r.text("snapshot"))
	wantSame(t, describe(t, root), got)
	h.json(0, "check", "--read-data")
}

// jsonOr3 is json where the run may end with code 3: finished, but not all could
// be parsed.
func (h *host) jsonOr3(args ...string) *ran {
	h.t.Helper()
	cmd, stdout, stderr := h.command(append(args, "--json")...)
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 3 {
		h.t.Fatalf("chatkeep %s: exit code %d\n%s", args[0], code, tail(stderr.String()))
	}
	objects, err := parseObjects(stdout.String())
	must(h.t, err)
	return &ran{objects: objects}
}
