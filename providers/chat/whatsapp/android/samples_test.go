package android

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// samplesRoot is the folder of real exports, which are not ours to publish.
func samplesRoot(t *testing.T) string {
	root := os.Getenv("CHATKEEP_FIXTURES")
	if root == "" {
		t.Skip("CHATKEEP_FIXTURES is not set: no real exports to read")
	}
	return root
}

func sampleFile(t *testing.T, elements ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{samplesRoot(t), "whatsapp"}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// published builds the databases of a sample that is kept as SQL.
func published(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	export := fstest.MapFS{}
	for _, database := range []string{"msgstore", "wa"} {
		export[database+".db"] = &fstest.MapFile{Data: sqlitetest.Build(t, string(sampleFile(t, "chat-history-manager", name, database+".sql"))), Mode: 0o644}
	}
	return export
}

// TestSampleSchemas reads databases of 2023 and 2026, and finds what their source
// says of them.
func TestSampleSchemas(t *testing.T) {
	export := published(t, "whatsapp-android_2023-10")
	r := read(t, export, chat.Options{})
	checkAccounts(t, export, "msgstore.db", r)
	if len(r.chats) != 2 || r.count() != 4 {
		t.Fatalf("%d conversations, %d messages", len(r.chats), r.count())
	}
	group, direct := r.ofKind(chat.Group), r.ofKind(chat.Direct)
	if len(group) != 2 || group[0].Time.Unix() != 1643607839 || group[0].Event == nil || group[0].Event.Code != "added" {
		t.Fatalf("%d messages, %+v", len(group), group[0])
	}
	if m := group[1]; m.Time.Unix() != 1661417508 || m.Text != "Last group message" || !m.Edited || m.Edits[0].Time.Unix() != 1661417955 || m.Forwarded == nil {
		t.Errorf("%+v", m)
	}
	if len(direct) != 2 || direct[0].Time.Unix() != 1687757170 || direct[0].Kind != chat.LocationKind || direct[0].Location.Name != "New Bahari" {
		t.Errorf("%+v", direct[0])
	}
	if m := direct[1]; m.Time.Unix() != 1693993938 || m.Deleted == nil || m.Deleted.Time.Unix() != 1693993963 {
		t.Errorf("%+v", m)
	}

	export = published(t, "whatsapp-android_2026-05")
	r = read(t, export, chat.Options{})
	checkAccounts(t, export, "msgstore.db", r)
	if len(r.chats) != 2 || r.count() != 3 {
		t.Fatalf("%d conversations, %d messages", len(r.chats), r.count())
	}
	group, direct = r.ofKind(chat.Group), r.ofKind(chat.Direct)
	if m := group[0]; m.Time.Unix() != 1776594122 || m.Text != "Multiline\n\nmessage" || len(m.Attachments) != 2 || m.Attachments[0].Role != "image" {
		t.Errorf("%+v", m)
	}
	if len(direct) != 2 || direct[0].Time.Unix() != 1777808710 || direct[1].Time.Unix() != 1777812766 || direct[0].Extra["message_order"] == "" || direct[1].Extra["message_product"] == "" {
		t.Errorf("%+v", direct)
	}
}

// ofKind are the messages of the first conversation of a kind.
func (r result) ofKind(kind chat.ConversationKind) []*chat.Message {
	for _, c := range r.chats {
		if c.Kind == kind {
			return r.messages[c.NativeID]
		}
	}
	return nil
}

// TestSampleBackups reads a database that has both tables of messages, and the two
// encrypted backups of it, which give the same.
func TestSampleBackups(t *testing.T) {
	plain := fstest.MapFS{"msgstore.db": {Data: sampleFile(t, "wa-crypt-tools", "msgstore.db"), Mode: 0o644}}
	want := read(t, plain, chat.Options{})
	checkAccounts(t, plain, "msgstore.db", want)
	if len(want.chats) != 1 || want.count() != 9 || want.chats[0].NativeID != "status@broadcast" {
		t.Errorf("%d conversations, %d messages", len(want.chats), want.count())
	}
	for name, key := range map[string]string{"msgstore.db.crypt14": "key", "msgstore.db.crypt15": "encrypted_backup.key"} {
		backup := fstest.MapFS{
			"Databases/" + name: {Data: sampleFile(t, "wa-crypt-tools", name), Mode: 0o644},
			key:                 {Data: sampleFile(t, "wa-crypt-tools", key), Mode: 0o644},
		}
		t.Run(name, func(t *testing.T) { sameRecords(t, want, read(t, backup, chat.Options{})) })
	}
}

// TestSampleCuts cuts the samples off at many lengths: no panic, no message that the
// whole one has not, and an error that says it.
func TestSampleCuts(t *testing.T) {
	for name, whole := range map[string][]byte{
		"2023": published(t, "whatsapp-android_2023-10")["msgstore.db"].Data, "2026": published(t, "whatsapp-android_2026-05")["msgstore.db"].Data,
		"both tables": sampleFile(t, "wa-crypt-tools", "msgstore.db"),
	} {
		t.Run(name, func(t *testing.T) {
			// The one with both tables has its schema at its end: no cut leaves any of it.
			if best := checkCuts(t, whole); best == 0 && name != "both tables" {
				t.Error("whatever was cut off, nothing was left")
			}
		})
	}
}

// TestSamplesOfOthers shows what other apps export: none of it is claimed.
func TestSamplesOfOthers(t *testing.T) {
	root := samplesRoot(t)
	looked := 0
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && e.Name() == "wa-crypt-tools" {
			return fs.SkipDir
		}
		if !e.IsDir() && !strings.EqualFold(filepath.Ext(name), ".zip") {
			return nil
		}
		x, err := archive.OpenPath(name, archive.Limits{})
		if err != nil {
			return nil // it is not for this test to say why
		}
		defer x.Close()
		looked++
		if list, err := Recognize(x.FS); len(list) > 0 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: claimed as %v, %v", name, list, err)
		}
		return nil
	})
	if err != nil || looked < 100 {
		t.Errorf("%d folders and zips: %v", looked, err)
	}
}
