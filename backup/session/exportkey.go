package session

import (
	"context"
	"sync"

	"github.com/urfave/cli/v2"
)

// Environment variables of the key of an encrypted export. What a flag can say too,
// the flag says first.
const (
	envExportKey        = "CHATKEEP_EXPORT_KEY"
	envExportKeyFile    = "CHATKEEP_EXPORT_KEY_FILE"
	envExportKeyCommand = "CHATKEEP_EXPORT_KEY_COMMAND"
)

// ExportKey says where the key of an encrypted export is: in a file, or in what a
// command prints. Where it says neither, the environment may, or a person.
type ExportKey struct{ File, Command string }

// ExportKeyFlags are the flags of a command that reads exports.
func ExportKeyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "export-key-file", Usage: "`FILE` with the key of an encrypted export; or $" + envExportKeyFile},
		&cli.StringFlag{Name: "export-key-command", Usage: "`COMMAND` that prints it, run by the shell; or $" + envExportKeyCommand},
	}
}

// ExportKey is what the flags say.
func (c *Call) ExportKey() (ExportKey, error) {
	k := ExportKey{File: c.String("export-key-file"), Command: c.String("export-key-command")}
	if k.File != "" && k.Command != "" {
		return k, Usage("--export-key-file and --export-key-command do not go together")
	}
	return k, nil
}

// AskKey makes of it what a reader of exports asks: for the key that what names, nil
// where there is none to be had. A person who is asked is asked one thing at a time.
func (c *Call) AskKey(k ExportKey) func(ctx context.Context, what string) ([]byte, error) {
	var one sync.Mutex
	return func(ctx context.Context, what string) ([]byte, error) {
		one.Lock()
		defer one.Unlock()
		return c.Env.exportKey(ctx, k, what)
	}
}

// exportKey asks the sources in the order in which they are harder to leak, those
// that flags and configuration name before the environment's.
func (e *Env) exportKey(ctx context.Context, k ExportKey, what string) ([]byte, error) {
	const key = "key"
	switch {
	case k.File != "":
		return readSecretFile(k.File, key)
	case k.Command != "":
		return e.runSecretCommand(ctx, k.Command, "the command for the key", key)
	case e.Getenv(envExportKeyFile) != "":
		return readSecretFile(e.Getenv(envExportKeyFile), key)
	case e.Getenv(envExportKeyCommand) != "":
		return e.runSecretCommand(ctx, e.Getenv(envExportKeyCommand), "the command in "+envExportKeyCommand, key)
	case e.Getenv(envExportKey) != "":
		return []byte(e.Getenv(envExportKey)), nil
	}
	t, err := e.Terminal()
	if err != nil {
		return nil, nil // nobody is there: the reader says what is missing
	}
	defer t.Close()
	typed, err := t.Secret(ctx, what)
	return []byte(typed), err
}
