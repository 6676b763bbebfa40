package restore_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
	"chatkeep/restore"
)

// frozen is what a repository under testdata/frozen must give back, for ever. It
// was written when the repository was made, by another program, from the source.
type frozen struct {
	Passphrase string `json:"passphrase"`
	Recovery   string `json:"recovery"`
	Snapshots  []struct {
		ID       string                `json:"id"`
		Messages int64                 `json:"messages"`
		Files    map[string]frozenFile `json:"files"` // by path, in hex
	} `json:"snapshots"`
}

type frozenFile struct {
	Mode   string `json:"mode"`
	Mtime  string `json:"mtime"` // nanoseconds
	Link   string `json:"link"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// TestFrozen opens repositories that earlier versions wrote. A change that fails
// here is a new format, and needs a new number.
func TestFrozen(t *testing.T) {
	for _, name := range []string{"hybrid-1", "classic-1", "parity-1", "lived-1", "root-1"} {
		t.Run(name, func(t *testing.T) { testFrozen(t, filepath.Join("testdata", "frozen", name)) })
	}
}

// TestFrozenParity heals a repository with parity that an earlier version wrote,
// of each of its packs, without a key.
func TestFrozenParity(t *testing.T) {
	dir := filepath.Join("testdata", "frozen", "parity-1")
	ctx := context.Background()
	packs, err := filepath.Glob(filepath.Join(dir, "packs", "*", "*.age"))
	if err != nil || len(packs) == 0 {
		t.Fatal("no packs", err)
	}
	for _, pack := range packs {
		hurt := filepath.Join(t.TempDir(), "r")
		if err := os.CopyFS(hurt, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dir, pack)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(hurt, rel)); err != nil {
			t.Fatal(err)
		}
		store, err := local.Provider.Open(ctx, storage.Location{Text: hurt}, false)
		if err != nil {
			t.Fatal(err)
		}
		id, err := repo.Identify(ctx, store, "frozen")
		if err != nil {
			t.Fatal(err)
		}
		report, err := repo.Mend(ctx, store, id, repo.MendOptions{Place: "frozen"})
		if err != nil || len(report.Mended) != 1 || len(report.Left) > 0 {
			t.Errorf("%s: %v, %+v", rel, err, report)
		}
	}
}

func testFrozen(t *testing.T, dir string) {
	var want frozen
	data, err := os.ReadFile(dir + ".json")
	if err == nil {
		err = json.Unmarshal(data, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	store, err := local.Provider.Open(ctx, storage.Location{Text: dir}, false)
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := keys.ParseRecoveryKey(want.Recovery)
	if err != nil {
		t.Fatal(err)
	}
	for kind, id := range map[string]age.Identity{
		format.SlotPassphrase: keys.Passphrase(want.Passphrase), format.SlotRecovery: recovery.Identity(),
	} {
		reader := openFrozen(t, ctx, store, kind, id)
		if n := len(reader.Heads()); n != len(want.Snapshots) {
			t.Fatalf("%d snapshots, not %d", n, len(want.Snapshots))
		}
		report, err := repo.Check(ctx, store, reader.View(), reader, repo.CheckOptions{ReadData: true})
		if err != nil || len(report.Problems) > 0 || report.Orphans > 0 {
			t.Errorf("check: %v, %+v", err, report)
		}
		for _, s := range want.Snapshots {
			restoreFrozen(t, ctx, reader, s.ID, s.Messages, s.Files)
		}
	}
}

func openFrozen(t *testing.T, ctx context.Context, store storage.Reader, kind string, id age.Identity) *repo.Reader {
	t.Helper()
	repository, err := repo.Identify(ctx, store, "frozen")
	if err != nil {
		t.Fatal(err)
	}
	view, err := repo.Load(ctx, store, repository, "frozen", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := view.Trust(nil); err != nil {
		t.Fatal(err)
	}
	master, _, err := repo.Unlock(ctx, store, view, format.Hash{}, repo.Through{Kind: kind}, id)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := repo.NewReader(ctx, store, view, master, nil)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

func restoreFrozen(t *testing.T, ctx context.Context, reader *repo.Reader, id string, messages int64, files map[string]frozenFile) {
	t.Helper()
	for _, h := range reader.Heads() {
		if h.Hash.String() != id {
			continue
		}
		s, err := reader.Open(ctx, h)
		if err != nil {
			t.Fatal(err)
		}
		if s.Manifest.Totals.Messages != messages {
			t.Errorf("snapshot %s has %d messages, not %d", id[:8], s.Manifest.Totals.Messages, messages)
		}
		target := filepath.Join(t.TempDir(), "out")
		if _, err := restore.Run(ctx, s, target, restore.Options{}); err != nil {
			t.Fatal(err)
		}
		compareFrozen(t, target, files)
		return
	}
	t.Errorf("snapshot %s is gone", id)
}

func compareFrozen(t *testing.T, target string, files map[string]frozenFile) {
	t.Helper()
	for name, want := range files {
		raw, err := hex.DecodeString(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := describeFrozen(filepath.Join(target, string(raw)))
		if err != nil || got != want {
			t.Errorf("%q: %+v (%v), want %+v", raw, got, err, want)
		}
	}
}

func describeFrozen(path string) (f frozenFile, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return f, err
	}
	f.Mtime = fmt.Sprint(info.ModTime().UnixNano())
	if info.Mode()&fs.ModeSymlink != 0 {
		f.Link, err = os.Readlink(path)
		return f, err
	}
	f.Mode = fmt.Sprintf("%04o", info.Mode().Perm())
	if info.Mode().IsRegular() {
		data, err := os.ReadFile(path)
		f.Size, f.SHA256 = int64(len(data)), format.Sum(data).String()
		return f, err
	}
	return f, nil
}
