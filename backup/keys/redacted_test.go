package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/keys"
)

// secretsOf collects the forms in which a secret of 32 bytes could appear.
func secretsOf(secret [32]byte) []string {
	decimals := strings.Trim(fmt.Sprint(secret[:]), "[]")
	return []string{
		hex.EncodeToString(secret[:]), strings.ToUpper(hex.EncodeToString(secret[:])),
		base64.StdEncoding.EncodeToString(secret[:])[:40], decimals[:60], strings.ReplaceAll(decimals, " ", ", ")[:60],
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	m := newMaster(t, true)
	k := newKeyring(t, m)
	w := newWriter(t, k, m.Root)
	recovery := keys.NewRecoveryKey()
	pass := "bako-tive-luro-mina"

	var secrets []string
	secrets = append(secrets, secretsOf(m.RootKey.Seed())...)
	secrets = append(secrets, secretsOf(w.Signer().Seed())...)
	secrets = append(secrets, secretsOf(k.Dedup)...)
	secrets = append(secrets, secretsOf(x25519Secret(t, m))...)
	secrets = append(secrets, secretsOf(keys.DedupSecret(k.Dedup, w.Dedup))...)
	secrets = append(secrets, "AGE-SECRET", string(recovery)[5:], hex.EncodeToString([]byte(recovery)[5:]), pass, hex.EncodeToString([]byte(pass)))

	values := map[string]any{
		"signing key": m.RootKey, "master": m, "master value": *m, "keyring": k, "keyring value": *k,
		"keyring writer": k.Writers[0], "keyring writers": k.Writers, "epoch": k.Epochs[0], "epochs": k.Epochs, "writer": w, "writer value": *w,
		"secrets": w.Secrets(), "recovery key": recovery, "recovery keys": []keys.RecoveryKey{recovery},
		"passphrase": keys.Passphrase(pass), "recovery identity": recovery.Identity(),
		// fmt calls no methods on unexported fields.
		"nested": struct {
			a keys.SigningKey
			b *keys.Master
			c keys.Master
			d keys.Writer
			e *keys.Writer
			f keys.Secrets
			g keys.Epoch
			h any
		}{m.RootKey, m, *m, *w, w, w.Secrets(), k.Epochs[0], keys.Passphrase(pass)},
		"nested, exported": struct {
			Recovery keys.RecoveryKey
			Keyring  keys.Keyring
			Master   keys.Master
		}{recovery, *k, *m},
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%10.3v", "%t"} {
			noneIn(t, name+" with "+verb, fmt.Sprintf(verb, value), secrets)
		}
		printed, err := json.Marshal(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		noneIn(t, name+" in JSON", string(printed), secrets)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		noneIn(t, name+" in a log", log.String(), secrets)
		noneIn(t, name+" in an error", fmt.Errorf("it is %v", value).Error(), secrets)
	}
	if got := fmt.Sprintf("%v", m.RootKey); got != "[secret]" {
		t.Errorf("a signing key prints as %q", got)
	}
}

// x25519Secret digs out the bytes of a classic identity, as fmt would.
func x25519Secret(t *testing.T, m *keys.Master) (secret [32]byte) {
	t.Helper()
	raw := fmt.Sprintf("%v", *m.Identity().(*age.X25519Identity))
	fields := strings.Fields(strings.Trim(raw, "{}[]"))
	if len(fields) < 32 {
		t.Fatal("an X25519 identity prints otherwise than expected")
	}
	for i := range secret {
		n, err := strconv.Atoi(strings.Trim(fields[i], "[]"))
		if err != nil {
			t.Fatal(err)
		}
		secret[i] = byte(n)
	}
	return secret
}

func noneIn(t *testing.T, what, printed string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(printed, secret) {
			t.Errorf("%s shows a secret: %.80s…", what, printed)
			return
		}
	}
}
