// Package crypttest makes encrypted backups as the app makes them, with the standard
// library's own GCM, for tests.
package crypttest

import (
	"bytes"
	"compress/zlib"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// Forms are those of backups. Short is a crypt15 as in backups in several files.
var Forms = []string{"crypt12", "crypt14", "crypt15", "short"}

// The keys of the tests' own backups: that of end-to-end encrypted ones, and that of
// the others with what its file has besides.
var (
	Root    = sha256.Sum256([]byte("root"))
	Owned   = sha256.Sum256([]byte("owned"))
	Salt    = sha256.Sum256([]byte("salt"))
	Account = md5.Sum([]byte("account"))
	nonce   = []byte("nonce of 16 byte")
)

// Java makes a key file: an array of bytes, as Java writes it.
func Java(content []byte) []byte {
	b := []byte{0xac, 0xed, 0, 5, 'u', 'r', 0, 2, '[', 'B', 0xac, 0xf3, 0x17, 0xf8, 6, 8, 'T', 0xe0, 2, 0, 0, 'x', 'p'}
	b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
	return append(b, content...)
}

// OwnedFile makes the file key of Owned, of 158 bytes.
func OwnedFile(version byte, salt [32]byte, account [16]byte) []byte {
	hash := sha256.Sum256(account[:])
	content := append([]byte{0, 1, version}, salt[:]...)
	content = append(append(content, account[:]...), hash[:]...)
	content = append(append(content, make([]byte, 16)...), Owned[:]...)
	return Java(content)
}

// Digits writes a key down as the app shows it.
func Digits(key [32]byte) []byte { return []byte(hex.EncodeToString(key[:])) }

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

// Header is what a backup of a form begins with.
func Header(form string) []byte {
	info := wire(4, append(wire(1, []byte("2.24.1.2")), flags()...))
	var message []byte
	switch form {
	case "crypt12":
		b := append([]byte{0, 1, '2'}, Salt[:]...)
		return append(append(b, Account[:]...), nonce...)
	case "crypt14":
		about := append(wire(1, []byte{0, 1}), wire(2, []byte("2"))...)
		about = append(append(about, wire(3, Salt[:])...), wire(4, Account[:])...)
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
		return &Owned
	}
	derived, err := hkdf.Key(sha256.New, Root[:], make([]byte, 32), "backup encryption", 32)
	if err != nil {
		t.Fatal(err)
	}
	return (*[32]byte)(derived)
}

// Deflate makes of a database what is encrypted.
func Deflate(t testing.TB, plain []byte) []byte {
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

// Encrypt makes a backup of a form as the app would, with its checksum, or without.
func Encrypt(t testing.TB, form string, packed []byte, checksum bool) []byte {
	t.Helper()
	block, err := aes.NewCipher(keyOf(t, form)[:])
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		t.Fatal(err)
	}
	b := aead.Seal(Header(form), nonce, packed, nil)
	if checksum {
		sum := md5.Sum(b)
		b = append(b, sum[:]...)
	}
	if form == "crypt12" && checksum {
		b = append(b, "--67"...)
	}
	return b
}
