package restore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
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
			if c.Voice.JSON() && form.Name != "jsonl" {
				return session.Usage("--json goes with --format jsonl: %s is printed as it is", form.Name)
			}
			return export(ctx, c, form)
		}),
	}
}

func export(ctx context.Context, c *session.Call, form render.Form) error {
	a, snapshots, err := merged(ctx, c, c.Arg(0))
	if err != nil {
		return err
	}
	o := ExportOptions{Chats: c.StringSlice("chat"), History: c.Bool("history"), Lost: func(err error) { c.Voice.Warn("%v", err) }}
	raw, flush := c.Voice.Raw()
	out := bufio.NewWriterSize(raw, 64<<10)
	counted := &countedRecords{w: out}
	lost, err := Export(ctx, a, form, o, counted)
	if err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), flush()); err != nil {
		return err
	}
	if err := c.Voice.Object(exported{"summary", snapshots, counted.records, counted.bytes}); err != nil {
		return err
	}
	return damagedBy(lost + len(a.Lost))
}

// exported ends export --json, after the records; fields are only added.
type exported struct {
	Type      string `json:"type"`
	Snapshots int    `json:"snapshots"`
	Records   int64  `json:"records"`
	Bytes     int64  `json:"bytes"`
}

// countedRecords counts what is written: a record is a line.
type countedRecords struct {
	w              io.Writer
	records, bytes int64
}

func (c *countedRecords) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.records += int64(bytes.Count(p[:n], []byte{'\n'}))
	c.bytes += int64(n)
	return n, err
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
