package format

import (
	"fmt"
	"strconv"
	"strings"
)

// The folders of a repository. Every object's name begins with one of them.
const (
	AuthorityDir = "authority/"
	KeysDir      = "keys/"
	KeyringDir   = "keyring/"
	WritersDir   = "writers/"
	PacksDir     = "packs/"
	IndexDir     = "index/"
	ManifestsDir = "manifests/"
	SnapshotsDir = "snapshots/"
	PruneDir     = "prune/"
	NotesDir     = "notes/"
	ParityDir    = "parity/"
)

// TextName is the text that tells a person what a repository is. It is never
// parsed.
const TextName = "chatkeep.txt"

// MaxN is the largest number in a name: ten digits.
const MaxN = 9_999_999_999

const (
	numberDigits = 10
	hashDigits   = 64
	maxSlotName  = 32
)

// ObjectType says what an object's name says it is.
type ObjectType uint8

// The types of objects.
const (
	ObjectAuthority ObjectType = iota + 1
	ObjectSlot
	ObjectKeyring
	ObjectNews
	ObjectPack
	ObjectIndex
	ObjectManifest
	ObjectHead
	ObjectTombstone
	ObjectNote
	ObjectText
	ObjectParity
)

var objectTypes = [...]string{
	ObjectAuthority: "authority", ObjectSlot: "slot", ObjectKeyring: "keyring", ObjectNews: "news",
	ObjectPack: "pack", ObjectIndex: "index", ObjectManifest: "manifest", ObjectHead: "head",
	ObjectTombstone: "tombstone", ObjectNote: "note", ObjectText: "text", ObjectParity: "parity",
}

// String returns the type in a word.
func (t ObjectType) String() string {
	if int(t) >= len(objectTypes) || objectTypes[t] == "" {
		return fmt.Sprintf("object type %d", uint8(t))
	}
	return objectTypes[t]
}

// AuthorityName is the key of authority n, 1 to MaxN.
func AuthorityName(n uint64, h Hash) string { return numbered(AuthorityDir, n, h, ".json") }

// SlotName is the key of a slot's file.
func SlotName(slot string, h Hash) string { return KeysDir + slot + "-" + h.String() + ".age" }

// KeyringName is the key of keyring n, 1 to MaxN.
func KeyringName(n uint64, h Hash) string { return numbered(KeyringDir, n, h, ".age") }

// NewsName is the key of news n for a writer, 1 to MaxN.
func NewsName(writer Hash, n uint64, h Hash) string {
	return numbered(WritersDir+writer.String()+"/", n, h, ".age")
}

// PackName is the key of a pack.
func PackName(h Hash) string {
	digits := h.String()
	return PacksDir + digits[:2] + "/" + digits + ".age"
}

// IndexName is the key of an index object.
func IndexName(h Hash) string { return IndexDir + h.String() + ".age" }

// ManifestName is the key of a manifest.
func ManifestName(h Hash) string { return ManifestsDir + h.String() + ".age" }

// HeadName is the key of a writer's head, seq 1 to MaxN.
func HeadName(writer Hash, seq uint64, h Hash) string {
	return numbered(SnapshotsDir+writer.String()+"/", seq, h, ".json")
}

// TombstoneName is the key of a tombstone.
func TombstoneName(h Hash) string { return PruneDir + h.String() + ".json" }

// NoteName is the key of a writer's note.
func NoteName(writer, h Hash) string { return NotesDir + writer.String() + "/" + h.String() + ".age" }

// ParityName is the key of a row of parity.
func ParityName(h Hash) string { return ParityDir + h.String() + ".par" }

func numbered(dir string, n uint64, h Hash, ext string) string {
	return fmt.Sprintf("%s%0*d-%s%s", dir, numberDigits, n, h, ext)
}

// Name is an object's name, taken apart. Which fields beside Type and Hash
// mean something depends on Type; ObjectText has none.
type Name struct {
	Type   ObjectType
	Writer Hash   // news, heads, notes
	N      uint64 // authorities, keyrings, news, heads (their seq)
	Slot   string // slots
	Hash   Hash   // of the object's bytes
}

// String returns the key.
func (n Name) String() string {
	switch n.Type {
	case ObjectAuthority:
		return AuthorityName(n.N, n.Hash)
	case ObjectSlot:
		return SlotName(n.Slot, n.Hash)
	case ObjectKeyring:
		return KeyringName(n.N, n.Hash)
	case ObjectNews:
		return NewsName(n.Writer, n.N, n.Hash)
	case ObjectPack:
		return PackName(n.Hash)
	case ObjectIndex:
		return IndexName(n.Hash)
	case ObjectManifest:
		return ManifestName(n.Hash)
	case ObjectHead:
		return HeadName(n.Writer, n.N, n.Hash)
	case ObjectTombstone:
		return TombstoneName(n.Hash)
	case ObjectNote:
		return NoteName(n.Writer, n.Hash)
	case ObjectParity:
		return ParityName(n.Hash)
	}
	return TextName
}

// folders maps each folder to the type of its objects and their ending.
var folders = map[string]struct {
	typ ObjectType
	ext string
}{
	AuthorityDir: {ObjectAuthority, ".json"},
	KeysDir:      {ObjectSlot, ".age"},
	KeyringDir:   {ObjectKeyring, ".age"},
	WritersDir:   {ObjectNews, ".age"},
	PacksDir:     {ObjectPack, ".age"},
	IndexDir:     {ObjectIndex, ".age"},
	ManifestsDir: {ObjectManifest, ".age"},
	SnapshotsDir: {ObjectHead, ".json"},
	PruneDir:     {ObjectTombstone, ".json"},
	NotesDir:     {ObjectNote, ".age"},
	ParityDir:    {ObjectParity, ".par"},
}

// ParseName takes a key apart. It reports false for a key that is no object's
// name; such things are left alone.
func ParseName(key string) (Name, bool) {
	if key == TextName {
		return Name{Type: ObjectText}, true
	}
	slash := strings.IndexByte(key, '/') + 1
	folder, ok := folders[key[:slash]]
	if !ok {
		return Name{}, false
	}
	rest, ok := strings.CutSuffix(key[slash:], folder.ext)
	if !ok || len(rest) < hashDigits {
		return Name{}, false
	}
	name := Name{Type: folder.typ}
	split := len(rest) - hashDigits
	if !unhex(name.Hash[:], rest[split:]) || !name.parsePrefix(rest[:split]) {
		return Name{}, false
	}
	return name, true
}

// parsePrefix reads what stands between an object's folder and its hash.
func (n *Name) parsePrefix(s string) bool {
	var ok bool
	switch n.Type {
	case ObjectPack:
		return s == n.Hash.String()[:2]+"/"
	case ObjectSlot:
		n.Slot, ok = strings.CutSuffix(s, "-")
		return ok && ValidSlotName(n.Slot)
	case ObjectNews, ObjectHead, ObjectNote:
		writer, after, found := strings.Cut(s, "/")
		if !found || !unhex(n.Writer[:], writer) {
			return false
		}
		s = after
	}
	switch n.Type {
	case ObjectAuthority, ObjectKeyring, ObjectNews, ObjectHead:
		n.N, ok = parseN(s)
		return ok
	}
	return s == ""
}

// parseN reads ten digits and a dash.
func parseN(s string) (uint64, bool) {
	digits, ok := strings.CutSuffix(s, "-")
	if !ok || len(digits) != numberDigits || digits[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && n > 0
}

// ValidSlotName reports whether s may name a slot: lower-case letters, digits
// and dashes, at most 32, beginning with a letter and not ending in a dash.
func ValidSlotName(s string) bool {
	if s == "" || len(s) > maxSlotName || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// CheckHash reports, as Flipped, that data are not the bytes that name means.
func CheckHash(name Name, data []byte) error {
	if name.Type != ObjectText && Sum(data) != name.Hash {
		return Fail(Flipped, name.String(), "its %d bytes do not hash to its name", len(data))
	}
	return nil
}
