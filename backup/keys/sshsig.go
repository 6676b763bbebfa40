package keys

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"chatkeep/backup/format"
)

// The signature format is OpenSSH's PROTOCOL.sshsig, version 1:
//
//	"SSHSIG" · u32 1 · string key · string namespace · string reserved ·
//	string hash name · string (string type · string signature)
//
// and what is signed is
//
//	"SSHSIG" · string namespace · string reserved · string hash name ·
//	string hash of the message
const (
	sigMagic   = "SSHSIG"
	sigVersion = 1
	sigHash    = "sha512"
	sigColumns = 70 // as ssh-keygen wraps it
	sigBegin   = "-----BEGIN SSH SIGNATURE-----\n"
	sigEnd     = "-----END SSH SIGNATURE-----\n"

	// sigLimit bounds an armoured signature, in bytes. One of ours has about
	// 360.
	sigLimit = 4096
)

// Sign returns the armoured SSH signature of message under namespace, the same
// bytes that `ssh-keygen -Y sign -n NAMESPACE` makes with this key: Ed25519 is
// deterministic. namespace must not be empty.
func (k SigningKey) Sign(namespace string, message []byte) string {
	s := signature{key: k.Public().wire(), namespace: namespace, hash: sigHash, algorithm: keyType}
	s.bytes = ed25519.Sign(k.private(), signedBytes(namespace, message))
	return s.armour()
}

// Verify checks that armoured is a signature of message under namespace by p.
// Only the exact text that Sign makes is accepted: canonical armour, Ed25519,
// SHA-512, nothing reserved. The error is of class wrong-writer if another key
// made the signature, else bad-signature.
func (p PublicKey) Verify(namespace string, message []byte, armoured string) error {
	return p.verify("signature", namespace, message, armoured)
}

// verify is Verify with a name for errors.
func (p PublicKey) verify(what, namespace string, message []byte, armoured string) error {
	s, problem := parseSignature(armoured)
	if problem != "" {
		return format.Fail(format.BadSignature, what, "%s", problem)
	}
	if s.namespace != namespace {
		return format.Fail(format.BadSignature, what, "signed as another kind of statement than %s", namespace)
	}
	if string(s.key) != string(p.wire()) {
		return format.Fail(format.WrongWriter, what, "signed by another key than %s", p.ID())
	}
	// crypto/ed25519 refuses an S that is not reduced, so nobody can make a
	// second signature of the same message from one they have seen.
	if !ed25519.Verify(p.point[:], signedBytes(namespace, message), s.bytes) {
		return format.Fail(format.BadSignature, what, "the signature does not fit")
	}
	return nil
}

// signedBytes returns what the Ed25519 signature covers. The namespace in it
// keeps a signature of one kind of statement from being used for another.
func signedBytes(namespace string, message []byte) []byte {
	digest := sha512.Sum512(message)
	b := appendString([]byte(sigMagic), []byte(namespace))
	b = appendString(b, nil)
	b = appendString(b, []byte(sigHash))
	return appendString(b, digest[:])
}

// signature is a parsed SSH signature.
type signature struct {
	key       []byte // wire form
	namespace string
	reserved  string
	hash      string
	algorithm string
	bytes     []byte
}

// armour returns the text form.
func (s signature) armour() string {
	b := binary.BigEndian.AppendUint32([]byte(sigMagic), sigVersion)
	b = appendString(b, s.key)
	b = appendString(b, []byte(s.namespace))
	b = appendString(b, []byte(s.reserved))
	b = appendString(b, []byte(s.hash))
	b = appendString(b, appendString(appendString(nil, []byte(s.algorithm)), s.bytes))

	text := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	out.WriteString(sigBegin)
	for len(text) > 0 {
		n := min(len(text), sigColumns)
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	out.WriteString(sigEnd)
	return out.String()
}

// parseSignature reads the text form, and says what is wrong with it. A text
// that armour would write otherwise is refused: a signature stands in an
// object whose hash is its name, and must have one form.
func parseSignature(text string) (s signature, problem string) {
	if len(text) > sigLimit {
		return s, "the signature is too long"
	}
	body, begins := strings.CutPrefix(text, sigBegin)
	body, ends := strings.CutSuffix(body, sigEnd)
	if !begins || !ends {
		return s, "the armour is cut off or not an SSH signature"
	}
	blob, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return s, "the armour is not base64"
	}
	if !s.decode(blob) {
		return s, "the armour does not hold an SSH signature of version 1"
	}
	switch {
	case s.armour() != text:
		return s, "the armour is not canonical"
	case s.algorithm != keyType || !isKeyOfType(s.key):
		return s, "signed by another type of key than " + keyType
	case s.hash != sigHash:
		return s, "signed over another hash than " + sigHash
	case s.reserved != "":
		return s, "the reserved field is not empty"
	case len(s.bytes) != ed25519.SignatureSize:
		return s, "the signature has another length than Ed25519's"
	}
	return s, ""
}

// isKeyOfType reports whether wire is an Ed25519 key.
func isKeyOfType(wire []byte) bool {
	_, ok := publicKeyFromWire(wire)
	return ok
}

// decode takes a binary signature apart.
func (s *signature) decode(b []byte) bool {
	head := binary.BigEndian.AppendUint32([]byte(sigMagic), sigVersion)
	rest, ok := strings.CutPrefix(string(b), string(head))
	if !ok {
		return false
	}
	var fields [5][]byte
	left := []byte(rest)
	for i := range fields {
		if fields[i], left, ok = cutString(left); !ok {
			return false
		}
	}
	algorithm, inner, ok := cutString(fields[4])
	if !ok || len(left) != 0 {
		return false
	}
	value, inner, ok := cutString(inner)
	if !ok || len(inner) != 0 {
		return false
	}
	*s = signature{
		key: fields[0], namespace: string(fields[1]), reserved: string(fields[2]),
		hash: string(fields[3]), algorithm: string(algorithm), bytes: value,
	}
	return true
}
