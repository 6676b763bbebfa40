package iosbackup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"howett.net/plist"

	"chatkeep/providers/internal/sqlite/sqlitetest"
)

const domain = "AppDomainGroup-group.example.app"

// listing is what Manifest.db says of one path.
type listing struct {
	domain, path string
	flags        int
	id           string // "" for the right one
	changed      int64
}

// record is the property list about one file.
func record(t testing.TB, changed int64) []byte {
	t.Helper()
	data, err := plist.Marshal(map[string]any{
		"$version": 100000, "$archiver": "NSKeyedArchiver", "$top": map[string]any{"root": plist.UID(1)},
		"$objects": []any{"$null", map[string]any{"LastModified": changed, "Size": 3, "RelativePath": plist.UID(2)}, "x"},
	}, plist.BinaryFormat)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func manifestOf(t testing.TB, list ...listing) []byte {
	t.Helper()
	var sql strings.Builder
	sql.WriteString("CREATE TABLE Files (fileID TEXT PRIMARY KEY, domain TEXT, relativePath TEXT, flags INTEGER, file BLOB);\n")
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	for _, l := range list {
		if l.id == "" {
			l.id = fileID(l.domain, l.path)
		}
		fmt.Fprintf(&sql, "INSERT INTO Files VALUES (%s, %s, %s, %d, x'%x');\n", quote(l.id), quote(l.domain), quote(l.path), l.flags, record(t, l.changed))
	}
	return sqlitetest.Build(t, sql.String())
}

func put(files fstest.MapFS, at, data string) {
	files[at] = &fstest.MapFile{Data: []byte(data), ModTime: time.Unix(5, 0)}
}

// store puts a file where a backup has it.
func store(files fstest.MapFS, name, data string) {
	id := fileID(domain, name)
	put(files, id[:2]+"/"+id, data)
}

// sample is a backup of a few files.
func sample(t testing.TB) fstest.MapFS {
	files := fstest.MapFS{}
	list := []listing{{domain: domain, path: "", flags: isFolder}}
	for _, name := range []string{"a.txt", "Message/Media/b.jpg", "Message/Media/c d.jpg", "Message-x", "Message/Media/häns.jpg"} {
		store(files, name, "data of "+name)
		list = append(list, listing{domain: domain, path: name, flags: isFile, changed: 1_700_000_000})
	}
	list = append(list, listing{domain: domain, path: "Message", flags: isFolder, changed: 1_700_000_001})
	put(files, "Manifest.db", string(manifestOf(t, list...)))
	for name, value := range map[string]any{
		"Manifest.plist": map[string]any{"IsEncrypted": false, "Version": "10.0"}, "Status.plist": map[string]any{"SnapshotState": "finished"},
	} {
		data, err := plist.Marshal(value, plist.BinaryFormat)
		if err != nil {
			t.Fatal(err)
		}
		put(files, name, string(data))
	}
	return files
}

func mustOpen(t testing.TB, fsys fs.FS) *Backup {
	t.Helper()
	if !Is(fsys) {
		t.Error("not recognised")
	}
	b, err := Open(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestFileID(t *testing.T) {
	const whatsApp = "AppDomainGroup-group.net.whatsapp.WhatsApp.shared"
	for name, want := range map[string]string{
		"ChatStorage.sqlite": "7c7fba66680ef796b916b067077cc246adacf01d", "LID.sqlite": "e794f6ffcc3c222535f47684a63d5178da3c4500",
	} {
		if got := fileID(whatsApp, name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	if got := fileID("HomeDomain", "Library/SMS/sms.db"); got != "3d0d7e5fb2ce288813306e4d4636395e047a3d28" {
		t.Errorf("sms.db is %s", got)
	}
}

// TestDomain holds a domain against what a file system promises.
func TestDomain(t *testing.T) {
	files := sample(t)
	b := mustOpen(t, files)
	if len(b.Warnings) > 0 {
		t.Errorf("%q", b.Warnings)
	}
	d := b.Domain(domain)
	if err := fstest.TestFS(d, "a.txt", "Message/Media/b.jpg", "Message/Media/c d.jpg", "Message-x"); err != nil {
		t.Error(err)
	}
	info, err := fs.Stat(d, "Message/Media/b.jpg")
	if err != nil || info.ModTime().Unix() != 1_700_000_000 || info.Size() != int64(len("data of Message/Media/b.jpg")) || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
	for _, spelling := range []string{"Message/Media/h\u00e4ns.jpg", "Message/Media/ha\u0308ns.jpg"} {
		if data, err := fs.ReadFile(d, spelling); err != nil || len(data) == 0 {
			t.Errorf("%q: %v", spelling, err)
		}
	}
	at, err := d.Where("a.txt")
	if err != nil || string(files[at].Data) != "data of a.txt" {
		t.Errorf("%s, %v", at, err)
	}
	for _, name := range []string{"none", "Message", ".", "../a.txt", "/a.txt", "Message/Media"} {
		if at, err := d.Where(name); err == nil {
			t.Errorf("%s is at %s", name, at)
		}
	}
	if list, err := b.Domain("none").ReadDir("."); err != nil || len(list) > 0 {
		t.Errorf("an empty domain: %v, %v", list, err)
	}
	if at, ok := Locate(files, domain, "a.txt"); !ok || string(files[at].Data) != "data of a.txt" {
		t.Error("not found by name")
	}
}

// TestOld reads backups of iOS 9 and older, and those that lost their list.
func TestOld(t *testing.T) {
	id := fileID(domain, "a.txt")
	for _, manifest := range []string{"Manifest.mbdb", "Manifest.plist"} {
		files := fstest.MapFS{}
		put(files, manifest, "mbdb\x05\x00")
		put(files, id, "data")
		d := mustOpen(t, files).Domain(domain)
		if data, err := fs.ReadFile(d, "a.txt"); err != nil || string(data) != "data" {
			t.Errorf("%s: %q, %v", manifest, data, err)
		}
		if at, err := d.Where("a.txt"); err != nil || at != id {
			t.Errorf("%s: at %s, %v", manifest, at, err)
		}
		if _, err := fs.Stat(d, "b.txt"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", manifest, err)
		}
		if _, err := d.ReadDir("."); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: listed: %v", manifest, err)
		}
	}
	if Is(fstest.MapFS{"Info.plist": {}, "a/Manifest.db": {}}) {
		t.Error("a folder of something else")
	}
}

func TestEncrypted(t *testing.T) {
	binary := func(v any) string {
		data, err := plist.Marshal(v, plist.BinaryFormat)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for what, change := range map[string]func(fstest.MapFS){
		"flag": func(f fstest.MapFS) { put(f, "Manifest.plist", binary(map[string]any{"IsEncrypted": true})) },
		"flag in XML": func(f fstest.MapFS) {
			put(f, "Manifest.plist", "<plist><dict><key>IsEncrypted</key><true/></dict></plist>")
		},
		"key": func(f fstest.MapFS) {
			put(f, "Manifest.plist", binary(map[string]any{"ManifestKey": []byte{3, 0, 0, 0}}))
		},
		"list": func(f fstest.MapFS) { put(f, "Manifest.db", strings.Repeat("\x8f\x11\xa0", 4096)) },
	} {
		files := sample(t)
		change(files)
		_, err := Open(t.Context(), files)
		var hint interface{ Hint() string }
		if !errors.Is(err, ErrEncrypted) || !errors.As(err, &hint) || hint.Hint() == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestDamaged reads what is left of a backup.
func TestDamaged(t *testing.T) {
	files := sample(t)
	put(files, "Status.plist", "<plist><dict><key>SnapshotState</key><string>new</string></dict></plist>")
	put(files, "Manifest.plist", "nothing of the kind")
	list := files["Manifest.db"].Data
	put(files, "Manifest.db", string(list[:len(list)-600]))
	b := mustOpen(t, files)
	if len(b.Warnings) != 3 {
		t.Errorf("%q", b.Warnings)
	}
	if _, err := fs.ReadFile(b.Domain(domain), "Message/Media/b.jpg"); err != nil {
		t.Error(err)
	}
	for what, data := range map[string][]byte{
		"no list": sqlitetest.Build(t, "CREATE TABLE Files (a)"), "half a head": list[:50],
	} {
		put(files, "Manifest.db", string(data))
		if _, err := Open(t.Context(), files); err == nil || errors.Is(err, ErrEncrypted) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestHostile reads a list that lies.
func TestHostile(t *testing.T) {
	files := fstest.MapFS{}
	store(files, "a", "a")
	store(files, "a/b", "b")
	put(files, "Manifest.db", string(manifestOf(t,
		listing{domain: domain, path: "a", flags: isFile},
		listing{domain: domain, path: "a/b", flags: isFile},
		listing{domain: domain, path: "../outside", flags: isFile},
		listing{domain: domain, path: "/etc/passwd", flags: isFile},
		listing{domain: domain, path: "x//y", flags: isFile},
		listing{domain: domain, path: "elsewhere", flags: isFile, id: "../../etc/passwd"},
		listing{domain: domain, path: "short", flags: isFile, id: "a"},
		listing{domain: domain, path: "link", flags: 4},
		listing{domain: domain, path: "strange", flags: -9},
		listing{domain: domain, path: "gone", flags: isFile},
	)))
	d := mustOpen(t, files).Domain(domain)
	list, err := fs.ReadDir(d, ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "a gone" {
		t.Errorf("listed %s", got)
	}
	for _, name := range []string{"gone", "link", "strange", "elsewhere", "short"} {
		if _, err := d.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	files := sample(f)
	f.Add(files["Manifest.db"].Data, files["Manifest.plist"].Data, files["Status.plist"].Data)
	f.Fuzz(func(t *testing.T, list, manifest, status []byte) {
		files := fstest.MapFS{}
		put(files, "Manifest.db", string(list))
		put(files, "Manifest.plist", string(manifest))
		put(files, "Status.plist", string(status))
		store(files, "a.txt", "a")
		b, err := Open(t.Context(), files)
		if err != nil {
			return
		}
		defer b.Close()
		d := b.Domain(domain)
		entries, _ := d.ReadDir(".")
		for _, e := range entries {
			if !fs.ValidPath(e.Name()) {
				t.Errorf("listed %q", e.Name())
			}
			_, _ = e.Info()
		}
		if data, err := fs.ReadFile(d, "a.txt"); err == nil && !bytes.Equal(data, []byte("a")) {
			t.Error("another file")
		}
	})
}
