package keys_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// Each parser takes one text for each value: what it takes, it writes again
// byte for byte.

// seedsFrom adds every string below a key in a vector file.
func seedsFrom(f *testing.F, name string, fields ...string) {
	f.Helper()
	data, err := os.ReadFile("testdata/vectors/" + name)
	if err != nil {
		f.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		f.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, field := range fields {
				if s, ok := v[field].(string); ok {
					f.Add(s)
				}
			}
			for _, below := range v {
				walk(below)
			}
		case []any:
			for _, below := range v {
				walk(below)
			}
		}
	}
	walk(v)
}

func FuzzVerify(f *testing.F) {
	seedsFrom(f, "signatures.json", "armoured")
	key := keys.SigningKeyFromSeed([32]byte{1})
	message := []byte("message")
	ours := key.Sign("n", message)
	f.Add(ours)
	f.Fuzz(func(t *testing.T, armoured string) {
		err := key.Public().Verify("n", message, armoured)
		if (err == nil) != (armoured == ours) {
			t.Errorf("%q: %v", armoured, err)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	seedsFrom(f, "signatures.json", "key", "public")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := keys.ParsePublicKey(s)
		id, other := format.KeyID(s)
		if (err == nil) != (other == nil) {
			t.Fatalf("%q: %v here, %v in package format", s, err, other)
		}
		if err == nil && (p.String() != s || p.ID() != id) {
			t.Errorf("%q is read as %q", s, p)
		}
	})
}

func FuzzParseMaster(f *testing.F) {
	seedsFrom(f, "master.json", "file")
	f.Fuzz(func(t *testing.T, file string) {
		m, err := keys.ParseMaster([]byte(file))
		if err == nil && (string(m.File()) != file || m.Root.ID() != m.Repository || m.RootKey.Public() != m.Root) {
			t.Errorf("%q is read as %q", file, m.File())
		}
		if (err == nil) == (format.ClassOf(err) != "") {
			t.Errorf("an error without a class: %v", err)
		}
	})
}

func FuzzParseKeyring(f *testing.F) {
	seedsFrom(f, "keyring.json", "file")
	f.Fuzz(func(t *testing.T, file string) {
		k, err := keys.ParseKeyring([]byte(file))
		if err == nil && string(k.File()) != file {
			t.Errorf("%q is read as %q", file, k.File())
		}
		if err == nil && len(k.Identities()) == 0 {
			t.Error("there is no epoch")
		}
		if (err == nil) == (format.ClassOf(err) != "") {
			t.Errorf("an error without a class: %v", err)
		}
	})
}

func FuzzParseWriter(f *testing.F) {
	seedsFrom(f, "writer.json", "file")
	f.Fuzz(func(t *testing.T, file string) {
		w, err := keys.ParseWriter([]byte(file))
		if err == nil {
			if string(w.Marshal()) != file || w.Signer().Public().ID() != w.ID {
				t.Errorf("%q is read as %q", file, w.Marshal())
			}
			encrypt(t, "x", w.IndexRecipients()...)
		}
		if (err == nil) == (format.ClassOf(err) != "") {
			t.Errorf("an error without a class: %v", err)
		}
	})
}

func FuzzParseRecoveryKey(f *testing.F) {
	seedsFrom(f, "recovery.json", "typed")
	f.Fuzz(func(t *testing.T, typed string) {
		k, err := keys.ParseRecoveryKey(typed)
		if err != nil {
			return
		}
		if again, err := keys.ParseRecoveryKey(string(k)); err != nil || again != k || len(k) != 79 {
			t.Errorf("%q gives a key that does not read back: %v", typed, err)
		}
	})
}

// FuzzOpenSlot gives damaged objects the names that go with them, to get past
// the hash.
func FuzzOpenSlot(f *testing.F) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	v := struct{ Slots []struct{ Bytes []byte } }{}
	data, err := os.ReadFile("testdata/vectors/sealed.json")
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		f.Fatal(err)
	}
	for _, slot := range v.Slots {
		f.Add(slot.Bytes)
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		m, err := keys.OpenSlot(format.SlotName("x", format.Sum(object)), object, id)
		if err == nil {
			t.Errorf("opened with a key nobody has encrypted to: %v", m.Repository)
		}
		if format.ClassOf(err) == "" {
			t.Errorf("an error without a class: %v", err)
		}
	})
}

func FuzzOpenAuthority(f *testing.F) {
	seedsFrom(f, "statements.json", "bytes")
	key := keys.SigningKeyFromSeed([32]byte{1})
	f.Fuzz(func(t *testing.T, object string) {
		name := format.AuthorityName(1, format.Sum([]byte(object)))
		if _, err := keys.OpenAuthority(name, []byte(object), key.Public().ID()); err == nil || format.ClassOf(err) == "" {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzParseIdentityFile(f *testing.F) {
	seedsFrom(f, "master.json", "file")
	f.Add("AGE-PLUGIN-YUBIKEY-1QQPSXQYZPEA6AEFH7WG\n")
	f.Add("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
	f.Add("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAA\n--- AAAA\n")
	f.Fuzz(func(t *testing.T, file string) {
		ids, err := keys.ParseIdentityFile(strings.NewReader(file), keys.Prompts{})
		if (err == nil) != (len(ids) > 0) {
			t.Errorf("%d identities, %v", len(ids), err)
		}
	})
}

func FuzzParseRecipient(f *testing.F) {
	for _, s := range []string{"age1", "age1pq1", "ssh-ed25519 AAAA", "ssh-rsa AAAA", pluginRecipient, "age1x1y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := keys.ParseRecipient(s)
		if (err == nil) != (r != nil) {
			t.Errorf("%q: %T, %v", s, r, err)
		}
	})
}

func FuzzWeakPassphrase(f *testing.F) {
	for _, s := range []string{"", "a", "passwordpassword", "correct horse battery staple", "\xff\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if keys.WeakPassphrase(s) == "" && !bytes.ContainsFunc([]byte(s), func(r rune) bool { return r > ' ' }) {
			t.Errorf("%q passes", s)
		}
	})
}
