package runlog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"chatkeep/backup/config"
)

// small is room for two lines as this file writes them.
const small = "80B"

func TestRotation(t *testing.T) {
	for _, c := range []struct {
		keep int
		want string
	}{{0, "7"}, {1, "5 6 7"}, {2, "3 4 5 6 7"}, {5, "1 2 3 4 5 6 7"}} {
		path := filepath.Join(t.TempDir(), "log")
		l := open(t, config.Log{File: path, MaxSize: small, Keep: c.keep})
		for n := range 7 {
			write(t, l, say(fmt.Sprint(n+1)))
		}
		if got := messages(t, path); got != c.want {
			t.Errorf("of 7 records, with %d older files: %q", c.keep, got)
		}
	}
}

// TestKeepsFewer: who keeps fewer files than before gets rid of the others.
func TestKeepsFewer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for n, keep := range []int{4, 4, 4, 4, 4, 4, 4, 4, 1, 1, 1} {
		write(t, open(t, config.Log{File: path, MaxSize: small, Keep: keep}), say(fmt.Sprint(n)))
	}
	if got := messages(t, path); got != "8 9 10" {
		t.Errorf("%q is left", got)
	}
}

// TestCutOff stops a rotation after each of its steps: the next one loses nothing
// but the oldest file, and mixes up no order.
func TestCutOff(t *testing.T) {
	const keep = 4
	for steps := range keep + 1 {
		path := filepath.Join(t.TempDir(), "log")
		l := open(t, config.Log{File: path, MaxSize: small, Keep: keep})
		for n := range 10 {
			write(t, l, say(fmt.Sprint(n)))
		}
		// The rotation that the next record asks for, as far as it came.
		names := []string{path}
		for n := range keep {
			names = append(names, fmt.Sprintf("%s.%d", path, n+1))
		}
		for n := range steps {
			if err := os.Rename(names[keep-1-n], names[keep-n]); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 2 {
			write(t, l, say(fmt.Sprint(10+n)))
		}
		if got := messages(t, path); got != "2 3 4 5 6 7 8 9 10 11" {
			t.Errorf("after %d steps: %q", steps, got)
		}
	}
}

// TestTorn: what a crash cut stays on a line of its own.
func TestTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("whole\nto"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, open(t, config.Log{File: path}), say("next"))
	if got := messages(t, path); got != "whole to next" {
		t.Errorf("%q", got)
	}
}

// TestMovedAway: another program rotates, too.
func TestMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := open(t, config.Log{File: path})
	write(t, l, say("1"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, l, say("2"))
	if got := read(t, path); !strings.HasSuffix(got, " 2\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

// TestNoFile: each of these must be an error, and none may hang.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "file", "log"), pipe(t, dir), "/dev/full"} {
		l := open(t, config.Log{File: path})
		if l.Write(say("1")) == nil {
			t.Errorf("%s was written", path)
		}
		write(t, l, say("2")) // it was told
	}
}

// TestNotMoved: a full file in a folder that is not the user's neither grows nor
// stops anything.
func TestNotMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.MkdirAll(filepath.Join(path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, config.Log{File: path, MaxSize: small, Keep: 1})
	write(t, l, say("1"))
	write(t, l, say("2"))
	if l.Write(say("3")) == nil {
		t.Error("there is no error")
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 80 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestTogether: lines of several goroutines are whole.
func TestTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := open(t, config.Log{File: path, MaxSize: "1000B", Keep: 9})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 20 {
				if err := l.Write(say(fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := strings.Fields(messages(t, path)); len(got) != 160 {
		t.Errorf("%d lines", len(got))
	}
}
