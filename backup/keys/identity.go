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
	native kept[nativeIdentity]
}

// nativeIdentity has one of the two.
type nativeIdentity struct {
	hybrid  *age.HybridIdentity
	classic *age.X25519Identity
}

// newIdentity makes an identity from the system's randomness.
func newIdentity(classic bool) (identity, error) {
	var n nativeIdentity
	var err error
	if classic {
		n.classic, err = age.GenerateX25519Identity()
	} else {
		n.hybrid, err = age.GenerateHybridIdentity()
	}
	return identity{native: keep(n)}, err
}

// parseIdentity reads the one text form that an identity has. age's own
// errors quote the text, which is a secret here, so there is only ok.
func parseIdentity(s string) (id identity, ok bool) {
	var n nativeIdentity
	var err error
	switch {
	case strings.HasPrefix(s, hybridPrefix):
		n.hybrid, err = age.ParseHybridIdentity(s)
	case strings.HasPrefix(s, classicPrefix):
		n.classic, err = age.ParseX25519Identity(s)
	default:
		return identity{}, false
	}
	if err != nil {
		return identity{}, false
	}
	id.native = keep(n)
	return id, id.text() == s
}

// isClassic reports whether a quantum computer could break the identity.
func (i identity) isClassic() bool { return i.native().classic != nil }

// text returns the secret text form.
func (i identity) text() string {
	n := i.native()
	if n.classic != nil {
		return n.classic.String()
	}
	return n.hybrid.String()
}

// age returns the identity as age knows it.
func (i identity) age() age.Identity {
	n := i.native()
	if n.classic != nil {
		return n.classic
	}
	return n.hybrid
}

// recipient returns what is encrypted to.
func (i identity) recipient() recipient {
	n := i.native()
	if n.classic != nil {
		return recipient{classic: n.classic.Recipient()}
	}
	return recipient{hybrid: n.hybrid.Recipient()}
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
