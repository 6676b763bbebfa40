package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"filippo.io/age"

	"chatkeep/backup/format"
)

const (
	recoveryLabel  = "chatkeep-recovery-v1"
	recoveryGroups = 16
	groupDigits    = 4
	recoveryDigits = recoveryGroups * groupDigits
	secretDigits   = recoveryDigits - groupDigits // the last group is the check
)

// RecoveryKey is sixteen groups of four lower-case hex digits joined by `-`,
// 240 secret bits and 16 of check. Exactly this text is the passphrase of the
// recovery slot, so that stock age opens it. Convert it to a string to show it
// to its owner. fmt does not print it, except from an unexported field of
// another struct.
type RecoveryKey string

// NewRecoveryKey makes a key from the system's randomness.
func NewRecoveryKey() RecoveryKey {
	var secret [secretDigits / 2]byte
	_, _ = rand.Read(secret[:])
	digits := hex.EncodeToString(secret[:])
	return groupRecovery(digits + recoveryCheck(digits))
}

// ParseRecoveryKey reads a key as a person types or pastes it: in any case,
// with spaces, dashes, line ends or nothing between the digits, `o` for `0`
// and `l` for `1`. The error names a group only where it is certain that this
// group is wrong, and never holds any of what was typed.
func ParseRecoveryKey(s string) (RecoveryKey, error) {
	groups := splitRecovery(s)
	digits := strings.Join(groups, "")
	if len(digits) == recoveryDigits {
		groups = strings.Split(string(groupRecovery(digits)), "-")
	}
	for i, group := range groups {
		if isHex(group) {
			continue
		}
		if len(groups) != recoveryGroups {
			return "", badRecovery("has a character that is no digit from 0 to 9 or a to f")
		}
		return "", badRecovery("group %d has a character that is no digit from 0 to 9 or a to f", i+1)
	}
	if len(digits) != recoveryDigits {
		if i := oddGroup(groups); i >= 0 {
			return "", badRecovery("group %d has %d digits, not %d", i+1, len(groups[i]), groupDigits)
		}
		return "", badRecovery("has %d digits, not %d", len(digits), recoveryDigits)
	}
	if recoveryCheck(digits[:secretDigits]) != digits[secretDigits:] {
		return "", badRecovery("the check digits do not fit: some digit is wrong")
	}
	return groupRecovery(digits), nil
}

// Mistyped says what is wrong with the key as its owner typed it again, "" where
// nothing is. It names groups by their numbers, and has no digit of either.
func (k RecoveryKey) Mistyped(typed string) string {
	groups := splitRecovery(typed)
	digits := strings.Join(groups, "")
	if len(digits) != recoveryDigits {
		if i := oddGroup(groups); i >= 0 {
			return fmt.Sprintf("group %d has %d digits, not %d", i+1, len(groups[i]), groupDigits)
		}
		return fmt.Sprintf("that is %d digits, not %d", len(digits), recoveryDigits)
	}
	groups = strings.Split(string(groupRecovery(digits)), "-")
	var wrong []string
	for i, right := range strings.Split(string(k), "-") {
		if groups[i] != right {
			wrong = append(wrong, strconv.Itoa(i+1))
		}
	}
	switch n := len(wrong); n {
	case 0:
		return ""
	case 1:
		return "group " + wrong[0] + " is not as it was shown"
	default:
		return "groups " + strings.Join(wrong[:n-1], ", ") + " and " + wrong[n-1] + " are not as they were shown"
	}
}

// Identity returns the identity that opens the recovery slot.
func (k RecoveryKey) Identity() age.Identity { return Passphrase(string(k)) }

// Format implements fmt.Formatter and hides the key under all verbs.
func (k RecoveryKey) Format(f fmt.State, verb rune) { redacted{}.Format(f, verb) }

// MarshalText implements encoding.TextMarshaler and hides the key.
func (k RecoveryKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// recoveryCheck returns the check digits for the secret ones.
func recoveryCheck(digits string) string {
	sum := sha256.Sum256([]byte(recoveryLabel + digits))
	return hex.EncodeToString(sum[:groupDigits/2])
}

// groupRecovery puts dashes between the groups of 64 digits.
func groupRecovery(digits string) RecoveryKey {
	var b strings.Builder
	for i := 0; i < len(digits); i += groupDigits {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(digits[i:min(i+groupDigits, len(digits))])
	}
	return RecoveryKey(b.String())
}

// splitRecovery returns the groups as typed, with the tolerated spellings
// undone. Text processors make long dashes of short ones, so all dashes count.
func splitRecovery(s string) []string {
	groups := strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212'
	})
	for i, group := range groups {
		groups[i] = strings.NewReplacer("o", "0", "l", "1").Replace(strings.ToLower(group))
	}
	return groups
}

// isHex reports whether s is made of lower-case hex digits alone.
func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}

// oddGroup returns the one group of sixteen that has another number of digits
// than four, or -1 if there is no single one to blame.
func oddGroup(groups []string) int {
	odd := -1
	for i, group := range groups {
		if len(group) == groupDigits {
			continue
		}
		if odd >= 0 {
			return -1
		}
		odd = i
	}
	if len(groups) != recoveryGroups {
		return -1
	}
	return odd
}

// recoveryError is a recovery key that cannot be one.
type recoveryError struct{ problem string }

func badRecovery(text string, args ...any) error {
	return recoveryError{fmt.Sprintf(text, args...)}
}

// Error implements error.
func (e recoveryError) Error() string { return "recovery key: " + e.problem }

// Hint returns what a person can do.
func (e recoveryError) Hint() string {
	return "it has sixteen groups of four digits, 0 to 9 and a to f; compare each with the written one"
}

// ExitCode returns the process exit code of a wrong key.
func (e recoveryError) ExitCode() int { return e.class().ExitCode() }

// Unwrap puts the error into the class wrong-key.
func (e recoveryError) Unwrap() error { return e.class() }

func (e recoveryError) class() *format.Error {
	return &format.Error{Class: format.WrongKey, What: "recovery key"}
}
