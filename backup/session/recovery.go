package session

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/keys"
	"chatkeep/backup/state"
)

const (
	recoveryFile = "recovery-key-file"
	kitFile      = "kit"
	withRecovery = "with-recovery-key"
)

// SecretFlags are the flags of commands that make new secrets.
func SecretFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: recoveryFile, Usage: "write the recovery key to `FILE`, which must not exist, not to the terminal"},
		&cli.BoolFlag{Name: AllowWeak, Usage: "take a passphrase that is easily guessed"},
	}
}

// KitFlags are the flags of commands that make a recovery key for somebody who sets
// a repository up.
func KitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: kitFile, Usage: "write the recovery kit to `FILE`, which must not exist: HTML if it ends in .html, else text"},
		&cli.BoolFlag{Name: withRecovery, Usage: "put the recovery key into the kit, and not onto the terminal"},
	}
}

// Kit is the file that the recovery kit is to be written to, or "", as the flags
// say. It is looked at before anything is made.
func (c *Call) Kit() (path string, err error) {
	path = c.String(kitFile)
	if path == "" {
		if c.IsSet(kitFile) {
			return "", Usage("--%s is empty", kitFile)
		}
		if c.Bool(withRecovery) {
			return "", Usage("--%s is about the file of --%s", withRecovery, kitFile)
		}
		return "", nil
	}
	if _, err := os.Lstat(path); err == nil {
		return "", exists(path)
	}
	return path, nil
}

// NewRecoveryKey makes a recovery key and gives it to its owner: into the files of
// the flags, or onto the terminal, where one who sets up with care types it once.
// It must do so before the key counts. Where there is neither, or --yes forbids to
// show it, it returns "". Forget takes files back when what the key is for came to
// nothing.
func (c *Call) NewRecoveryKey(ctx context.Context, careful bool) (key keys.RecoveryKey, forget func(), err error) {
	key, forget = keys.NewRecoveryKey(), func() {}
	if given, forget, err := c.fileRecoveryKey(key); given || err != nil {
		return key, forget, err
	}
	if c.Bool("yes") {
		return "", forget, nil
	}
	t, err := c.Env.Terminal()
	if err != nil {
		return "", forget, nil
	}
	defer t.Close()
	err = t.Show("recovery key, write it down, it opens this archive if the passphrase is lost:\n   " + string(key) + "\n")
	if err == nil && careful {
		err = retyped(ctx, t, key)
	}
	return key, forget, err
}

// fileRecoveryKey writes a new recovery key to the files that the flags name for
// it. That of the kit has nothing but the key until the kit is written.
func (c *Call) fileRecoveryKey(key keys.RecoveryKey) (given bool, forget func(), err error) {
	var written []string
	forget = func() {
		for _, path := range written {
			os.Remove(path)
		}
	}
	for _, path := range c.recoveryFiles() {
		if err := writeSecret(path, string(key)+"\n"); err != nil {
			forget()
			return false, func() {}, err
		}
		written = append(written, path)
	}
	return len(written) > 0, forget, nil
}

// recoveryFiles are the files that a new recovery key is to be written to.
func (c *Call) recoveryFiles() (paths []string) {
	if path := c.String(recoveryFile); path != "" {
		paths = append(paths, path)
	}
	if c.Bool(withRecovery) {
		paths = append(paths, c.String(kitFile))
	}
	return paths
}

// retyped has a person type a recovery key from what they wrote down.
func retyped(ctx context.Context, t Terminal, key keys.RecoveryKey) error {
	for range tries {
		typed, err := t.Line(ctx, "type it once, from what you wrote down")
		if err != nil {
			return err
		}
		problem := key.Mistyped(typed)
		if problem == "" {
			return nil
		}
		if err := t.Show(problem + "\n"); err != nil {
			return err
		}
	}
	return Fail(ExitFailed, "--"+recoveryFile+" FILE writes it to a file instead", "the recovery key was not typed as it was shown; nothing was made")
}

// WriteKit writes the recovery kit, with the recovery key or without, to the file
// that Kit has looked at.
func (c *Call) WriteKit(path string, page []byte) error {
	if c.Bool(withRecovery) {
		return state.WriteFile(path, page) // in the place of the key alone
	}
	return WriteSecret(path, page)
}

// WithRecoveryKey reports whether the kit is to have the recovery key in it.
func (c *Call) WithRecoveryKey() bool { return c.Bool(withRecovery) }

// writeSecret creates a file for its owner alone. Nothing is ever overwritten:
// what is there may be another archive's key.
func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return exists(path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

func exists(path string) error {
	return Fail(ExitFailed, "name a file that does not exist", "%s exists", path)
}
