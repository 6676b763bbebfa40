package keys

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/age"

	"chatkeep/backup/format"
)

// MaxLabel bounds a writer's label, in bytes of UTF-8.
const MaxLabel = 256

// Keyring holds the identities that open packs, index objects, manifests and
// notes, and the secrets that writers derive theirs from. It does not print.
type Keyring struct {
	redacted
	Repository format.Hash
	Dedup      [32]byte        // from which DedupSecret derives
	Writers    []KeyringWriter // ascending by ID
	Epochs     []Epoch         // ascending by N, at least one
}

// KeyringWriter is what the keyring keeps for a writer: its index identity, so
// that a machine that replaces it can have it, and a label for people.
type KeyringWriter struct {
	redacted
	ID    format.Hash
	Index string // an age identity, secret
	Label string // UTF-8 of at most MaxLabel bytes
}

// Recipient returns what news for the writer is encrypted to.
func (w *KeyringWriter) Recipient() (age.Recipient, error) {
	id, ok := parseIdentity(w.Index)
	if !ok {
		return nil, format.Fail(format.Malformed, "writer "+w.ID.String(), "its index identity in the keyring")
	}
	return id.recipient().age(), nil
}

// Epoch is an identity that packs are encrypted to for a time.
type Epoch struct {
	redacted
	N        uint64 // from 1
	identity identity
}

// NewKeyring makes the keyring of a new repository, with a first epoch: hybrid
// post-quantum, or X25519 if classic.
func NewKeyring(repository format.Hash, classic bool) (*Keyring, error) {
	k := &Keyring{Repository: repository}
	_, _ = rand.Read(k.Dedup[:])
	_, err := k.AddEpoch(classic)
	return k, err
}

// AddEpoch makes a new epoch after the newest and returns its number.
func (k *Keyring) AddEpoch(classic bool) (uint64, error) {
	id, err := newIdentity(classic)
	if err != nil {
		return 0, fmt.Errorf("epoch identity: %w", err)
	}
	n := k.Newest() + 1
	k.Epochs = append(k.Epochs, Epoch{N: n, identity: id})
	return n, nil
}

// Newest returns the number of the newest epoch, 0 if there is none.
func (k *Keyring) Newest() uint64 {
	if len(k.Epochs) == 0 {
		return 0
	}
	return k.Epochs[len(k.Epochs)-1].N
}

// epoch returns epoch n.
func (k *Keyring) epoch(n uint64) (Epoch, bool) {
	i, ok := slices.BinarySearchFunc(k.Epochs, n, func(e Epoch, n uint64) int {
		return cmp.Compare(e.N, n)
	})
	if !ok {
		return Epoch{}, false
	}
	return k.Epochs[i], true
}

// Identity returns the identity of epoch n, if there is such an epoch. Do not
// print it.
func (k *Keyring) Identity(n uint64) (age.Identity, bool) {
	e, ok := k.epoch(n)
	if !ok {
		return nil, false
	}
	return e.identity.age(), true
}

// Identities returns the identities of all epochs, the newest first, since
// most objects are of that one.
func (k *Keyring) Identities() []age.Identity {
	ids := make([]age.Identity, 0, len(k.Epochs))
	for _, e := range slices.Backward(k.Epochs) {
		ids = append(ids, e.identity.age())
	}
	return ids
}

// Recipient returns what objects of epoch n are encrypted to, and its text
// form as it stands in news for writers.
func (k *Keyring) Recipient(n uint64) (r age.Recipient, text string, ok bool) {
	e, ok := k.epoch(n)
	if !ok {
		return nil, "", false
	}
	return e.identity.recipient().age(), e.identity.recipient().String(), true
}

// Secrets returns the secrets of the writers whose dedup id is dedup.
func (k *Keyring) Secrets(dedup format.Hash) Secrets {
	return NewSecrets(DedupSecret(k.Dedup, dedup))
}

// Writer returns what the keyring keeps for a writer.
func (k *Keyring) Writer(id format.Hash) (KeyringWriter, bool) {
	i, ok := k.findWriter(id)
	if !ok {
		return KeyringWriter{}, false
	}
	return k.Writers[i], true
}

// PutWriter adds a writer at its place, or replaces it. It fails if the index
// identity or the label cannot stand in a keyring.
func (k *Keyring) PutWriter(w KeyringWriter) error {
	if _, ok := parseIdentity(w.Index); !ok {
		return fmt.Errorf("writer %s: its index identity is not one of age's own", w.ID)
	}
	if !validLabel(w.Label) {
		return fmt.Errorf("writer %s: its label is longer than %d bytes or no UTF-8", w.ID, MaxLabel)
	}
	i, ok := k.findWriter(w.ID)
	if ok {
		k.Writers[i] = w
		return nil
	}
	k.Writers = slices.Insert(k.Writers, i, w)
	return nil
}

func (k *Keyring) findWriter(id format.Hash) (int, bool) {
	return slices.BinarySearchFunc(k.Writers, id, func(w KeyringWriter, id format.Hash) int {
		return w.ID.Compare(id)
	})
}

func validLabel(s string) bool { return len(s) <= MaxLabel && utf8.ValidString(s) }

// The lines of a keyring file, in their order: these, then for each writer
// keyringWriter, then for each epoch keyringEpoch and the identity. Section 6
// of docs/format.md.
const (
	keyringKind       = "keyring"
	keyringRepository = "# repository "
	keyringDedup      = "# dedup "
	keyringWriter     = "# writer "
	keyringEpoch      = "# epoch "
)

// File returns the plaintext of a keyring object, an age identity file. Seal
// checks it.
func (k *Keyring) File() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# chatkeep %s 1\n", keyringKind)
	fmt.Fprintf(&b, "%s%s\n", keyringRepository, k.Repository)
	fmt.Fprintf(&b, "%s%s\n", keyringDedup, format.Hash(k.Dedup))
	for i := range k.Writers {
		w := &k.Writers[i]
		fmt.Fprintf(&b, "%s%s %s %s\n", keyringWriter, w.ID, w.Index, quote(w.Label))
	}
	for i := range k.Epochs {
		e := &k.Epochs[i]
		fmt.Fprintf(&b, "%s%d\n%s\n", keyringEpoch, e.N, e.identity.text())
	}
	return []byte(b.String())
}

// ParseKeyring reads what File writes, and nothing else. Classes: malformed,
// non-canonical for labels and orders, wrong-kind, newer-format, oversized.
func ParseKeyring(file []byte) (*Keyring, error) {
	return parseKeyring("keyring file", file)
}

func parseKeyring(what string, file []byte) (*Keyring, error) {
	if len(file) > format.MaxKeyring {
		return nil, format.Fail(format.Oversized, what, "more than %d bytes", format.MaxKeyring)
	}
	l := lines{what: what, rest: string(file)}
	l.begin(keyringKind)
	k := &Keyring{Repository: l.hash(keyringRepository), Dedup: l.hash(keyringDedup)}
	for l.more(keyringWriter) {
		k.Writers = append(k.Writers, l.writer(k.Writers))
	}
	for ok := true; ok; ok = l.more(keyringEpoch) {
		k.Epochs = append(k.Epochs, l.epoch(k.Newest()))
	}
	if err := l.end(); err != nil {
		return nil, err
	}
	return k, nil
}

// writer takes a writer's line. Its label comes last and is a JSON string, so
// neither spaces nor line feeds in it can begin anything else.
func (l *lines) writer(before []KeyringWriter) KeyringWriter {
	fields := strings.SplitN(l.next(keyringWriter), " ", 3)
	if l.err != nil {
		return KeyringWriter{}
	}
	if len(fields) != 3 {
		l.fail(format.Malformed, "does not hold an id, an identity and a label")
		return KeyringWriter{}
	}
	id, err := format.ParseHash(fields[0])
	if err != nil {
		l.fail(format.Malformed, "does not hold a writer's id")
	}
	if _, ok := parseIdentity(fields[1]); !ok {
		l.fail(format.Malformed, "does not hold an age identity of a kind that is used here")
	}
	label, canonical, ok := unquote(fields[2])
	switch {
	case !ok || !validLabel(label):
		l.fail(format.Malformed, "does not hold a label")
	case !canonical:
		l.fail(format.NonCanonical, "has a label in another form than the canonical one")
	case len(before) >= format.MaxWriters:
		l.fail(format.Oversized, "is one writer too many")
	case len(before) > 0 && before[len(before)-1].ID.Compare(id) >= 0:
		l.fail(format.NonCanonical, "is not in the order of ids")
	}
	return KeyringWriter{ID: id, Index: fields[1], Label: label}
}

// epoch takes an epoch's two lines.
func (l *lines) epoch(before uint64) Epoch {
	n := l.number(keyringEpoch)
	if l.err == nil && n <= before {
		l.fail(format.NonCanonical, "is not in the order of epochs")
	}
	return Epoch{N: n, identity: l.identity()}
}

// Seal encrypts the keyring to the master's recipient. It fails if readers
// would refuse the file.
func (k *Keyring) Seal(to age.Recipient) ([]byte, error) {
	file := k.File()
	defer clear(file)
	if _, err := ParseKeyring(file); err != nil {
		return nil, err
	}
	object, err := seal(file, to)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if len(object) > format.MaxKeyring {
		return nil, format.Fail(format.Oversized, "keyring file", "more than %d bytes when encrypted", format.MaxKeyring)
	}
	return object, nil
}

// OpenKeyring decrypts a keyring object of at most 4 MiB, whose bytes must be
// those that name means. Anybody who knows the master's recipient could have
// made the object: it counts only if the newest authority names it.
//
// Classes: wrong-place, flipped, wrong-key, wrong-repository, oversized,
// truncated, and those of ParseKeyring.
func OpenKeyring(name string, object []byte, m *Master) (*Keyring, error) {
	if _, err := checkPlace(name, object, format.ObjectKeyring); err != nil {
		return nil, err
	}
	plain, _, err := unseal(name, object, format.MaxKeyring, m.Identity())
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	k, err := parseKeyring(name, plain)
	if err != nil {
		return nil, err
	}
	if k.Repository != m.Repository {
		return nil, notOf(name, k.Repository, m.Repository)
	}
	return k, nil
}
