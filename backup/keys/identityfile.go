package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"
)

// MaxIdentityFile bounds an identity file, in bytes.
const MaxIdentityFile = 1 << 20

// Prompts are how keys ask the user. All may be nil: then what needs an answer
// fails.
type Prompts struct {
	// Passphrase returns the passphrase of what, which is words for people:
	// a locked SSH key, once one of its files is to be opened; or a locked
	// identity file, while it is parsed.
	Passphrase func(what string) ([]byte, error)
	// Plugin answers plugins of age.
	Plugin *plugin.ClientUI
}

// ParseIdentityFile reads the identities of a file that the user names: an age
// identity file, plain or itself encrypted with a passphrase, also in armour,
// with identities of plugins in it; or an SSH private key, Ed25519 or RSA, in
// PEM. Errors never hold any of its content.
//
// Never pass what was read from storage: an identity of a plugin starts the
// program `age-plugin-<name>`.
func ParseIdentityFile(r io.Reader, ask Prompts) ([]age.Identity, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxIdentityFile+1))
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	if len(data) > MaxIdentityFile {
		return nil, fmt.Errorf("identity file: more than %d bytes", MaxIdentityFile)
	}
	trimmed := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, []byte(ageMagic)):
		return unlockIdentities(bytes.NewReader(data), ask)
	case bytes.HasPrefix(trimmed, []byte(armor.Header)):
		return unlockIdentities(armor.NewReader(bytes.NewReader(data)), ask)
	case bytes.HasPrefix(trimmed, []byte("-----BEGIN")):
		id, err := sshIdentity(data, ask)
		if err != nil {
			return nil, err
		}
		return []age.Identity{id}, nil
	}
	return identityLines(string(data), ask)
}

// unlockIdentities reads an identity file that is itself an age file behind a
// passphrase.
func unlockIdentities(r io.Reader, ask Prompts) ([]age.Identity, error) {
	secret, err := ask.passphrase("the identity file")
	if err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(r, Passphrase(string(secret)))
	if noMatch := new(age.NoIdentityMatchError); errors.As(err, &noMatch) {
		return nil, errors.New("identity file: the passphrase does not open it")
	}
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(plain, MaxIdentityFile))
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	defer clear(data)
	return identityLines(string(data), ask)
}

// identityLines reads an age identity file in the clear: one a line, with
// comments and empty lines.
func identityLines(text string, ask Prompts) ([]age.Identity, error) {
	ui := ask.Plugin
	if ui == nil {
		ui = &plugin.ClientUI{}
	}
	var ids []age.Identity
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, err := identityLine(line, ui)
		if err != nil {
			return nil, fmt.Errorf("identity file: line %d: %w", n, err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, errors.New("identity file: there is no identity in it")
	}
	return ids, nil
}

// identityLine reads one identity. age's errors may quote it and are dropped.
func identityLine(line string, ui *plugin.ClientUI) (age.Identity, error) {
	if strings.HasPrefix(line, "AGE-PLUGIN-") {
		id, err := plugin.NewIdentity(line, ui)
		if err != nil {
			return nil, errors.New("not a valid identity of a plugin")
		}
		return id, nil
	}
	if id, ok := parseIdentity(line); ok {
		return id.age(), nil
	}
	if strings.HasPrefix(line, "age1") {
		return nil, errors.New("this is a recipient; the secret half is wanted")
	}
	return nil, errors.New("not an age identity")
}

// sshIdentity reads an SSH private key. A locked one stays locked until a file
// for it is to be opened.
func sshIdentity(pem []byte, ask Prompts) (age.Identity, error) {
	id, err := agessh.ParseIdentity(pem)
	if err == nil {
		return id, nil
	}
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		return nil, errors.New("identity file: not an Ed25519 or RSA private key of SSH")
	}
	if locked.PublicKey == nil {
		return nil, errors.New("identity file: a locked SSH key in the old PEM form; `ssh-keygen -p -f FILE` rewrites it")
	}
	encrypted, err := agessh.NewEncryptedSSHIdentity(locked.PublicKey, pem, func() ([]byte, error) {
		return ask.passphrase("the SSH key " + ssh.FingerprintSHA256(locked.PublicKey))
	})
	if err != nil {
		return nil, errors.New("identity file: not an Ed25519 or RSA private key of SSH")
	}
	return encrypted, nil
}

// passphrase asks for a passphrase.
func (p Prompts) passphrase(what string) ([]byte, error) {
	if p.Passphrase == nil {
		return nil, fmt.Errorf("the passphrase of %s is needed and nobody can be asked", what)
	}
	return p.Passphrase(what)
}
