package android

import (
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite"
)

// number asks a database for a number. What is not in it is nought.
func number(t testing.TB, db *sqlite.DB, query string) int {
	t.Helper()
	rows := db.Query(query)
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("%s: %v", query, rows.Err())
	}
	return int(rows.Int(0))
}

// checkAccounts says that every row of messages and of calls is a record, or counted
// under a reason.
func checkAccounts(t *testing.T, export fstest.MapFS, name string, r result) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), export, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	count := func(query, table string) int {
		if !db.Has(table) {
			return 0
		}
		return number(t, db, query+table)
	}
	rows := 0
	for _, table := range []string{"message", "messages", "call_log"} {
		rows += count("SELECT count(*) FROM ", table)
	}
	ignored := r.accounts.Ignored
	told := r.count() + ignored[sentinels] + ignored[albumItems] + ignored[calledTwice] + ignored[copies]
	if told != rows {
		t.Errorf("%d of %d rows are accounted for: %d records, %v", told, rows, r.count(), ignored)
	}
	reactions, votes := 0, 0
	for _, list := range r.messages {
		for _, m := range list {
			reactions += len(m.Reactions)
			if m.Poll != nil {
				for _, option := range m.Poll.Options {
					votes += len(option.By)
				}
			}
		}
	}
	all := count("SELECT count(*) FROM ", "message_add_on_reaction") + count("SELECT count(*) FROM ", "newsletter_message_reaction") +
		count("SELECT count(*) FROM ", "message_add_on_poll_vote_selected_option")
	if db.Has("message_add_on_poll_vote") {
		all += number(t, db, "SELECT count(*) FROM message_add_on_poll_vote WHERE message_add_on_row_id NOT IN (SELECT message_add_on_row_id FROM message_add_on_poll_vote_selected_option)")
	}
	if reactions+votes+ignored[takenBack] != all {
		t.Errorf("%d reactions, %d votes, %d taken back of %d", reactions, votes, ignored[takenBack], all)
	}
	receipts, pictures := 0, 0
	for _, table := range receiptTables {
		receipts += count("SELECT count(*) FROM ", table)
	}
	for _, table := range pictureTables {
		pictures += count("SELECT count(*) FROM ", table)
	}
	if ignored[receiptRows] != receipts || ignored[pictureRows] != pictures {
		t.Errorf("%d receipts, %d pictures: %v", receipts, pictures, ignored)
	}
}

// TestAccounts counts the rows of the exports in testdata.
func TestAccounts(t *testing.T) {
	for folder, c := range map[string]struct {
		name    string
		ignored string
	}{
		"android-phone": {"databases/msgstore.db", "albums 2, calls 2, chats 1, pictures 2, reactions 2, receipts 2, rows 1"},
		"android-2019":  {"msgstore.db", "chats 1, pictures 1, receipts 1, rows 1"},
	} {
		export := load(t, folder)
		r := read(t, export, chat.Options{})
		checkAccounts(t, export, c.name, r)
		for name, reason := range map[string]string{
			"rows": sentinels, "albums": albumItems, "calls": calledTwice, "chats": emptyChats, "reactions": takenBack, "receipts": receiptRows, "pictures": pictureRows, "copies": copies,
		} {
			want := 0
			for part := range strings.SplitSeq(c.ignored, ", ") {
				if digits, ok := strings.CutPrefix(part, name+" "); ok {
					want = int(digits[0] - '0')
				}
			}
			if r.accounts.Ignored[reason] != want {
				t.Errorf("%s: %d %s, want %d", folder, r.accounts.Ignored[reason], name, want)
			}
		}
	}
}

// TestStreamedTwice asks for every stream again: nothing is counted twice, and the
// messages are the same.
func TestStreamedTwice(t *testing.T) {
	export := load(t, "android-phone")
	want := read(t, export, chat.Options{})
	s, err := Open(export, chat.Match{Route: RoutePlain, Path: "databases/msgstore.db", Whole: true}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	again := result{messages: map[string][]*chat.Message{}, coverage: map[string]chat.Coverage{}}
	for range 2 {
		again.chats, again.messages = nil, map[string][]*chat.Message{}
		for c, err := range s.Conversations(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			again.chats = append(again.chats, c)
			for m := range s.Messages(t.Context(), c) {
				k := *m
				again.messages[c.NativeID] = append(again.messages[c.NativeID], &k)
			}
			again.coverage[c.NativeID] = s.Coverage(c)
		}
	}
	again.accounts = s.Accounts()
	sameRecords(t, want, again)
}
