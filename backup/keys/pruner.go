package keys

import (
	"encoding/json"
	"fmt"

	"chatkeep/backup/format"
)

// Pruner is the key file of a machine that may condemn what no snapshot needs.
// It signs tombstones, opens nothing, and commits nothing. It does not print.
type Pruner struct {
	redacted
	Repository format.Hash // the id of Root
	Root       PublicKey
	ID         format.Hash // of the signing key

	signing SigningKey
}

// NewPruner makes the key file of a machine that is to prune. It is entered
// into the keyring under label, with an index identity that is kept there alone;
// the authority must yet name it.
func NewPruner(k *Keyring, root PublicKey, label string) (*Pruner, error) {
	w, err := startWriter(k, root)
	if err != nil {
		return nil, err
	}
	index, err := newIdentity(w.epoch.isClassic())
	if err != nil {
		return nil, fmt.Errorf("index identity: %w", err)
	}
	if err := k.PutWriter(KeyringWriter{ID: w.ID, Index: index.text(), Label: label}); err != nil {
		return nil, err
	}
	return &Pruner{Repository: w.Repository, Root: root, ID: w.ID, signing: w.signing}, nil
}

// Signer returns the key that signs tombstones.
func (p *Pruner) Signer() SigningKey { return p.signing }

// Follow is Follow of [Writer].
func (p *Pruner) Follow(root PublicKey) { p.Repository, p.Root = root.ID(), root }

// prunerType is the type of a prune key file.
const prunerType = "prune-key"

// prunerFile is a prune key file, canonical JSON and a line feed:
//
//	{"type":"prune-key","format":1,"repository":H,"root":"ssh-ed25519 …",
//	 "pruner":H,"signing":"64 hex digits"}
//
// `pruner` and `repository` follow from the keys and are there for people.
type prunerFile struct {
	Type       string      `json:"type"`
	Format     uint64      `json:"format"`
	Repository format.Hash `json:"repository"`
	Root       string      `json:"root"`
	Pruner     format.Hash `json:"pruner"`
	Signing    format.Hash `json:"signing"`
}

// bytes returns the file.
func (f *prunerFile) bytes() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic("keys: prune key: " + err.Error()) // strings, hashes and numbers always marshal
	}
	return append(b, '\n')
}

// Marshal returns the key file. It is secret: write it with mode 0600.
func (p *Pruner) Marshal() []byte {
	f := prunerFile{
		Type: prunerType, Format: 1, Repository: p.Repository, Root: p.Root.String(),
		Pruner: p.ID, Signing: p.signing.Seed(),
	}
	return f.bytes()
}

// maxPrunerFile bounds a prune key file.
const maxPrunerFile = 4 << 10

// ParsePruner reads what Marshal writes, and nothing else; repository, root,
// pruner and signing key must belong together. Classes: malformed,
// non-canonical, wrong-kind, newer-format, oversized.
func ParsePruner(file []byte) (*Pruner, error) {
	const what = "prune key"
	if len(file) > maxPrunerFile {
		return nil, format.Fail(format.Oversized, what, "more than %d bytes", maxPrunerFile)
	}
	var f prunerFile
	// encoding/json quotes what it does not like, and all of it is secret.
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, format.Fail(format.Malformed, what, "not the JSON of a prune key file")
	}
	root, err := ParsePublicKey(f.Root)
	signing := SigningKeyFromSeed(f.Signing)
	switch {
	case f.Type != prunerType:
		return nil, format.Fail(format.WrongKind, what, "not a prune key file")
	case f.Format > 1:
		return nil, format.Fail(format.NewerFormat, what, "format %d", f.Format)
	case string(f.bytes()) != string(file):
		return nil, format.Fail(format.NonCanonical, what, "not the bytes that are written for its content")
	case err != nil:
		return nil, format.At(what, err)
	case f.Format == 0:
		return nil, format.Fail(format.Malformed, what, "format 0")
	case root.ID() != f.Repository:
		return nil, format.Fail(format.Malformed, what, "the root is not that of the repository")
	case signing.Public().ID() != f.Pruner:
		return nil, format.Fail(format.Malformed, what, "the signing key is not that of the pruner")
	}
	return &Pruner{Repository: f.Repository, Root: root, ID: f.Pruner, signing: signing}, nil
}
