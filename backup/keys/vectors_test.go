package keys_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// The vectors were made once, from fixed seeds and by hand, and are part of
// the format: a change here is a change of the format. Each case that must
// fail names its failure class; an empty class means that it must not.

// readVectors decodes a file of testdata/vectors.
func readVectors[T any](t *testing.T, name string) T {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// wantClass checks an error against a vector's class.
func wantClass(t *testing.T, err error, class string) {
	t.Helper()
	switch {
	case class == "" && err != nil:
		t.Errorf("got %v, want none", err)
	case class != "" && err == nil:
		t.Errorf("got no error, want class %s", class)
	case class != "" && string(format.ClassOf(err)) != class:
		t.Errorf("got class %q (%v), want %s", format.ClassOf(err), err, class)
	}
}

func hash(t *testing.T, s string) format.Hash {
	t.Helper()
	h, err := format.ParseHash(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func publicKey(t *testing.T, s string) keys.PublicKey {
	t.Helper()
	p, err := keys.ParsePublicKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type signatureCase struct{ Name, Namespace, Message, Armoured, Class string }

type signatureVectors struct {
	Seed, Public, ID string
	Good, Bad        []signatureCase
	BadPublicKeys    []struct{ Name, Key string } `json:"bad_public_keys"`
}

func TestSignatureVectors(t *testing.T) {
	v := readVectors[signatureVectors](t, "signatures.json")
	key := keys.SigningKeyFromSeed(hash(t, v.Seed))
	public := publicKey(t, v.Public)
	if key.Public() != public || public.String() != v.Public || public.ID().String() != v.ID || [32]byte(hash(t, v.Seed)) != key.Seed() {
		t.Error("seed, public key and id do not belong together")
	}
	for _, c := range v.Good {
		if got := key.Sign(c.Namespace, []byte(c.Message)); got != c.Armoured {
			t.Errorf("%s: got\n%swant\n%s", c.Name, got, c.Armoured)
		}
		wantClass(t, public.Verify(c.Namespace, []byte(c.Message), c.Armoured), "")
	}
	for _, c := range v.Bad {
		t.Run(c.Name, func(t *testing.T) {
			wantClass(t, public.Verify(c.Namespace, []byte(c.Message), c.Armoured), c.Class)
		})
	}
	for _, c := range v.BadPublicKeys {
		if _, err := keys.ParsePublicKey(c.Key); format.ClassOf(err) != format.Malformed {
			t.Errorf("public key: %s: got %v, want class malformed", c.Name, err)
		}
		if _, err := format.KeyID(c.Key); err == nil {
			t.Errorf("public key: %s: package format takes it", c.Name)
		}
	}
	if id, err := format.KeyID(v.Public); err != nil || id != public.ID() {
		t.Errorf("package format has another id: %v, %v", id, err)
	}
}

func TestSecretVectors(t *testing.T) {
	type vector struct {
		KeyringDedup string `json:"keyring_dedup"`
		Dedup        string
		DedupSecret  string            `json:"dedup_secret"`
		IDKeys       map[string]string `json:"id_keys"`
		CutKey       string            `json:"cut_key"`
	}
	for _, v := range readVectors[[]vector](t, "secrets.json") {
		secret := keys.DedupSecret(hash(t, v.KeyringDedup), hash(t, v.Dedup))
		if hex.EncodeToString(secret[:]) != v.DedupSecret {
			t.Errorf("dedup secret of %s", v.Dedup)
		}
		secrets := keys.NewSecrets(hash(t, v.DedupSecret))
		if len(v.IDKeys) != format.Kinds {
			t.Errorf("%d id keys", len(v.IDKeys))
		}
		for name, want := range v.IDKeys {
			kind, err := format.ParseKind(name)
			if err != nil {
				t.Fatal(err)
			}
			if secrets.IDKey(kind) != [32]byte(hash(t, want)) {
				t.Errorf("id key of %s for %s", v.Dedup, name)
			}
		}
		if secrets.CutKey() != [32]byte(hash(t, v.CutKey)) {
			t.Errorf("cut key of %s", v.Dedup)
		}
	}
}

type recoveryVectors struct {
	Key  string
	Good []struct{ Name, Typed string }
	Bad  []struct {
		Name, Typed string
		Group       int // that the error must name, 0 if none may be named
	}
}

func TestRecoveryVectors(t *testing.T) {
	v := readVectors[recoveryVectors](t, "recovery.json")
	for _, c := range v.Good {
		key, err := keys.ParseRecoveryKey(c.Typed)
		if err != nil || string(key) != v.Key {
			t.Errorf("%s: got another key or %v", c.Name, err)
		}
	}
	for _, c := range v.Bad {
		t.Run(c.Name, func(t *testing.T) {
			_, err := keys.ParseRecoveryKey(c.Typed)
			wantClass(t, err, string(format.WrongKey))
			checkGroup(t, err, c.Group)
		})
	}
}

type fileCase struct{ Name, File, Class string }

func TestMasterVectors(t *testing.T) {
	v := readVectors[struct {
		Good []struct {
			Name, File, Repository, Recipient string
			Classic                           bool
		}
		Bad []fileCase
	}](t, "master.json")
	for _, c := range v.Good {
		m, err := keys.ParseMaster([]byte(c.File))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if string(m.File()) != c.File || m.Classic() != c.Classic || m.Repository != hash(t, c.Repository) ||
			m.Root.ID() != m.Repository || m.RootKey.Public() != m.Root || text(m.Recipient()) != c.Recipient {
			t.Errorf("%s: read wrongly", c.Name)
		}
		if m.Proven() {
			t.Errorf("%s: a file in the clear proves nothing", c.Name)
		}
	}
	for _, c := range v.Bad {
		t.Run(c.Name, func(t *testing.T) {
			_, err := keys.ParseMaster([]byte(c.File))
			wantClass(t, err, c.Class)
			noSecrets(t, err, c.File)
		})
	}
}

func TestKeyringVectors(t *testing.T) {
	v := readVectors[struct {
		Good []struct {
			Name, File, Repository, Dedup string
			Writers                       []struct{ ID, Index, Label string }
			Epochs                        []struct {
				N         uint64
				Recipient string
			}
		}
		Bad []fileCase
	}](t, "keyring.json")
	for _, c := range v.Good {
		k, err := keys.ParseKeyring([]byte(c.File))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if string(k.File()) != c.File || k.Repository != hash(t, c.Repository) || k.Dedup != [32]byte(hash(t, c.Dedup)) ||
			len(k.Writers) != len(c.Writers) || len(k.Epochs) != len(c.Epochs) {
			t.Errorf("%s: read wrongly", c.Name)
		}
		for _, want := range c.Writers {
			if got, ok := k.Writer(hash(t, want.ID)); !ok || got.Index != want.Index || got.Label != want.Label {
				t.Errorf("%s: writer %s read wrongly", c.Name, want.ID)
			}
		}
		for _, want := range c.Epochs {
			if _, got, ok := k.Recipient(want.N); !ok || got != want.Recipient {
				t.Errorf("%s: epoch %d read wrongly", c.Name, want.N)
			}
		}
	}
	for _, c := range v.Bad {
		t.Run(c.Name, func(t *testing.T) {
			_, err := keys.ParseKeyring([]byte(c.File))
			wantClass(t, err, c.Class)
			noSecrets(t, err, c.File)
		})
	}
}

func TestWriterVectors(t *testing.T) {
	v := readVectors[struct {
		Good []struct {
			Name, File, Repository, Writer, Dedup, Recipient string
			Epoch                                            uint64
			IndexRecipient                                   string `json:"index_recipient"`
			CutKey                                           string `json:"cut_key"`
		}
		Bad []fileCase
	}](t, "writer.json")
	for _, c := range v.Good {
		w, err := keys.ParseWriter([]byte(c.File))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if string(w.Marshal()) != c.File || w.Repository != hash(t, c.Repository) || w.ID != hash(t, c.Writer) ||
			w.Dedup != hash(t, c.Dedup) || w.Epoch != c.Epoch || text(w.EpochRecipient()[0]) != c.Recipient ||
			text(w.IndexRecipient()) != c.IndexRecipient || w.CutKey() != [32]byte(hash(t, c.CutKey)) ||
			w.Signer().Public().ID() != w.ID {
			t.Errorf("%s: read wrongly", c.Name)
		}
	}
	for _, c := range v.Bad {
		t.Run(c.Name, func(t *testing.T) {
			_, err := keys.ParseWriter([]byte(c.File))
			wantClass(t, err, c.Class)
			noSecrets(t, err, c.File)
		})
	}
}

type sealedVectors struct {
	Repository string
	Master     string
	Slots      []struct {
		Name, Object string
		Bytes        []byte
		Secret       string // a passphrase, a recovery key or an identity
		Told         string // the repository the user was told of, if any
		Class        string
		Proven       bool
	}
	Keyrings []struct {
		Name, Object string
		Bytes        []byte
		Class        string
	}
}

func TestSlotVectors(t *testing.T) {
	v := readVectors[sealedVectors](t, "sealed.json")
	for _, c := range v.Slots {
		t.Run(c.Name, func(t *testing.T) {
			m, err := keys.OpenSlot(c.Object, c.Bytes, secretIdentity(t, c.Secret))
			if err == nil {
				if m.Proven() != c.Proven {
					t.Errorf("proven: %v", m.Proven())
				}
				told := format.Hash{}
				if c.Told != "" {
					told = hash(t, c.Told)
				}
				err = m.Confirm(c.Object, told)
			}
			wantClass(t, err, c.Class)
			if err == nil && c.Told == v.Repository && string(m.File()) != v.Master {
				t.Error("not the master")
			}
			noSecrets(t, err, v.Master)
		})
	}
}

func TestSealedKeyringVectors(t *testing.T) {
	v := readVectors[sealedVectors](t, "sealed.json")
	m, err := keys.ParseMaster([]byte(v.Master))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Keyrings {
		t.Run(c.Name, func(t *testing.T) {
			k, err := keys.OpenKeyring(c.Object, c.Bytes, m)
			wantClass(t, err, c.Class)
			if err == nil && (k.Repository != m.Repository || k.Newest() != 2) {
				t.Error("not the keyring")
			}
		})
	}
}

func TestStatementVectors(t *testing.T) {
	v := readVectors[struct {
		Repository, Root, Writer, Pruner string
		Cases                            []struct{ Name, Kind, Object, Bytes, Class string }
	}](t, "statements.json")
	repository := hash(t, v.Repository)
	writer, pruner := publicKey(t, v.Writer), publicKey(t, v.Pruner)
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var err error
			var got bool
			switch c.Kind {
			case "authority":
				a, e := keys.OpenAuthority(c.Object, []byte(c.Bytes), repository)
				err, got = e, a != nil
			case "head":
				h, e := keys.OpenHead(c.Object, []byte(c.Bytes), repository, writer)
				err, got = e, h != nil
			case "tombstone":
				s, e := keys.OpenTombstone(c.Object, []byte(c.Bytes), repository, pruner)
				err, got = e, s != nil
			case "note":
				n, e := keys.OpenNote(c.Object, []byte(c.Bytes), repository, writer)
				err, got = e, n != nil
			default:
				t.Fatalf("kind %q", c.Kind)
			}
			wantClass(t, err, c.Class)
			if got != (err == nil) {
				t.Error("a statement came with an error, or neither came")
			}
			if err != nil && !strings.HasPrefix(err.Error(), c.Object) {
				t.Errorf("the error does not begin with the object's name: %v", err)
			}
		})
	}
}

// secretIdentity returns the identity of a vector's secret.
func secretIdentity(t *testing.T, secret string) age.Identity {
	t.Helper()
	if !strings.HasPrefix(secret, "AGE-SECRET-KEY-") {
		return keys.Passphrase(secret)
	}
	ids, err := age.ParseIdentities(strings.NewReader(secret))
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}
