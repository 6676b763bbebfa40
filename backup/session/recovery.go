package session

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/keys"
)

const recoveryFile = "recovery-key-file"

// SecretFlags are the flags of commands that make new secrets.
func SecretFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: recoveryFile, Usage: "write the recovery key to `FILE`, which must not exist, not to the terminal"},
		&cli.BoolFlag{Name: AllowWeak, Usage: "take a passphrase that is easily guessed"},
	}
}

// NewRecoveryKey makes a recovery key and gives it to its owner: into the file
// of the flag, or onto the terminal. It must do so before the key counts. Where
// there is neither, or --yes forbids to show it, it returns "". Forget takes a
// file back when what the key is for came to nothing.
func (c *Call) NewRecoveryKey() (key keys.RecoveryKey, forget func(), err error) {
	key, forget = keys.NewRecoveryKey(), func() {}
	if path := c.String(recoveryFile); path != "" {
		return key, func() { os.Remove(path) }, writeSecret(path, string(key)+"\n")
	}
	if c.Bool("yes") {
		return "", forget, nil
	}
	t, err := c.Env.Terminal()
	if err != nil {
		return "", forget, nil
	}
	defer t.Close()
	return key, forget, t.Show("recovery key, write it down, it opens this archive if the passphrase is lost:\n   " + string(key) + "\n")
}

// writeSecret creates a file for its owner alone. Nothing is ever overwritten:
// what is there may be another archive's key.
func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return Fail(ExitFailed, "name a file that does not exist", "%s exists", path)
	}
	if err != nil {
		return fmt.Errorf("recovery key: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
		return fmt.Errorf("recovery key: %w", err)
	}
	return nil
}
