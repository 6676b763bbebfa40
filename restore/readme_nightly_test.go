//go:build unix

package restore_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"chatkeep/providers/storage/storagetest/server"
)

// pings is a service that waits for runs.
type pings struct {
	mu    sync.Mutex
	paths []string
}

func (p *pings) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths = append(p.paths, r.URL.Path)
}

// heard are the paths that were asked for, in order.
func (p *pings) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.paths)
}

// crontab stands in for cron's program, so that the table of whoever runs the tests
// stays as it is.
const crontab = `#!/bin/sh
case "$1" in
-l) [ -f "$HOME/crontab" ] && cat "$HOME/crontab" || { echo "no crontab for me" >&2; exit 1; } ;;
-) cat >"$HOME/crontab" ;;
*) cp "$1" "$HOME/crontab" ;;
esac
`

// TestNightly runs the README's five commands, against a server and a service of
// ours in place of those it names, and then what the timer would run.
func TestNightly(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands, there := fenced(t, string(page), "five-commands")
	if !there || len(commands) != 5 {
		t.Fatalf("README.md: the five commands are %q", commands)
	}
	s := server.MinIO(t)
	watch := &pings{}
	service := httptest.NewServer(watch)
	t.Cleanup(service.Close)
	r := newReaderAt(t, lastingHome(t))
	bin := filepath.Join(r.home, ".local/bin")
	exports := filepath.Join(r.home, "Exports")
	for path, text := range map[string]string{
		filepath.Join(bin, "crontab"):                crontab,
		filepath.Join(bin, "systemctl"):              "#!/bin/sh\nexit 1\n", // a machine with cron alone
		filepath.Join(r.home, ".aws/credentials"):    "[default]\naws_access_key_id = " + s.AccessKey + "\naws_secret_access_key = " + s.SecretKey + "\n",
		filepath.Join(exports, "a note beside.txt"):  "kept\n",
		filepath.Join(exports, "WhatsApp Chat.copy"): "not a chat\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(exports, exportName), r.export, 0o644); err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	ours := strings.NewReplacer("https://s3.example.org", s.Endpoint, "https://hc-ping.example.org", service.URL)
	for i, command := range commands {
		if i == 3 {
			r.env = slices.DeleteFunc(r.env, func(pair string) bool { return strings.HasPrefix(pair, "CHATKEEP_PASSPHRASE") })
		}
		r.run(ours.Replace(command))
	}
	if heard := watch.heard(); !slices.Equal(heard, []string{"/chats/start", "/chats"}) {
		t.Errorf("the service heard of %v", heard)
	}
	table, err := os.ReadFile(filepath.Join(r.home, "crontab"))
	if err != nil || !strings.Contains(string(table), "/.local/bin/chatkeep") || !strings.Contains(string(table), " run") {
		t.Errorf("the timer is %q, %v", table, err)
	}
	r.run(`test -z "$(chatkeep run 2>&1)"`) // nothing is due
	r.run(`chatkeep status --max-age 1h`)
	r.run(`CHATKEEP_PASSPHRASE_FILE=recovery.txt chatkeep restore latest --target "$HOME/back"`)
	r.run(`diff -r "$HOME/Exports" "$HOME/back"`)
	r.run(`CHATKEEP_PASSPHRASE_FILE=recovery.txt chatkeep status --repo cloud --json | grep '"name":"nightly"'`)
	nothingThatReads(t, r.home)
}

// lastingHome is a home that is in no folder for temporary files: a timer refuses a
// program that will be gone.
func lastingHome(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp(cache, "chatkeep-test-home-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	return home
}

// nothingThatReads looks for a secret that opens the repository among the files of
// the scheduled machine, once its owner took the recovery key away.
func nothingThatReads(t *testing.T, home string) {
	t.Helper()
	err := filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"lanterns-over-quiet-water-71", "AGE-SECRET-KEY-1"} {
			if strings.Contains(string(data), secret) && !strings.HasSuffix(path, "/chatkeep") {
				t.Errorf("%s has a secret that reads", path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
