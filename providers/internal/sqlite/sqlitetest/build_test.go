package sqlitetest

import (
	"bytes"
	"testing"

	"chatkeep/providers/internal/sqlite"
)

// TestBuild reads what was made, and finds the same made again.
func TestBuild(t *testing.T) {
	const script = "PRAGMA page_size=1024; CREATE TABLE a (b TEXT); INSERT INTO a VALUES ('c'), (''';');"
	data := Build(t, script)
	if !bytes.Equal(data, Build(t, script)) {
		t.Error("the same script makes another database")
	}
	db, err := sqlite.New(t.Context(), bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows := db.Query("SELECT b FROM a")
	var got []string
	for rows.Next() {
		got = append(got, rows.Text(0))
	}
	if err := rows.Close(); err != nil || len(got) != 2 || got[1] != "';" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := build("CREATE TABLE"); err == nil {
		t.Error("no script, and no error")
	}
}
