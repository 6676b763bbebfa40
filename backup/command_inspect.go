package backup

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

func inspectCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	own := append(sourceFlags(), &cli.BoolFlag{Name: "records", Usage: "print the records of the messages themselves, as a backup stores them"})
	return &cli.Command{
		Name: "inspect", Category: session.TakeIn, ArgsUsage: "PATH",
		Usage: "say what an export holds, and what is missing; writes nothing",
		Description: "  chatkeep inspect ~/Downloads/\"WhatsApp Chat - Anna.zip\"\n" +
			"  chatkeep inspect ~/Exports --json",
		Flags: env.Flags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			said, err := withFlags(c, config.Source{})
			if err != nil {
				return err
			}
			src, err := sourceOf(c, "", said, c.Arg(0), chats)
			if err != nil {
				return err
			}
			if c.Bool("records") {
				return printRecords(ctx, c, src)
			}
			report, err := Inspect(ctx, src, nil)
			if err != nil {
				return err
			}
			return tellInspected(c, report)
		}),
	}
}

// printRecords is for programs and for pipes: the bytes are those of a backup.
func printRecords(ctx context.Context, c *session.Call, src Source) error {
	raw, flush := c.Voice.Raw()
	out := bufio.NewWriterSize(raw, 64<<10)
	report, err := Inspect(ctx, src, out)
	if err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), flush()); err != nil {
		return err
	}
	return c.Voice.Object(inspectedOf(report))
}

func tellInspected(c *session.Call, report *InspectReport) error {
	for _, conversation := range report.Conversations {
		c.Voice.Print("%s", conversationLine(conversation))
		for _, w := range conversation.Warnings {
			c.Voice.Print("  %s", w)
		}
		if err := c.Voice.Object(struct {
			Type string `json:"type"`
			*ConversationReport
		}{"conversation", conversation}); err != nil {
			return err
		}
	}
	for _, w := range report.Warnings {
		c.Voice.Warn("%s", w)
	}
	c.Voice.Print("%s · %s", session.Plural(int64(len(report.Conversations)), "conversation", "conversations"),
		session.Plural(report.Messages, "message", "messages"))
	return c.Voice.Object(inspectedOf(report))
}

// inspected ends inspect --json; fields are only added.
type inspected struct {
	Type          string   `json:"type"`
	Conversations int      `json:"conversations"`
	Messages      int64    `json:"messages"`
	Unparsed      int64    `json:"unparsed"`
	Unrecognised  int64    `json:"unrecognised_files"`
	Bytes         int64    `json:"bytes"`
	Warnings      []string `json:"warnings"`
}

func inspectedOf(r *InspectReport) inspected {
	return inspected{"summary", len(r.Conversations), r.Messages, r.Unparsed, r.Unrecognised, r.Bytes, some(r.Warnings)}
}

// some makes an empty list of none, for JSON.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// conversationLine is "whatsapp: Anna · 1,482 messages · 2019-03-02 to
// 2026-11-20 · 211 media, 3 missing".
func conversationLine(r *ConversationReport) string {
	title := r.Title
	if title == "" {
		title = r.Path
	}
	parts := []string{r.App + ": " + title, session.Plural(r.Messages, "message", "messages")}
	if first, last := day(r.First), day(r.Last); first != "" && first == last {
		parts = append(parts, first)
	} else if first != "" {
		parts = append(parts, first+" to "+last)
	}
	if r.MediaStored+r.MediaMissing > 0 {
		media := session.Count(r.MediaStored) + " media"
		if r.MediaMissing > 0 {
			media += ", " + session.Count(r.MediaMissing) + " missing"
		}
		parts = append(parts, media)
	}
	if r.Unparsed > 0 {
		parts = append(parts, session.Count(r.Unparsed)+" unparsed")
	}
	return strings.Join(parts, " · ")
}

// day takes the date out of a time.
func day(t string) string {
	date, _, _ := strings.Cut(t, "T")
	return date
}
