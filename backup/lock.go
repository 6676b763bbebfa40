package backup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

// lock is what a slot's object tells openly of how it is locked.
type lock struct {
	Slot format.Slot
	// Stanzas are the types of its age recipients.
	Stanzas []string
	// PostQuantum is whether it withstands a quantum computer; nil is for what nobody
	// here knows, as that of a plugin.
	PostQuantum *bool
	// Forgeable says that whoever knows the recipient can make such a slot, for
	// another repository: to open one proves nothing of who made it.
	Forgeable bool
}

// isClassical reports whether a quantum computer could open it.
func (l *lock) isClassical() bool { return l.PostQuantum != nil && !*l.PostQuantum }

// weakBy says why a quantum computer could open a repository: it was made so, or by
// these slots.
func weakBy(classic bool, classical []string) string {
	if classic {
		return "it was made with --classic"
	}
	return "because of " + strings.Join(classical, ", ")
}

// strength is how a slot could be opened by whoever copies it, the weakest first.
type strength int

const (
	asPassphrase strength = iota
	asClassical
	asPlugin
	asStrong
)

func (s strength) String() string {
	return [...]string{
		"as strong as its passphrase, which can be guessed at by whoever copies the repository",
		"out of reach today, and not of a quantum computer",
		"as strong as its plugin makes it",
		"out of reach",
	}[s]
}

func (s strength) word() string { return [...]string{"passphrase", "classical", "plugin", "strong"}[s] }

func (l *lock) strength() strength {
	switch {
	case l.Slot.Kind == format.SlotPassphrase:
		return asPassphrase
	case l.isClassical():
		return asClassical
	case l.PostQuantum == nil:
		return asPlugin
	}
	return asStrong
}

// maxStanzas bounds an age header that is read for its stanzas' types.
const maxStanzas = 64 << 10

// lockOf reads a slot's object. https://age-encryption.org/v1, section "Header".
func lockOf(ctx context.Context, a *session.Archive, slot format.Slot) (*lock, error) {
	name := format.SlotName(slot.Name, slot.SHA256)
	r, err := a.Store.Get(ctx, name, 0, -1)
	if err != nil {
		return nil, err
	}
	object, err := io.ReadAll(io.LimitReader(r, maxStanzas))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if format.Sum(object) != slot.SHA256 {
		return nil, format.Fail(format.Flipped, name, "its bytes do not have the hash in its name")
	}
	l := &lock{Slot: slot, Stanzas: stanzasOf(object), Forgeable: slot.Kind == format.SlotRecipient}
	l.PostQuantum = lasting(l.Stanzas)
	return l, nil
}

// stanzasOf are the types of an age file's recipients, which its header says openly.
func stanzasOf(object []byte) []string {
	stanzas := []string{}
	for lines := bufio.NewScanner(bytes.NewReader(object)); lines.Scan() && !strings.HasPrefix(lines.Text(), "---"); {
		if rest, ok := strings.CutPrefix(lines.Text(), "-> "); ok {
			kind, _, _ := strings.Cut(rest, " ")
			stanzas = append(stanzas, kind)
		}
	}
	return stanzas
}

// lasting tells whether stanzas withstand a quantum computer, nil where that is not
// known. Whoever breaks one has opened the slot.
func lasting(stanzas []string) *bool {
	known := func(stanza string) bool {
		return stanza == "scrypt" || stanza == "mlkem768x25519" || stanza == "mlkem768p256tag" || strings.HasSuffix(stanza, "-grease")
	}
	switch {
	case slices.ContainsFunc(stanzas, breakable):
		return new(false)
	case len(stanzas) > 0 && !slices.ContainsFunc(stanzas, func(s string) bool { return !known(s) }):
		return new(true)
	}
	return nil
}

// breakable reports whether a stanza rests on elliptic curves or RSA alone.
// What a plugin's rests on is not known here.
func breakable(stanza string) bool {
	return slices.Contains([]string{"X25519", "ssh-ed25519", "ssh-rsa", "piv-p256", "p256tag"}, stanza)
}
