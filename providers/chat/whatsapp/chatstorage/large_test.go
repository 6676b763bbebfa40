package chatstorage

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// large is a database of n messages in 100 chats, each with the columns that a real
// one fills, every third with a row beside it.
func large(t testing.TB, n int) fs.FS {
	t.Helper()
	script := fmt.Sprintf(`CREATE TABLE ZWACHATSESSION (Z_PK INTEGER PRIMARY KEY, ZSESSIONTYPE INTEGER, ZCONTACTJID VARCHAR, ZPARTNERNAME VARCHAR);
CREATE TABLE ZWAMESSAGE (Z_PK INTEGER PRIMARY KEY, ZFLAGS INTEGER, ZGROUPEVENTTYPE INTEGER, ZISFROMME INTEGER, ZMESSAGETYPE INTEGER, ZSORT INTEGER,
	ZSTARRED INTEGER, ZCHATSESSION INTEGER, ZGROUPMEMBER INTEGER, ZMEDIAITEM INTEGER, ZMESSAGEINFO INTEGER, ZPARENTMESSAGE INTEGER,
	ZMESSAGEDATE TIMESTAMP, ZSENTDATE TIMESTAMP, ZFROMJID VARCHAR, ZPUSHNAME VARCHAR, ZSTANZAID VARCHAR, ZTEXT VARCHAR, ZTOJID VARCHAR);
CREATE TABLE ZWAMEDIAITEM (Z_PK INTEGER PRIMARY KEY, ZTITLE VARCHAR, ZMETADATA BLOB);
CREATE TABLE ZWAMESSAGEINFO (Z_PK INTEGER PRIMARY KEY, ZRECEIPTINFO BLOB);
WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100)
INSERT INTO ZWACHATSESSION SELECT i, 0, (447700900000 + i) || '@s.whatsapp.net', 'Somebody ' || i FROM n;
WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
INSERT INTO ZWAMESSAGE SELECT i, 16777216, 0, i %% 2, 0, i, 0, 1 + i %% 100, NULL, iif(i %% 3, NULL, i), iif(i %% 3, NULL, i), NULL,
	794000000 + i, NULL, iif(i %% 2, NULL, (447700900001 + i %% 100) || '@s.whatsapp.net'), 'CgRNYXJh', printf('3A%%018X', i), 'message number ' || i || ' says this and that, as people do who have something to tell each other, and some do not know when to stop', NULL FROM n;
WITH RECURSIVE n(i) AS (VALUES(3) UNION ALL SELECT i + 3 FROM n WHERE i < %[1]d)
INSERT INTO ZWAMEDIAITEM SELECT i, NULL, CAST(x'2a14' || printf('3A%%018X', i - 100) AS BLOB) FROM n;
WITH RECURSIVE n(i) AS (VALUES(3) UNION ALL SELECT i + 3 FROM n WHERE i < %[1]d)
INSERT INTO ZWAMESSAGEINFO SELECT i, x'2001' FROM n;
`, n)
	dir := t.TempDir()
	sqlitetest.File(t, filepath.Join(dir, chatFile), script)
	return os.DirFS(dir)
}

// drain reads all messages, and calls do now and then.
func drain(t testing.TB, fsys fs.FS, do func()) (n int) {
	s, err := Open(fsys, chat.Match{Route: RouteFolder, Path: chatFile}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for c, err := range s.Conversations(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range s.Messages(context.Background(), c) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%50_000 == 1 {
				do()
			}
		}
	}
	return n
}

// TestMemory holds, of a database that is not in memory, some bytes a message and
// a fixed rest.
func TestMemory(t *testing.T) {
	n := 100_000
	if os.Getenv("CHATKEEP_LONG") != "" {
		n = 6_000_000 // 2 GB
	}
	fsys := large(t, n)
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := held(), uint64(0)
	if got := drain(t, fsys, func() { most = max(most, held()) }); got != n {
		t.Errorf("%d of %d messages", got, n)
	}
	if info, err := fs.Stat(fsys, chatFile); err == nil {
		t.Logf("%d MB, %d messages, at most %d MB held", info.Size()>>20, n, (most-before)>>20)
	}
	if limit := uint64(48<<20 + 40*n); most > before+limit {
		t.Errorf("%d MiB held, at most %d wanted", (most-before)>>20, limit>>20)
	}
}

func BenchmarkMessages(b *testing.B) {
	const n = 100_000
	fsys := large(b, n)
	b.ReportAllocs()
	start := time.Now()
	done := 0
	for b.Loop() {
		done += drain(b, fsys, func() {})
	}
	b.ReportMetric(float64(done)/time.Since(start).Seconds(), "messages/s")
}
