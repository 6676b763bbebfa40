package keys

import (
	"encoding/json"
	"fmt"

	"filippo.io/age"

	"chatkeep/backup/format"
)

// Writer is the key file of one backup machine. It lets the machine sign its
// heads, encrypt to the current epoch, and read its own index; it opens no
// pack. It does not print.
type Writer struct {
	redacted
	Repository format.Hash // the id of Root
	Root       PublicKey
	ID         format.Hash // of the signing key
	Dedup      format.Hash // the writer whose dedup secret this one uses, most often itself
	Epoch      uint64      // the newest it knows, from 1

	signing SigningKey
	index   identity
	epoch   recipient
	dedup   kept[[32]byte]
}

// NewWriter makes the key file of a new machine: a signing key, an index
// identity of the kind of the newest epoch's, and a dedup secret of its own.
// The writer is entered into the keyring under label; the authority must yet
// name it.
func NewWriter(k *Keyring, root PublicKey, label string) (*Writer, error) {
	w, err := startWriter(k, root)
	if err != nil {
		return nil, err
	}
	w.Dedup = w.ID
	if w.index, err = newIdentity(w.epoch.isClassic()); err != nil {
		return nil, fmt.Errorf("index identity: %w", err)
	}
	return w.enter(k, label)
}

// InheritWriter makes the key file of a machine that replaces the writer old,
// whose dedup id in the authority is dedup: a signing key of its own, with the
// index identity and the dedup secret of the old one, so that it knows what is
// stored and uploads nothing twice.
func InheritWriter(k *Keyring, root PublicKey, label string, old, dedup format.Hash) (*Writer, error) {
	w, err := startWriter(k, root)
	if err != nil {
		return nil, err
	}
	kept, ok := k.Writer(old)
	if !ok {
		return nil, format.Fail(format.Missing, "writer "+old.String(), "the keyring does not have it")
	}
	if w.index, ok = parseIdentity(kept.Index); !ok {
		return nil, format.Fail(format.Malformed, "writer "+old.String(), "its index identity in the keyring")
	}
	if w.index.isClassic() != w.epoch.isClassic() {
		return nil, errMixed("the index identity of writer " + old.String())
	}
	w.Dedup = dedup
	return w.enter(k, label)
}

// errMixed is why an index object could not be encrypted: age refuses to mix
// post-quantum recipients with others in one file.
func errMixed(what string) error {
	return fmt.Errorf("%s and the epoch are not both hybrid or both classic, which age cannot encrypt to together", what)
}

// startWriter makes what all new writers have.
func startWriter(k *Keyring, root PublicKey) (*Writer, error) {
	if root.ID() != k.Repository {
		return nil, notOf("keyring", k.Repository, root.ID())
	}
	newest, ok := k.epoch(k.Newest())
	if !ok {
		return nil, format.Fail(format.Missing, "keyring", "there is no epoch")
	}
	signing := GenerateSigningKey()
	return &Writer{
		Repository: k.Repository, Root: root, ID: signing.Public().ID(), signing: signing,
		Epoch: newest.N, epoch: newest.identity.recipient(),
	}, nil
}

// enter derives the dedup secret and puts the writer into the keyring.
func (w *Writer) enter(k *Keyring, label string) (*Writer, error) {
	w.dedup = keep(DedupSecret(k.Dedup, w.Dedup))
	if err := k.PutWriter(KeyringWriter{ID: w.ID, Index: w.index.text(), Label: label}); err != nil {
		return nil, err
	}
	return w, nil
}

// Signer returns the key that signs heads.
func (w *Writer) Signer() SigningKey { return w.signing }

// IndexIdentity returns the identity that opens this writer's index objects
// and the news for it. Do not print it.
func (w *Writer) IndexIdentity() age.Identity { return w.index.age() }

// IndexRecipient returns what news for this writer is encrypted to.
func (w *Writer) IndexRecipient() age.Recipient { return w.index.recipient().age() }

// EpochRecipient returns what packs, manifests and notes are encrypted to.
func (w *Writer) EpochRecipient() []age.Recipient { return []age.Recipient{w.epoch.age()} }

// IndexRecipients returns what index objects are encrypted to: the epoch and
// this writer.
func (w *Writer) IndexRecipients() []age.Recipient {
	return []age.Recipient{w.epoch.age(), w.IndexRecipient()}
}

// Secrets returns the keys of chunk ids and cuts.
func (w *Writer) Secrets() Secrets { return NewSecrets(w.dedup()) }

// IDKey returns the key of the chunk ids in this writer's packs of a kind.
func (w *Writer) IDKey(kind format.Kind) [32]byte { return w.Secrets().IDKey(kind) }

// CutKey returns the key that chooses where this writer cuts content.
func (w *Writer) CutKey() [32]byte { return w.Secrets().CutKey() }

// Enter begins a new epoch, of which news has told whose hash the newest
// authority names. Nothing else may change where a machine encrypts to. It
// fails if n is not newer, and if recipient is not one of age's own, of the
// same kind as the index identity.
func (w *Writer) Enter(n uint64, recipient string) error {
	if n <= w.Epoch {
		return fmt.Errorf("epoch %d is not newer than %d", n, w.Epoch)
	}
	r, ok := parseRecipient(recipient)
	if !ok {
		return format.Fail(format.Malformed, "news", "the recipient of epoch %d is not one of age's own", n)
	}
	if r.isClassic() != w.index.isClassic() {
		return errMixed("the index identity of this machine")
	}
	w.Epoch, w.epoch = n, r
	return nil
}

// Follow makes it a key of the repository under another root, of which the owner has
// told this machine. Nothing else may say whom a key belongs to.
func (w *Writer) Follow(root PublicKey) { w.Repository, w.Root = root.ID(), root }

// writerType is the type of a writer key file.
const writerType = "writer-key"

// writerFile is a writer key file, canonical JSON and a line feed:
//
//	{"type":"writer-key","format":1,"repository":H,"root":"ssh-ed25519 …",
//	 "writer":H,"dedup":H,"epoch":N,"recipient":"age1…",
//	 "index":"AGE-SECRET-KEY-…","dedup_secret":"64 hex digits","signing":"64 hex digits"}
//
// `writer` and `repository` follow from the keys and are there for people.
type writerFile struct {
	Type        string      `json:"type"`
	Format      uint64      `json:"format"`
	Repository  format.Hash `json:"repository"`
	Root        string      `json:"root"`
	Writer      format.Hash `json:"writer"`
	Dedup       format.Hash `json:"dedup"`
	Epoch       uint64      `json:"epoch"`
	Recipient   string      `json:"recipient"`
	Index       string      `json:"index"`
	DedupSecret format.Hash `json:"dedup_secret"`
	Signing     format.Hash `json:"signing"`
}

// bytes returns the file.
func (f *writerFile) bytes() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic("keys: writer key: " + err.Error()) // strings, hashes and numbers always marshal
	}
	return append(b, '\n')
}

// Marshal returns the key file. It is secret: write it with mode 0600.
func (w *Writer) Marshal() []byte {
	f := writerFile{
		Type: writerType, Format: 1, Repository: w.Repository, Root: w.Root.String(),
		Writer: w.ID, Dedup: w.Dedup, Epoch: w.Epoch, Recipient: w.epoch.String(),
		Index: w.index.text(), DedupSecret: w.dedup(), Signing: w.signing.Seed(),
	}
	return f.bytes()
}

// maxWriterFile bounds a writer key file; a hybrid recipient has 2 KB.
const maxWriterFile = 16 << 10

// ParseWriter reads what Marshal writes, and nothing else; repository, root,
// writer and signing key must belong together. Classes: malformed,
// non-canonical, wrong-kind, newer-format, oversized.
func ParseWriter(file []byte) (*Writer, error) {
	const what = "writer key"
	if len(file) > maxWriterFile {
		return nil, format.Fail(format.Oversized, what, "more than %d bytes", maxWriterFile)
	}
	var f writerFile
	// encoding/json quotes what it does not like, and all of it is secret.
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, format.Fail(format.Malformed, what, "not the JSON of a writer key file")
	}
	switch {
	case f.Type != writerType:
		return nil, format.Fail(format.WrongKind, what, "not a writer key file")
	case f.Format > 1:
		return nil, format.Fail(format.NewerFormat, what, "format %d", f.Format)
	case string(f.bytes()) != string(file):
		return nil, format.Fail(format.NonCanonical, what, "not the bytes that are written for its content")
	}
	return f.writer(what)
}

// writer checks that the parts fit together.
func (f *writerFile) writer(what string) (*Writer, error) {
	root, err := ParsePublicKey(f.Root)
	if err != nil {
		return nil, format.At(what, err)
	}
	w := &Writer{Repository: f.Repository, Root: root, ID: f.Writer, Dedup: f.Dedup, Epoch: f.Epoch}
	w.signing = SigningKeyFromSeed(f.Signing)
	w.dedup = keep([32]byte(f.DedupSecret))
	index, indexOK := parseIdentity(f.Index)
	epoch, epochOK := parseRecipient(f.Recipient)
	w.index, w.epoch = index, epoch

	problem := ""
	switch {
	case f.Format == 0:
		problem = "format 0"
	case root.ID() != f.Repository:
		problem = "the root is not that of the repository"
	case w.signing.Public().ID() != f.Writer:
		problem = "the signing key is not that of the writer"
	case f.Epoch == 0 || f.Epoch >= 1<<53:
		problem = "the epoch is no number from 1 on"
	case !indexOK || !epochOK:
		problem = "the index identity or the recipient is not one of age's own"
	case index.isClassic() != epoch.isClassic():
		problem = "the index identity and the recipient are not of one kind"
	default:
		return w, nil
	}
	return nil, format.Fail(format.Malformed, what, "%s", problem)
}
