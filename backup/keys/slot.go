package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"chatkeep/backup/format"
)

// SealPassphrase returns a slot object that the passphrase opens: age scrypt,
// work factor 18, which takes 256 MiB for about a second. Whether the
// passphrase is any good is for WeakPassphrase to say.
func SealPassphrase(m *Master, passphrase string) ([]byte, error) {
	return sealScrypt(m, passphrase, passphraseWork)
}

// SealRecovery returns a slot object that the recovery key opens: age scrypt,
// work factor 14.
func SealRecovery(m *Master, k RecoveryKey) ([]byte, error) {
	exact, err := ParseRecoveryKey(string(k))
	if err != nil {
		return nil, err
	}
	if exact != k {
		// The file would open for the text as given, not as printed.
		return nil, errors.New("recovery key: not in the form in which it is printed")
	}
	return sealScrypt(m, string(k), recoveryWork)
}

func sealScrypt(m *Master, secret string, work int) ([]byte, error) {
	r, err := newScryptRecipient(secret, work)
	if err != nil {
		return nil, err
	}
	return seal(m.File(), r)
}

// SealRecipient returns a slot object that each of the recipients opens. age
// refuses to mix post-quantum recipients with others, and passphrases with
// anything; a passphrase alone is refused here, since a slot of kind recipient
// proves nothing about who made it.
func SealRecipient(m *Master, r ...age.Recipient) ([]byte, error) {
	for _, one := range r {
		switch one.(type) {
		case *age.ScryptRecipient, scryptRecipient:
			return nil, errors.New("a passphrase is no recipient")
		}
	}
	return seal(m.File(), r...)
}

// seal encrypts a small file.
func seal(plaintext []byte, to ...age.Recipient) ([]byte, error) {
	var object bytes.Buffer
	w, err := age.Encrypt(&object, to...)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return object.Bytes(), nil
}

// OpenSlot decrypts a slot object of at most 64 KiB, whose bytes must be those
// that name means, with the first identity that fits, and reads the master in
// it.
//
// Classes: wrong-place, flipped, wrong-key if no identity fits, oversized for scrypt above work
// factor 20 and for large objects, truncated, malformed, wrong-kind,
// newer-format. An identity's own trouble, such as a plugin that is not
// installed, comes back with no class.
//
// A slot counts only if the newest authority names it, and its master has yet
// to be confirmed: see Master.Confirm.
func OpenSlot(name string, object []byte, ids ...age.Identity) (*Master, error) {
	if _, err := checkPlace(name, object, format.ObjectSlot); err != nil {
		return nil, err
	}
	plain, by, err := unseal(name, object, format.MaxSlotFile, ids...)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	m, err := parseMaster(name, plain)
	if err != nil {
		return nil, err
	}
	m.proven = by.proves
	return m, nil
}

// ageMagic is the first line of an age file.
const ageMagic = "age-encryption.org/v1\n"

// unseal decrypts a small object, and tells how it was opened.
func unseal(name string, object []byte, limit int, ids ...age.Identity) ([]byte, *attempt, error) {
	if len(object) > limit {
		return nil, nil, format.Fail(format.Oversized, name, "more than %d bytes", limit)
	}
	if !bytes.HasPrefix(object, []byte(ageMagic)) {
		if strings.HasPrefix(ageMagic, string(object)) {
			return nil, nil, format.Fail(format.Truncated, name, "ends in the age header")
		}
		return nil, nil, format.Fail(format.Malformed, name, "not an age file")
	}
	if _, err := age.ExtractHeader(bytes.NewReader(object)); err != nil {
		return nil, nil, format.Fail(cutOr(err, format.Malformed), name, "age header: %w", err)
	}
	try := &attempt{ids: nativeFirst(ids)}
	r, err := age.Decrypt(bytes.NewReader(object), try)
	if err != nil {
		return nil, nil, try.explain(name, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, format.Fail(cutOr(err, format.Flipped), name, "age payload: %w", err)
	}
	return plain, try, nil
}

// cutOr returns truncated for an error that says so, else class.
func cutOr(err error, class format.Class) format.Class {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Truncated
	}
	return class
}

// attempt is the identity that is given to age: all identities in order. It
// remembers what happened, for age's errors do not tell a wrong key from a
// damaged file and from an identity's own trouble.
type attempt struct {
	ids []age.Identity

	fits   bool  // an identity gave a file key
	proves bool  // and it was a passphrase
	err    error // what an identity that did not just pass said
	own    bool  // err is about the identity, not about the file
}

// Unwrap implements age.Identity.
func (a *attempt) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	// Whatever the identity: age's own scrypt identity would do more work.
	if err := checkWork(stanzas); err != nil {
		a.err = err
		return nil, err
	}
	for _, id := range a.ids {
		key, err := id.Unwrap(stanzas)
		if errors.Is(err, age.ErrIncorrectIdentity) {
			continue
		}
		if err != nil {
			a.err, a.own = err, !isNative(id)
			return nil, err
		}
		a.fits, a.proves = true, isPassphrase(id)
		return key, nil
	}
	return nil, age.ErrIncorrectIdentity
}

// explain classes an error of age.Decrypt.
func (a *attempt) explain(name string, err error) error {
	var work errTooMuchWork
	switch {
	case errors.As(a.err, &work):
		return format.Fail(format.Oversized, name, "%w", work)
	case a.err != nil && a.own:
		return fmt.Errorf("%s: %w", name, a.err)
	case a.err != nil:
		return format.Fail(format.Malformed, name, "age header: %w", a.err)
	case a.fits:
		return format.Fail(cutOr(err, format.Flipped), name, "%w", err)
	}
	return format.Fail(format.WrongKey, name, "none of the %d keys tried fits", len(a.ids))
}

// isPassphrase reports whether who makes a file for id must know its secret.
func isPassphrase(id age.Identity) bool {
	switch id.(type) {
	case passphrase, *age.ScryptIdentity:
		return true
	}
	return false
}

// isNative reports whether id asks nobody and starts nothing, so that its
// errors are about the file.
func isNative(id age.Identity) bool {
	switch id.(type) {
	case *age.HybridIdentity, *age.X25519Identity, *agessh.Ed25519Identity, *agessh.RSAIdentity:
		return true
	}
	return isPassphrase(id)
}

// nativeFirst puts identities that ask nobody before those that might.
func nativeFirst(ids []age.Identity) []age.Identity {
	sorted := slices.Clone(ids)
	slices.SortStableFunc(sorted, func(a, b age.Identity) int {
		switch {
		case isNative(a) == isNative(b):
			return 0
		case isNative(a):
			return -1
		}
		return 1
	})
	return sorted
}
