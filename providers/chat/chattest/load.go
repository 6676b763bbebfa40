package chattest

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// Load reads an export that is kept as a folder of files, as testdata/exports/text-anna.
// A file NAME.sql stands for the SQLite database NAME: the script makes it. So a
// database is kept as what can be read and reviewed. Files that are empty, and only
// there so that git keeps their folder, are named .keep and left out.
func Load(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	export := fstest.MapFS{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == ".keep" {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if database, ok := strings.CutSuffix(name, ".sql"); ok {
			name, data = database, sqlitetest.Build(t, string(data))
		}
		export[name] = &fstest.MapFile{Data: data, Mode: 0o644}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(export) == 0 {
		t.Fatalf("%s: no export in it", dir)
	}
	return export
}
