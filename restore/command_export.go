package restore

import (
	"bufio"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/restore/render"
)

func exportCommand(env *session.Env) *cli.Command {
	own := append(filterFlags(),
		&cli.StringFlag{Name: "format", Value: "jsonl", Usage: "the `FORM`: " + formsHelp()},
		&cli.BoolFlag{Name: "history", Usage: "also what messages said in earlier snapshots, before they were edited or deleted"},
		&cli.StringSliceFlag{Name: "chat", Usage: "only the conversation with this `ID` (its beginning) or title; may be repeated"})
	return &cli.Command{
		Name: "export", Category: session.GiveBack, ArgsUsage: "[SNAPSHOT]",
		Usage: "print messages in a form for people or programs",
		Description: "Prints the conversations of all snapshots together: every message once, as the\n" +
			"newest snapshot that has it says it. With SNAPSHOT, what that one has.\n" +
			snapshotHelp + "all of them if left out.\n\n" +
			"  chatkeep export --format txt --chat Anna > anna.txt\n" +
			"  chatkeep export --format csv > messages.csv\n" +
			"  chatkeep export --chat Anna | jq -r 'select(.type == \"message\") | .text'",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			form, ok := render.Find(c.String("format"))
			if !ok {
				return session.Usage("--format %q: there are %s", c.String("format"), formNames())
			}
			if slices.Contains(c.StringSlice("chat"), "") {
				return session.Usage("--chat is empty")
			}
			return export(ctx, c, form)
		}),
	}
}

func export(ctx context.Context, c *session.Call, form render.Form) error {
	a, _, err := merged(ctx, c, c.Arg(0))
	if err != nil {
		return err
	}
	o := ExportOptions{Chats: c.StringSlice("chat"), History: c.Bool("history"), Lost: func(err error) { c.Voice.Warn("%v", err) }}
	raw, flush := c.Voice.Raw()
	out := bufio.NewWriterSize(raw, 64<<10)
	lost, err := Export(ctx, a, form, o, out)
	if err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), flush()); err != nil {
		return err
	}
	return damagedBy(lost + len(a.Lost))
}

func formNames() string {
	var all []string
	for _, f := range render.Forms {
		all = append(all, f.Name)
	}
	return strings.Join(all, ", ")
}

func formsHelp() string {
	var all []string
	for _, f := range render.Forms {
		all = append(all, f.Name+" ("+f.What+")")
	}
	return strings.Join(all, "; ")
}
