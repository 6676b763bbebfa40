package restore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// cutAfter is a snapshot read over a store that ends ctx at its nth request.
func cutAfter(s *repo.Snapshot, store storage.Reader, n int, cancel func()) *repo.Snapshot {
	left := n
	return through(s, &watched{Reader: store, at: func(string) {
		if left--; left < 0 {
			cancel()
		}
	}})
}

// TestResumeForests cuts restores of random trees off again and again, at any
// request, until one comes through: all is right then, and what the earlier ones
// fetched was of use.
func TestResumeForests(t *testing.T) {
	for seed := range uint64(10) {
		w := newWorld(t)
		w.packSize = 32 << 10
		f := newForest(t, seed)
		s := w.backup(f.things...)
		dir := newTarget(t)
		o := Options{Workers: 1 + f.IntN(3), Resume: "all"}
		cuts := 0
		for {
			ctx, cancel := context.WithCancel(t.Context())
			report, err := Run(ctx, cutAfter(s, w.store, 1+f.IntN(6)+cuts, cancel), dir, o)
			cancel()
			if err == nil {
				break
			}
			if cuts++; !errors.Is(err, context.Canceled) || cuts > 200 {
				t.Fatalf("seed %d: %v, %+v", seed, err, report)
			}
		}
		compare(t, fmt.Sprintf("seed %d, %d cuts", seed, cuts), dir, f.things)
	}
}

// TestResumeFetchesLittle cuts a restore off at each pack. All in all not more is
// fetched than at once, but for what was under way.
func TestResumeFetchesLittle(t *testing.T) {
	const size = 64 << 10
	w := newWorld(t)
	w.packSize = size
	text := []byte(strings.Repeat("all work and no play ", 9000))
	var pieces []piece
	for i := range 12 {
		own := append(noise(uint64(400+i), 20<<10), text...)
		pieces = append(pieces, piece{content: noise(uint64(500+i), 3000)}, piece{content: own, member: true, packed: deflated(t, own, 6), level: 6})
	}
	things := []thing{directory(""), {path: "originals/large", content: noise(1, 1<<20), chunk: 50 << 10, mode: 0o640},
		{path: "originals/z.zip", typ: format.EntryZip, mode: 0o600, pieces: pieces}}
	for i := range 10 {
		things = append(things, thing{path: fmt.Sprintf("originals/s%d", i), content: noise(uint64(20+i), 70<<10), mode: 0o600, chunk: 100 << 10})
	}
	s := w.backup(things...)
	counting := storagetest.NewCounting(w.store)
	_, err := Run(t.Context(), through(s, counting), newTarget(t), Options{Workers: 1})
	must(t, err)
	once := counting.Count("", "")
	counting.Reset()
	dir := newTarget(t)
	// Every run reads the lists again, and opens anew the packs that it needs
	// single frames of.
	const again, run = 10, 16 // requests
	cuts := int64(0)
	reused := int64(0)
	for {
		ctx, cancel := context.WithCancel(t.Context())
		report, err := Run(ctx, cutAfter(s, counting, run, cancel), dir, Options{Workers: 1, Resume: "all"})
		cancel()
		reused += report.Reused
		if err == nil {
			break
		}
		if cuts++; cuts > once.Requests {
			t.Fatal(err)
		}
	}
	all := counting.Count("", "")
	t.Logf("%d requests at once, %d with %d cuts; %d chunks reused", once.Requests, all.Requests, cuts, reused)
	if cuts < 3 || all.Requests > once.Requests+cuts*again || reused == 0 {
		t.Errorf("%d requests and %d bytes at once, %d and %d with %d cuts; %d chunks reused", once.Requests, once.Bytes, all.Requests, all.Bytes, cuts, reused)
	}
	for _, th := range things {
		if th.typ != format.EntryDir {
			wantFile(t, filepath.Join(dir, strings.TrimPrefix(th.path, "originals/")), th.bytes())
		}
	}
	wantLeft(t, dir, "large", "z.zip", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9")
}

// begun is a target in which a restore was cut off.
func begun(t *testing.T, w *world, s *repo.Snapshot, o Options, requests int) string {
	t.Helper()
	dir := newTarget(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := Run(ctx, cutAfter(s, w.store, requests, cancel), dir, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not cut off: %v", err)
	}
	return dir
}

// TestResumeHostile has a target prepared by somebody with bad intent, a journal
// included: what is outside stays as it is, and what is in it is either the
// snapshot's or said to be missing.
func TestResumeHostile(t *testing.T) {
	for shift := range uint32(3) {
		resumeHostile(t, shift)
	}
}

func resumeHostile(t *testing.T, shift uint32) {
	w := newWorld(t)
	w.packSize = 64 << 10
	things := []thing{directory(""), directory("d"), plain("d/in", "inside"), plain("fine", "fine"), plain("kept", "as it should be"),
		plain("linked", "precious"), plain("pipe", "a pipe"), plain("same-size", "right"), plain("soft", "soft"), plain("dir", "dir"),
		{path: "originals/big", content: noise(1, 100<<10), chunk: 10 << 10, mode: 0o600},
		{path: "originals/holes", content: append(noise(2, 8<<10), make([]byte, 80<<10)...), chunk: 10 << 10, mode: 0o600, sparse: true}}
	s := w.backup(things...)
	dir := newTarget(t)
	beside := filepath.Join(filepath.Dir(dir), "beside")
	must(t, os.Mkdir(beside, 0o755))
	must(t, os.WriteFile(beside+"/precious", []byte("precious"), 0o644))
	must(t, os.MkdirAll(dir+"/dir/full", 0o755))
	j := newJournal(s, "x")
	j.Token = "00ff00ff"
	write := func(name, text string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)) }
	write(journalName, fmt.Sprintf(`{"chatkeep_restore":1,"repository":%q,"snapshot":%q,"asked":%q,"token":%q}`, j.Repository, j.Snapshot, j.Asked, j.Token))
	write("same-size", "wrong")
	write("kept", "as it should be")
	must(t, os.Symlink(beside, dir+"/d"))
	must(t, os.Symlink(beside+"/precious", dir+"/soft"))
	must(t, os.Link(beside+"/precious", dir+"/linked"))
	for serial := uint32(0); serial < 20; serial++ {
		name := dir + "/" + temporary + j.Token + "-" + fmt.Sprint(serial)
		switch (serial + shift) % 3 {
		case 0:
			must(t, os.Symlink(beside+"/precious", name))
		case 1:
			must(t, os.Link(beside+"/precious", name))
		case 2:
			must(t, os.WriteFile(name, noise(uint64(serial), 150<<10), 0o600))
		}
	}
	before, err := os.Stat(beside + "/precious")
	must(t, err)
	_, err = Run(t.Context(), s, dir, Options{Resume: "x"})
	got := lost(err)
	for _, path := range []string{"d/in", "same-size", "soft", "linked", "dir"} {
		if _, ok := got["originals/"+path]; !ok {
			t.Errorf("%s is not said to be missing", path)
		}
		delete(got, "originals/"+path)
	}
	delete(got, "originals/d")
	if len(got) > 0 {
		t.Errorf("lost %v", got)
	}
	for _, th := range things {
		if name := strings.TrimPrefix(th.path, "originals/"); name == "fine" || name == "kept" || name == "big" || name == "pipe" || name == "holes" {
			wantFile(t, dir+"/"+name, th.content)
		}
	}
	wantFile(t, dir+"/same-size", []byte("wrong"))
	wantLeft(t, beside, "precious")
	wantFile(t, beside+"/precious", []byte("precious"))
	if after, err := os.Stat(beside + "/precious"); err != nil || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("what is outside changed: %v, %v", after, err)
	}
}

// TestResumeOther refuses to go on with what is another restore, and with what is
// none.
func TestResumeOther(t *testing.T) {
	w, s, _ := many(t)
	dir := begun(t, w, s, Options{Resume: "all", Workers: 1}, 6)
	var other *otherRestore
	if _, err := Run(t.Context(), s, dir, Options{Resume: "some"}); !errors.As(err, &other) || !other.asked || other.Hint() == "" {
		t.Errorf("with other options: %v", err)
	}
	next := w.backup(directory(""), plain("new", "new"))
	if _, err := Run(t.Context(), next, dir, Options{Resume: "all"}); !errors.As(err, &other) || other.asked || !strings.Contains(other.Hint(), s.Head.Hash.String()[:16]) {
		t.Errorf("of another snapshot: %v", err)
	}
	for name, text := range map[string]string{"empty": "", "garbage": "{", "long": strings.Repeat(" ", maxJournal) + "{}", "version": `{"chatkeep_restore":2}`,
		"token": `{"chatkeep_restore":1,"token":"../../x"}`} {
		odd := newTarget(t)
		must(t, os.Mkdir(odd, 0o700))
		must(t, os.WriteFile(odd+"/"+journalName, []byte(text), 0o600))
		var full *notEmpty
		if _, err := Run(t.Context(), s, odd, Options{Resume: "all"}); !errors.As(err, &full) {
			t.Errorf("%s: %v", name, err)
		}
	}
	report, err := Run(t.Context(), s, dir, Options{Resume: "all"})
	must(t, err)
	if report.Kept+report.Reused == 0 {
		t.Errorf("nothing of the first run was of use: %+v", report)
	}
}

// TestResumeBusy has two runs of one restore at a time: the second has to wait.
func TestResumeBusy(t *testing.T) {
	w, s, things := many(t)
	dir, tried := newTarget(t), 0
	watch := &watched{Reader: w.store, at: func(string) {
		if _, err := os.Lstat(dir + "/" + journalName); err != nil {
			return
		}
		tried++
		var other *busy
		if _, err := Run(t.Context(), s, dir, Options{Resume: "all"}); !errors.As(err, &other) {
			t.Errorf("a second run: %v", err)
		}
	}}
	_, err := Run(t.Context(), through(s, watch), dir, Options{Resume: "all"})
	must(t, err)
	if tried == 0 {
		t.Error("there was no second run")
	}
	wantWhole(t, dir, things, nil)
}

// TestResumeChanged does not take back what was changed in between, unless it is
// told to overwrite.
func TestResumeChanged(t *testing.T) {
	w, s, things := many(t)
	for _, overwrite := range []bool{false, true} {
		o := Options{Resume: "all", Workers: 1, Overwrite: overwrite}
		dir := begun(t, w, s, o, 7)
		name := ""
		for _, path := range left(t, dir) {
			if !strings.HasPrefix(path, temporary) {
				name = path
			}
		}
		if name == "" {
			t.Fatal("no file was whole")
		}
		must(t, os.WriteFile(dir+"/"+name, []byte("edited"), 0o600))
		_, err := Run(t.Context(), s, dir, o)
		if overwrite {
			must(t, err)
			wantWhole(t, dir, things, nil)
			continue
		}
		if _, ok := lost(err)["originals/"+name]; !ok || len(lost(err)) != 1 {
			t.Errorf("lost %v", lost(err))
		}
		wantFile(t, dir+"/"+name, []byte("edited"))
	}
}

// TestResumeChoice goes on with a restore of chosen messages.
func TestResumeChoice(t *testing.T) {
	k := newTalk(t)
	for cut := 1; cut < 14; cut++ {
		o := Options{Resume: "x", Workers: 1, Messages: true, Choice: Choice{From: day("2024-03-01"), To: day("2024-06-01")}}
		dir := newTarget(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, _ = Run(ctx, cutAfter(k.s, k.w.store, cut, cancel), dir, o)
		cancel()
		if _, err := os.Lstat(dir + "/" + journalName); err != nil {
			continue // it was not cut off, or before it began
		}
		_, err := Run(t.Context(), k.s, dir, o)
		must(t, err)
		k.wantMessages(t, dir, "Anna", 3)
		k.wantMessages(t, dir, "Ben", 3)
		wantFile(t, dir+"/anna/03.jpg", k.things["originals/anna/03.jpg"].content)
	}
}

// TestVerify reads again what was written, and finds what the disk did not keep.
func TestVerify(t *testing.T) {
	_, s, things := many(t)
	dir := newTarget(t)
	report, err := Run(t.Context(), s, dir, Options{Verify: true})
	must(t, err)
	if int(report.Verified) != len(things) {
		t.Errorf("%d files were read again, of %d", report.Verified, len(things))
	}
	r := rand.New(rand.NewPCG(1, 1))
	dir = newTarget(t)
	wrong := ""
	report, err = runWith(t, s, dir, Options{Verify: true, Workers: 1}, func(run *run) {
		run.writeAt = func(f *os.File, data []byte, offset int64) error {
			if wrong == "" && r.IntN(20) == 0 {
				wrong = f.Name()
				data = append([]byte(nil), data...)
				data[len(data)/2] ^= 1
			}
			return plainWriteAt(f, data, offset)
		}
	})
	if len(lost(err)) != 1 || int(report.Verified) != len(things)-1 || !strings.Contains(err.Error(), "read again") {
		t.Errorf("%v, %d read again", err, report.Verified)
	}
	gone := map[string]format.Class{}
	for path := range lost(err) {
		gone[path] = ""
	}
	wantWhole(t, dir, things, gone)
}
