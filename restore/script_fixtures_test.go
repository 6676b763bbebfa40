//go:build unix

package restore_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// someTime is when the files of fixtures were changed: long ago, so that a
// backup need not wonder whether they still change.
var someTime = time.Date(2024, 2, 29, 12, 34, 56, 123456789, time.UTC)

// save writes a fixture.
func save(ts *testscript.TestScript, path string, data []byte) {
	path = ts.MkAbs(path)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, data, 0o644))
	ts.Check(os.Chtimes(path, someTime, someTime))
}

// noisy is content that nothing makes smaller, from a seed.
func noisy(seed uint64, size int) []byte {
	data := make([]byte, size)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// noise FILE BYTES [SEED] makes a file that nothing makes smaller.
func makeNoise(ts *testscript.TestScript, neg bool, args []string) {
	var size int
	seed := uint64(7)
	_, err := fmt.Sscan(args[1], &size)
	ts.Check(err)
	if len(args) > 2 {
		_, err := fmt.Sscan(args[2], &seed)
		ts.Check(err)
	}
	save(ts, args[0], noisy(seed, size))
}

// sample PROVIDER/NAME DIR copies an export of a provider's own tests, one that has
// no database that is kept as SQL.
func sample(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sample PROVIDER/NAME DIR")
	}
	provider, name := filepath.Split(args[0])
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(filepath.Join("../providers/chat", provider, "testdata/exports", name))))
}

// zip FILE DIR packs the files in a directory as an app exports them.
func zipDir(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: zip FILE DIR")
	}
	files := map[string][]byte{}
	root := ts.MkAbs(args[1])
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	}))
	save(ts, args[0], packed(ts, files))
}

func packed(ts *testscript.TestScript, files map[string][]byte) []byte {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: someTime})
		ts.Check(err)
		_, err = f.Write(files[name])
		ts.Check(err)
	}
	ts.Check(w.Close())
	return out.Bytes()
}

const chatText = "[02.03.19, 10:11:12] Anna: the kettle is on\n[02.03.19, 10:12:00] Ben: two minutes\n"

// bombSize is what a bomb becomes when it is inflated.
const bombSize = 1 << 30

// badzip KIND FILE makes a zip that means harm or is broken.
func badZip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: badzip KIND FILE")
	}
	good := packed(ts, map[string][]byte{"_chat.txt": []byte(chatText), "a.jpg": noisy(3, 9000)})
	switch args[0] {
	case "truncated":
		save(ts, args[1], good[:len(good)-400])
	case "dotdot":
		save(ts, args[1], packed(ts, map[string][]byte{
			"_chat.txt": []byte(chatText), "../escaped.txt": []byte("x"), "/rooted.txt": []byte("y"), "a/../../b.txt": []byte("z")}))
	case "bomb":
		save(ts, args[1], bomb(ts))
	default:
		ts.Fatalf("no kind %s", args[0])
	}
}

// bomb is a megabyte that inflates to a chat of a gigabyte without a line end.
func bomb(ts *testscript.TestScript) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "_chat.txt", Method: zip.Deflate, Modified: someTime})
	ts.Check(err)
	_, err = io.WriteString(f, chatText)
	ts.Check(err)
	block := make([]byte, 1<<20)
	for range bombSize / len(block) {
		_, err := f.Write(block)
		ts.Check(err)
	}
	ts.Check(w.Close())
	return out.Bytes()
}

// oddtree DIR makes a directory with what file systems allow and people rarely
// see.
func oddTree(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	file := func(name string, data []byte) { save(ts, filepath.Join(dir, name), data) }
	file("empty", nil)
	file("evil\x1b[2J\x1b]0;owned\x07\n.txt", []byte("x"))
	file("latin-\xe9.txt", []byte("not UTF-8"))
	file("\u202egpj.exe", []byte("right to left"))
	file("-rf", []byte("a flag?"))
	file("deep/er/and/deeper/file", []byte("down here"))
	file("twice/one", []byte("one file, two names"))
	file("program", []byte("#!"))
	file("big.bin", noisy(9, 300_000))
	ts.Check(os.Link(filepath.Join(dir, "twice/one"), filepath.Join(dir, "twice/two")))
	ts.Check(os.Symlink("../../nowhere\x1b", filepath.Join(dir, "dangling")))
	ts.Check(os.Symlink("twice", filepath.Join(dir, "inside")))
	ts.Check(os.Mkdir(filepath.Join(dir, "nothing in it"), 0o750))
	ts.Check(os.Chmod(filepath.Join(dir, "program"), 0o751))
	ts.Check(os.Chmod(filepath.Join(dir, "-rf"), 0o400))
	sparse, err := os.Create(filepath.Join(dir, "sparse"))
	ts.Check(err)
	_, err = sparse.WriteAt([]byte("in the middle"), 5<<20)
	ts.Check(err)
	ts.Check(sparse.Truncate(10 << 20))
	ts.Check(sparse.Close())
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink == 0 {
			err = os.Chtimes(path, someTime, someTime)
		}
		return err
	}))
}

// smalldisk DIR SIZE mounts a file system of that size, as 1m, for as long as
// the script runs.
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: smalldisk DIR SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+args[1], "none", dir).CombinedOutput(); err != nil {
		ts.Fatalf("mount: %v: %s", err, out)
	}
	ts.Defer(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			ts.Logf("unmount: %v", err)
		}
	})
}

// windowsdisk DIR mounts a file system of Windows for as long as the script runs:
// it takes "a" for "A", and refuses the names that Windows does.
func windowsDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: windowsdisk DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(dir+".image", nil, 0o600))
	ts.Check(os.Truncate(dir+".image", 20<<20))
	for _, command := range [][]string{
		{"mkntfs", "-q", "-F", dir + ".image"},
		{"lowntfs-3g", "-o", "ignore_case,windows_names", dir + ".image", dir},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			ts.Fatalf("%s: %v: %s", command[0], err, out)
		}
	}
	ts.Defer(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			ts.Logf("unmount: %v", err)
		}
	})
}

// reformat REPOSITORY RECOVERY has the owner of a repository declare it one of
// the next format, as a newer program would.
func reformat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: reformat REPOSITORY RECOVERY")
	}
	dir := ts.MkAbs(args[0])
	key, err := keys.ParseRecoveryKey(string(bytes.TrimSpace([]byte(ts.ReadFile(args[1])))))
	ts.Check(err)
	slot := only(ts, dir, "keys/recovery-*.age")
	object, err := os.ReadFile(filepath.Join(dir, slot))
	ts.Check(err)
	master, err := keys.OpenSlot(slot, object, key.Identity())
	ts.Check(err)
	name := only(ts, dir, format.AuthorityDir+"*.json")
	object, err = os.ReadFile(filepath.Join(dir, name))
	ts.Check(err)
	a, err := keys.OpenAuthority(name, object, master.Repository)
	ts.Check(err)
	a.Previous, a.N = []format.Hash{format.Sum(object)}, a.N+1
	body := bytes.Replace(a.Encode(), []byte(`"format":1`), []byte(`"format":2`), 1)
	next := keys.SignStatement(master.RootKey, format.NamespaceAuthority, body)
	ts.Check(os.WriteFile(filepath.Join(dir, format.AuthorityName(a.N, format.Sum(next))), next, 0o400))
}

// only is the one path below a directory that a pattern matches.
func only(ts *testscript.TestScript, dir, pattern string) string {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%d files match %s", len(found), pattern)
	}
	return noted(dir, found)[0]
}
