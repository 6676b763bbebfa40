package keys

import (
	"strings"

	"filippo.io/age"
)

// The two kinds of identity that a repository itself uses. Longer prefix
// first: the other one is no prefix of it, but reads alike.
const (
	hybridPrefix  = "AGE-SECRET-KEY-PQ-1"
	classicPrefix = "AGE-SECRET-KEY-1"

	hybridRecipientPrefix  = "age1pq1"
	classicRecipientPrefix = "age1"
)

// identity is one of age's native identities: hybrid (ML-KEM-768 with X25519)
// or classic (X25519). Master, epoch and index identities are native and
// nothing else: an `AGE-PLUGIN-…` line in a decrypted file would start a
// program that whoever wrote the file has chosen.
type identity struct {
	redacted
	hybrid  *age.HybridIdentity
	classic *age.X25519Identity
}

// newIdentity makes an identity from the system's randomness.
func newIdentity(classic bool) (identity, error) {
	if classic {
		id, err := age.GenerateX25519Identity()
		return identity{classic: id}, err
	}
	id, err := age.GenerateHybridIdentity()
	return identity{hybrid: id}, err
}

// parseIdentity reads the one text form that an identity has. age's own
// errors quote the text, which is a secret here, so there is only ok.
func parseIdentity(s string) (id identity, ok bool) {
	var err error
	switch {
	case strings.HasPrefix(s, hybridPrefix):
		id.hybrid, err = age.ParseHybridIdentity(s)
	case strings.HasPrefix(s, classicPrefix):
		id.classic, err = age.ParseX25519Identity(s)
	default:
		return identity{}, false
	}
	if err != nil || id.text() != s {
		return identity{}, false
	}
	return id, true
}

// isClassic reports whether a quantum computer could break the identity.
func (i identity) isClassic() bool { return i.classic != nil }

// text returns the secret text form.
func (i identity) text() string {
	if i.isClassic() {
		return i.classic.String()
	}
	return i.hybrid.String()
}

// age returns the identity as age knows it.
func (i identity) age() age.Identity {
	if i.isClassic() {
		return i.classic
	}
	return i.hybrid
}

// recipient returns what is encrypted to.
func (i identity) recipient() recipient {
	if i.isClassic() {
		return recipient{classic: i.classic.Recipient()}
	}
	return recipient{hybrid: i.hybrid.Recipient()}
}

// recipient is one of age's native recipients.
type recipient struct {
	hybrid  *age.HybridRecipient
	classic *age.X25519Recipient
}

// parseRecipient reads the one text form that a native recipient has.
func parseRecipient(s string) (r recipient, ok bool) {
	var err error
	switch {
	case strings.HasPrefix(s, hybridRecipientPrefix):
		r.hybrid, err = age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, classicRecipientPrefix):
		r.classic, err = age.ParseX25519Recipient(s)
	default:
		return recipient{}, false
	}
	if err != nil || r.String() != s {
		return recipient{}, false
	}
	return r, true
}

// isClassic reports whether a quantum computer could break the recipient.
func (r recipient) isClassic() bool { return r.classic != nil }

// String returns the public text form.
func (r recipient) String() string {
	if r.isClassic() {
		return r.classic.String()
	}
	return r.hybrid.String()
}

// age returns the recipient as age knows it.
func (r recipient) age() age.Recipient {
	if r.isClassic() {
		return r.classic
	}
	return r.hybrid
}
