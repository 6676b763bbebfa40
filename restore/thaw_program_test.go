//go:build unix

package restore_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"chatkeep/providers/storage/storagetest/server"
)

// onArchive is a host with a repository on a server with cold classes.
func onArchive(t *testing.T) (*host, *server.Archive) {
	program := filepath.Join(built(t), "chatkeep")
	a := server.NewArchive(t, server.MinIO(t))
	h := initialised(t, program, "s3:"+a.Endpoint+"/bucket/chats", map[string]string{
		"AWS_ACCESS_KEY_ID": a.AccessKey, "AWS_SECRET_ACCESS_KEY": a.SecretKey, "AWS_REGION": "us-east-1",
	})
	return h, a
}

// hinted is the command that a run's hint ends in, without the program's name.
func hinted(t *testing.T, r *ran) []string {
	t.Helper()
	_, command, ok := strings.Cut(r.stderr, "chatkeep restore ")
	if !ok {
		t.Fatalf("no command in %q", r.stderr)
	}
	command, _, _ = strings.Cut(command, "\"")
	command, _, _ = strings.Cut(command, " asks for")
	return append([]string{"restore"}, strings.Fields(command)...)
}

func (r *ran) object(kind string) map[string]any {
	for _, o := range r.objects {
		if o["type"] == kind {
			return o
		}
	}
	return nil
}

// TestProgramThaw has media and originals in archives: backups, lists and checks
// go on as ever, and a restore comes in two parts.
func TestProgramThaw(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	h, a := onArchive(t)
	src := filepath.Join(t.TempDir(), "export")
	want := coldBackups(t, h, a, src)
	refused := a.Refused()
	target := filepath.Join(h.home, "back")
	defer unlock(target)
	restore := []string{"restore", "--target", target, "--with", "messages"}
	asking := withoutLeave(t, h, a, restore, target)
	first := firstPart(t, h, a, append(asking, "--thaw-tier", "bulk", "--thaw-days", "3"), target)

	// A newer snapshot is no reason to mix the two.
	must(t, os.Mkdir(src, 0o700))
	must(t, os.WriteFile(filepath.Join(src, "x"), []byte("x"), 0o600))
	h.run(1, "backup", src, "--storage-class", "ICE")
	h.json(0, "backup", src)
	if other := h.run(1, restore...); !strings.Contains(other.stderr, "unfinished restore") {
		t.Errorf("another snapshot: %s", other.stderr)
	}

	before := inodes(t, target)
	a.Ripen()
	last := h.json(0, hinted(t, first)...)
	if last.number("waiting") != 0 || last.number("files") == 0 {
		t.Errorf("the last part: %v", last.objects[len(last.objects)-1])
	}
	got := describe(t, target)
	maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasPrefix(name, "chatkeep-messages") })
	wantSame(t, want, got)
	after := inodes(t, target)
	for name, inode := range before {
		if after[name] != inode {
			t.Errorf("%q was restored once more", name)
		}
	}
	if len(before) == 0 {
		t.Error("the first part left no files")
	}
	if a.Refused() != refused {
		t.Errorf("%d times a restore read what is in an archive", a.Refused()-refused)
	}
}

// coldBackups backs a first day up into cold classes and a second one at hand,
// and returns what the second one had.
func coldBackups(t *testing.T, h *host, a *server.Archive, src string) map[string]string {
	t.Helper()
	_ = archive{seed: 11, size: tiny}.write(t, src, 1)
	h.run(64, "backup", src, "--storage-class", "meta=GLACIER")
	h.json(0, "backup", src, "--storage-class", "messages=STANDARD_IA,originals=GLACIER,media=DEEP_ARCHIVE")
	classes := a.Classes()
	cold := classes["GLACIER"] + classes["DEEP_ARCHIVE"]
	if classes["GLACIER"] == 0 || classes["DEEP_ARCHIVE"] == 0 || classes["STANDARD_IA"] == 0 || len(classes) != 3 {
		t.Fatalf("objects by class: %v", classes)
	}
	unlock(src)
	must(t, os.RemoveAll(src))
	_ = archive{seed: 11, size: tiny}.write(t, src, 2)
	want := describe(t, src)
	h.json(0, "backup", src)
	same := h.json(0, "backup", src, "--storage-class", "GLACIER")
	wantLittle(t, same.number("bytes_stored"), same.number("requests"))
	unlock(src)
	must(t, os.RemoveAll(src))
	h.json(0, "ls")
	h.json(0, "chats")
	if checked := h.json(0, "check"); checked.number("archived") != 0 {
		t.Error("a check that reads no data wants something from an archive")
	}
	if n := a.Refused(); n > 0 {
		t.Fatalf("%d reads of what is in archives, and none is needed so far", n)
	}
	checked := h.json(0, "check", "--read-data")
	if checked.number("archived") != int64(cold) || checked.number("problems") != 0 {
		t.Errorf("check --read-data: %v", checked.objects[len(checked.objects)-1])
	}
	return want
}

// withoutLeave runs a restore that nobody allowed to cost anything. It returns
// the command that the hint names.
func withoutLeave(t *testing.T, h *host, a *server.Archive, restore []string, target string) []string {
	t.Helper()
	stopped := h.run(13, restore...)
	if !strings.Contains(stopped.stderr, "costs money") {
		t.Errorf("without leave: %s", stopped.stderr)
	}
	h.run(64, append(restore, "--thaw", "--thaw-tier", "expedited")...) // the deep archive has none
	h.run(64, append(restore, "--thaw", "--thaw-tier", "quick")...)
	h.run(64, append(restore, "--thaw", "--thaw-days", "0")...)
	dry := h.json(0, append(restore, "--thaw", "--dry-run")...)
	if o := dry.object("thaw"); o == nil || o["objects"] == 0.0 || o["estimated_seconds"] == 0.0 {
		t.Errorf("a dry run says %v", o)
	}
	if _, err := os.Lstat(target); err == nil || len(a.Thaws()) > 0 {
		t.Errorf("%d thaws without leave, and a target (%v)", len(a.Thaws()), err)
	}
	asking := hinted(t, stopped)
	if asking[len(asking)-1] != "--thaw" {
		t.Errorf("the hint is %q", asking)
	}
	return asking
}

// firstPart restores what is at hand, and has the rest asked for, once.
func firstPart(t *testing.T, h *host, a *server.Archive, asking []string, target string) *ran {
	t.Helper()
	first := h.json(13, asking...)
	o := first.object("thaw")
	if o == nil || int(o["objects"].(float64)) != len(a.Thaws()) || len(a.Thaws()) == 0 || o["asked"] != 0.0 {
		t.Fatalf("%v, and asked for %d", o, len(a.Thaws()))
	}
	for _, body := range a.Thaws() {
		if !strings.Contains(body, "<Days>3</Days>") || !strings.Contains(body, "<Tier>Bulk</Tier>") {
			t.Errorf("asked with %s", body)
		}
	}
	if first.number("waiting") == 0 || first.number("files") == 0 || len(first.objects[len(first.objects)-1]["lost"].([]any)) > 0 {
		t.Errorf("the first part: %v", first.objects[len(first.objects)-1])
	}
	if _, err := os.Lstat(filepath.Join(target, "chatkeep-messages", "conversations.jsonl")); err != nil {
		t.Errorf("the messages were at hand: %v", err)
	}
	asked := len(a.Thaws())
	again := h.json(13, hinted(t, first)...)
	if o := again.object("thaw"); o == nil || o["asked"] != o["objects"] || len(a.Thaws()) != asked || again.number("files") != 0 {
		t.Errorf("again, too soon: %v, %d asked for", o, len(a.Thaws())-asked)
	}
	return first
}

// inodes tells files apart, by path; those of restores in the making do not count.
func inodes(t *testing.T, root string) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".chatkeep-") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all[path] = info.Sys().(*syscall.Stat_t).Ino
		}
		return err
	}))
	return all
}
