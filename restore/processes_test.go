//go:build unix

package restore_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"chatkeep/providers/storage/storagetest/server"
)

const (
	crowdGrace = 8 * time.Second // of the repository
	crowdFiles = 6
)

// testProcesses lets real processes at one bucket: four writers, two pruners, an
// owner who forgets, and two readers. They are stopped for longer than the grace,
// go on, and are killed. Whatever a writer said is stored, and nobody forgot, must
// come back, at any time and at the end.
func testProcesses(t *testing.T, program string) {
	span := 25 * time.Second
	if long {
		span = 10 * time.Minute
	}
	c := newCrowd(t, program)
	over := time.After(span)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for i, w := range c.writers {
		group.Go(func() { c.write(w, i, stop) })
	}
	for i, p := range c.pruners {
		group.Go(func() { c.prune(p, i, stop) })
	}
	for i := range 2 {
		group.Go(func() { c.read(i, stop) })
	}
	group.Go(func() { c.forget(stop) })
	<-over
	close(stop)
	group.Wait()
	for snapshot, want := range c.promised {
		c.wantBack(snapshot, want)
	}
	t.Logf("%v; %d snapshots are promised at the end", c.count, len(c.promised))
	for _, what := range []string{"stored", "pruned", "forgot", "read", "stopped", "killed"} {
		if c.count[what] == 0 {
			t.Errorf("nothing was %s: the run proves little", what)
		}
	}
}

// crowd is a repository on a server and everybody who works on it.
type crowd struct {
	t       *testing.T
	owner   *host
	writers []*host
	pruners []*host

	mu       sync.Mutex
	promised map[string]map[string]string // by snapshot: contents by name
	count    map[string]int
	forgets  map[string]bool // forgotten, or about to be
	turn     int
}

func newCrowd(t *testing.T, program string) *crowd {
	repository, env := onServer(t, server.MinIO)
	c := &crowd{t: t, promised: map[string]map[string]string{}, count: map[string]int{}, forgets: map[string]bool{}}
	c.owner = initialised(t, program, repository, env, "--grace", crowdGrace.String())
	id := filepath.Base(filepath.Dir(glob(t, c.owner.home, "writer.key")))
	enrol := func(file string, flags ...string) *host {
		h := newHost(t, program, repository)
		maps.Copy(h.env, env)
		dir := filepath.Join(h.home, ".local/share/chatkeep", id)
		must(t, os.MkdirAll(dir, 0o700))
		c.owner.run(0, append([]string{"writer", "add", "--output", filepath.Join(dir, file)}, flags...)...)
		return h
	}
	for range 4 {
		c.writers = append(c.writers, enrol("writer.key"))
	}
	for range 2 {
		c.pruners = append(c.pruners, enrol("prune.key", "--role", "prune"))
	}
	return c
}

func glob(t *testing.T, home, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(home, ".local/share/chatkeep/*", name))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d files named %s", len(found), name)
	}
	return found[0]
}

func (c *crowd) counted(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[what]++
}

func ended(stop chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// disturbed runs a command that may be stopped for a while, or killed, at any
// moment. It returns nil where the command did not end by itself.
func (c *crowd) disturbed(h *host, r *rand.Rand, args ...string) *ran {
	cmd, stdout, stderr := h.command(append(args, "--json")...)
	if err := cmd.Start(); err != nil {
		c.t.Error(err)
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
	c.disturb(cmd.Process, r, done)
	<-done
	if !cmd.ProcessState.Exited() {
		return nil
	}
	objects, _ := parseObjects(stdout.String())
	return &ran{objects: objects, stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
}

func (c *crowd) disturb(p *os.Process, r *rand.Rand, done chan struct{}) {
	moment := time.Duration(r.Int64N(int64(400 * time.Millisecond)))
	select {
	case <-done:
		return
	case <-time.After(moment):
	}
	c.mu.Lock()
	c.turn++
	turn := c.turn
	c.mu.Unlock()
	switch turn % 6 { // by turns, so that a short run has something of each
	case 0:
		c.counted("killed")
		_ = p.Kill()
	case 2, 4:
		c.counted("stopped")
		_ = p.Signal(syscall.SIGSTOP)
		select {
		case <-done:
		case <-time.After(time.Duration(r.Int64N(int64(2 * crowdGrace)))):
		}
		_ = p.Signal(syscall.SIGCONT)
	}
}

// write changes a writer's files and backs them up, again and again. There are
// few contents, so that they are needed, dropped and needed again.
func (c *crowd) write(h *host, number int, stop chan struct{}) {
	r := rand.New(rand.NewPCG(uint64(number), rand.Uint64()))
	src := filepath.Join(h.home, "source")
	if err := os.MkdirAll(src, 0o700); err != nil {
		c.t.Error(err)
		return
	}
	for !ended(stop) {
		contents := map[string]string{}
		for i := range crowdFiles {
			name := fmt.Sprintf("file%d.txt", i)
			path := filepath.Join(src, name)
			_ = os.Remove(path)
			if r.IntN(3) == 0 {
				continue
			}
			noise := archive{seed: uint64(number)}.noise(fmt.Sprint(i, r.IntN(3)))
			data := make([]byte, 20_000)
			_, _ = noise.Read(data)
			contents[name] = string(data)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				c.t.Error(err)
			}
		}
		if len(contents) == 0 {
			continue
		}
		if out := c.disturbed(h, r, "backup", "--app", "files", src); out != nil && out.code == 0 {
			c.mu.Lock()
			c.promised[out.text("snapshot")] = contents
			c.count["stored"]++
			c.mu.Unlock()
		} else if out != nil {
			c.counted(fmt.Sprintf("not stored, code %d", out.code))
			c.t.Logf("writer %d: %s", number, tail(out.stderr))
		}
	}
}

func (c *crowd) prune(h *host, number int, stop chan struct{}) {
	r := rand.New(rand.NewPCG(uint64(number), rand.Uint64()))
	for !ended(stop) {
		if out := c.disturbed(h, r, "prune"); out != nil && out.code == 0 {
			c.counted("pruned")
			deleted, _ := out.objects[0]["deleted"].(map[string]any)
			n, _ := deleted["objects"].(float64)
			c.mu.Lock()
			c.count["deleted"] += int(n)
			c.mu.Unlock()
		} else if out != nil {
			c.counted(fmt.Sprintf("not pruned, code %d", out.code))
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// some returns a snapshot that is promised.
func (c *crowd) some(r *rand.Rand) (string, map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Sorted(maps.Keys(c.promised))
	if len(all) == 0 {
		return "", nil
	}
	one := all[r.IntN(len(all))]
	return one, c.promised[one]
}

// forget drops some snapshots. From the moment on nothing is promised of them.
func (c *crowd) forget(stop chan struct{}) {
	r := rand.New(rand.NewPCG(9, rand.Uint64()))
	for !ended(stop) {
		time.Sleep(2 * time.Second)
		args := []string{"forget", "--lose-messages"}
		for range 1 + r.IntN(4) {
			if one, _ := c.some(r); one != "" {
				c.mu.Lock()
				delete(c.promised, one)
				c.forgets[one] = true
				c.mu.Unlock()
				args = append(args, one)
			}
		}
		if len(args) == 2 {
			continue
		}
		cmd, _, stderr := c.owner.command(args...)
		if err := cmd.Run(); err == nil {
			c.counted("forgot")
		} else {
			c.t.Logf("forget: %v: %s", err, tail(stderr.String()))
		}
	}
}

func (c *crowd) read(number int, stop chan struct{}) {
	r := rand.New(rand.NewPCG(uint64(20+number), rand.Uint64()))
	for !ended(stop) {
		time.Sleep(300 * time.Millisecond)
		if one, want := c.some(r); one != "" {
			c.wantBack(one, want)
			c.counted("read")
		}
	}
}

// wantBack restores a snapshot. It may fail only where that was forgotten
// meanwhile.
func (c *crowd) wantBack(snapshot string, want map[string]string) {
	target, err := os.MkdirTemp(c.owner.home, "back")
	if err != nil {
		c.t.Error(err)
		return
	}
	defer os.RemoveAll(target)
	cmd, _, stderr := c.owner.command("restore", snapshot, "--target", target)
	err = cmd.Run()
	c.mu.Lock()
	gone := c.forgets[snapshot]
	c.mu.Unlock()
	if gone {
		return
	}
	if err != nil {
		c.t.Errorf("snapshot %s, which was stored, does not come back: %v: %s", snapshot, err, tail(stderr.String()))
		return
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(target, name)); err != nil || string(got) != content {
			c.t.Errorf("snapshot %s: %s comes back otherwise: %v", snapshot, name, err)
		}
	}
}
