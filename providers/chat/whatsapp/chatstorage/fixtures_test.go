package chatstorage

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// fixtures is a folder of public samples, which are no part of this tree.
func fixtures(t testing.TB, app string) string {
	t.Helper()
	dir := os.Getenv("CHATKEEP_FIXTURES")
	if dir == "" {
		t.Skip("CHATKEEP_FIXTURES is not set")
	}
	return filepath.Join(dir, app)
}

// opened is a file, a folder or a zip as an export is opened.
func opened(t testing.TB, path string) fs.FS {
	t.Helper()
	export, err := archive.OpenPath(path, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { export.Close() })
	return export.FS
}

// TestSmallDatabases reads databases with few columns, made up by another project.
func TestSmallDatabases(t *testing.T) {
	dir := fixtures(t, "whatsapp/locket")
	r := read(t, opened(t, filepath.Join(dir, "ChatStorage-personal.sqlite")), chat.Options{})
	const direct, group = "15551234567@s.whatsapp.net", "120363012345678901@g.us"
	if len(r.errors) > 0 || len(r.chats) != 2 || r.total() != 8 || len(r.messages[direct]) != 4 || len(r.messages[group]) != 4 {
		t.Fatalf("%d chats, %d messages, %v", len(r.chats), r.total(), r.errors)
	}
	if r.chat(t, direct).Title != "Jamie Rivera" || r.chat(t, group).Title != "Trip Crew" || r.chat(t, group).Kind != chat.Group {
		t.Errorf("%+v", r.chats)
	}
	first := time.Date(2025, 6, 1, 9, 0, 0, 0, time.UTC)
	id := func(address string) string { return chat.ParticipantID("whatsapp", "", address, "") }
	for i, want := range []struct {
		address, sender, text string
		at                    int
		kind                  chat.MessageKind
		after                 time.Duration
	}{
		{direct, id("me"), "on my way", 0, chat.Text, 0},
		{direct, id(direct), "see you soon", 1, chat.Text, time.Minute},
		{direct, id(direct), "this text should be ignored -- message is deleted", 2, chat.Other, 2 * time.Minute},
		{direct, id(direct), "Contact Name", 3, chat.Contact, 3 * time.Minute},
		{group, id("15559876543@s.whatsapp.net"), "let's go", 0, chat.Text, time.Hour},
		{group, id("15551112222@s.whatsapp.net"), "same", 1, chat.Text, 61 * time.Minute},
		{group, "", "Trip Crew added Alex", 2, chat.EventKind, 62 * time.Minute},
		{group, id("15559876543@s.whatsapp.net"), "", 3, chat.Sticker, 63 * time.Minute},
	} {
		m := r.messages[want.address][want.at]
		if m.Sender != want.sender || m.Text != want.text || m.Kind != want.kind || !m.Time.Equal(first.Add(want.after)) {
			t.Errorf("%d: %+v", i, m)
		}
	}
	if m := r.messages[direct][2]; m.Deleted == nil {
		t.Error("not deleted")
	}
	if m := r.messages[direct][3]; !strings.Contains(m.Extra["ZVCARDSTRING"], "FN:Contact Name") {
		t.Errorf("%v", m.Extra)
	}
	if p := r.chat(t, group).Participants[1]; p.Names[0] != (chat.Name{Value: "Sam", From: "profile"}) {
		t.Errorf("%+v", p)
	}
	r = read(t, opened(t, filepath.Join(dir, "ChatStorage-business.sqlite")), chat.Options{})
	if len(r.errors) > 0 || r.total() != 1 || r.chats[0].Title != "Business Client" || r.messages["15550009999@s.whatsapp.net"][0].Text != "thanks for reaching out" {
		t.Errorf("%+v, %v", r.messages, r.errors)
	}
	// The pair in one folder, beside texts.
	if found := matches(t, os.DirFS(dir)); len(found) != 2 || found[0].Whole || found[1].Whole {
		t.Errorf("%v", found)
	}
}

// expected is what another project makes of a real phone's log of calls.
type expected struct {
	Data [][]any
}

// TestCallLog reads the log of calls and the contacts of a phone that was made
// public, without its messages.
func TestCallLog(t *testing.T) {
	dir := fixtures(t, "whatsapp/ileapp")
	var want expected
	data, err := os.ReadFile(filepath.Join(dir, "whatsApp.whatsAppCallHistory.josh_ios15_ffs.20250621193412.json"))
	if err != nil || json.Unmarshal(data, &want) != nil || len(want.Data) != 4 {
		t.Fatalf("%v, %d rows", err, len(want.Data))
	}
	root := opened(t, filepath.Join(dir, "testdata.whatsApp.whatsAppCallHistory.josh_ios15_ffs.zip"))
	folder, err := fs.Sub(root, "filesystem2/mobile/Containers/Shared/AppGroup/694FBBC5-2E69-480A-A25B-FF8CC038BEF8")
	if err != nil {
		t.Fatal(err)
	}
	r := read(t, folder, chat.Options{})
	if len(r.errors) > 0 || len(r.chats) != 1 || r.total() != 4 {
		t.Fatalf("%d chats, %d calls, %v", len(r.chats), r.total(), r.errors)
	}
	c := r.chats[0]
	for i, row := range want.Data {
		m := r.messages[c.NativeID][i]
		length, err := time.ParseDuration(clock(row[2].(string)))
		outgoing := m.Sender != c.Participants[1].ID
		if err != nil || float64(m.Time.Unix()) != row[0] || m.Call.Duration.Truncate(time.Second) != length ||
			outgoing != (row[3] == "Outgoing") || m.Call.Outcome != "answered" || c.NativeID != row[5] || c.Title != row[6] || m.Precision != chat.Millisecond {
			t.Errorf("call %d: %+v, %+v, not %v", i, m, m.Call, row)
		}
	}
	if r.messages[c.NativeID][0].Call.Video || !r.messages[c.NativeID][2].Call.Video {
		t.Error("the third and fourth were seen, the others heard")
	}
	// Contacts alone are no export; nor are those of a phone that has none.
	for _, name := range []string{"whatsAppContacts.josh_ios15_ffs", "whatsAppCallHistory.mvs_ios_2023", "whatsAppContacts.mvs_ios_2023"} {
		root := opened(t, filepath.Join(dir, "testdata.whatsApp."+name+".zip"))
		err := fs.WalkDir(root, ".", func(p string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return err
			}
			sub, err := fs.Sub(root, p)
			if found := matches(t, sub); len(found) > 0 {
				t.Errorf("%s of %s: %v", p, name, found)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestContacts names people by a real book of contacts.
func TestContacts(t *testing.T) {
	dir := fixtures(t, "whatsapp/ileapp")
	var want expected
	data, err := os.ReadFile(filepath.Join(dir, "whatsApp.whatsAppContacts.josh_ios15_ffs.20250621193412.json"))
	if err != nil || json.Unmarshal(data, &want) != nil || len(want.Data) != 9 {
		t.Fatalf("%v, %d rows", err, len(want.Data))
	}
	root := opened(t, filepath.Join(dir, "testdata.whatsApp.whatsAppCallHistory.josh_ios15_ffs.zip"))
	folder, err := fs.Sub(root, "filesystem2/mobile/Containers/Shared/AppGroup/694FBBC5-2E69-480A-A25B-FF8CC038BEF8")
	if err != nil {
		t.Fatal(err)
	}
	s := &source{fsys: folder, match: matches(t, folder)[0]}
	if err := s.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, row := range want.Data {
		address, _ := row[5].(string)
		if address != "" && s.book.called(address) != row[0] {
			t.Errorf("%s is called %q", address, s.book.called(address))
		}
	}
}

// clock is "00:01:35" as a duration is written.
func clock(s string) string { return s[:2] + "h" + s[3:5] + "m" + s[6:] + "s" }

// TestForeign shows every folder of the samples of other apps.
func TestForeign(t *testing.T) {
	root := fixtures(t, "")
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		if found := matches(t, os.DirFS(p)); len(found) > 0 && filepath.ToSlash(rel) != "whatsapp/locket" {
			t.Errorf("%s: claimed as %v", rel, found)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
