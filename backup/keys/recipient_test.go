package keys_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"chatkeep/backup/keys"
)

// pluginRecipient is one of age-plugin-yubikey's, from its documentation's
// format: Bech32 of 33 bytes under age1yubikey.
const pluginRecipient = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"

func TestParseRecipient(t *testing.T) {
	classic, _ := age.GenerateX25519Identity()
	hybrid, _ := age.GenerateHybridIdentity()
	sshKey := keys.GenerateSigningKey().Public().String()
	for _, good := range []string{
		classic.Recipient().String(), hybrid.Recipient().String(), sshKey, sshKey + " anna@laptop",
		"  " + classic.Recipient().String() + "\n", pluginRecipient, sshPublicRSA(t, 2048),
	} {
		if r, err := keys.ParseRecipient(good); err != nil || r == nil {
			t.Errorf("%.30s: %v", good, err)
		}
	}
	secret := classic.String()
	for name, bad := range map[string]string{
		"empty": "", "identity": secret, "hybrid identity": hybrid.String(), "identity, lower case": strings.ToLower(secret),
		"wrong character": classic.Recipient().String()[:40] + "b" + classic.Recipient().String()[41:],
		"two":             classic.Recipient().String() + "\n" + classic.Recipient().String(),
		"GitHub":          "github:anna", "RSA of 1024 bits": sshPublicRSA(t, 1024), "ECDSA": "ecdsa-sha2-nistp256 AAAA", "SSH type alone": "ssh-ed25519",
		"path as plugin": "age1../../x1qqqq",
	} {
		r, err := keys.ParseRecipient(bad)
		if err == nil {
			t.Errorf("%s: taken as %T", name, r)
			continue
		}
		if len(bad) > 20 && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(bad[16:])) {
			t.Errorf("%s: the error quotes it: %v", name, err)
		}
	}
}

func sshPublicRSA(t *testing.T, bits int) string {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

// opens reports whether an identity file opens what is encrypted to r.
func opens(t *testing.T, file []byte, ask keys.Prompts, r age.Recipient) error {
	t.Helper()
	ids, err := keys.ParseIdentityFile(bytes.NewReader(file), ask)
	if err != nil {
		return err
	}
	_, err = decrypt(encrypt(t, "x", r), ids...)
	return err
}

func answer(secret string) keys.Prompts {
	return keys.Prompts{Passphrase: func(string) ([]byte, error) { return []byte(secret), nil }}
}

// sshKey is one key for all tests here, and lockedSSHKey the same behind a
// passphrase, which takes SSH long to make.
var sshKey = sync.OnceValue(func() ed25519.PrivateKey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return private
})

var lockedSSHKey = sync.OnceValue(func() []byte {
	return pem.EncodeToMemory(must(ssh.MarshalPrivateKeyWithPassphrase(sshKey(), "", []byte("open sesame"))))
})

func TestIdentityFiles(t *testing.T) {
	classic, _ := age.GenerateX25519Identity()
	hybrid, _ := age.GenerateHybridIdentity()
	plain := "# created: now\n\n" + classic.String() + "\r\n" + hybrid.String()
	scrypt, _ := age.NewScryptRecipient("open sesame")
	scrypt.SetWorkFactor(10)
	locked := encrypt(t, plain, scrypt)
	toSomebody := encrypt(t, plain, classic.Recipient())

	public, _ := ssh.NewPublicKey(sshKey().Public())
	sshRecipient, err := keys.ParseRecipient(string(ssh.MarshalAuthorizedKey(public)))
	if err != nil {
		t.Fatal(err)
	}
	unlocked := pem.EncodeToMemory(must(ssh.MarshalPrivateKey(sshKey(), "")))

	for _, c := range []struct {
		name string
		file []byte
		ask  keys.Prompts
		to   age.Recipient
		ok   bool
	}{
		{"plain, classic", []byte(plain), keys.Prompts{}, classic.Recipient(), true},
		{"plain, hybrid", []byte(plain), keys.Prompts{}, hybrid.Recipient(), true},
		{"locked", locked, answer("open sesame"), hybrid.Recipient(), true},
		{"locked, in armour", armoured(t, locked), answer("open sesame"), hybrid.Recipient(), true},
		{"locked, wrong passphrase", locked, answer("open"), hybrid.Recipient(), false},
		{"locked, nobody to ask", locked, keys.Prompts{}, hybrid.Recipient(), false},
		{"locked, scrypt bomb", bytes.Replace(locked, []byte(" 10\n"), []byte(" 22\n"), 1), answer("open sesame"), hybrid.Recipient(), false},
		{"encrypted to somebody", toSomebody, answer("open sesame"), classic.Recipient(), false},
		{"SSH", unlocked, keys.Prompts{}, sshRecipient, true},
		{"SSH, locked", lockedSSHKey(), answer("open sesame"), sshRecipient, true},
		{"SSH, locked, wrong passphrase", lockedSSHKey(), answer("open"), sshRecipient, false},
		{"SSH, locked, nobody to ask", lockedSSHKey(), keys.Prompts{}, sshRecipient, false},
		{"recipient", []byte(classic.Recipient().String()), keys.Prompts{}, classic.Recipient(), false},
		{"comments alone", []byte("# nothing\n\n"), keys.Prompts{}, classic.Recipient(), false},
		{"empty", nil, keys.Prompts{}, classic.Recipient(), false},
		{"too large", bytes.Repeat([]byte("#"), keys.MaxIdentityFile+1), keys.Prompts{}, classic.Recipient(), false},
		{"mistyped", []byte(classic.String()[:40] + "B" + classic.String()[41:]), keys.Prompts{}, classic.Recipient(), false},
		{"PEM of something else", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), keys.Prompts{}, classic.Recipient(), false},
	} {
		err := opens(t, c.file, c.ask, c.to)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		noSecrets(t, err, plain)
	}
}

// TestLockedSSHKeyAsksLate opens something that is not for the key: no
// passphrase may be asked for.
func TestLockedSSHKeyAsksLate(t *testing.T) {
	ids := must(keys.ParseIdentityFile(bytes.NewReader(lockedSSHKey()), keys.Prompts{
		Passphrase: func(string) ([]byte, error) { return nil, errors.New("asked") },
	}))
	other, _ := age.GenerateX25519Identity()
	_, err := decrypt(encrypt(t, "x", other.Recipient()), ids...)
	if noMatch := new(age.NoIdentityMatchError); !errors.As(err, &noMatch) {
		t.Errorf("got %v, want no match", err)
	}
}

func TestPluginIdentity(t *testing.T) {
	ids, err := keys.ParseIdentityFile(strings.NewReader("AGE-PLUGIN-YUBIKEY-1QQPSXQYZQQQQ\n"), keys.Prompts{})
	if err == nil {
		t.Errorf("a mistyped identity of a plugin is taken: %T", ids[0])
	}
}

func TestOldPEM(t *testing.T) {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	//lint:ignore SA1019 old keys are encrypted like that
	block := must(x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte("x"), x509.PEMCipherAES256))
	_, err := keys.ParseIdentityFile(bytes.NewReader(pem.EncodeToMemory(block)), answer("x"))
	if err == nil || !strings.Contains(err.Error(), "ssh-keygen -p") {
		t.Errorf("got %v, want the way to rewrite it", err)
	}
}

func armoured(t *testing.T, object []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := armor.NewWriter(&b)
	must(w.Write(object))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
