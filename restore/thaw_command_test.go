//go:build unix

package restore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/session"
	"chatkeep/providers/all"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/restore"
)

// desk is a person at a machine with a repository at a store with archives.
type desk struct {
	t        *testing.T
	home     string
	store    *storagetest.Cold
	silent   bool   // it does not say which class is an archive
	answer   string // to what is asked; "" where nobody is there
	asked    []string
	sleeps   []time.Duration
	ripen    int // after how many sleeps what was asked for is there
	vars     map[string]string
	out, err bytes.Buffer
}

func (d *desk) Show(string) error                                         { return nil }
func (d *desk) Close() error                                              { return nil }
func (d *desk) Secret(ctx context.Context, prompt string) (string, error) { return d.Line(ctx, prompt) }
func (d *desk) Line(_ context.Context, prompt string) (string, error) {
	d.asked = append(d.asked, prompt)
	return d.answer, nil
}

func (d *desk) run(args ...string) int {
	d.t.Helper()
	d.out.Reset()
	d.err.Reset()
	env := &session.Env{
		Stdin: strings.NewReader(""), Stdout: &d.out, Stderr: &d.err,
		Getenv: func(name string) string { return d.vars[name] },
		Clock: session.Clock{Now: time.Now, Sleep: func(ctx context.Context, pause time.Duration) error {
			if d.sleeps = append(d.sleeps, pause); len(d.sleeps) == d.ripen {
				d.store.Ripen()
			}
			return ctx.Err()
		}},
		Terminal: func() (session.Terminal, error) {
			if d.answer == "" {
				return nil, errors.New("nobody")
			}
			return d, nil
		},
		Stores: []storage.Provider{{Name: "cold", Schemes: []string{"cold"}, Open: func(context.Context, storage.Location, bool) (storage.Store, error) {
			if d.silent {
				return tightLipped{d.store}, nil
			}
			return d.store, nil
		}}},
	}
	return session.NewApp(env, backup.Commands(env, all.Chats), restore.Commands(env)).Run(args)
}

func (d *desk) want(code int, args ...string) {
	d.t.Helper()
	if got := d.run(args...); got != code {
		d.t.Fatalf("chatkeep %s: exit code %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), got, code, &d.out, &d.err)
	}
}

// move puts all packs into a class.
func (d *desk) move(class string) {
	for info, err := range d.store.List(d.t.Context(), "packs/") {
		must(d.t, err)
		d.store.Move(info.Key, class)
	}
}

// TestThawCommand asks a person, waits, and has a store whose very lists are in
// an archive, as after a careless rule of the bucket.
func TestThawCommand(t *testing.T) {
	home := t.TempDir()
	d := &desk{t: t, home: home, store: storagetest.NewCold(storagetest.NewMemory()), vars: map[string]string{
		"HOME": home, "CHATKEEP_REPOSITORY": "cold:x", "CHATKEEP_PASSPHRASE": "lanterns-over-quiet-water-71",
	}}
	recovery, src, target := filepath.Join(home, "recovery.txt"), filepath.Join(home, "src"), filepath.Join(home, "target")
	d.want(0, "init", "--recovery-key-file", recovery)
	d.vars["CHATKEEP_PASSPHRASE"], d.vars["CHATKEEP_PASSPHRASE_FILE"] = "", recovery
	must(t, os.Mkdir(src, 0o700))
	must(t, os.WriteFile(filepath.Join(src, "old"), []byte("old text"), 0o600))
	d.want(0, "backup", src, "--storage-class", "GLACIER")
	var old string // the pack of the file
	for info, err := range d.store.List(t.Context(), "packs/") {
		must(t, err)
		if info.Class == storagetest.ClassCold {
			old = info.Key
		}
	}
	must(t, os.WriteFile(filepath.Join(src, "new"), []byte("new text"), 0o600))
	d.want(0, "backup", src)
	want := describe(t, src)
	again := func() {
		t.Helper()
		must(t, os.RemoveAll(target))
		d.asked, d.sleeps = nil, nil
	}

	d.want(13, "cat", "latest", "originals/old") // which says why
	if !strings.Contains(d.err.String(), "archive") || !strings.Contains(d.err.String(), "hint:") {
		t.Errorf("cat says %s", &d.err)
	}
	d.answer = "no"
	d.want(13, "restore", "--target", target)
	if _, err := os.Lstat(target); err == nil || len(d.asked) != 1 || !strings.Contains(d.asked[0], "costs money") || len(d.store.Asked()) > 0 {
		t.Errorf("after a no: %v, %q, %d thaws", err, d.asked, len(d.store.Asked()))
	}
	again()
	d.answer, d.ripen = "yes", 4
	d.want(0, "restore", "--target", target, "--wait", "--json")
	wantSame(t, want, describe(t, target))
	if len(d.asked) != 1 || len(d.sleeps) != 4 || d.sleeps[0] >= d.sleeps[3] || len(d.store.Asked()) != 1 {
		t.Errorf("asked %q, slept %v, %d thaws", d.asked, d.sleeps, len(d.store.Asked()))
	}
	objects, err := documentedObjects([]string{"restore"}, d.out.String(), d.err.String())
	must(t, err)
	if sum := objects[len(objects)-1]; sum["files"] != 2.0 || sum["waiting"] != 0.0 {
		t.Errorf("%v", sum)
	}

	// All packs in an archive: first the lists are needed, and then all is there.
	again()
	d.move(storagetest.ClassFrozen)
	d.answer = ""
	d.want(13, "ls")
	d.want(13, "restore", "--target", target, "--thaw")
	if !strings.Contains(d.err.String(), "list of files") || !strings.Contains(d.err.String(), "12 hours") {
		t.Errorf("without lists: %s", &d.err)
	}
	d.store.Ripen()
	d.want(0, "restore", "--target", target)
	wantSame(t, want, describe(t, target))

	// Of a part only the lists, and then what the part needs.
	again()
	d.move(storagetest.ClassFrozen)
	d.ripen = 2
	d.want(13, "restore", "--target", target, "--thaw", "--path", "originals/new")
	d.store.Ripen()
	d.want(0, "restore", "--target", target, "--thaw", "--path", "originals/new", "--wait", "--overwrite")
	if _, err := os.Lstat(filepath.Join(target, "old")); err == nil {
		t.Error("what was not asked for came too")
	}
	again()
	silentStore(d, old, target, want)
	// A login that may not.
	again()
	d.move(storagetest.ClassCold)
	d.store.Refuse(&storage.Error{Class: storage.Login, Op: "thaw", Place: "cold", Err: errors.New("no right to")})
	d.want(14, "restore", "--target", target, "--thaw")
}

// tightLipped is a store that does not say which of its classes are archives.
type tightLipped struct{ *storagetest.Cold }

func (s tightLipped) State(context.Context, storage.Info) (storage.State, error) {
	return storage.Ready, nil
}

// silentStore restores from a store that does not say what is archived, until it
// refuses to give it.
func silentStore(d *desk, old, target string, want map[string]string) {
	d.t.Helper()
	d.move(storagetest.ClassWarm)
	d.store.Move(old, storagetest.ClassCold)
	d.silent = true
	thaws := len(d.store.Asked())
	d.want(13, "restore", "--target", target)
	if !strings.Contains(d.err.String(), "--thaw asks for them") || len(d.store.Asked()) != thaws {
		d.t.Errorf("without leave, %d thaws: %s", len(d.store.Asked())-thaws, &d.err)
	}
	d.want(13, "restore", "--target", target, "--thaw")
	if !strings.Contains(d.err.String(), "asked for") || len(d.store.Asked()) != thaws+1 {
		d.t.Errorf("with leave, %d thaws: %s", len(d.store.Asked())-thaws, &d.err)
	}
	d.store.Ripen()
	d.want(0, "restore", "--target", target)
	wantSame(d.t, want, describe(d.t, target))
	d.silent = false
}
