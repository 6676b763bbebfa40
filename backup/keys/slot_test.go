package keys_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// slotName returns the name that an object would have.
func slotName(object []byte) string { return format.SlotName("x", format.Sum(object)) }

func TestSlotsOpenWithTheirSecretAlone(t *testing.T) {
	m := newMaster(t, false)
	recovery := keys.NewRecoveryKey()
	user, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	byRecovery, err := keys.SealRecovery(m, recovery)
	if err != nil {
		t.Fatal(err)
	}
	byRecipient, err := keys.SealRecipient(m, user.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		object []byte
		ids    []age.Identity
		class  format.Class
		proven bool
	}{
		{"recovery", byRecovery, []age.Identity{recovery.Identity()}, "", true},
		{"recovery among others", byRecovery, []age.Identity{user, keys.Passphrase("other"), recovery.Identity()}, "", true},
		{"recipient", byRecipient, []age.Identity{user}, "", false},
		{"recipient among others", byRecipient, []age.Identity{recovery.Identity(), user}, "", false},
		{"other recovery key", byRecovery, []age.Identity{keys.NewRecoveryKey().Identity()}, format.WrongKey, false},
		{"master for a slot", byRecipient, []age.Identity{m.Identity()}, format.WrongKey, false},
		{"nothing", byRecipient, nil, format.WrongKey, false},
	} {
		got, err := keys.OpenSlot(slotName(c.object), c.object, c.ids...)
		wantClass(t, err, string(c.class))
		if err == nil && (!bytes.Equal(got.File(), m.File()) || got.Proven() != c.proven) {
			t.Errorf("%s: not the master, or proven is %v", c.name, got.Proven())
		}
	}
}

// TestSlotDamage flips each byte of a slot in turn, under a name that goes
// with the damage. None may open, and the failure must be one of damage.
func TestSlotDamage(t *testing.T) {
	m := newMaster(t, true)
	user, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	object, err := keys.SealRecipient(m, user.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[format.Class]bool{format.Malformed: true, format.Flipped: true, format.Truncated: true, format.WrongKey: true}
	for i := range object {
		damaged := bytes.Clone(object)
		damaged[i] ^= 1
		_, err := keys.OpenSlot(slotName(damaged), damaged, user)
		if !allowed[format.ClassOf(err)] {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, err := keys.OpenSlot(slotName(object), damaged, user); format.ClassOf(err) != format.Flipped {
			t.Errorf("byte %d under the old name: %v", i, err)
		}
		if _, err := keys.OpenSlot(slotName(object[:i]), object[:i], user); !allowed[format.ClassOf(err)] {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
}

func TestSlotTooLarge(t *testing.T) {
	m := newMaster(t, true)
	user, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	object := encrypt(t, string(m.File())+strings.Repeat("#\n", format.MaxSlotFile/2), user.Recipient())
	_, err = keys.OpenSlot(slotName(object), object, user)
	wantClass(t, err, string(format.Oversized))
	_, err = keys.ParseMaster(bytes.Repeat([]byte("#"), format.MaxSlotFile+1))
	wantClass(t, err, string(format.Oversized))
}

// TestScryptBomb gives a file that asks for 4 GiB to an identity of age's own,
// which would spend them.
func TestScryptBomb(t *testing.T) {
	m := newMaster(t, true)
	object, err := keys.SealRecovery(m, keys.NewRecoveryKey())
	if err != nil {
		t.Fatal(err)
	}
	bomb := bytes.Replace(object, []byte(" 14\n"), []byte(" 22\n"), 1)
	if bytes.Equal(bomb, object) {
		t.Fatal("the work factor is not 14")
	}
	id, err := age.NewScryptIdentity("x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.OpenSlot(slotName(bomb), bomb, id)
	wantClass(t, err, string(format.Oversized))
	if _, err := decrypt(bomb, keys.Passphrase("x")); err == nil || errors.Is(err, age.ErrIncorrectIdentity) {
		t.Errorf("a passphrase alone: got %v, want a refusal of the work", err)
	}
}

// TestPassphrasesTakeTurns opens many slots at once. That they do not run at
// once cannot be seen from here; that they do not lock each other out can.
func TestPassphrasesTakeTurns(t *testing.T) {
	m := newMaster(t, true)
	recovery := keys.NewRecoveryKey()
	object, err := keys.SealRecovery(m, recovery)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			secret := recovery.Identity()
			if i%2 == 1 {
				secret = keys.Passphrase("wrong")
			}
			_, err := keys.OpenSlot(slotName(object), object, secret)
			if (err == nil) != (i%2 == 0) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestSealRefuses(t *testing.T) {
	m := newMaster(t, true)
	if _, err := keys.SealPassphrase(m, ""); err == nil {
		t.Error("an empty passphrase is taken")
	}
	for _, k := range []keys.RecoveryKey{"", "0000", keys.RecoveryKey(strings.ToUpper(string(keys.NewRecoveryKey())) + " ")} {
		if _, err := keys.SealRecovery(m, k); err == nil {
			t.Error("something that is no recovery key as printed is taken")
		}
	}
	scrypt, err := age.NewScryptRecipient("x")
	if err != nil {
		t.Fatal(err)
	}
	classic, _ := age.GenerateX25519Identity()
	hybrid, _ := age.GenerateHybridIdentity()
	for name, recipients := range map[string][]age.Recipient{
		"nobody": nil, "a passphrase": {scrypt}, "hybrid and classic": {hybrid.Recipient(), classic.Recipient()},
	} {
		if _, err := keys.SealRecipient(m, recipients...); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestIdentityTrouble tells an identity's own trouble from a wrong key: a user
// whose plugin is missing must not be told to look for another key.
func TestIdentityTrouble(t *testing.T) {
	m := newMaster(t, true)
	user, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	object, err := keys.SealRecipient(m, user.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	absent, err := plugin.NewIdentityWithoutData("chatkeep-no-such-plugin", &plugin.ClientUI{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.OpenSlot(slotName(object), object, absent)
	if class := format.ClassOf(err); err == nil || class != "" {
		t.Errorf("got class %q, %v, want an error without a class", class, err)
	}
	if notFound := new(plugin.NotFoundError); !errors.As(err, &notFound) {
		t.Errorf("the cause is lost: %v", err)
	}
	// What asks nobody is tried first, so that no plugin is started in vain.
	if _, err := keys.OpenSlot(slotName(object), object, absent, user); err != nil {
		t.Errorf("with the right key after it: %v", err)
	}
}

func TestRenewKeepsTheRoot(t *testing.T) {
	m := newMaster(t, true)
	next, err := m.Renew(false)
	if err != nil {
		t.Fatal(err)
	}
	if next.Repository != m.Repository || next.Root != m.Root || next.RootKey.Seed() != m.RootKey.Seed() {
		t.Error("another root")
	}
	if next.Classic() || text(next.Recipient()) == text(m.Recipient()) {
		t.Error("the same identity")
	}
	if _, err := decrypt(encrypt(t, "x", next.Recipient()), m.Identity()); err == nil {
		t.Error("the old identity opens what is new")
	}
	if other := newMaster(t, true); other.Repository == m.Repository {
		t.Error("two repositories have one id")
	}
}

func TestConfirm(t *testing.T) {
	m, other := newMaster(t, true), newMaster(t, true)
	parsed, err := keys.ParseMaster(m.File())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		m     *keys.Master
		told  format.Hash
		class format.Class
	}{
		{"told", parsed, m.Repository, ""},
		{"told another", parsed, other.Repository, format.WrongRepository},
		{"not told", parsed, format.Hash{}, format.WrongRepository},
		{"new and not told", m, format.Hash{}, ""},
		{"new and told another", m, other.Repository, format.WrongRepository},
	} {
		t.Run(c.name, func(t *testing.T) { wantClass(t, c.m.Confirm("x", c.told), string(c.class)) })
	}
}

// TestPassphraseOfAnotherKindOfFile gives a passphrase a file that has none:
// it steps aside for other identities.
func TestPassphraseOfAnotherKindOfFile(t *testing.T) {
	user, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	_, err = age.Decrypt(bytes.NewReader(encrypt(t, "x", user.Recipient())), keys.Passphrase("x"))
	if noMatch := new(age.NoIdentityMatchError); !errors.As(err, &noMatch) {
		t.Errorf("got %v, want no match", err)
	}
	if _, err := decrypt(encrypt(t, "x", user.Recipient()), keys.Passphrase(""), user); err != nil {
		t.Errorf("an empty passphrase is in the way: %v", err)
	}
}
