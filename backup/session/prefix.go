package session

import (
	"strings"

	"chatkeep/backup/format"
)

// minPrefix is the shortest beginning of a hash that names it, in hex digits.
const minPrefix = 4

// Pick finds the one hash that begins with prefix. What says what the hashes
// are, as "snapshot". Fewer than four digits, nothing found, or more than one
// are errors.
func Pick(what, prefix string, hashes []format.Hash) (format.Hash, error) {
	var found []format.Hash
	digits := strings.ToLower(prefix)
	if len(digits) < minPrefix || strings.Trim(digits, "0123456789abcdef") != "" {
		return format.Hash{}, Usage("%q is no %s: give its first hex digits, %d at least", prefix, what, minPrefix)
	}
	for _, h := range hashes {
		if strings.HasPrefix(h.String(), digits) {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return format.Hash{}, Fail(ExitFailed, "", "there is no %s %s", what, prefix)
	}
	return format.Hash{}, Fail(ExitFailed, "give more digits", "%d %ss begin with %s", len(found), what, prefix)
}

// Short is how a hash is shown to people: its first eight digits.
func Short(h format.Hash) string { return h.String()[:8] }
