package crypt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/providers/chat/whatsapp/crypt/crypttest"
	"chatkeep/providers/internal/sqlite"
)

// keysOf are all the ways to give the key of a form.
func keysOf(form string) map[string][]byte {
	if form == "crypt12" || form == "crypt14" {
		return map[string][]byte{"file": crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account), "bytes": crypttest.Owned[:], "digits": crypttest.Digits(crypttest.Owned)}
	}
	d := string(crypttest.Digits(crypttest.Root))
	return map[string][]byte{
		"file": crypttest.Java(crypttest.Root[:]), "bytes": crypttest.Root[:], "digits": []byte(d), "line": []byte(d + "\r\n"), "capitals": []byte(strings.ToUpper(d)),
		"groups": []byte("\ufeff" + d[:4] + " " + d[4:32] + "\n" + d[32:40] + "-" + d[40:44] + "\u2013" + d[44:] + "\u00a0\n"),
	}
}

// TestForms decrypts every form with every kind of key.
func TestForms(t *testing.T) {
	plain := database(t)
	packed := crypttest.Deflate(t, plain)
	for _, form := range crypttest.Forms {
		for _, checksum := range []bool{true, false} {
			data := crypttest.Encrypt(t, form, packed, checksum)
			for name, key := range keysOf(form) {
				got, warning, err := open(t, data, key)
				if err != nil || warning != "" || !bytes.Equal(got, plain) {
					t.Errorf("%s, checksum %v, key as %s: %d bytes, %q, %v", form, checksum, name, len(got), warning, err)
				}
			}
		}
		// Some side backups are not deflated.
		if got, _, err := open(t, crypttest.Encrypt(t, form, plain, true), keysOf(form)["file"]); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s, not deflated: %v", form, err)
		}
	}
}

// TestSamples decrypts real backups and finds the database that their source has
// beside them.
func TestSamples(t *testing.T) {
	root := os.Getenv("CHATKEEP_FIXTURES")
	if root == "" {
		t.Skip("CHATKEEP_FIXTURES is not set: no real backups to read")
	}
	fsys := os.DirFS(filepath.Join(root, "whatsapp", "wa-crypt-tools"))
	for name, keys := range map[string][]string{
		"msgstore.db.crypt14": {"file key", "3a146d9bbd8b6311d962c71619c0c2cce3ce694ea4a0f3f600e271380e1226c6"},
		"msgstore.db.crypt15": {"file encrypted_backup.key", "6730a595a1484d0c39c101dc0ac82ec5e401bb6f0e1b8ee2dc104a6b3687f017"},
	} {
		for _, text := range keys {
			key := []byte(text)
			if file, ok := strings.CutPrefix(text, "file "); ok {
				var err error
				if key, err = os.ReadFile(filepath.Join(root, "whatsapp", "wa-crypt-tools", file)); err != nil {
					t.Fatal(err)
				}
			}
			k, err := ParseKey(key)
			if err != nil {
				t.Fatal(err)
			}
			f, err := OpenFile(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			s, warning, err := f.Decrypt(t.Context(), k)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			h := sha256.New()
			if _, err := io.Copy(h, io.NewSectionReader(s, 0, s.Size())); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if got := hex.EncodeToString(h.Sum(nil)); got != "1425b944a2e3885fc936a7bb82f6548c5cc09523a2f61f02aa836c4ed8bbd16e" || warning != "" || s.Size() != 1273856 {
				t.Errorf("%s: %d bytes, SHA-256 %s, %q", name, s.Size(), got, warning)
			}
		}
	}
	for _, name := range []string{"test.json", "test9.zip", "msgstore.db", "empty-db.sql", "empty-db.zlib1", "key"} {
		if _, err := OpenFile(fsys, name); !errors.Is(err, ErrNoBackup) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrongKeys tells apart what can be wrong with a key.
func TestWrongKeys(t *testing.T) {
	packed := crypttest.Deflate(t, database(t))
	other := crypttest.Salt
	other[5]++
	stranger := crypttest.Account
	stranger[0]++
	damaged := crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account)
	damaged[70]++
	cut := crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account)[:150]
	wrong := crypttest.Root
	wrong[31]++
	for _, c := range []struct {
		name, form string
		key        []byte
		want       error
		says, hint string
	}{
		{"the phone's key for a crypt15", "crypt15", crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account), ErrOtherKind, "end-to-end encrypted", "encrypted_backup.key"},
		{"an end-to-end key for a crypt14", "crypt14", crypttest.Java(crypttest.Root[:]), ErrOtherKind, "not end-to-end", "file key"},
		{"another salt", "crypt14", crypttest.OwnedFile(2, other, crypttest.Account), ErrOtherBackup, "of this account", "as old as"},
		{"another version", "crypt12", crypttest.OwnedFile(1, crypttest.Salt, crypttest.Account), ErrOtherBackup, "of this account", "as old as"},
		{"another account", "crypt14", crypttest.OwnedFile(2, crypttest.Salt, stranger), ErrOtherBackup, "another account", "as old as"},
		{"mistyped", "crypt15", crypttest.Digits(wrong), ErrWrongKey, "does not open", "mistyped"},
		{"digits for a crypt14", "crypt14", crypttest.Digits(crypttest.Root), ErrWrongKey, "does not open", "not end-to-end"},
		{"a password", "crypt15", []byte("correct horse battery staple"), ErrNoKey, "28 bytes", "a password or a passkey"},
		{"63 digits", "crypt15", crypttest.Digits(crypttest.Root)[:63], ErrNoKey, "63 bytes", "64-digit"},
		{"65 digits", "crypt15", append(crypttest.Digits(crypttest.Root), '0'), ErrNoKey, "65 bytes", "64-digit"},
		{"nothing", "crypt15", nil, ErrNoKey, "0 bytes", ""},
		{"a damaged file", "crypt14", damaged, ErrNoKey, "damaged", "again"},
		{"a file that was cut off", "crypt14", cut, ErrNoKey, "131 bytes, and has 123", "again"},
		{"bytes of nothing", "crypt15", bytes.Repeat([]byte{1, 200}, 40), ErrNoKey, "80 bytes", ""},
	} {
		_, _, err := open(t, crypttest.Encrypt(t, c.form, packed, true), c.key)
		var hint interface{ Hint() string }
		if !errors.Is(err, c.want) || !errors.As(err, &hint) || !strings.Contains(err.Error(), c.says) || !strings.Contains(hint.Hint(), c.hint) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestSecret looks for keys where they may not be.
func TestSecret(t *testing.T) {
	data := crypttest.Encrypt(t, "crypt15", crypttest.Deflate(t, database(t)), true)
	for _, key := range [][]byte{crypttest.Digits(crypttest.Salt), crypttest.Digits(crypttest.Root)[:60], []byte("correct horse battery staple"), crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account)} {
		_, _, err := open(t, data, key)
		if err == nil {
			t.Fatal("no error")
		}
		said := fmt.Sprintf("%v %+v %#v", err, err, err)
		for i := 0; i+6 <= len(key); i++ {
			if part := string(key[i : i+6]); strings.Trim(part, "\x00") != "" && strings.Contains(said, part) {
				t.Errorf("%q is in %q", part, said)
			}
		}
	}
	k, err := ParseKey(crypttest.Root[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(format, k); got != "a key" {
			t.Errorf("%s prints %q", format, got)
		}
	}
}

// TestCut cuts a backup at many lengths: it says so, and gives nothing.
func TestCut(t *testing.T) {
	for _, form := range crypttest.Forms {
		data := crypttest.Encrypt(t, form, crypttest.Deflate(t, database(t)), true)
		key := keysOf(form)["file"]
		r := rand.New(rand.NewPCG(1, 2))
		lengths := []int{}
		for i := range 300 {
			lengths = append(lengths, i, len(data)-1-i%60, r.IntN(len(data)))
		}
		for _, n := range lengths {
			got, _, err := open(t, data[:n], key)
			if err == nil && n == len(data)-16 && form != "crypt12" {
				continue // which is a backup without a checksum
			}
			if err == nil && form == "crypt12" && (n == len(data)-4 || n == len(data)-20) {
				continue // without a suffix, and without both
			}
			if err == nil || got != nil {
				t.Fatalf("%s cut at %d of %d: %d bytes, no error", form, n, len(data), len(got))
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s cut at %d of %d: %v", form, n, len(data), err)
			}
			// Where it ends in the deflated contents, that is seen.
			if n > 400 && n < len(data)-100 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s cut at %d of %d: %v", form, n, len(data), err)
			}
		}
	}
}

// TestDamaged changes bytes: nothing comes out, and the checksum alone is a warning.
func TestDamaged(t *testing.T) {
	for _, form := range []string{"crypt12", "crypt14", "crypt15"} {
		data := crypttest.Encrypt(t, form, crypttest.Deflate(t, database(t)), true)
		key := keysOf(form)["file"]
		r := rand.New(rand.NewPCG(3, 4))
		start := len(crypttest.Header(form))
		end := len(data) - 16
		if form == "crypt12" {
			end -= 4
		}
		for range 300 {
			hurt := bytes.Clone(data)
			at := start + r.IntN(len(hurt)-start)
			hurt[at] ^= byte(1 + r.IntN(255))
			got, warning, err := open(t, hurt, key)
			if at >= end {
				if err != nil || (warning == "") != (at >= end+16) {
					t.Errorf("%s, the checksum at %d: %q, %v", form, at, warning, err)
				}
				continue
			}
			if err == nil || got != nil {
				t.Fatalf("%s, byte %d: it was taken", form, at)
			}
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, byte %d: %v", form, at, err)
			}
			if at > start+headSize && errors.Is(err, ErrWrongKey) {
				t.Errorf("%s, byte %d is behind what keys are tried on: %v", form, at, err)
			}
		}
	}
}

// TestPayloads are backups of something else, and of a database with no end.
func TestPayloads(t *testing.T) {
	key := keysOf("crypt15")["file"]
	for name, c := range map[string]struct {
		packed []byte
		want   error
	}{
		"a zip":                   {[]byte(zipMagic + "and so on"), ErrNoBackup},
		"a crypttest.Deflate zip": {crypttest.Deflate(t, []byte(zipMagic+"and so on")), nil},
		"a bomb":                  {crypttest.Deflate(t, append([]byte(sqlite.Magic), make([]byte, 80<<20)...)), ErrTooLarge},
		"cut by the app":          {crypttest.Deflate(t, database(t))[:9000], ErrDamaged},
		"a wrong checksum":        {append(bytes.Clone(crypttest.Deflate(t, database(t))[:len(crypttest.Deflate(t, database(t)))-1]), 0xff), ErrDamaged},
	} {
		_, _, err := open(t, crypttest.Encrypt(t, "crypt15", c.packed, true), key)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStopped ends in the middle.
func TestStopped(t *testing.T) {
	k, err := ParseKey(crypttest.Root[:])
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(fileOf(crypttest.Encrypt(t, "crypt15", crypttest.Deflate(t, database(t)), true)), "msgstore.db.crypt")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Decrypt(ctx, k); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzHeader(f *testing.F) {
	for _, form := range crypttest.Forms {
		f.Add(append(crypttest.Header(form), "ciphertext"...))
	}
	f.Add([]byte{0x05, 1, 8, 1, 26, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		if len(h.nonce) != 16 || h.start < 0 || h.start > int64(len(b)) {
			t.Errorf("nonce of %d bytes, start at %d of %d", len(h.nonce), h.start, len(b))
		}
		key, _ := ParseKey(crypttest.Root[:])
		open, err := OpenFile(fileOf(b), "msgstore.db.crypt")
		if err != nil {
			t.Fatal(err)
		}
		if s, _, err := open.Decrypt(t.Context(), key); err == nil {
			s.Close()
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add(crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account))
	f.Add(crypttest.Java(crypttest.Root[:]))
	f.Add(crypttest.Digits(crypttest.Root))
	f.Add(crypttest.Root[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKey(b)
		if (k == nil) == (err == nil) {
			t.Errorf("%v, %v", k, err)
		}
	})
}
