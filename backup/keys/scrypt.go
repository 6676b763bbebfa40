package keys

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"

	"filippo.io/age"
)

// Work factors of age's scrypt, as the exponent of two. scrypt takes 1 KiB of
// memory for each unit of work: 16 MiB at 14, 256 MiB at 18, 1 GiB at 20.
const (
	passphraseWork = 18
	// recoveryWork is small, for no work makes 240 bits any harder to guess.
	recoveryWork = 14
	// maxWork is the most a reader does for a file it has not yet
	// authenticated. The file itself names its work factor, and anybody who
	// may write to the storage could ask for hours and terabytes.
	maxWork = 20
	// FirstWork is the most to do for a repository that nobody vouches for: what
	// chatkeep itself asks for.
	FirstWork = passphraseWork
	// hugeWork is from where on the memory is worth giving back at once.
	hugeWork = 16
)

// scryptTurn lets one scrypt run at a time in the whole process, so that
// several slots tried at once do not take a multiple of its memory.
var scryptTurn sync.Mutex

// errTooMuchWork is what an identity answers to a file that asks for more
// than the most it does.
type errTooMuchWork struct {
	asked string
	most  int
}

// Error implements error.
func (e errTooMuchWork) Error() string {
	return fmt.Sprintf("scrypt work factor %s is above %d", e.asked, e.most)
}

// passphrase is an age identity for scrypt files.
type passphrase struct {
	redacted
	secret kept[string]
	most   int // work factor
}

// Passphrase returns the identity that opens age files behind a passphrase. It
// tries no work factor above 20, runs alone in the process, and gives the
// memory back before it returns. The bytes of s are used as they are, so that
// stock age opens the same file; there is no Unicode normalisation. An empty
// passphrase opens nothing.
func Passphrase(s string) age.Identity { return PassphraseWithin(s, maxWork) }

// PassphraseWithin is Passphrase that tries no work factor above work, and none
// above 20: a file that asks for more is refused as oversized. A recovery key as
// printed will do, too.
func PassphraseWithin(s string, work int) age.Identity {
	return passphrase{secret: keep(s), most: min(work, maxWork)}
}

// Unwrap implements age.Identity.
func (p passphrase) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	id, err := age.NewScryptIdentity(p.secret())
	if err != nil {
		return nil, fmt.Errorf("%w: the passphrase is empty", age.ErrIncorrectIdentity)
	}
	id.SetMaxWorkFactor(p.most)
	if len(stanzas) == 1 && stanzas[0].Type == "scrypt" {
		work := stanzaWork(stanzas[0])
		if work > p.most {
			return nil, errTooMuchWork{strconv.Itoa(work), p.most}
		}
		defer takeScryptTurn(work)()
	}
	return id.Unwrap(stanzas)
}

// scryptRecipient is age's, taking turns.
type scryptRecipient struct {
	*age.ScryptRecipient
	work int
}

// newScryptRecipient returns a recipient for a passphrase, which must not be
// empty.
func newScryptRecipient(secret string, work int) (scryptRecipient, error) {
	if secret == "" {
		return scryptRecipient{}, errors.New("the passphrase is empty")
	}
	r, err := age.NewScryptRecipient(secret)
	if err != nil {
		return scryptRecipient{}, err
	}
	r.SetWorkFactor(work)
	return scryptRecipient{r, work}, nil
}

// WrapWithLabels implements age.RecipientWithLabels.
func (r scryptRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	defer takeScryptTurn(r.work)()
	return r.ScryptRecipient.WrapWithLabels(fileKey)
}

// takeScryptTurn waits for the turn and returns what ends it.
func takeScryptTurn(work int) (end func()) {
	scryptTurn.Lock()
	return func() {
		if work >= hugeWork {
			// Else the runtime keeps the memory for minutes, while the data
			// that the key was wanted for begins to flow.
			debug.FreeOSMemory()
		}
		scryptTurn.Unlock()
	}
}

// checkWork refuses files whose scrypt would be too much work. Stanzas that
// are malformed are left for age to refuse.
func checkWork(stanzas []*age.Stanza) error {
	for _, s := range stanzas {
		if s.Type == "scrypt" && stanzaWork(s) > maxWork {
			return errTooMuchWork{strconv.Itoa(stanzaWork(s)), maxWork}
		}
	}
	return nil
}

// stanzaWork returns the work factor a scrypt stanza asks for, 0 if it is
// malformed. A number too large for an int is the largest int.
func stanzaWork(s *age.Stanza) int {
	if len(s.Args) != 2 {
		return 0
	}
	n, err := strconv.Atoi(s.Args[1])
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return n
}
