package crypt

import (
	"bytes"
	"compress/zlib"
	"crypto/hkdf"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"testing/fstest"

	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// The keys of the tests' own backups.
var (
	rootKey  = sha256.Sum256([]byte("root"))
	ownedKey = sha256.Sum256([]byte("owned"))
	salt     = sha256.Sum256([]byte("salt"))
	account  = md5.Sum([]byte("account"))
	nonce    = []byte("nonce of 16 byte")
)

// java makes a key file.
func java(content []byte) []byte {
	b := append([]byte(javaHead), binary.BigEndian.AppendUint32(nil, uint32(len(content)))...)
	return append(b, content...)
}

// ownedFile makes the file key.
func ownedFile(version byte, salt [32]byte, account [16]byte) []byte {
	hash := sha256.Sum256(account[:])
	content := append([]byte{0, 1, version}, salt[:]...)
	content = append(append(content, account[:]...), hash[:]...)
	content = append(append(content, make([]byte, 16)...), ownedKey[:]...)
	return java(content)
}

// wire makes a field of a protobuf that has a length.
func wire(number byte, content []byte) []byte {
	b := binary.AppendUvarint([]byte{number<<3 | 2}, uint64(len(content)))
	return append(b, content...)
}

func number1(field, value byte) []byte { return []byte{field << 3, value} }

// flags are the features that a header lists, to make it as long as in the wild.
func flags() (b []byte) {
	for i := byte(5); i < 16; i++ {
		b = append(b, number1(i, 1)...)
	}
	for i := uint64(16); i < 38; i++ {
		b = append(binary.AppendUvarint(b, i<<3), 1)
	}
	return b
}

// headers of the forms.
func header(form string) []byte {
	info := wire(4, append(wire(1, []byte("2.24.1.2")), flags()...))
	var message []byte
	switch form {
	case "crypt12":
		b := append([]byte{0, 1, '2'}, salt[:]...)
		return append(append(b, account[:]...), nonce...)
	case "crypt14":
		about := append(wire(1, []byte{0, 1}), wire(2, []byte("2"))...)
		about = append(append(about, wire(3, salt[:])...), wire(4, account[:])...)
		message = append(append(number1(1, 0), wire(2, append(about, wire(5, nonce)...))...), info...)
	case "crypt15":
		message = append(append(number1(1, 1), wire(3, wire(1, nonce))...), info...)
	case "short": // as in backups in several files
		message = append(number1(1, 1), wire(3, wire(1, nonce))...)
	}
	return append(binary.AppendUvarint(nil, uint64(len(message))), message...)
}

// keyOf is what a form is encrypted with.
func keyOf(t testing.TB, form string) *[32]byte {
	if form == "crypt12" || form == "crypt14" {
		return &ownedKey
	}
	derived, err := hkdf.Key(sha256.New, rootKey[:], make([]byte, 32), "backup encryption", 32)
	if err != nil {
		t.Fatal(err)
	}
	return (*[32]byte)(derived)
}

// deflated is what is encrypted.
func deflated(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// encrypt makes a backup of a form as the app would, with its checksum, or without.
func encrypt(t testing.TB, form string, packed []byte, checksum bool) []byte {
	t.Helper()
	b := append(header(form), seal(t, keyOf(t, form), nonce, packed)...)
	if checksum {
		sum := md5.Sum(b)
		b = append(b, sum[:]...)
	}
	if form == "crypt12" && checksum {
		b = append(b, "--67"...)
	}
	return b
}

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

func digitsOf(key [32]byte) []byte { return []byte(hex.EncodeToString(key[:])) }
