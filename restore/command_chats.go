package restore

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
)

func chatsCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "chats", Category: session.GiveBack, ArgsUsage: "[SNAPSHOT]",
		Usage: "list the conversations in a snapshot",
		Description: snapshotHelp + "latest if left out.\n\n" +
			"  chatkeep chats\n" +
			"  chatkeep chats --json | jq -r .title",
		Flags: env.KeyFlags(filterFlags()...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := opened(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			sum := chatsSummary{Type: "summary", Snapshot: s.Head.Hash.String()}
			for found, err := range Chats(ctx, s) {
				if err != nil {
					return err
				}
				sum.Conversations++
				sum.Messages += found.Coverage.Messages
				if err := tellChat(c, found); err != nil {
					return err
				}
			}
			if sum.Conversations == 0 {
				c.Voice.Print("no conversations: nothing in this snapshot was recognised as an export")
			}
			return c.Voice.Object(sum)
		}),
	}
}

type chatsSummary struct {
	Type          string `json:"type"`
	Snapshot      string `json:"snapshot"`
	Conversations int    `json:"conversations"`
	Messages      int    `json:"messages"`
}

// chatLine is a conversation as chats --json prints it; fields are only added.
type chatLine struct {
	Type         string `json:"type"`
	ID           string `json:"id"`
	App          string `json:"app"`
	Kind         string `json:"kind"`
	Title        string `json:"title"`
	Messages     int    `json:"messages"`
	MediaStored  int    `json:"media_stored"`
	MediaMissing int    `json:"media_missing"`
	From         string `json:"from,omitempty"`
	To           string `json:"to,omitempty"`
	Complete     bool   `json:"complete"`
	Why          string `json:"why_incomplete,omitempty"`
}

func tellChat(c *session.Call, found *Chat) error {
	conv, cov := found.Conversation, found.Coverage
	line := chatLine{
		Type: "conversation", ID: conv.ID, App: conv.Platform, Kind: string(conv.Kind), Title: conv.Title,
		Messages: cov.Messages, MediaStored: cov.MediaStored, MediaMissing: cov.MediaMissing,
		Complete: cov.Complete, Why: cov.WhyIncomplete,
	}
	span := ""
	if !cov.From.IsZero() {
		line.From, line.To = cov.From.Format(timeLayout), cov.To.Format(timeLayout)
		span = " · " + line.From[:10] + " to " + line.To[:10]
	}
	c.Voice.Print("%s  %s: %s · %s%s", conv.ID[:min(8, len(conv.ID))], conv.Platform, conv.Title,
		session.Plural(int64(cov.Messages), "message", "messages"), span)
	return c.Voice.Object(line)
}
