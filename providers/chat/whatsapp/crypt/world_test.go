package crypt

import (
	"testing"
	"testing/fstest"

	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// database is something to back up.
func database(t testing.TB) []byte {
	return sqlitetest.Build(t, "CREATE TABLE message (_id INTEGER PRIMARY KEY, text_data TEXT);"+
		"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO message SELECT i, 'text ' || i * i FROM n;")
}

func fileOf(data []byte) fstest.MapFS {
	return fstest.MapFS{"msgstore.db.crypt": {Data: data, Mode: 0o644}}
}

// open decrypts a backup as a whole.
func open(t testing.TB, data, key []byte) (plain []byte, warning string, err error) {
	t.Helper()
	k, err := ParseKey(key)
	if err != nil {
		return nil, "", err
	}
	f, err := OpenFile(fileOf(data), "msgstore.db.crypt")
	if err != nil {
		return nil, "", err
	}
	s, warning, err := f.Decrypt(t.Context(), k)
	if err != nil {
		return nil, warning, err
	}
	defer s.Close()
	plain = make([]byte, s.Size())
	if _, err := s.ReadAt(plain, 0); err != nil {
		t.Fatal(err)
	}
	return plain, warning, nil
}
