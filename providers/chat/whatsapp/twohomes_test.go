package whatsapp

import (
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/android"
	"chatkeep/providers/chat/whatsapp/chatstorage"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// onAndroid and onIPhone are one chat and one group as either system keeps them: what
// the app leaves when somebody moves from one to the other.
const onAndroid = `
CREATE TABLE jid (_id INTEGER PRIMARY KEY, user TEXT, server TEXT, type INTEGER, raw_string TEXT);
CREATE TABLE jid_map (lid_row_id INTEGER PRIMARY KEY, jid_row_id INTEGER);
CREATE TABLE chat (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, subject TEXT);
CREATE TABLE message (_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, key_id TEXT, sender_jid_row_id INTEGER, timestamp INTEGER, message_type INTEGER, text_data TEXT, sort_id INTEGER);
CREATE TABLE call_log (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, from_me INTEGER, call_id TEXT, transaction_id INTEGER, timestamp INTEGER, video_call INTEGER, duration INTEGER, call_result INTEGER);
CREATE TABLE message_call_log (message_row_id INTEGER PRIMARY KEY, call_log_row_id INTEGER);
INSERT INTO jid VALUES (1, '447700900002', 's.whatsapp.net', 0, '447700900002@s.whatsapp.net'), (2, '900000000000002', 'lid', 18, '900000000000002@lid'), (3, '120363000000000001', 'g.us', 1, '120363000000000001@g.us');
INSERT INTO jid_map VALUES (2, 1);
INSERT INTO chat VALUES (1, 2, NULL), (2, 3, 'Harbour walks');
INSERT INTO message VALUES
  (1, 1, 0, '3A01', 0, 1790000000000, 0, 'on the pier', 1), (2, 1, 1, '3A02', 0, 1790000060000, 0, 'coming', 2),
  (3, 2, 0, '3A03', 2, 1790000120000, 0, 'all here?', 3), (4, 1, 0, 'C0FFEE02', 0, 1790000300000, 90, 'video', 4);
INSERT INTO call_log VALUES (1, 1, 1, 'call:C0FFEE01', -1, 1790000200000, 0, 40, 5), (2, 1, 0, 'call:C0FFEE02', -1, 1790000300000, 1, 0, 2);
INSERT INTO message_call_log VALUES (4, 2);`

const onIPhone = `
CREATE TABLE ZWACHATSESSION (Z_PK INTEGER PRIMARY KEY, ZSESSIONTYPE INTEGER, ZCONTACTJID VARCHAR, ZPARTNERNAME VARCHAR);
CREATE TABLE ZWAGROUPMEMBER (Z_PK INTEGER PRIMARY KEY, ZCHATSESSION INTEGER, ZMEMBERJID VARCHAR);
CREATE TABLE ZWAMESSAGE (Z_PK INTEGER PRIMARY KEY, ZGROUPEVENTTYPE INTEGER, ZISFROMME INTEGER, ZMESSAGETYPE INTEGER, ZSORT INTEGER, ZCHATSESSION INTEGER, ZGROUPMEMBER INTEGER, ZMESSAGEDATE TIMESTAMP, ZFROMJID VARCHAR, ZSTANZAID VARCHAR, ZTEXT VARCHAR);
INSERT INTO ZWACHATSESSION VALUES (1, 0, '447700900002@s.whatsapp.net', 'Mara'), (2, 1, '120363000000000001@g.us', 'Harbour walks');
INSERT INTO ZWAGROUPMEMBER VALUES (1, 2, '447700900002@s.whatsapp.net');
INSERT INTO ZWAMESSAGE VALUES
  (1, 0, 0, 0, 1, 1, NULL, 811692800, '447700900002@s.whatsapp.net', '3A01', 'on the pier'), (2, 0, 1, 0, 2, 1, NULL, 811692860, NULL, '3A02', 'coming'),
  (3, 0, 0, 0, 1, 2, 1, 811692920, '120363000000000001@g.us', '3A03', 'all here?'), (4, 0, 0, 59, 3, 1, NULL, 811693100, '447700900002@s.whatsapp.net', 'C0FFEE02', NULL);`

const callsOnIPhone = `
CREATE TABLE ZWAAGGREGATECALLEVENT (Z_PK INTEGER PRIMARY KEY, ZINCOMING INTEGER, ZMISSED INTEGER, ZVIDEO INTEGER);
CREATE TABLE ZWACDCALLEVENT (Z_PK INTEGER PRIMARY KEY, ZOUTCOME INTEGER, Z1CALLEVENTS INTEGER, ZDATE TIMESTAMP, ZDURATION FLOAT, ZCALLIDSTRING VARCHAR);
CREATE TABLE ZWACDCALLEVENTPARTICIPANT (Z_PK INTEGER PRIMARY KEY, ZOUTCOME INTEGER, Z1PARTICIPANTS INTEGER, ZJIDSTRING VARCHAR);
INSERT INTO ZWAAGGREGATECALLEVENT VALUES (1, 0, 0, 0);
INSERT INTO ZWACDCALLEVENT VALUES (1, 0, 1, 811693000, 40, 'C0FFEE01');
INSERT INTO ZWACDCALLEVENTPARTICIPANT VALUES (1, 0, 1, '447700900002@s.whatsapp.net');`

// said is what counts of a message where two exports are merged.
type said struct{ conversation, sender, text, at string }

// everything reads all messages of an export, by their ids.
func everything(t *testing.T, s chat.Source, err error) map[string]said {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := map[string]said{}
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range s.Messages(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			all[m.ID] = said{c.ID, m.Sender, m.Text, m.Time.UTC().Format("2006-01-02 15:04:05")}
		}
	}
	return all
}

// TestTwoHomes reads one chat from a phone of either system, with the owner known and
// not: conversations, people, messages and calls have the same ids.
func TestTwoHomes(t *testing.T) {
	iphone := fstest.MapFS{
		"ChatStorage.sqlite": {Data: sqlitetest.Build(t, onIPhone), Mode: 0o644},
		"CallHistory.sqlite": {Data: sqlitetest.Build(t, callsOnIPhone), Mode: 0o644},
	}
	phone := fstest.MapFS{"msgstore.db": {Data: sqlitetest.Build(t, onAndroid), Mode: 0o644}}
	for _, me := range []string{"", "+44 7700 900001"} {
		o := chat.Options{Me: me}
		s, err := android.Open(phone, chat.Match{Route: android.RoutePlain, Path: "msgstore.db"}, o)
		want := everything(t, s, err)
		s, err = chatstorage.Open(iphone, chat.Match{Route: chatstorage.RouteFolder, Path: "ChatStorage.sqlite"}, chat.Options{})
		got := everything(t, s, err)
		if len(want) != 5 || len(got) != 5 {
			t.Fatalf("%d and %d messages", len(want), len(got))
		}
		for id, m := range want {
			if got[id] != m {
				t.Errorf("--me %q: %+v is %+v on the iPhone", me, m, got[id])
			}
		}
	}
}
