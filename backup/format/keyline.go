package format

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
)

// keyPrefix begins the wire form of an Ed25519 public key (RFC 8709): the
// key's type and then the length of the key itself.
const keyPrefix = "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"

var errKeyLine = errors.New(`a key is "ssh-ed25519", a space and the base64 of 32 bytes in wire form, without a comment`)

// KeyID returns the id of an Ed25519 public key in its one-line form without a
// comment: the SHA-256 of its SSH wire form, as `ssh-keygen -lf` shows it. The
// root key's id is the repository's, a writer's key's id is the writer's.
func KeyID(line string) (Hash, error) {
	text, ok := strings.CutPrefix(line, "ssh-ed25519 ")
	if !ok {
		return Hash{}, errKeyLine
	}
	wire, err := base64.StdEncoding.Strict().DecodeString(text)
	// The decoder passes over line feeds, so the length of the text counts too.
	if err != nil || len(wire) != len(keyPrefix)+ed25519.PublicKeySize ||
		len(text) != base64.StdEncoding.EncodedLen(len(wire)) || !bytes.HasPrefix(wire, []byte(keyPrefix)) {
		return Hash{}, errKeyLine
	}
	return Sum(wire), nil
}
