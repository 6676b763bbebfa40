package runlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"chatkeep/backup/config"
	"chatkeep/backup/runlog"
)

var whole = runlog.Record{Time: when, Level: runlog.Warning, Message: "2 files could not be read", Job: "nightly", Run: "4f21",
	Repository: "home", Source: "my exports", Code: new(3), Took: 12340 * time.Millisecond, Bytes: 4096}

// TestJSON holds the schema that docs/logging.md promises.
func TestJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := open(t, config.Log{File: path, JSON: true})
	write(t, l, whole)
	write(t, l, runlog.Record{Time: when, Level: runlog.Info, Message: "done", Code: new(0)})
	want := []map[string]any{
		{"type": "log", "time": "2026-11-20T03:00:04.120+01:00", "level": "warning", "message": "2 files could not be read", "job": "nightly",
			"run": "4f21", "repository": "home", "source": "my exports", "code": 3.0, "seconds": 12.34, "bytes": 4096.0},
		{"type": "log", "time": "2026-11-20T03:00:04.120+01:00", "level": "info", "message": "done", "code": 0.0},
	}
	i := 0
	for line := range strings.Lines(read(t, path)) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%v, not %v", got, want[i])
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d lines", i)
	}
}

// TestText looks for what a person looks for.
func TestText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, open(t, config.Log{File: path}), whole)
	for _, part := range []string{"2026-11-20T03:00:04", "warning", "nightly: 2 files could not be read", `source="my exports"`, "code=3", "seconds=12.34"} {
		if got := read(t, path); !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
}

func TestStderr(t *testing.T) {
	var stderr bytes.Buffer
	l, err := runlog.Open(config.Log{}, runlog.Around{Stderr: &stderr, Getenv: nothing, JSON: true})
	if err != nil || !l.OnStderr() {
		t.Fatal(err)
	}
	write(t, l, whole)
	if !json.Valid(stderr.Bytes()) || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("%q", stderr.String())
	}
}

func TestNoTarget(t *testing.T) {
	l := open(t, config.Log{})
	if write(t, l, whole); l.OnStderr() {
		t.Error("it says it is on stderr")
	}
}

func TestSize(t *testing.T) {
	for _, size := range []string{"ten", "10", "-1MiB"} {
		if _, err := runlog.Open(config.Log{File: "log", MaxSize: size}, runlog.Around{Stderr: io.Discard, Getenv: nothing}); err == nil {
			t.Errorf("%q is a size", size)
		}
	}
}

// TestModes: what is in a log is the user's own business.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	write(t, open(t, config.Log{File: filepath.Join(dir, "b", "log")}), whole)
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "b"): 0o700, filepath.Join(dir, "b", "log"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// broken fails as often as it is told.
type broken struct {
	bytes.Buffer
	fails int
}

var errFull = errors.New("the disk is full")

func (b *broken) Write(p []byte) (int, error) {
	if b.fails--; b.fails >= 0 {
		return 0, errFull
	}
	return b.Buffer.Write(p)
}

// TestLost: one target fails and recovers, the other gets everything.
func TestLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	stderr := &broken{fails: 3}
	l, err := runlog.Open(config.Log{File: path}, runlog.Around{Stderr: stderr, Getenv: nothing, JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	var lost *runlog.Lost
	if err := l.Write(say("1")); !errors.As(err, &lost) || !errors.Is(err, errFull) {
		t.Fatalf("the first failure: %v", err)
	}
	for _, word := range []string{"2", "3", "4", "5"} {
		write(t, l, say(word))
	}
	if got := messages(t, path); got != "1 2 3 4 5" {
		t.Errorf("the file has %q", got)
	}
	var told []string
	for line := range strings.Lines(stderr.String()) {
		var r struct{ Level, Message string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		told = append(told, r.Level+" "+r.Message)
	}
	want := []string{"warning 3 records before this one could not be written", "info 4", "info 5"}
	if !reflect.DeepEqual(told, want) {
		t.Errorf("%q", told)
	}
}

// FuzzRecord writes hostile records: each stays one bounded line of clean text.
func FuzzRecord(f *testing.F) {
	f.Add("plain", "nightly", "exports/a b")
	f.Add("two\nlines\r\x1b[2Jand \u202ebackwards\x00\xff", "a=\"b\n", "\u2028")
	f.Add(strings.Repeat("\x00", 1<<16), strings.Repeat("é", 1<<12), strings.Repeat("\x80", 1<<12))
	f.Fuzz(func(t *testing.T, message, job, source string) {
		for _, asJSON := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "log")
			write(t, open(t, config.Log{File: path, JSON: asJSON}), runlog.Record{Time: when, Level: runlog.Error, Message: message, Job: job, Source: source})
			line := read(t, path)
			body := strings.TrimSuffix(line, "\n")
			if len(line) != len(body)+1 || len(line) > 32<<10 || !utf8.ValidString(body) {
				t.Fatalf("%d bytes: %.200q", len(line), line)
			}
			if strings.ContainsFunc(body, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e }) {
				t.Errorf("not clean: %q", body)
			}
			if asJSON && !json.Valid([]byte(body)) {
				t.Errorf("no JSON: %q", body)
			}
		}
	})
}
