package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"chatkeep/backup/format"
)

// keyType is the only SSH key type of version 1.
const keyType = "ssh-ed25519"

// PublicKey is an Ed25519 public key in its SSH form (RFC 8709). It can be
// compared with ==; the zero value is no key.
type PublicKey struct {
	point [ed25519.PublicKeySize]byte
}

// ParsePublicKey reads a key's one-line form, `ssh-ed25519 AAAA…`, without a
// comment, options or a line feed. Exactly one text stands for each key, since
// statements hold keys as text and are compared byte by byte. The error is of
// class malformed.
func ParsePublicKey(s string) (PublicKey, error) {
	var p PublicKey
	encoded, ok := strings.CutPrefix(s, keyType+" ")
	if !ok {
		return p, format.Fail(format.Malformed, "public key", "is not of type "+keyType)
	}
	wire, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return p, format.Fail(format.Malformed, "public key", "is not base64")
	}
	if p, ok = publicKeyFromWire(wire); !ok {
		return PublicKey{}, format.Fail(format.Malformed, "public key", "does not hold an Ed25519 key")
	}
	// Go's decoder passes over line feeds and stray bits in the last digit.
	if p.String() != s {
		return PublicKey{}, format.Fail(format.Malformed, "public key", "has a comment or is not in its one-line form")
	}
	return p, nil
}

// publicKeyFromWire reads the SSH wire form: two strings, type and point.
func publicKeyFromWire(wire []byte) (p PublicKey, ok bool) {
	kind, rest, ok := cutString(wire)
	if !ok || string(kind) != keyType {
		return p, false
	}
	point, rest, ok := cutString(rest)
	if !ok || len(point) != len(p.point) || len(rest) != 0 {
		return p, false
	}
	copy(p.point[:], point)
	return p, true
}

// String returns the one-line form without a comment.
func (p PublicKey) String() string {
	return keyType + " " + base64.StdEncoding.EncodeToString(p.wire())
}

// ID returns the SHA-256 of the key's SSH wire form: the id of a repository,
// where the key is its root, and of a writer. `ssh-keygen -lf` shows the same
// hash in base64.
func (p PublicKey) ID() format.Hash {
	return format.Hash(sha256.Sum256(p.wire()))
}

// wire returns the SSH wire form.
func (p PublicKey) wire() []byte {
	return appendString(appendString(nil, []byte(keyType)), p.point[:])
}

// SigningKey is an Ed25519 private key. The zero value holds none and must not
// sign. It does not print its secret.
type SigningKey struct {
	redacted
	private kept[ed25519.PrivateKey]
}

// GenerateSigningKey makes a new key from the system's randomness.
func GenerateSigningKey() SigningKey {
	var seed [ed25519.SeedSize]byte
	_, _ = rand.Read(seed[:]) // never fails: it ends the program rather
	return SigningKeyFromSeed(seed)
}

// SigningKeyFromSeed returns the key that RFC 8032 derives from a secret seed.
func SigningKeyFromSeed(seed [ed25519.SeedSize]byte) SigningKey {
	return SigningKey{private: keep(ed25519.NewKeyFromSeed(seed[:]))}
}

// IsZero reports whether k holds no key.
func (k SigningKey) IsZero() bool { return k.private == nil }

// Public returns the key that verifies what k signs.
func (k SigningKey) Public() PublicKey {
	var p PublicKey
	copy(p.point[:], k.private().Public().(ed25519.PublicKey))
	return p
}

// Seed returns the secret from which the key is made.
func (k SigningKey) Seed() [ed25519.SeedSize]byte {
	return [ed25519.SeedSize]byte(k.private().Seed())
}

// appendString appends s as a string of RFC 4251: its length in four bytes,
// most significant first, then its bytes.
func appendString(b, s []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// cutString takes a string of RFC 4251 off the front of b.
func cutString(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}
