package restore

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/restore/merge"
)

func chatsCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "chats", Category: session.GiveBack, ArgsUsage: "[SNAPSHOT]",
		Description: "Lists the conversations of all snapshots together, each once, however many have\n" +
			"it. With SNAPSHOT, those of one.\n" + snapshotHelp + "all of them if left out.\n\n" +
			"  chatkeep chats\n" +
			"  chatkeep chats --json | jq -r .title",
		Usage: "list the conversations",
		Flags: env.KeyFlags(filterFlags()...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, snapshots, err := merged(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			sum := chatsSummary{Type: "summary", Snapshots: snapshots}
			lost := len(a.Lost)
			for _, found := range a.Conversations() {
				coverage, err := a.Count(ctx, found)
				if err != nil && format.ClassOf(err) == "" {
					return err
				}
				if err != nil {
					lost++
					c.Voice.Warn("conversation %s: %v", found.ID, err)
				}
				sum.Conversations++
				sum.Messages += coverage.Messages
				if err := tellChat(c, found, &coverage); err != nil {
					return err
				}
			}
			if sum.Conversations == 0 && lost == 0 {
				c.Voice.Print("no conversations: nothing in these snapshots was recognised as an export")
			}
			if err := c.Voice.Object(sum); err != nil {
				return err
			}
			return damagedBy(lost)
		}),
	}
}

type chatsSummary struct {
	Type          string `json:"type"`
	Snapshots     int    `json:"snapshots"`
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
	First        string `json:"first,omitempty"`
	Last         string `json:"last,omitempty"`
	Complete     bool   `json:"complete"`
	Why          string `json:"why_incomplete,omitempty"`
	// Linked are ids of conversations that are shown as this one.
	Linked []string `json:"linked"`
}

func tellChat(c *session.Call, conv *merge.Conversation, cov *chat.Coverage) error {
	line := chatLine{
		Type: "conversation", ID: conv.ID, App: conv.Platform, Kind: string(conv.Kind), Title: conv.Title,
		Messages: cov.Messages, MediaStored: cov.MediaStored, MediaMissing: cov.MediaMissing,
		Complete: cov.Complete, Why: cov.WhyIncomplete, Linked: append([]string{}, conv.Linked...),
	}
	span := ""
	if !cov.From.IsZero() {
		line.First, line.Last = cov.From.Format(time.RFC3339), cov.To.Format(time.RFC3339)
		span = " · " + line.First[:10] + " to " + line.Last[:10]
	}
	c.Voice.Print("%s  %s: %s · %s%s", conv.ID[:min(8, len(conv.ID))], conv.Platform, conv.Title,
		session.Plural(int64(cov.Messages), "message", "messages"), span)
	return c.Voice.Object(line)
}
