package backup

import (
	"context"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
	"chatkeep/backup/shell"
	"chatkeep/providers/chat"
)

const (
	stdinFlag   = "stdin"
	commandFlag = "stdin-from-command"
)

// streamFlags say that what is stored is at no path.
func streamFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: stdinFlag, Usage: "store standard input, as one file with the name that --as gives"},
		&cli.BoolFlag{Name: commandFlag, Usage: "store what the program behind -- prints, if it succeeds, as one file with the name that --as gives"},
	}
}

// backupStream stores standard input, or what a program prints.
func backupStream(ctx context.Context, c *session.Call, chats []chat.Provider) error {
	if err := checkStreamLine(c); err != nil {
		return err
	}
	said, err := withFlags(c, config.Source{})
	if err != nil {
		return err
	}
	src, err := sourceOf(c, c.String("as"), said, "", chats)
	if err != nil {
		return err
	}
	src.Guard = true // nobody looks at what goes through a pipe
	if c.Bool(commandFlag) {
		src.Stream = programOf(c, src.Name)
	} else if src.Stream, err = stdinOf(ctx, c, src.Name); err != nil {
		return err
	}
	if c.DryRun() {
		return tellPlanOf(ctx, c, src, "")
	}
	return backupAll(ctx, c, []Source{src})
}

// checkStreamLine refuses what means nothing where there is no path.
func checkStreamLine(c *session.Call) error {
	flag := "--" + stdinFlag
	if c.Bool(commandFlag) {
		flag = "--" + commandFlag
	}
	switch {
	case c.Bool(stdinFlag) && c.Bool(commandFlag):
		return session.Usage("--%s and --%s are one too many", stdinFlag, commandFlag)
	case c.Bool(stdinFlag) && c.NArg() > 0:
		return session.Usage("%s takes no PATH", flag)
	case c.Bool(commandFlag) && c.NArg() == 0:
		f := session.Usage("%s needs a program", flag)
		f.Cure = "chatkeep backup " + flag + " --as NAME -- PROGRAM ARGUMENTS"
		return f
	case c.String("as") == "":
		return session.Usage("%s needs --as NAME, the name of the file that it becomes", flag)
	case c.IsSet("source"):
		return session.Usage("--source means nothing with %s", flag)
	}
	if err := checkNoPath(c, flag); err != nil {
		return err
	}
	return checkFileName(c.String("as"))
}

// checkNoPath refuses flags that say what is to be done with a path.
func checkNoPath(c *session.Call, with string) error {
	if c.IsSet("app") && c.String("app") != "files" {
		f := session.Usage("%s: what a program prints is kept as a file, and not parsed", with)
		f.Cure = "to have it parsed, let it be written to a file, and back that up"
		return f
	}
	for _, flag := range []string{
		"me", "chat", "tz", "date-order", "export-key-file", "export-key-command",
		"exclude", "include", "exclude-larger-than", "no-videos", "one-file-system",
	} {
		if c.IsSet(flag) {
			return session.Usage("--%s means nothing with %s", flag, with)
		}
	}
	return nil
}

// checkFileName refuses a name that no file can have.
func checkFileName(name string) error {
	if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return session.Usage("--as: %q is no name of a file", name)
	}
	return nil
}

// stdinOf is standard input, which can be read once.
func stdinOf(ctx context.Context, c *session.Call, name string) (*Stream, error) {
	in, err := c.Env.Piped(ctx)
	if err != nil {
		return nil, err
	}
	const from = "standard input"
	return &Stream{
		File: name, From: from,
		Empty: "did the program before the pipe fail? set -o pipefail tells of it, and with --" + commandFlag + " nothing is stored then",
		Open: func(context.Context) (io.ReadCloser, error) {
			if in == nil {
				return nil, session.Fail(session.ExitFailed, "run it again", "%s can be read only once", from)
			}
			opened := in
			in = nil
			return opened, nil
		},
	}, nil
}

// programOf is what a program prints that a person started. It may ask for
// something, and complains to them, or as a program expects it.
func programOf(c *session.Call, name string) *Stream {
	program := c.Args().Slice()
	command := shell.Command{Name: program[0], Args: program, Attended: true, Env: c.Env.Environment(), Out: c.Voice.Relay}
	if !c.Voice.JSON() {
		command.Stderr = session.NewCleanWriter(c.Env.Stderr)
	}
	return &Stream{
		File: name, From: "the output of " + program[0], Runs: true, Empty: "it ended well, and printed nothing",
		Open: func(ctx context.Context) (io.ReadCloser, error) { return command.Pipe(ctx) },
	}
}
