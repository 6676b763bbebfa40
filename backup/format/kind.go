package format

import "fmt"

// Kind says what the chunks of a pack hold. Kinds never mix in a pack, and
// the same bytes have another id in each.
type Kind uint8

// The kinds, with the numbers that index objects use.
const (
	Messages  Kind = 0 // normalised messages, conversations, participants
	Media     Kind = 1 // pictures, sound, video, files sent
	Originals Kind = 2 // everything else of an export
	Meta      Kind = 3 // lists of files
)

// Kinds is how many kinds there are; a Kind is below it.
const Kinds = 4

var kindNames = [Kinds]string{"messages", "media", "originals", "meta"}

// String returns the name that stands in a pack's header.
func (k Kind) String() string {
	if k >= Kinds {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kindNames[k]
}

// ParseKind reads what String writes.
func ParseKind(s string) (Kind, error) {
	for k, name := range kindNames {
		if s == name {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("no kind of pack is called %q", s)
}
