package chatstorage

import (
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
	"chatkeep/providers/internal/sqlite"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

func TestRecognize(t *testing.T) {
	chats := sqlitetest.Build(t, "CREATE TABLE ZWAMESSAGE (ZMESSAGEDATE); CREATE TABLE ZWACHATSESSION (a);")
	calls := sqlitetest.Build(t, "CREATE TABLE ZWACDCALLEVENT (ZDATE);")
	other := sqlitetest.Build(t, "CREATE TABLE message (text);")
	folder := func(files map[string][]byte) fstest.MapFS {
		m := fstest.MapFS{}
		for name, data := range files {
			m[name] = &fstest.MapFile{Data: data}
		}
		return m
	}
	for what, c := range map[string]struct {
		files map[string][]byte
		want  []chat.Match
	}{
		"the app's folder":      {map[string][]byte{"ChatStorage.sqlite": chats, "CallHistory.sqlite": calls, "Message/Media/a": nil}, []chat.Match{{Route: "ios", Path: "ChatStorage.sqlite", Sure: 98, Whole: true}}},
		"beside other things":   {map[string][]byte{"ChatStorage.sqlite": chats, "CallHistory.sqlite": calls, "letter.txt": nil}, []chat.Match{{Route: "ios", Path: "ChatStorage.sqlite", Sure: 98}}},
		"under another name":    {map[string][]byte{"mine.sqlite": chats, "theirs.DB": chats, "msgstore.db": other}, []chat.Match{{Route: "ios", Path: "mine.sqlite", Sure: 90}, {Route: "ios", Path: "theirs.DB", Sure: 90}}},
		"calls alone":           {map[string][]byte{"CallHistory.sqlite": calls}, []chat.Match{{Route: "ios", Path: "CallHistory.sqlite", Sure: 90}}},
		"other calls":           {map[string][]byte{"CallHistory.sqlite": other}, nil},
		"contacts alone":        {map[string][]byte{"ContactsV2.sqlite": chats}, nil},
		"with its tables later": {map[string][]byte{"ChatStorage.sqlite": []byte(sqlite.Magic)}, []chat.Match{{Route: "ios", Path: "ChatStorage.sqlite", Sure: 80}}},
		"a name alone":          {map[string][]byte{"ChatStorage.sqlite": []byte("no database")}, []chat.Match{{Route: "ios", Path: "ChatStorage.sqlite", Sure: 30}}},
		"another app's":         {map[string][]byte{"ChatStorage.txt": chats, "a.sqlite": other, "b.sqlite": nil}, nil},
		"another phone's":       {map[string][]byte{"Manifest.db": other, "3d/3d0d7e5fb2ce288813306e4d4636395e047a3d28": other}, nil},
	} {
		got := matches(t, folder(c.files))
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", what, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, not %v", what, got[i], c.want[i])
			}
		}
	}
}

// TestAccountsOfBackup finds each of the app's accounts in one backup.
func TestAccountsOfBackup(t *testing.T) {
	files := chattest.Load(t, "../testdata/exports/ios-backup-harbour")
	data := files["7c/7c7fba66680ef796b916b067077cc246adacf01d"]
	delete(files, "Manifest.db")
	where := []string{
		"7c/7c7fba66680ef796b916b067077cc246adacf01d", "72/724bd3b98b18518b455a87c1f3ac3a0d189c4466", "1b/1b6b187a1b60b9ae8b720c79e2c67f472bab09c0",
	}
	for _, name := range where[1:] {
		files[name] = data
	}
	found := matches(t, files)
	if len(found) != len(where) {
		t.Fatalf("%v", found)
	}
	for i, m := range found {
		if m != (chat.Match{Route: RouteBackup, Path: where[i], Sure: 95}) {
			t.Errorf("%v", m)
		}
		r := readMatch(t, files, m, chat.Options{})
		// The first has calls and the owner's number, too.
		if text := r.row(t, where[i], "row 2"); text.Text != "ferry at eight" || len(r.errors) > 0 || (i > 0) != (r.chats[0].Account == "") {
			t.Errorf("%s: %+v, %v", m.Path, text, r.errors)
		}
	}
}
