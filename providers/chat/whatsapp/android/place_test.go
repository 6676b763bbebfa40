package android

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/crypt/crypttest"
	"chatkeep/providers/internal/sqlite"
)

// TestRecognize knows folders by names and first bytes.
func TestRecognize(t *testing.T) {
	plain := &fstest.MapFile{Data: append([]byte(sqlite.Magic), make([]byte, 100)...)}
	crypt14 := &fstest.MapFile{Data: append(crypttest.Header("crypt14"), make([]byte, 100)...)}
	crypt15 := &fstest.MapFile{Data: append(crypttest.Header("crypt15"), make([]byte, 100)...)}
	other := &fstest.MapFile{Data: []byte("something else, and long enough to be looked at")}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string // path, route and how sure
	}{
		"a database":                 {fstest.MapFS{"msgstore.db": plain}, "msgstore.db android 98 whole"},
		"with its log":               {fstest.MapFS{"msgstore.db": plain, "msgstore.db-wal": other, "wa.db": plain}, "msgstore.db android 98 whole"},
		"a backup":                   {fstest.MapFS{"msgstore.db.crypt15": crypt15}, "msgstore.db.crypt15 android-crypt 97 whole"},
		"a backup, other name":       {fstest.MapFS{"msgstore.db.crypt": crypt14}, "msgstore.db.crypt android-crypt 97 whole"},
		"both":                       {fstest.MapFS{"msgstore.db": plain, "msgstore.db.crypt15": crypt15}, "msgstore.db android 98 whole"},
		"decrypted under its name":   {fstest.MapFS{"msgstore.db.crypt14": plain}, "msgstore.db.crypt14 android 98 whole"},
		"encrypted without its name": {fstest.MapFS{"msgstore.db": crypt15}, "msgstore.db android-crypt 97 whole"},
		"the name alone":             {fstest.MapFS{"msgstore.db": other}, "msgstore.db android 30 whole"},
		"the newest": {fstest.MapFS{
			"msgstore-2026-02-27.1.db.crypt14": crypt14, "msgstore-2026-03-01.1.db.crypt15": crypt15, "msgstore-2026-02-28.1.db.crypt15": crypt15,
		}, "msgstore-2026-03-01.1.db.crypt15 android-crypt 97 whole"},
		"the undated":        {fstest.MapFS{"msgstore-2026-03-01.1.db.crypt15": crypt15, "msgstore.db.crypt14": crypt14}, "msgstore.db.crypt14 android-crypt 97 whole"},
		"the newer form":     {fstest.MapFS{"msgstore.db.crypt14": crypt14, "msgstore.db.crypt15": crypt15}, "msgstore.db.crypt15 android-crypt 97 whole"},
		"older than a digit": {fstest.MapFS{"msgstore.db.crypt9": other, "msgstore.db.crypt12": other}, "msgstore.db.crypt12 android-crypt 30 whole"},
		"WhatsApp":           {fstest.MapFS{"Databases/msgstore.db.crypt15": crypt15, "Media/WhatsApp Images/IMG.jpg": other, "Backups/wa.db.crypt15": other}, "Databases/msgstore.db.crypt15 android-crypt 97 whole"},
		"WhatsApp, and more": {fstest.MapFS{"Databases/msgstore.db.crypt15": crypt15, "Media/a.jpg": other, "notes.txt": other}, "Databases/msgstore.db.crypt15 android-crypt 97 whole"},
		"above it":           {fstest.MapFS{"WhatsApp/Databases/msgstore.db.crypt15": crypt15, "WhatsApp/Media/a.jpg": other}, "WhatsApp/Databases/msgstore.db.crypt15 android-crypt 97 whole"},
		"business":           {fstest.MapFS{"WhatsApp Business/Databases/msgstore.db.crypt14": crypt14}, "WhatsApp Business/Databases/msgstore.db.crypt14 android-crypt 97 whole"},
		"the app's own":      {fstest.MapFS{"databases/msgstore.db": plain, "databases/wa.db": plain, "files/key": other, "shared_prefs/a.xml": other}, "databases/msgstore.db android 98 whole"},
		"beside others":      {fstest.MapFS{"msgstore.db": plain, "letters.zip": other}, "msgstore.db android 98"},
		"increments alone":   {fstest.MapFS{"msgstore-increment-1-2026-03-02.1.db.crypt15": crypt15}, ""},
		"further down":       {fstest.MapFS{"WhatsApp/Databases/msgstore.db.crypt15": crypt15, "Telegram/result.json": other}, ""},
		"a folder":           {fstest.MapFS{"msgstore.db/x": other}, ""},
		"names like it":      {fstest.MapFS{"msgstore.db.txt": plain, "my-msgstore.db": plain, "wa.db": plain}, ""},
		"nothing":            {fstest.MapFS{}, ""},
	} {
		list, err := Recognize(c.files)
		got := ""
		for _, m := range list {
			got += fmt.Sprintf("%s %s %d", m.Path, m.Route, m.Sure)
			if m.Whole {
				got += " whole"
			}
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %q, not %q; %v", name, got, c.want, err)
		}
	}
}

// TestNotRead names what is there and not read: other states, and increments.
func TestNotRead(t *testing.T) {
	r := read(t, load(t, "android-crypt"), chat.Options{})
	got := strings.Join(r.accounts.Warnings, "\n")
	for _, part := range []string{
		"other states of msgstore.db.crypt15 are not read: 1, as Databases/msgstore-2026-02-28.1.db.crypt15",
		"msgstore-increment-… is not read, 1 times",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in %q", part, got)
		}
	}
	unused := strings.Join(r.accounts.Unused, "\n")
	for _, name := range []string{"Databases/msgstore-2026-02-28.1.db.crypt15", "Databases/msgstore-increment-1-2026-03-02.1.db.crypt15", "encrypted_backup.key", "Backups/wa.db.crypt15"} {
		if !strings.Contains(unused, name) {
			t.Errorf("%s is not in %q", name, unused)
		}
	}
}
