package chattest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/providers/internal/sqlite"
)

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.txt":              "plain",
		"databases/b.db.sql": "CREATE TABLE c (d); INSERT INTO c VALUES (7);",
		"databases/.keep":    "",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	export := Load(t, dir)
	if len(export) != 2 || string(export["a.txt"].Data) != "plain" {
		t.Fatalf("%d files", len(export))
	}
	if !strings.HasPrefix(string(export["databases/b.db"].Data), sqlite.Magic) {
		t.Error("the script made no database")
	}
	db, err := sqlite.Open(t.Context(), export, "databases/b.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if !db.HasColumn("c", "d") {
		t.Error("its table is missing")
	}
}
