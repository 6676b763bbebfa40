//go:build unix

package rclone

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/providers/storage/storagetest/server"
)

// TestMain keeps the settings of whoever runs the tests out, and is the victim of
// TestKilled when that asks for one.
func TestMain(m *testing.M) {
	if place := os.Getenv("VICTIM_PLACE"); place != "" {
		victim(place)
	}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "RCLONE_") || strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// quick has little patience, save with a child that a busy machine may slow down.
var quick = tuning{
	start: 30 * time.Second, glance: 5 * time.Millisecond, beat: 100 * time.Millisecond, silence: 10 * time.Second,
	farewell: 5 * time.Second, stale: time.Hour, proof: time.Minute, pause: 10 * time.Millisecond, resumes: 2,
}

// configured writes a configuration of rclone's.
func configured(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rclone.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// at is a location with the program that .ci/tools built.
func at(t testing.TB, text, config string) storage.Location {
	t.Helper()
	return storage.Location{Text: text, Values: map[string]string{
		settingProgram: server.Tool(t, "rclone"), settingConfig: config,
	}}
}

// opened makes a store and closes it after the test.
func opened(t testing.TB, location storage.Location, tuning tuning) *Store {
	t.Helper()
	s, err := open(t.Context(), location, true, tuning)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// onDisk is a store in a new folder of this machine.
func onDisk(t testing.TB, tuning tuning) (s *Store, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "chats of ours [1]")
	return opened(t, at(t, "rclone::local:"+dir, configured(t, "")), tuning), dir
}

// testSuite runs the conformance suite on new folders of one remote.
func testSuite(t *testing.T, remote, config string) {
	program := at(t, "", config)
	storagetest.Run(t, func(t *testing.T) storage.Store {
		program.Text = "rclone:" + remote + "/" + strings.ToLower(rand.Text())
		return opened(t, program, standard)
	})
}

func TestLocal(t *testing.T) {
	testSuite(t, "disk:"+t.TempDir(), configured(t, "[disk]\ntype = local\n"))
}

func TestCrypt(t *testing.T) {
	// Both are "secret" as rclone obscures it.
	out, err := exec.Command(server.Tool(t, "rclone"), "obscure", "a secret of the test").Output()
	if err != nil {
		t.Fatal(err)
	}
	config := "[sealed]\ntype = crypt\nremote = " + t.TempDir() + "\npassword = " + string(out)
	testSuite(t, "sealed:in it", configured(t, config))
}

func TestMinIO(t *testing.T) {
	s := server.MinIO(t)
	testSuite(t, "minio:bucket", configured(t, minio(s, s.SecretKey)))
	if testing.Short() {
		return
	}
	t.Run("wrong secret", func(t *testing.T) {
		_, err := open(t.Context(), at(t, "rclone:minio:bucket", configured(t, minio(s, "not"+s.SecretKey))), false, quick)
		e := wantTrouble(t, err, storage.Login, fs.ErrPermission)
		if e.ExitCode() != 14 || !strings.Contains(e.Hint(), "rclone config reconnect minio:") || strings.Contains(e.Error(), s.SecretKey) {
			t.Errorf("code %d, %v, hint %s", e.ExitCode(), e, e.Hint())
		}
	})
	t.Run("no bucket", func(t *testing.T) {
		_, err := open(t.Context(), at(t, "rclone:minio:no-such-bucket/p", configured(t, minio(s, s.SecretKey))), false, quick)
		wantTrouble(t, err, storage.NoPlace, nil)
	})
}

func minio(s *server.Server, secret string) string {
	return fmt.Sprintf("[minio]\ntype = s3\nprovider = Minio\naccess_key_id = %s\nsecret_access_key = %s\nendpoint = %s\n", s.AccessKey, secret, s.Endpoint)
}

// wantTrouble asks for an error of a class that matches want, and not the one
// that a missing object is.
func wantTrouble(t *testing.T, err error, class storage.Class, want error) *storage.Error {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is a %T", err, err)
	}
	if e.Class != class || want != nil && !errors.Is(err, want) || want == nil && errors.Is(err, fs.ErrNotExist) {
		t.Errorf("class %d, not %d: %v", e.Class, class, err)
	}
	if e.Hint() == "" {
		t.Errorf("no hint: %v", err)
	}
	return e
}

func TestNowhere(t *testing.T) {
	config := configured(t, "[disk]\ntype = local\n[dead]\ntype = webdav\nurl = http://127.0.0.1:1\n[locked]\ntype = crypt\nremote = disk:\n")
	t.Run("no remote", func(t *testing.T) {
		_, err := open(t.Context(), at(t, "rclone:nobody:x", config), true, quick)
		if e := wantTrouble(t, err, storage.NoPlace, nil); !strings.Contains(e.Hint(), "rclone listremotes") {
			t.Errorf("%v, hint %s", e, e.Hint())
		}
	})
	t.Run("no folder", func(t *testing.T) {
		_, err := open(t.Context(), at(t, "rclone:disk:"+t.TempDir()+"/none", config), false, quick)
		if e := wantTrouble(t, err, storage.NoPlace, nil); e.ExitCode() != 10 {
			t.Errorf("code %d", e.ExitCode())
		}
	})
	t.Run("a file", func(t *testing.T) {
		_, err := open(t.Context(), at(t, "rclone:disk:"+config, config), false, quick)
		wantTrouble(t, err, storage.NoPlace, nil)
	})
	t.Run("no server", func(t *testing.T) {
		_, err := open(t.Context(), at(t, "rclone:dead:x", config), false, quick)
		if e := wantTrouble(t, err, storage.Unreachable, nil); e.ExitCode() != 13 {
			t.Errorf("code %d", e.ExitCode())
		}
	})
	t.Run("no program", func(t *testing.T) {
		location := storage.Location{Text: "rclone:disk:x", Values: map[string]string{settingProgram: "no-such-rclone"}}
		_, err := open(t.Context(), location, true, quick)
		if e := wantTrouble(t, err, storage.Other, nil); !strings.Contains(e.Hint(), "rclone.org/install") {
			t.Errorf("%v, hint %s", e, e.Hint())
		}
	})
	t.Run("an encrypted configuration", func(t *testing.T) {
		sealed := configured(t, "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nc2VhbGVkIHNlYWxlZCBzZWFsZWQgc2VhbGVkIHNlYWxlZCBzZWFsZWQgc2VhbGVkIHNlYWxlZCE=\n")
		_, err := open(t.Context(), at(t, "rclone:disk:x", sealed), true, quick)
		if e := wantTrouble(t, err, storage.Login, nil); !strings.Contains(e.Hint(), "RCLONE_CONFIG_PASS") {
			t.Errorf("%v, hint %s", e, e.Hint())
		}
	})
}

// TestVanished takes the folder away: no object is missing then, all are, and
// none is put into a new folder of that name.
func TestVanished(t *testing.T) {
	tuning := quick
	tuning.proof = 0
	s, dir := onDisk(t, tuning)
	if _, err := s.Put(t.Context(), "a/b", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if s.Root() != dir {
		t.Errorf("the root is %q, not %q", s.Root(), dir)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), "a/c", []byte("x"))
	wantTrouble(t, err, storage.NoPlace, nil)
	_, err = s.Stat(t.Context(), "a/b")
	wantTrouble(t, err, storage.NoPlace, nil)
	_, err = s.Get(t.Context(), "a/b", 0, -1)
	wantTrouble(t, err, storage.NoPlace, nil)
	wantTrouble(t, s.Delete(t.Context(), "a/b"), storage.NoPlace, nil)
	for _, prefix := range []string{"", "a/"} {
		for _, err := range s.List(t.Context(), prefix) {
			wantTrouble(t, err, storage.NoPlace, nil)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there again: %v", err)
	}
}

// TestForeign has files that are not objects in the folder.
func TestForeign(t *testing.T) {
	s, dir := onDisk(t, quick)
	if _, err := s.Put(t.Context(), "packs/aa/1", []byte("1")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Notes.txt", "packs/aa/2.1a2b3c4d" + unfinished, ".hidden/x", "packs/with space", "packs/ä"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("foreign"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "packs/aa/1"), filepath.Join(dir, "packs/aa/3")); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if len(keys) != 1 || keys[0] != "packs/aa/1" {
		t.Errorf("%q", keys)
	}
	if storage.ValidKey("2" + unfinished) {
		t.Error("an unfinished upload has the name of a key")
	}
}

// slowly has rclone upload at a pace that leaves time to look.
func slowly(t *testing.T) { t.Setenv("RCLONE_BWLIMIT", "1M") }

// TestNeverInPart kills rclone in the middle of an upload, and its successor too.
func TestNeverInPart(t *testing.T) {
	slowly(t)
	s, dir := onDisk(t, quick)
	done := make(chan error, 1)
	go func() {
		_, err := s.Put(context.WithoutCancel(t.Context()), "packs/half", bytes.Repeat([]byte("x"), 16<<20))
		done <- err
	}()
	for range 2 {
		pid := uploading(t, s, dir, done)
		for info, err := range s.List(t.Context(), "") {
			t.Errorf("listed: %+v, %v", info, err)
		}
		if _, err := s.Stat(t.Context(), "packs/half"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("stat: %v", err)
		}
		pid.Kill()
	}
	err := <-done
	wantTrouble(t, err, storage.Unreachable, nil)
	for info, err := range s.List(t.Context(), "") {
		t.Errorf("listed in the end: %+v, %v", info, err)
	}
}

// uploading waits until rclone has an unfinished file, and takes its name away.
func uploading(t *testing.T, s *Store, dir string, done <-chan error) *os.Process {
	t.Helper()
	for {
		entries, _ := os.ReadDir(filepath.Join(dir, "packs")) // not there before the upload
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), unfinished) {
				t.Fatalf("%s is there in part", entry.Name())
			}
			os.Remove(filepath.Join(dir, "packs", entry.Name()))
		}
		if len(entries) > 0 {
			return process(t, s)
		}
		select {
		case err := <-done:
			t.Fatalf("no upload begins: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// process is the running child's.
func process(t *testing.T, s *Store) *os.Process {
	t.Helper()
	c, err := s.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.cmd.Process
}

func TestReadsAfterDeath(t *testing.T) {
	s, _ := onDisk(t, quick)
	data := bytes.Repeat([]byte("0123456789"), 1<<20)
	if _, err := s.Put(t.Context(), "a", data); err != nil {
		t.Fatal(err)
	}
	process(t, s).Kill()
	if _, err := s.Stat(t.Context(), "a"); err != nil {
		t.Errorf("after one death: %v", err)
	}
	r, err := s.Get(t.Context(), "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 1000)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	process(t, s).Kill()
	rest, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(append(head, rest...), data) {
		t.Errorf("%d bytes, %v", len(head)+len(rest), err)
	}
}

// TestClosed ends rclone and clears up behind it.
func TestClosed(t *testing.T) {
	s, _ := onDisk(t, quick)
	c, err := s.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory of the socket: %v", err)
	}
	if !c.cmd.ProcessState.Success() {
		t.Errorf("rclone had to be killed: %v", c.cmd.ProcessState)
	}
	if _, err := s.Stat(t.Context(), "a"); !errors.Is(err, errClosed) {
		t.Errorf("stat of a closed store: %v", err)
	}
}

// TestSweep removes what a killed chatkeep left, and nothing else.
func TestSweep(t *testing.T) {
	s, _ := onDisk(t, quick)
	c, err := s.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(c.dir)
	left, err := os.MkdirTemp(dir, dirPrefix)
	if err != nil {
		t.Fatal(err)
	}
	sweep(dir, time.Hour)
	if _, err := os.Stat(left); err != nil {
		t.Errorf("swept while it was young: %v", err)
	}
	old := time.Now().Add(-2 * time.Hour)
	for _, path := range []string{left, c.dir} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	sweep(dir, time.Hour)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if _, err := os.Stat(c.dir); err != nil {
		t.Errorf("swept in use: %v", err)
	}
}

// TestRemoveFolders removes what is empty, and stops at what is not.
func TestRemoveFolders(t *testing.T) {
	s, dir := onDisk(t, standard)
	conform.Put(t, s, "a/b/c", []byte("x"))
	if err := s.RemoveFolders(t.Context()); err != nil {
		t.Error(err)
	}
	conform.WantObject(t, s, "a/b/c", []byte("x"))
	if err := s.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveFolders(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}
