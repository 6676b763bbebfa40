package android

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/crypt"
	"chatkeep/providers/chat/whatsapp/crypt/crypttest"
)

// backup is an encrypted backup of small, with other files beside it.
func backup(t testing.TB, form string, more fstest.MapFS) fstest.MapFS {
	t.Helper()
	name := "Databases/msgstore.db." + strings.ReplaceAll(form, "short", "crypt15")
	export := fstest.MapFS{name: encrypted(t, form, alone(t, small)["msgstore.db"].Data)}
	for name, f := range more {
		export[name] = f
	}
	return export
}

func keyFile(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b, Mode: 0o644} }

// TestKeys finds the key of a backup beside it, wherever it lies, and asks for it
// only if there is none that opens it.
func TestKeys(t *testing.T) {
	java, owned := crypttest.Java(crypttest.Root[:]), crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account)
	digits := crypttest.Digits(crypttest.Root)
	wrong := crypttest.Digits(crypttest.Salt)
	for name, c := range map[string]struct {
		form  string
		files fstest.MapFS
		asked string // what Options.Key is asked for, "" where it must not be
		gives []byte
	}{
		"beside the database":   {"crypt15", fstest.MapFS{"Databases/encrypted_backup.key": keyFile(java)}, "", nil},
		"beside the folder":     {"crypt15", fstest.MapFS{"encrypted_backup.key": keyFile(digits)}, "", nil},
		"as the app has it":     {"short", fstest.MapFS{"files/encrypted_backup.key": keyFile(java)}, "", nil},
		"under the other name":  {"crypt15", fstest.MapFS{"key": keyFile(java)}, "", nil},
		"of the phone":          {"crypt14", fstest.MapFS{"files/key": keyFile(owned)}, "", nil},
		"of the phone, older":   {"crypt12", fstest.MapFS{"key": keyFile(owned)}, "", nil},
		"both":                  {"crypt14", fstest.MapFS{"key": keyFile(owned), "encrypted_backup.key": keyFile(java)}, "", nil},
		"asked for":             {"crypt15", nil, "64-digit key of msgstore.db.crypt15", digits},
		"asked for, of a phone": {"crypt14", nil, "key of msgstore.db.crypt14", owned},
		"asked, for a better":   {"crypt15", fstest.MapFS{"key": keyFile(owned), "encrypted_backup.key": keyFile(wrong)}, "64-digit key of msgstore.db.crypt15", digits},
	} {
		asked := ""
		o := chat.Options{Key: func(_ context.Context, what string) ([]byte, error) {
			asked = what
			return append([]byte(nil), c.gives...), nil
		}}
		r := readAny(t, backup(t, c.form, c.files), o)
		if r.count() != 4 || len(r.errs) > 0 || asked != c.asked {
			t.Errorf("%s: %d messages, %v, asked for %q", name, r.count(), r.errs, asked)
		}
	}
}

// hinted is an error that says what to do.
type hinted interface {
	error
	Hint() string
}

// TestNoKey says what is wrong with a key, and how to give one. What is said has no
// part of it.
func TestNoKey(t *testing.T) {
	wrong := string(crypttest.Digits(crypttest.Salt))
	refused := errors.New("no terminal to ask on")
	give := func(key string, err error) func(context.Context, string) ([]byte, error) {
		return func(context.Context, string) ([]byte, error) { return []byte(key), err }
	}
	for name, c := range map[string]struct {
		form       string
		files      fstest.MapFS
		key        func(context.Context, string) ([]byte, error)
		is         error
		says, hint string
	}{
		"nobody to ask":             {"crypt15", nil, nil, crypt.ErrNoKey, "no key for it", "--export-key-file FILE, with the 64 digits"},
		"nobody, of a phone":        {"crypt14", nil, nil, crypt.ErrNoKey, "no key for it", "needs root"},
		"nothing given":             {"crypt15", nil, give("", nil), crypt.ErrNoKey, "no key for it", "--export-key-file"},
		"not given":                 {"crypt15", nil, give("", refused), refused, "no terminal", ""},
		"wrong":                     {"crypt15", nil, give(wrong, nil), crypt.ErrWrongKey, "does not open", "mistyped"},
		"a password":                {"crypt15", nil, give("correct horse", nil), crypt.ErrNoKey, "13 bytes", "password"},
		"wrong, and lies beside":    {"crypt15", fstest.MapFS{"encrypted_backup.key": keyFile([]byte(wrong))}, nil, crypt.ErrNoKey, "no key for it", "--export-key-file"},
		"the phone's for a crypt15": {"crypt15", nil, give(string(crypttest.OwnedFile(2, crypttest.Salt, crypttest.Account)), nil), crypt.ErrOtherKind, "", "encrypted_backup.key"},
		"of another phone":          {"crypt14", nil, give(string(crypttest.OwnedFile(2, crypttest.Root, crypttest.Account)), nil), crypt.ErrOtherBackup, "", "as old as"},
	} {
		r := readAny(t, backup(t, c.form, c.files), chat.Options{Key: c.key})
		if len(r.errs) != 1 || r.count() > 0 {
			t.Errorf("%s: %d messages, %v", name, r.count(), r.errs)
			continue
		}
		err := r.errs[0]
		var h hinted
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || c.hint != "" && (!errors.As(err, &h) || !strings.Contains(h.Hint(), c.hint)) {
			t.Errorf("%s: %v", name, err)
		}
		said := fmt.Sprintf("%+v %#v %q", err, err, r.accounts.Warnings)
		for i := 0; i+6 <= len(wrong); i++ {
			if strings.Contains(said, wrong[i:i+6]) {
				t.Errorf("%s: a part of the key is in %s", name, said)
			}
		}
	}
}

// TestWrongKeyBeside tells of a key that lies there and opens nothing.
func TestWrongKeyBeside(t *testing.T) {
	r := readAny(t, backup(t, "crypt15", fstest.MapFS{"encrypted_backup.key": keyFile(crypttest.Digits(crypttest.Salt))}), chat.Options{})
	if got := strings.Join(r.accounts.Warnings, "\n"); !strings.Contains(got, "encrypted_backup.key: it does not open Databases/msgstore.db.crypt15") {
		t.Errorf("%q", got)
	}
}

// TestDamagedBackup changes a byte behind what keys are tried on: no message comes
// out, and the key is not blamed.
func TestDamagedBackup(t *testing.T) {
	export := load(t, "android-crypt")
	data := export["Databases/msgstore.db.crypt15"].Data
	data[len(data)/2] ^= 1
	r := readAny(t, export, chat.Options{})
	if r.count() > 0 || len(r.errs) != 1 || !errors.Is(r.errs[0], crypt.ErrDamaged) {
		t.Errorf("%d messages, %v", r.count(), r.errs)
	}
}

// TestNamesBeside reads the names of contacts from a backup that the same key opens,
// and goes on without them where it does not.
func TestNamesBeside(t *testing.T) {
	export := load(t, "android-crypt")
	if c := read(t, export, chat.Options{}).chat(mara); c == nil || c.Title != "Mara Lindqvist" {
		t.Errorf("%+v", c)
	}
	export["Backups/wa.db.crypt15"].Data[200] ^= 1
	r := read(t, export, chat.Options{})
	if c := r.chat(mara); c == nil || c.Title != "mara l." || !strings.Contains(strings.Join(r.accounts.Warnings, "\n"), "names of contacts could not be read: Backups/wa.db.crypt15") {
		t.Errorf("%+v, %q", c, r.accounts.Warnings)
	}
}
