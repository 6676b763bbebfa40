//go:build unix

package restore_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/providers/storage/storagetest/server"
)

// toll is what passes between a program and an S3 server.
type toll struct {
	mu     sync.Mutex
	gets   int64 // objects, or ranges of them
	lists  int64 // pages
	others int64
	bytes  int64 // of objects
	packs  int64 // gets of packs
	at     func(pack int64)
}

// between puts a toll before a server and returns the new address.
func between(t *testing.T, endpoint string) (*toll, string) {
	t.Helper()
	to, err := url.Parse(endpoint)
	must(t, err)
	tl := &toll{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(resp *http.Response) error {
		if tl.enter(resp.Request) {
			resp.Body = &tolled{resp.Body, tl}
		}
		return nil
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return tl, s.URL
}

// enter counts a request, and tells whether it is for an object.
func (tl *toll) enter(req *http.Request) bool {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	query := req.URL.Query()
	switch {
	case req.Method != http.MethodGet:
		tl.others++
	case query.Has("list-type"):
		tl.lists++
	case query.Has("location"):
		tl.others++
	default:
		tl.gets++
		if strings.Contains(req.URL.Path, "/packs/") {
			tl.packs++
			if tl.at != nil {
				tl.at(tl.packs)
			}
		}
		return true
	}
	return false
}

// reset begins to count anew and returns what was counted.
func (tl *toll) reset() (requests, bytes, packs int64) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	requests, bytes, packs = tl.gets+tl.lists+tl.others, tl.bytes, tl.packs
	tl.gets, tl.lists, tl.others, tl.bytes, tl.packs = 0, 0, 0, 0, 0
	return requests, bytes, packs
}

type tolled struct {
	io.ReadCloser
	toll *toll
}

func (b *tolled) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.toll.mu.Lock()
	b.toll.bytes += int64(n)
	b.toll.mu.Unlock()
	return n, err
}

// lostHome is a machine with nothing of the one that made the backups, but what
// a person has in a drawer: the bucket's address, the login and the recovery key.
func lostHome(t *testing.T, h *host, repository string) *host {
	t.Helper()
	fresh := newHost(t, h.program, repository)
	for name, value := range h.env {
		if strings.HasPrefix(name, "AWS_") {
			fresh.env[name] = value
		}
	}
	key, err := os.ReadFile(h.env["CHATKEEP_PASSPHRASE_FILE"])
	must(t, err)
	file := filepath.Join(fresh.home, "recovery.txt")
	must(t, os.WriteFile(file, key, 0o600))
	fresh.env["CHATKEEP_PASSPHRASE_FILE"] = file
	return fresh
}

const talkText = "[02.03.19, 10:11:12] Anna: the kettle is on\n" +
	"[02.03.19, 10:12:00] Ben: two minutes\n" +
	"[03.03.19, 09:00:00] Anna: \u200e<attached: IMG-0001.jpg>\n"

// buildHome writes what is to be lost: a chat with pictures, and files.
func buildHome(t *testing.T, dir string) {
	t.Helper()
	put := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, data, 0o644))
	}
	put("WhatsApp Chat - Anna/_chat.txt", []byte(talkText))
	for i := range 12 {
		put(fmt.Sprintf("WhatsApp Chat - Anna/IMG-%04d.jpg", i), append([]byte("\xff\xd8\xff\xe0"), noisy(uint64(i), 400_000)...))
	}
	for i := range 30 {
		put(fmt.Sprintf("papers/%02d.bin", i), noisy(uint64(100+i), 90_000))
	}
	put("film.bin", noisy(99, 6_000_000))
}

// backedUpFar is a home that was backed up to a server, what is in it, and the
// address of that server behind a toll.
func backedUpFar(t *testing.T, program string) (h *host, want map[string]string, tl *toll, far string) {
	t.Helper()
	src := filepath.Join(t.TempDir(), "src")
	buildHome(t, src)
	repository, env := onServer(t, server.MinIO)
	h = initialised(t, program, repository, env)
	h.json(0, "backup", src, "--pack-size", "1MiB", "--as", "everything")
	endpoint, _, _ := strings.Cut(strings.TrimPrefix(repository, "s3:"), "/bucket/")
	tl, address := between(t, endpoint)
	return h, describe(t, src), tl, "s3:" + address + "/bucket/chats"
}

// testDisaster has lost everything but the drawer. A plan says what is to come,
// then come the messages, then all the rest; a proxy counts what really went over
// the line.
func testDisaster(t *testing.T, program string) {
	h, want, tl, far := backedUpFar(t, program)
	for _, part := range []struct {
		name  string
		flags []string
	}{
		{"messages", []string{"--kind", "messages"}},
		{"a chat", []string{"--chat", "Anna", "--with", "messages"}},
		{"everything", []string{"--with", "messages"}},
	} {
		t.Run(part.name, func(t *testing.T) {
			plan := lostHome(t, h, far).json(0, append([]string{"restore", "--plan"}, part.flags...)...)
			tl.reset()
			target := filepath.Join(t.TempDir(), "target")
			r := lostHome(t, h, far).json(0, append([]string{"restore", "--target", target}, part.flags...)...)
			requests, bytes, _ := tl.reset()
			for _, n := range []struct {
				what                 string
				planned, said, count int64
			}{
				{"requests", plan.number("requests"), r.number("requests"), requests},
				{"bytes", plan.number("bytes_downloaded"), r.number("bytes_downloaded"), bytes},
				{"objects", plan.number("objects"), r.number("objects"), r.number("objects")},
				{"files", plan.number("files"), r.number("files"), r.number("files")},
			} {
				t.Logf("%s: %d were planned, %d were told, %d went over the line", n.what, n.planned, n.said, n.count)
				if !withinTenth(n.planned, n.count) || !withinTenth(n.said, n.count) {
					t.Errorf("%s: %d were planned, %d were told, and %d went over the line", n.what, n.planned, n.said, n.count)
				}
			}
			if part.name == "everything" {
				wantMessagesBeside(t, target)
				must(t, os.RemoveAll(filepath.Join(target, "chatkeep-messages")))
				got := describe(t, target)
				got["."] = want["."] // its time went with what was removed
				wantSame(t, want, got)
			}
		})
	}
}

// withinTenth reports whether a number is at most a tenth off, or two requests
// that a library makes to find its way.
func withinTenth(got, want int64) bool {
	d := max(got-want, want-got)
	return d*10 <= want || d <= 2
}

func wantMessagesBeside(t *testing.T, target string) {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(target, "chatkeep-messages", "messages", "*.jsonl"))
	if len(found) != 1 {
		t.Fatalf("%d files of messages", len(found))
	}
	text, err := os.ReadFile(found[0])
	if err != nil || !strings.Contains(string(text), "the kettle is on") {
		t.Errorf("%s: %v", text, err)
	}
}

// testRestoreKills kills a restore in its midst, at a pack that chance chooses
// and a moment later, until one comes through. All is there then, and not much
// was fetched twice.
func testRestoreKills(t *testing.T, program string) {
	dir := t.TempDir()
	h, want, tl, far := backedUpFar(t, program)
	fresh := lostHome(t, h, far)
	fresh.json(0, "restore", "--target", filepath.Join(dir, "once"))
	_, _, once := tl.reset()

	rounds := 2
	if long {
		rounds = 40
	}
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for round := range rounds {
		target := filepath.Join(dir, fmt.Sprint("target", round))
		kills := int64(0)
		for fresh.killedAt(tl, r, once, "restore", "--target", target, "--json") {
			if kills++; kills > 50 {
				t.Fatal("it never comes through")
			}
		}
		_, _, packs := tl.reset()
		t.Logf("%d requests for packs at once, %d with %d kills", once, packs, kills)
		// Each run reads the list again, and has a pack for each worker under way.
		if most := once + kills*10; packs > most {
			t.Errorf("%d requests for packs, more than %d", packs, most)
		}
		got := describe(t, target)
		got["."] = want["."]
		wantSame(t, want, got)
		for _, path := range filesBelow(t, target) {
			if strings.HasPrefix(filepath.Base(path), ".chatkeep-") {
				t.Errorf("%s is left", path)
			}
		}
	}
}

// killedAt runs the program and kills it a moment after one of its requests for
// packs, which is chosen up to twice of what a run makes. It returns false when
// the run came to its end before, which must be a good one.
func (h *host) killedAt(tl *toll, r *rand.Rand, packs int64, args ...string) bool {
	h.t.Helper()
	cmd, _, stderr := h.command(args...)
	kill, once := int64(1+r.IntN(int(packs))), sync.Once{}
	delay := time.Duration(r.IntN(20000)) * time.Microsecond
	began := int64(0)
	tl.mu.Lock()
	began = tl.packs
	tl.at = func(n int64) {
		if n-began >= kill {
			once.Do(func() { time.AfterFunc(delay, func() { _ = cmd.Process.Signal(os.Kill) }) })
		}
	}
	tl.mu.Unlock()
	must(h.t, cmd.Start())
	err := cmd.Wait()
	tl.mu.Lock()
	tl.at = nil
	tl.mu.Unlock()
	// Who is killed when all is done has a target that is whole, and no longer one
	// to go on with.
	if err == nil || strings.Contains(stderr.String(), "is not empty") {
		return false
	}
	if cmd.ProcessState.Exited() {
		h.t.Fatalf("a run that was not hit ended with %v\n%s", cmd.ProcessState, tail(stderr.String()))
	}
	return true
}
