package session

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"chatkeep/backup/config"
	"chatkeep/backup/keys"
)

// maxSecret bounds what a passphrase source may hold, in bytes.
const maxSecret = 64 << 10

// credential is the name of the systemd credential.
const credential = "chatkeep-passphrase"

// sourced is a secret and, for messages, where it comes from.
type sourced struct {
	secret string
	from   string
	asked  bool // a person typed it, and can be asked again
}

// noSource is the error of a secret that is needed and that nothing gives.
type noSource struct{ code int }

func (e *noSource) Error() string {
	return "a passphrase is needed, and there is no terminal to ask for it"
}

// Hint tells how to give one.
func (e *noSource) Hint() string {
	return "set " + envFile + " or " + envCommand + ", or run it in a terminal"
}

// ExitCode is 10 where a repository was to be made, else 12.
func (e *noSource) ExitCode() int { return e.code }

// configured returns the passphrase or recovery key that the environment has or
// names, or else what the configuration file says of the repository; false if
// neither says anything of one. The sources of each are asked in the order in
// which they are harder to leak.
func (e *Env) configured(ctx context.Context, r config.Repository) (sourced, bool, error) {
	var data []byte
	var err error
	s := sourced{}
	switch {
	case e.Getenv(envFile) != "":
		s.from = e.Getenv(envFile)
		data, err = readSecretFile(s.from, "passphrase")
	case e.Getenv(envCommand) != "":
		s.from = "the command in " + envCommand
		data, err = e.runSecretCommand(ctx, e.Getenv(envCommand), s.from, "passphrase")
	case e.credential() != "":
		s.from = "the credential " + credential
		data, err = readSecretFile(e.credential(), "passphrase")
	case e.Getenv(envPassphrase) != "":
		s.from = envPassphrase
		data = []byte(e.Getenv(envPassphrase))
	case r.PassphraseFile != "":
		s.from = r.PassphraseFile
		data, err = readSecretFile(s.from, "passphrase")
	case r.PassphraseCommand != "":
		s.from = "the command in passphrase-command"
		data, err = e.runSecretCommand(ctx, r.PassphraseCommand, s.from, "passphrase")
	default:
		return s, false, nil
	}
	if err != nil {
		return s, true, err
	}
	defer clear(data)
	s.secret, err = oneSecret(data, s.from)
	return s, true, err
}

// HasSecret reports whether the environment, or what the configuration file says of
// the repository, names a source for the secret of a slot. It is not looked at.
func (e *Env) HasSecret(r config.Repository) bool {
	for _, name := range []string{envFile, envCommand, envPassphrase} {
		if e.Getenv(name) != "" {
			return true
		}
	}
	return r.PassphraseFile != "" || r.PassphraseCommand != "" || e.credential() != ""
}

// credential is the file that systemd hands the passphrase over in, or "".
func (e *Env) credential() string {
	path := filepath.Join(e.Getenv(envSystemd), credential)
	if _, err := os.Stat(path); e.Getenv(envSystemd) == "" || err != nil {
		return ""
	}
	return path
}

// readSecretFile reads a file that holds a secret, a passphrase or a key.
func readSecretFile(path, secret string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s file: %w", secret, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("%s file: %w", secret, err)
	}
	return data, nil
}

// runSecretCommand runs a command as the shell would. What it says on stderr
// is for the person; what it prints is the secret, a passphrase or a key, and goes
// nowhere else. From is what messages call it.
func (e *Env) runSecretCommand(ctx context.Context, command, from, secret string) ([]byte, error) {
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(ctx, shell, flag, command)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, e.Stderr
	if err := cmd.Run(); err != nil {
		clear(out.Bytes())
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, Fail(ExitFailed, "it has to print the "+secret+" and nothing else", "%s failed: %v", from, err)
	}
	return out.Bytes(), nil
}

// oneSecret takes the line end off a secret: editors and echo add it, and no
// passphrase ends in one. More lines are a recovery key written in several, or
// a mistake.
func oneSecret(data []byte, from string) (string, error) {
	if len(data) > maxSecret {
		return "", Fail(ExitFailed, "", "%s holds more than %d bytes", from, maxSecret)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", Fail(ExitFailed, "", "%s holds no passphrase", from)
	}
	if strings.ContainsAny(text, "\r\n") {
		key, err := keys.ParseRecoveryKey(text)
		if err != nil {
			return "", Fail(ExitFailed, "the passphrase has to stand alone in it", "%s holds more than one line", from)
		}
		return string(key), nil
	}
	return text, nil
}

// existing gets the secret of a repository that is there, of which the
// configuration file says something: from the environment, from that, or from the
// person.
func (c *Call) existing(ctx context.Context, said config.Repository) (sourced, error) {
	s, ok, err := c.Env.configured(ctx, said)
	if ok || err != nil {
		return s, err
	}
	return c.askSecret(ctx, "passphrase or recovery key")
}

// askSecret gets a secret from the person.
func (c *Call) askSecret(ctx context.Context, prompt string) (sourced, error) {
	t, err := c.Env.Terminal()
	if err != nil {
		return sourced{}, &noSource{ExitWrongKey}
	}
	defer t.Close()
	s := sourced{asked: true, from: "what you typed"}
	s.secret, err = t.Secret(ctx, prompt)
	if err == nil && s.secret == "" {
		err = Fail(ExitWrongKey, "", "no passphrase was given")
	}
	return s, err
}

// looksLikeRecovery reports whether a secret was probably meant as a recovery
// key, so that a mistyped one is told what is wrong with it.
func looksLikeRecovery(secret string) bool {
	digits := 0
	for _, r := range strings.ToLower(secret) {
		switch {
		case strings.ContainsRune("0123456789abcdefol", r):
			digits++
		case strings.ContainsRune(" -\u2013\u2014", r):
		default:
			return false
		}
	}
	return digits >= 56 && digits <= 72
}
