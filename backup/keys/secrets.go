package keys

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"

	"chatkeep/backup/format"
)

// Labels of section 7 of docs/format.md. Each use has its own, so that no
// secret can be computed from one that serves another purpose.
const (
	dedupLabel   = "chatkeep-writer-v1"
	idLabel      = "chatkeep-id-v1/"
	cutLabel     = "chatkeep-cut-v1"
	derivedBytes = 32
)

// DedupSecret derives the dedup secret of the writers whose dedup id is dedup
// from the keyring's value. A writer knows its own alone, and can neither find
// nor test what others have stored.
func DedupSecret(keyringDedup [32]byte, dedup format.Hash) [32]byte {
	mac := hmac.New(sha256.New, keyringDedup[:])
	mac.Write([]byte(dedupLabel))
	mac.Write([]byte{0})
	mac.Write(dedup[:])
	return [32]byte(mac.Sum(nil))
}

// Secrets are the keys that follow from a dedup secret. Writers and readers
// use the same. They do not print.
type Secrets struct {
	redacted
	dedup kept[[32]byte]
}

// NewSecrets returns what follows from a dedup secret.
func NewSecrets(dedup [32]byte) Secrets { return Secrets{dedup: keep(dedup)} }

// IDKey returns the key of the chunk ids in packs of a kind. A kind that does
// not exist panics: ids under it could never be found again.
func (s Secrets) IDKey(kind format.Kind) [32]byte {
	if kind >= format.Kinds {
		panic("keys: id key of a kind that does not exist")
	}
	return s.derive(idLabel + kind.String())
}

// CutKey returns the key that chooses where content is cut into chunks.
func (s Secrets) CutKey() [32]byte { return s.derive(cutLabel) }

func (s Secrets) derive(info string) [32]byte {
	secret := s.dedup()
	key, err := hkdf.Key(sha256.New, secret[:], nil, info, derivedBytes)
	if err != nil {
		panic("keys: hkdf: " + err.Error()) // only for lengths above 255 hashes
	}
	return [32]byte(key)
}
