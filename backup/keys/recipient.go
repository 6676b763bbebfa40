package keys

import (
	"errors"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
)

// ParseRecipient reads a recipient as a person gives it: `age1…` and
// `age1pq1…`, `ssh-ed25519 …` and `ssh-rsa …` with or without a comment, and
// those of plugins, `age1<name>1…`. A plugin that wants to ask something while
// encrypting is told that it cannot.
//
// Never pass a recipient that was read from storage or that nobody has signed:
// using one of a plugin starts the program `age-plugin-<name>`.
func ParseRecipient(s string) (age.Recipient, error) {
	return ParseRecipientUI(s, &plugin.ClientUI{})
}

// ParseRecipientUI is ParseRecipient with callbacks for plugins.
func ParseRecipientUI(s string, ui *plugin.ClientUI) (age.Recipient, error) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("recipient: more than one line")
	}
	r, err := recipientOf(s, ui)
	if err != nil {
		return nil, recipientError(s)
	}
	return r, nil
}

func recipientOf(s string, ui *plugin.ClientUI) (age.Recipient, error) {
	switch {
	case strings.HasPrefix(s, hybridRecipientPrefix):
		return age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1") && strings.Count(s, "1") > 1: // Bech32's data has no 1
		return plugin.NewRecipient(s, ui)
	case strings.HasPrefix(s, classicRecipientPrefix):
		return age.ParseX25519Recipient(s)
	case strings.HasPrefix(s, "ssh-"):
		return agessh.ParseRecipient(s)
	}
	return nil, errors.New("unknown type")
}

// recipientError says what is wrong with s. It never quotes it: the most
// likely mistake is the wrong half of a key pair.
func recipientError(s string) error {
	upper := strings.ToUpper(s)
	switch {
	case strings.HasPrefix(upper, "AGE-SECRET-KEY-"), strings.HasPrefix(upper, "AGE-PLUGIN-"),
		strings.HasPrefix(s, "-----BEGIN"):
		return errors.New("recipient: this is a secret identity; its public half is wanted")
	case strings.HasPrefix(s, "ssh-"):
		return errors.New("recipient: not a usable SSH key: ssh-ed25519, or ssh-rsa of at least 2048 bits")
	case strings.HasPrefix(s, "age1"):
		return errors.New("recipient: not a valid age recipient: a character may be wrong or missing")
	}
	return errors.New("recipient: neither age1… nor an ssh-ed25519 or ssh-rsa key")
}
