package session

import (
	"context"

	"chatkeep/backup/keys"
)

// tries is how often a person may try again.
const tries = 3

// AllowWeak is the flag that lets a weak passphrase be.
const AllowWeak = "allow-weak-passphrase"

// NewPassphrase gets a passphrase that is to open the repository from now on.
// From the environment or the configuration file it is taken as it is, with a warning where it is weak: a
// machine cannot think of a better one. A person is asked twice, is refused a
// weak one, and gets one made and shown for an empty answer, unless no secret
// may be shown. Code is the exit code where there is nobody to ask.
func (c *Call) NewPassphrase(ctx context.Context, code int) (string, error) {
	p, err := c.place()
	if err != nil {
		return "", err
	}
	s, ok, err := c.Env.configured(ctx, p.said)
	if err != nil {
		return "", err
	}
	if ok {
		return s.secret, c.judge(s)
	}
	return c.askNew(ctx, &noSource{code})
}

// AskNewPassphrase is NewPassphrase where the environment has the old one.
// There it takes CHATKEEP_NEW_PASSPHRASE_FILE instead.
func (c *Call) AskNewPassphrase(ctx context.Context) (string, error) {
	path := c.Env.Getenv(envNewFile)
	if path == "" {
		return c.askNew(ctx, Fail(ExitWrongKey, "set "+envNewFile+", or run it in a terminal",
			"a new passphrase is needed, and there is no terminal to ask for it"))
	}
	data, err := readSecretFile(path, "passphrase")
	if err != nil {
		return "", err
	}
	defer clear(data)
	s := sourced{from: path}
	if s.secret, err = oneSecret(data, path); err != nil {
		return "", err
	}
	return s.secret, c.judge(s)
}

// judge says what is wrong with a passphrase that no person can correct now.
func (c *Call) judge(s sourced) error {
	if _, err := keys.ParseRecoveryKey(s.secret); err == nil {
		return Fail(ExitFailed, "a recovery key is made for each repository; choose a passphrase", "%s holds a recovery key, which cannot be a passphrase", s.from)
	}
	if reason := keys.WeakPassphrase(s.secret); reason != "" && !c.Bool(AllowWeak) {
		c.Voice.Warn("the passphrase from %s is weak: %s", s.from, reason)
	}
	return nil
}

// askNew asks a person; nobody is the error where none is there.
func (c *Call) askNew(ctx context.Context, nobody error) (string, error) {
	t, err := c.Env.Terminal()
	if err != nil {
		return "", nobody
	}
	defer t.Close()
	prompt := "new passphrase (empty to have one made for you)"
	if c.Bool("yes") {
		prompt = "new passphrase" // one that is made would have to be shown
	}
	for range tries {
		first, err := t.Secret(ctx, prompt)
		if err != nil {
			return "", err
		}
		if first == "" && !c.Bool("yes") {
			return showMade(t)
		}
		problem := c.refuse(first)
		if problem == "" {
			second, err := t.Secret(ctx, "the same again")
			if err != nil || second == first {
				return first, err
			}
			problem = "the two are not the same"
		}
		if err := t.Show(problem + ", try again\n"); err != nil {
			return "", err
		}
	}
	return "", Fail(ExitFailed, "", "no passphrase was chosen")
}

// refuse says why a passphrase that a person typed will not do.
func (c *Call) refuse(passphrase string) string {
	if passphrase == "" {
		return "it is empty"
	}
	if _, err := keys.ParseRecoveryKey(passphrase); err == nil {
		return "this is a recovery key; choose a passphrase beside it"
	}
	if c.Bool(AllowWeak) {
		return ""
	}
	return keys.WeakPassphrase(passphrase)
}

func showMade(t Terminal) (string, error) {
	made := keys.GeneratePassphrase()
	return made, t.Show("your passphrase, write it down:\n   " + made + "\n")
}
