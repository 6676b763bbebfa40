// Package sqlitetest makes databases for tests. What tests keep of a database is
// its SQL, which can be read and reviewed.
package sqlitetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/serdes"
)

// one at a time: that is how serdes hands bytes over.
var one sync.Mutex

// Build runs a script on an empty database and returns the bytes of the file that
// it would be, without a journal.
func Build(t testing.TB, script string) []byte {
	t.Helper()
	data, err := build(script)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// File runs a script on an empty database in a file, for those that are too large to
// be held.
func File(t testing.TB, path, script string) {
	t.Helper()
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;" + script); err != nil {
		t.Errorf("script of a database: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func build(script string) ([]byte, error) {
	conn, err := sqlite3.Open(":memory:")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.Exec(script); err != nil {
		return nil, fmt.Errorf("script of a database: %w", err)
	}
	one.Lock()
	defer one.Unlock()
	return serdes.Serialize(conn, "main")
}
