package keys

import (
	"fmt"
	"strings"

	"filippo.io/age"

	"chatkeep/backup/format"
)

// Master is what every slot unlocks: the identity that opens the keyring, and
// the root key that signs authorities. Whoever holds it holds the repository.
// It does not print. Its Identity does: age's identities show their secret
// under fmt's %v and must not be logged.
type Master struct {
	redacted
	Repository format.Hash // the id of Root
	Root       PublicKey
	RootKey    SigningKey

	identity identity
	proven   bool // opened by a secret that its maker knew
}

// NewMaster makes a new root key, which makes a new repository id, and a new
// identity: hybrid post-quantum, or X25519 if classic.
func NewMaster(classic bool) (*Master, error) {
	return newMaster(GenerateSigningKey(), classic)
}

// Renew returns a master of the same repository and root key with a new
// identity, for a rotation after which old slots open nothing new.
func (m *Master) Renew(classic bool) (*Master, error) {
	return newMaster(m.RootKey, classic)
}

func newMaster(root SigningKey, classic bool) (*Master, error) {
	id, err := newIdentity(classic)
	if err != nil {
		return nil, fmt.Errorf("master identity: %w", err)
	}
	public := root.Public()
	return &Master{Repository: public.ID(), Root: public, RootKey: root, identity: id, proven: true}, nil
}

// Identity returns the identity that opens keyrings. Do not print it.
func (m *Master) Identity() age.Identity { return m.identity.age() }

// Recipient returns what keyrings are encrypted to.
func (m *Master) Recipient() age.Recipient { return m.identity.recipient().age() }

// Classic reports whether the identity is X25519 rather than hybrid.
func (m *Master) Classic() bool { return m.identity.isClassic() }

// The beginnings of a master file's lines, in their order; the identity
// follows. Section 5 of docs/format.md.
const (
	masterKind        = "master"
	masterRepository  = "# repository "
	masterRoot        = "# root "
	masterRootKey     = "# root-key "
	masterDescription = "master file"
)

// File returns the plaintext of a slot, an age identity file.
func (m *Master) File() []byte {
	var b strings.Builder
	seed := format.Hash(m.RootKey.Seed()) // for its hex form
	fmt.Fprintf(&b, "# chatkeep %s 1\n", masterKind)
	fmt.Fprintf(&b, "%s%s\n", masterRepository, m.Repository)
	fmt.Fprintf(&b, "%s%s\n", masterRoot, m.Root)
	fmt.Fprintf(&b, "%s%s\n", masterRootKey, seed)
	fmt.Fprintf(&b, "%s\n", m.identity.text())
	return []byte(b.String())
}

// ParseMaster reads what File writes, and nothing else: no line more or less,
// and id, root and root key must belong together. Classes: malformed,
// wrong-kind, newer-format, oversized. What it returns is not known to be the
// master of any particular repository: see Confirm.
func ParseMaster(file []byte) (*Master, error) {
	return parseMaster(masterDescription, file)
}

func parseMaster(what string, file []byte) (*Master, error) {
	if len(file) > format.MaxSlotFile {
		return nil, format.Fail(format.Oversized, what, "more than %d bytes", format.MaxSlotFile)
	}
	l := lines{what: what, rest: string(file)}
	l.begin(masterKind)
	m := &Master{Repository: l.hash(masterRepository)}
	m.Root = l.publicKey(masterRoot)
	m.RootKey = SigningKeyFromSeed(l.hash(masterRootKey))
	if l.err == nil && m.RootKey.Public() != m.Root {
		l.fail(format.Malformed, "is not the private key of the root")
	}
	if l.err == nil && m.Root.ID() != m.Repository {
		l.fail(format.Malformed, "belongs to a root that is not the repository's")
	}
	m.identity = l.identity()
	if err := l.end(); err != nil {
		return nil, err
	}
	return m, nil
}

// publicKey takes a line with a public key.
func (l *lines) publicKey(prefix string) PublicKey {
	value := l.next(prefix)
	key, err := ParsePublicKey(value)
	if err != nil {
		l.fail(format.Malformed, "does not hold an Ed25519 key in its one-line form")
	}
	return key
}

// Proven reports whether the secret that opened the slot also proves who made
// it. A passphrase and a recovery key do: nobody else could have made the
// file. A recipient does not: anybody who knows an SSH or age public key can
// encrypt a master of their own to it and wait for the next backup to trust
// it.
func (m *Master) Proven() bool { return m.proven }

// Confirm checks that m is the master of the repository that the user was told
// of, by a config, a writer key or by hand. The zero told means that nobody
// said: then only a proven master will do. name is the slot's object, for
// errors, which are of class wrong-repository.
func (m *Master) Confirm(name string, told format.Hash) error {
	switch {
	case told == m.Repository:
		return nil
	case !told.IsZero():
		return format.Fail(format.WrongRepository, name, "it unlocks %s, not %s", m.Repository, told)
	case m.proven:
		return nil
	}
	err := format.Fail(format.WrongRepository, name, "anybody could have made this slot, and no repository id was given")
	err.Cure = "give the repository id that was printed when the repository was made"
	return err
}
