//go:build unix

package restore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

const (
	killFiles = 48
	killSize  = 1 << 20 // of a file, to half as much again
	// checkEvery is how many rounds pass between looks at everything.
	checkEvery = 4
)

// kills is how often the program is killed.
func kills(t *testing.T) int {
	if text := os.Getenv("CHATKEEP_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		must(t, err)
		return n
	}
	if long {
		return 2000
	}
	return 12
}

// testKills kills backups at any moment, again and again, and wants that each
// next one succeeds, that what was ever said to be stored stays stored, that
// little litter is left, and that nothing on any disk can be read.
func testKills(t *testing.T, program string) {
	// A repository that is never pruned grows; a new one now and then keeps
	// thousands of kills from filling the disk.
	const perVictim = 250
	for left := kills(t); left > 0; left -= perVictim {
		t.Run(fmt.Sprint(left), func(t *testing.T) { killed(t, program, min(left, perVictim)) })
	}
}

func killed(t *testing.T, program string, often int) {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	v := newVictim(t, program, seed)
	for round := 0; v.killed < often && !t.Failed(); round++ {
		v.change()
		before := v.orphanPacks()
		struck := 0
		for range 1 + v.r.IntN(2) {
			if v.strike() {
				struck++
			}
			v.snoop()
		}
		v.succeed()
		v.snoop()
		if n, most := v.orphanPacks()-before, struck*(runtime.NumCPU()+1); n > most {
			t.Errorf("round %d: %d kills left %d packs that nothing names, more than %d", round, struck, n, most)
		}
		if round%checkEvery == 0 {
			v.check(1)
		}
	}
	v.check(3)
	v.h.json(0, "check", "--read-data")
	v.wantTidy()
	t.Logf("%d kills, %d runs committed, %d packs orphaned; the last that was stored before a kill: %v", v.killed, len(v.committed), v.orphanPacks(), v.phases)
}

// victim is a machine that is killed, and its source.
type victim struct {
	t    *testing.T
	h    *host
	repo string
	src  string
	r    *rand.Rand
	seed uint64

	versions  []int     // of the files as they are now; 0 is none
	committed []promise // what runs that ended well said they stored
	killed    int
	whole     time.Duration // that a run took to store all files
	changed   int           // files, since the last run that ended
	phases    map[string]int
	snooped   map[string]time.Time
}

// promise is a snapshot, and the versions of the files that it must have.
type promise struct {
	snapshot string
	versions []int
}

func newVictim(t *testing.T, program string, seed uint64) *victim {
	t.Helper()
	dir := t.TempDir()
	v := &victim{t: t, repo: filepath.Join(dir, "repository"), src: filepath.Join(dir, "source"), seed: seed,
		r: rand.New(rand.NewPCG(seed, 0)), versions: make([]int, killFiles), phases: map[string]int{}, snooped: map[string]time.Time{}}
	v.h = initialised(t, program, v.repo, nil)
	must(t, os.Mkdir(v.src, 0o700))
	for i := range v.versions {
		v.versions[i] = 1
		v.write(i)
	}
	if found := v.look(v.src); len(found) == 0 {
		t.Fatal("the marker is not seen where it is")
	}
	started := time.Now()
	v.succeed()
	v.whole = time.Since(started)
	v.snoop()
	return v
}

// marker stands in every file's name and all through its content.
const marker = "QmarkerQthatQnobodyQmustQreadQ"

// content makes a version of a file: noise, so that it is stored as it is, if it
// is ever stored without being encrypted.
func (v *victim) content(i, version int) []byte {
	a := archive{seed: v.seed}
	noise := a.noise(fmt.Sprintf("%d/%d", i, version))
	data := make([]byte, killSize+int(noise.Uint64()%(killSize/2)))
	_, _ = noise.Read(data)
	for at := 0; at < len(data)-len(marker); at += 64 << 10 {
		copy(data[at:], marker)
	}
	return data
}

// name says what a file is called. Pictures and others go different ways.
func (v *victim) name(i int) string {
	return fmt.Sprintf("%s-%02d.%s", marker, i, []string{"jpg", "bin"}[i%2])
}

func (v *victim) write(i int) {
	v.t.Helper()
	path := filepath.Join(v.src, v.name(i))
	if v.versions[i] == 0 {
		must(v.t, os.Remove(path))
		return
	}
	must(v.t, os.WriteFile(path, v.content(i, v.versions[i]), 0o600))
}

// change changes a part of the source: from a file to nearly all.
func (v *victim) change() {
	v.changed = 1 + int(killFiles*v.r.Float64()*v.r.Float64())
	for range v.changed {
		i := v.r.IntN(killFiles)
		next := slices.Max(v.versions) + 1
		if v.versions[i] != 0 && v.r.IntN(8) == 0 {
			next = 0
		}
		v.versions[i] = next
		v.write(i)
	}
}

// succeed backs up, which must end well.
func (v *victim) succeed() {
	v.t.Helper()
	r := v.h.json(0, "backup", v.src, "--pack-size", "1MiB")
	v.commit(r.text("snapshot"))
}

func (v *victim) commit(snapshot string) {
	v.committed = append(v.committed, promise{snapshot, slices.Clone(v.versions)})
}

// strike starts a backup and kills it at a moment that chance chooses. It
// returns false if the run was done by then.
func (v *victim) strike() bool {
	v.t.Helper()
	before := v.objects()
	cmd, stdout, stderr := v.h.command("backup", v.src, "--pack-size", "1MiB", "--json")
	must(v.t, cmd.Start())
	over, cancel := context.WithCancel(v.t.Context())
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		v.moment(over, before)
		_ = cmd.Process.Kill()
	}()
	_ = cmd.Wait() // how it ended is looked at below
	cancel()
	<-killed
	if cmd.ProcessState.Exited() {
		objects, err := parseObjects(stdout.String())
		if err != nil || cmd.ProcessState.ExitCode() != 0 {
			v.t.Fatalf("a run that was not hit ended with %v: %v\n%s", cmd.ProcessState, err, tail(stderr.String()))
		}
		v.commit((&ran{objects: objects}).text("snapshot"))
		return false
	}
	v.killed++
	v.phases[v.phase(before)]++
	// What it said before it died counts.
	if objects, err := parseObjects(stdout.String()); err == nil {
		v.commit((&ran{objects: objects}).text("snapshot"))
	}
	return true
}

// moment waits until it is time to kill: at any time of the run, or, since much
// happens in a short time, just when the store has some objects of a kind more
// than before. It returns at once when the run is over.
func (v *victim) moment(over context.Context, before map[string]int) {
	folder := []string{"", "", "packs", "packs", "index", "manifests", "snapshots"}[v.r.IntN(7)]
	more := 1
	if folder == "packs" {
		more += v.r.IntN(v.changed)
	}
	wait := time.Duration(v.r.Float64() * (float64(v.changed)/killFiles*float64(v.whole) + float64(200*time.Millisecond)))
	if folder != "" {
		wait = time.Duration(v.r.IntN(3000)) * time.Microsecond
	}
	for folder != "" && v.count(folder) < before[folder]+more && over.Err() == nil {
		time.Sleep(300 * time.Microsecond)
	}
	select {
	case <-time.After(wait):
	case <-over.Done():
	}
}

// objects counts what the repository has of each kind.
func (v *victim) objects() map[string]int {
	counts := map[string]int{}
	for _, folder := range []string{"packs", "index", "manifests", "snapshots"} {
		counts[folder] = v.count(folder)
	}
	return counts
}

func (v *victim) count(folder string) int {
	found, _ := filepath.Glob(filepath.Join(v.repo, folder, "*"))
	below, _ := filepath.Glob(filepath.Join(v.repo, folder, "*", "*"))
	return len(found) + len(below)
}

// phase is how far a run had come: the last kind of object that it put.
func (v *victim) phase(before map[string]int) string {
	after := v.objects()
	for _, folder := range []string{"snapshots", "manifests", "index", "packs"} {
		if after[folder] > before[folder] {
			return folder
		}
	}
	return "nothing"
}

// orphanPacks counts packs that no head names, without asking the program.
func (v *victim) orphanPacks() int {
	v.t.Helper()
	named := map[string]bool{}
	for _, path := range filesBelow(v.t, filepath.Join(v.repo, "snapshots")) {
		data, err := os.ReadFile(path)
		must(v.t, err)
		maps.Copy(named, packsNamed(v.t, data))
	}
	n := 0
	for _, path := range filesBelow(v.t, filepath.Join(v.repo, "packs")) {
		if !named[filepath.Base(path)] {
			n++
		}
	}
	return n
}

// packsNamed reads the packs that a head adds or has. What one drops was named
// before.
func packsNamed(t *testing.T, head []byte) map[string]bool {
	t.Helper()
	var signed struct{ Body string }
	must(t, json.Unmarshal(head, &signed))
	type set struct {
		Packs []struct{ SHA256 string }
	}
	var body struct{ Add, Live set }
	must(t, json.Unmarshal([]byte(signed.Body), &body))
	named := map[string]bool{}
	for _, p := range append(body.Add.Packs, body.Live.Packs...) {
		named[p.SHA256+".age"] = true
	}
	return named
}
