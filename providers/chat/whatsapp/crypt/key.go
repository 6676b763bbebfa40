package crypt

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key opens backups. It shows nothing of itself when it is printed.
type Key struct {
	secret [32]byte
	form   keyForm
	owner  owner // of keyFile
}

// keyForm is how a key came.
type keyForm int

const (
	bare    keyForm = iota // 32 bytes or 64 digits: of an end-to-end encrypted backup, or the key itself of another
	root                   // encrypted_backup.key
	keyFile                // key
)

// owner is what says which key belongs to which backup.
type owner struct {
	version byte
	salt    [32]byte
	account [16]byte
}

// Format hides the key.
func (k *Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "a key") }

// The key files are arrays of bytes as Java writes them: a head, the length in four
// bytes, and the bytes.
const (
	javaHead  = "\xac\xed\x00\x05ur\x00\x02[B\xac\xf3\x17\xf8\x06\x08T\xe0\x02\x00\x00xp"
	rootSize  = 32
	ownedSize = 131
)

// ParseKey reads a key: the files key and encrypted_backup.key as they are on the
// phone, 32 bytes, or 64 hexadecimal digits with spaces and dashes between them.
// What is none gives [ErrNoKey].
func ParseKey(data []byte) (*Key, error) {
	if len(data) == rootSize {
		return &Key{secret: [32]byte(data)}, nil
	}
	if rest, ok := bytes.CutPrefix(data, []byte(javaHead)); ok && len(rest) >= 4 {
		return parseKeyFile(binary.BigEndian.Uint32(rest), rest[4:])
	}
	if secret, ok := digits(data); ok {
		return &Key{secret: secret}, nil
	}
	f := &fault{kind: ErrNoKey, text: fmt.Sprintf("no key of a backup: %d bytes that are neither 64 hexadecimal digits nor one of WhatsApp's key files", len(data))}
	if isText(data) {
		f.hint = passwords
	}
	return nil, f
}

func parseKeyFile(length uint32, b []byte) (*Key, error) {
	switch {
	case length == rootSize && len(b) == rootSize:
		return &Key{secret: [32]byte(b), form: root}, nil
	case length == ownedSize && len(b) == ownedSize:
		// Cipher version 2, key version 1, salt 32, account 16, its SHA-256 32, zeros
		// 16, key 32.
		k := &Key{form: keyFile, owner: owner{version: b[2], salt: [32]byte(b[3:35]), account: [16]byte(b[35:51])}}
		if hash := sha256.Sum256(k.owner.account[:]); hash != [32]byte(b[51:83]) {
			return nil, &fault{kind: ErrNoKey, text: "the key file is damaged", hint: "copy the file key from the phone again"}
		}
		k.secret = [32]byte(b[99:])
		return k, nil
	}
	return nil, &fault{kind: ErrNoKey, text: fmt.Sprintf("a key file that says it has %d bytes, and has %d", length, len(b)), hint: "copy it from the phone again"}
}

// digits reads 64 hexadecimal digits, and passes over what people put between them.
func digits(data []byte) (secret [32]byte, ok bool) {
	n := 0
	for _, r := range string(data) {
		value := strings.IndexRune("0123456789abcdef", unicode.ToLower(r))
		switch {
		case value >= 0 && n < 2*len(secret):
			secret[n/2] = secret[n/2]<<4 | byte(value)
			n++
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), r == 0xfeff:
		default:
			return secret, false
		}
	}
	return secret, n == 2*len(secret)
}

func isText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// Fits says whether a key is of the kind that a backup needs, and not known to be
// another's. Its errors match [ErrOtherKind] and [ErrOtherBackup].
func (h *Header) Fits(k *Key) error {
	switch {
	case h.EndToEnd && k.form == keyFile:
		return &fault{ErrOtherKind, "the backup is end-to-end encrypted: the file key does not open it", "it takes the 64 digits, or the file encrypted_backup.key. " + passwords}
	case !h.EndToEnd && k.form == root:
		return &fault{ErrOtherKind, "the backup is not end-to-end encrypted: encrypted_backup.key and the 64 digits do not open it",
			"it takes the file key of the phone, which needs root. Or turn end-to-end encryption on in the app, and take the backup of the night after"}
	case k.form != keyFile:
		return nil
	}
	const again = "each backup has the key that the phone had on that day: look for one that is as old as the backup"
	switch {
	case k.owner.account != h.owner.account:
		return &fault{ErrOtherBackup, "the key is of another account", again}
	case number(k.owner.version) != number(h.owner.version), k.owner.salt != h.owner.salt:
		return &fault{ErrOtherBackup, "the key is of another backup of this account", again}
	}
	return nil
}

// number is a version that stands as a number or as a digit.
func number(version byte) byte {
	if version >= '0' && version <= '9' {
		return version - '0'
	}
	return version
}

// aes is the key that the backup is encrypted with.
func (k *Key) aes(h *Header) *[32]byte {
	if !h.EndToEnd {
		return &k.secret
	}
	derived, err := hkdf.Key(sha256.New, k.secret[:], nil, "backup encryption", 32)
	if err != nil {
		panic(err) // the length is one that there is
	}
	return (*[32]byte)(derived)
}
