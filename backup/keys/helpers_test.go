package keys_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/keys"
)

// text returns the text form of a recipient.
func text(r age.Recipient) string { return fmt.Sprint(r) }

// secretWords matches what is secret in master, keyring and writer files and
// in recovery keys: long hex, identities, groups of hex.
var secretWords = regexp.MustCompile(`AGE-[A-Z0-9-]{16,}|[0-9a-f]{64}`)

// noSecrets fails if an error quotes a secret of the file it is about. Hashes
// that are public do not count.
func noSecrets(t *testing.T, err error, file string) {
	t.Helper()
	if err == nil {
		return
	}
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "# repository ") {
			continue
		}
		for _, secret := range secretWords.FindAllString(line, -1) {
			for i := 0; i+12 <= len(secret); i++ {
				if strings.Contains(err.Error(), secret[i:i+12]) {
					t.Fatalf("the error quotes a secret: %v", err)
				}
			}
		}
	}
}

var groupInError = regexp.MustCompile(`group (\d+)`)

// checkGroup checks which group an error blames.
func checkGroup(t *testing.T, err error, want int) {
	t.Helper()
	got := 0
	if err != nil {
		if m := groupInError.FindStringSubmatch(err.Error()); m != nil {
			got, _ = strconv.Atoi(m[1])
		}
	}
	if got != want {
		t.Errorf("the error blames group %d, want %d: %v", got, want, err)
	}
}

func newMaster(t *testing.T, classic bool) *keys.Master {
	t.Helper()
	m, err := keys.NewMaster(classic)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newKeyring(t *testing.T, m *keys.Master) *keys.Keyring {
	t.Helper()
	k, err := keys.NewKeyring(m.Repository, m.Classic())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newWriter(t *testing.T, k *keys.Keyring, root keys.PublicKey) *keys.Writer {
	t.Helper()
	w, err := keys.NewWriter(k, root, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func encrypt(t *testing.T, plain string, to ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decrypt(object []byte, ids ...age.Identity) (string, error) {
	r, err := age.Decrypt(bytes.NewReader(object), ids...)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), err
}

// must is for what cannot fail unless the test itself is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
