package archive

import (
	"io"
	"os"
)

// databaseMagic is how a SQLite database begins.
const databaseMagic = "SQLite format 3\x00"

// Companions are the files that belong to a file although they are files of their
// own, in the order of their names: the journals beside a SQLite database. The
// newest messages stand in its write-ahead log alone until the app is closed.
func Companions(file string) []string {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	var head [len(databaseMagic)]byte
	if _, err := io.ReadFull(f, head[:]); err != nil || string(head[:]) != databaseMagic {
		return nil
	}
	var list []string
	for _, end := range []string{"-journal", "-wal"} {
		if info, err := os.Lstat(file + end); err == nil && info.Mode().IsRegular() {
			list = append(list, file+end)
		}
	}
	return list
}
