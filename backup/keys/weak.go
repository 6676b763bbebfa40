package keys

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The strength gate counts a passphrase's parts: every character is one, but a
// run of neighbours ("abcd", "4321", "qwerty"), a repetition and a well-known
// word are one or two however long they are, since that is what somebody
// tries first who has copied the repository and can guess without limit.
const (
	minCharacters = 12
	minParts      = 10
	minDigits     = 20 // of digits alone
	minDistinct   = 6
	minRun        = 4 // characters from which on neighbours are one part
)

// WeakPassphrase says why s is too weak to stand before a repository that
// others may copy, or returns "" if nothing speaks against it. It catches what
// is short, repeated, a walk on the keyboard or made of the most common
// passwords. It knows no dictionary and no song: "" does not mean strong. The
// reason never quotes s.
func WeakPassphrase(s string) (reason string) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "it has characters that cannot be typed"
	}
	if strings.TrimSpace(s) != s {
		return "it begins or ends with a space, which is easily lost"
	}
	runes := []rune(strings.ToLower(s))
	if len(runes) < minCharacters {
		return "it is shorter than 12 characters"
	}
	if distinct(runes) < minDistinct {
		return "it repeats the same few characters"
	}
	if onlyDigits(runes) && len(runes) < minDigits {
		return "it has digits alone, and fewer than 20"
	}
	if unit := repeatedUnit(runes); unit < len(runes) {
		return "it repeats itself"
	}
	rest, common := cutCommon(runes)
	parts, runs := countParts(rest)
	switch {
	case parts+common >= minParts:
		return ""
	case common > 0:
		return "it is mostly made of common passwords"
	case runs > 0:
		return "it is mostly runs of neighbouring keys, letters or digits"
	}
	return "it has too few different parts"
}

// distinct returns how many different characters there are.
func distinct(runes []rune) int {
	seen := map[rune]bool{}
	for _, r := range runes {
		seen[r] = true
	}
	return len(seen)
}

func onlyDigits(runes []rune) bool {
	for _, r := range runes {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// repeatedUnit returns the length of the shortest text that gives runes when
// it is repeated; a last repetition may be cut short.
func repeatedUnit(runes []rune) int {
	for unit := 1; unit <= len(runes)/2; unit++ {
		same := true
		for i := unit; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-unit]
		}
		if same {
			return unit
		}
	}
	return len(runes)
}

// commonWords are what lists of leaked passwords begin with, in letters; and
// words that come to mind in front of this program.
var commonWords = []string{
	"password", "passwort", "passphrase", "passwd", "pass", "letmein", "welcome", "iloveyou", "loveyou",
	"admin", "administrator", "login", "master", "monkey", "dragon", "sunshine", "princess", "football",
	"baseball", "shadow", "superman", "batman", "trustno", "secret", "hello", "freedom", "whatever",
	"starwars", "computer", "internet", "michael", "jessica", "charlie", "summer", "winter", "spring",
	"autumn", "changeme", "default", "guest", "root", "test", "qwerty", "qwertz", "azerty", "geheim",
	"hallo", "schatz", "chatkeep", "whatsapp", "messenger", "instagram", "telegram", "facebook", "backup",
	"archive", "recovery",
}

// unleet undoes the usual replacements of letters.
var unleet = map[rune]rune{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', '!': 'i'}

// cutCommon takes the common words out, and returns what is left and how many
// there were; each counts as one part.
func cutCommon(runes []rune) (rest []rune, cut int) {
	plain := make([]rune, len(runes))
	for i, r := range runes {
		plain[i] = r
		if letter, ok := unleet[r]; ok {
			plain[i] = letter
		}
	}
	for i := 0; i < len(runes); {
		if n := commonAt(plain[i:]); n > 0 {
			cut++
			i += n
			continue
		}
		rest = append(rest, runes[i])
		i++
	}
	return rest, cut
}

// commonAt returns the length of the longest common word that plain begins
// with.
func commonAt(plain []rune) (n int) {
	for _, word := range commonWords {
		if len(word) > n && len(word) <= len(plain) && string(plain[:len(word)]) == word {
			n = len(word)
		}
	}
	return n
}

// rows are the keyboard's, in the layouts of most of its Latin users.
var rows = []string{"1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm"}

// countParts counts the characters, a run of neighbours as one.
func countParts(runes []rune) (parts, runs int) {
	for i := 0; i < len(runes); {
		n := runAt(runes[i:])
		if n >= minRun {
			runs++
		} else {
			n = 1
		}
		parts++
		i += n
	}
	return parts, runs
}

// runAt returns how long the run is that runes begins with: the same
// character, or one step in the alphabet or on a keyboard's row, each time in
// the same direction.
func runAt(runes []rune) int {
	longest := 1
	for _, step := range []func(a, b rune) bool{
		func(a, b rune) bool { return a == b },
		func(a, b rune) bool { return b == a+1 },
		func(a, b rune) bool { return b == a-1 },
		func(a, b rune) bool { return onRow(a, b) },
		func(a, b rune) bool { return onRow(b, a) },
	} {
		n := 1
		for n < len(runes) && step(runes[n-1], runes[n]) {
			n++
		}
		longest = max(longest, n)
	}
	return longest
}

// onRow reports whether b is to the right of a on some keyboard.
func onRow(a, b rune) bool {
	for _, row := range rows {
		if strings.Contains(row, string([]rune{a, b})) {
			return true
		}
	}
	return false
}
