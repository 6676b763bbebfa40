//go:build unix

package restore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
	"chatkeep/providers/storage/storagetest/server"
)

// secretMessage is what the thief would like to read.
const secretMessage = "meet me at the old lighthouse at nine"

// TestStolenHost takes everything from a machine that only backs up: its home with
// key, state, caches and settings, and leave to create objects in the repository,
// as a writer has it. The thief reads no message, makes no older snapshot
// unrestorable, and what he forged is ended by one command of the owner's.
func TestStolenHost(t *testing.T) {
	program := filepath.Join(built(t), "chatkeep")
	repository := filepath.Join(t.TempDir(), "repository")
	owner := initialised(t, program, repository, nil)
	h := newHost(t, program, repository)
	h.env["CHATKEEP_PASSPHRASE_FILE"] = owner.env["CHATKEEP_PASSPHRASE_FILE"]
	h.run(0, "writer", "add", "--label", "server")
	another := filepath.Join(t.TempDir(), "another.txt")
	must(t, os.WriteFile(another, []byte("what the thief has no index of"), 0o600))
	owner.run(0, "backup", another)
	delete(h.env, "CHATKEEP_PASSPHRASE_FILE")

	// The export is gone from the machine when the thief comes.
	src := filepath.Join(t.TempDir(), "export")
	chat := filepath.Join(src, "WhatsApp Chat with Anna.txt")
	must(t, os.MkdirAll(src, 0o700))
	text := "12/03/2019, 10:11 - Anna: " + secretMessage + "\n"
	must(t, os.WriteFile(chat, []byte(text), 0o600))
	older := h.json(0, "backup", src, "--as", "phone").text("snapshot")
	must(t, os.WriteFile(chat, []byte(text+"12/03/2019, 10:12 - Ben: "+secretMessage+", yes\n"), 0o600))
	good := h.json(0, "backup", src, "--as", "phone").text("snapshot")
	want, err := os.ReadFile(chat)
	must(t, err)

	loot := lootOf(t, h.home, server.Tool(t, "age"))
	loot.wantUseless(t, repository)
	loot.wantNowhere(t, h.home, repository)

	thief := newRobber(t, h.home, repository)
	thief.wantCreateOnly(t)
	forged := thief.forge(t, h.home)
	thief.inTheWay(t)
	for id, content := range map[string]string{older: text, good: string(want)} {
		target := filepath.Join(t.TempDir(), "back")
		owner.run(0, "restore", id, "--target", target, "--accept", "wrong-writer")
		wantText(t, filepath.Join(target, filepath.Base(chat)), content)
	}
	if latest := owner.json(0, "ls", "latest", "--source", "phone", "--accept", "wrong-writer"); !strings.Contains(latest.stdout, "forged.txt") {
		t.Fatal("the newest snapshot is not the thief's, and nothing has to be ended")
	}
	owner.run(0, "writer", "end", thief.key.ID.String(), "--last", good, "--accept", "wrong-writer")
	target := filepath.Join(t.TempDir(), "latest")
	if r := owner.json(0, "restore", "latest", "--source", "phone", "--target", target, "--accept", "wrong-writer"); r.text("snapshot") != good || slices.Contains(forged, good) {
		t.Errorf("latest is %s, not %s", r.text("snapshot"), good)
	}
	wantText(t, filepath.Join(target, filepath.Base(chat)), string(want))
	h.run(11, "backup", src)

	// What was only in the way goes by hand.
	must(t, os.Remove(thief.planted))
	owner.run(0, "check", "--read-data")
	owner.run(0, "snapshots")
}

// wantNowhere greps for the message in all files, as they are and as the thief's
// keys open them.
func (l *loot) wantNowhere(t *testing.T, dirs ...string) {
	t.Helper()
	opened := 0
	for _, dir := range dirs {
		for _, path := range filesBelow(t, dir) {
			data, err := os.ReadFile(path)
			must(t, err)
			all := [][]byte{[]byte(path), data}
			if plain, ok := l.open(path); ok {
				opened++
				all = append(all, plain)
				if decoded, err := format.DecodeAll(plain, format.MaxIndex); err == nil {
					all = append(all, decoded)
				}
			}
			for _, data := range all {
				if bytes.Contains(data, []byte(secretMessage)) {
					t.Errorf("the message stands in %s", path)
				}
			}
		}
	}
	if opened == 0 {
		t.Error("nothing was opened: nothing was proved")
	}
}

// robber acts with a stolen key at a store that lets a writer create objects, and
// nothing else.
type robber struct {
	key        *keys.Writer
	memory     *state.Repository
	store      storage.Store
	repository string
	planted    string
}

// createOnly is a store as a writer's credentials have it.
type createOnly struct{ storage.Store }

func (createOnly) Delete(_ context.Context, key string) error {
	return &storage.Error{Class: storage.Login, Op: "delete", Key: key, Place: "here", Err: fs.ErrPermission}
}

func newRobber(t *testing.T, home, repository string) *robber {
	t.Helper()
	file, err := os.ReadFile(find(t, home, "writer.key")[0])
	must(t, err)
	key, err := keys.ParseWriter(file)
	must(t, err)
	store, err := local.Provider.Open(t.Context(), storage.Location{Text: repository}, false)
	must(t, err)
	dirs, err := state.DefaultDirs(func(name string) string {
		if name == "HOME" {
			return home
		}
		return ""
	})
	must(t, err)
	return &robber{key: key, memory: dirs.Repository(key.Repository), store: createOnly{store}, repository: repository}
}

// wantCreateOnly tries to delete and to replace every object.
func (r *robber) wantCreateOnly(t *testing.T) {
	t.Helper()
	for info, err := range r.store.List(t.Context(), "") {
		must(t, err)
		if _, err := r.store.Put(t.Context(), info.Key, []byte("garbage")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s is replaced: %v", info.Key, err)
		}
		if err := r.store.Delete(t.Context(), info.Key); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s is deleted: %v", info.Key, err)
		}
	}
}

// forge makes snapshots that look like the next ones of the machine, with what the
// thief likes in them.
func (r *robber) forge(t *testing.T, home string) (ids []string) {
	t.Helper()
	for n := range 3 {
		v, err := repo.Load(t.Context(), r.store, r.key.Repository, home, nil)
		must(t, err)
		s, err := repo.Begin(t.Context(), r.store, v, r.key, r.memory, repo.SessionOptions{})
		must(t, err)
		p := s.NewPacker()
		content := fmt.Append(nil, "forged ", n)
		id, err := p.Add(t.Context(), format.Originals, content, repo.Hint{Group: "x"})
		must(t, err)
		list, stats := p.NewList(t.Context(), "contents"), p.NewList(t.Context(), "stats")
		for _, e := range []*format.Entry{
			{Path: "originals", Type: format.EntryDir},
			{Path: "originals/forged.txt", Type: format.EntryFile, Size: int64(len(content)), Chunks: []format.ID{id}},
		} {
			must(t, list.Append(format.AppendEntry(nil, e)))
			must(t, stats.Append(format.AppendStat(nil, &format.Stat{Mode: 0o755, Mtime: time.Unix(1, 0)})))
		}
		now := time.Now().UTC().Truncate(time.Second)
		m := &format.Manifest{Source: format.Source{Name: "phone", Path: "/export", App: "files"}, Started: now, Finished: now, Program: "x", Complete: true, Tags: []string{}}
		m.Contents, err = list.Close()
		must(t, err)
		m.Stats, err = stats.Close()
		must(t, err)
		must(t, s.Flush(t.Context(), p))
		head, err := s.Commit(t.Context(), m)
		must(t, err)
		s.Close()
		ids = append(ids, head.Hash.String())
	}
	return ids
}

// inTheWay signs an authority with the writer's key: nobody believes it, and everybody
// has to say that they go on without it.
func (r *robber) inTheWay(t *testing.T) {
	t.Helper()
	object := keys.SignStatement(r.key.Signer(), format.NamespaceAuthority, []byte("{}\n"))
	key := format.AuthorityName(format.MaxN, format.Sum(object))
	_, err := r.store.Put(t.Context(), key, object)
	must(t, err)
	r.planted = filepath.Join(r.repository, filepath.FromSlash(key))
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s has %q, want %q: %v", path, got, want, err)
	}
}
