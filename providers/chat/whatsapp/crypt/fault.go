package crypt

import "errors"

// What can be wrong, to be found by errors.Is. All but the last two are told before
// the backup is read.
var (
	ErrNoBackup    = errors.New("no encrypted backup of a known form")
	ErrNoKey       = errors.New("no key of a backup")
	ErrOtherKind   = errors.New("a key for another kind of backup")
	ErrOtherBackup = errors.New("the key of another backup")
	ErrWrongKey    = errors.New("the key does not open it")
	ErrDamaged     = errors.New("damaged")
	ErrTooLarge    = errors.New("inflates beyond all measure")
)

// fault is an error with a cure. Nothing of a key is in it.
type fault struct {
	kind error
	text string // "" for the words of kind
	hint string
}

func (f *fault) Error() string {
	if f.text == "" {
		return f.kind.Error()
	}
	return f.text
}

// Hint tells what to do, or "".
func (f *fault) Hint() string { return f.hint }

// Unwrap returns what is wrong.
func (f *fault) Unwrap() error { return f.kind }

// passwords is what people who have a password try to do with it.
const passwords = "a password or a passkey opens a backup on WhatsApp's servers alone: choose the 64-digit key in the app, " +
	"under Chats, Chat backup, End-to-end encrypted backup, and take the backup of the night after"
