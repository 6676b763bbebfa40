package restore

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func exportCommand(env *session.Env) *cli.Command {
	own := append(filterFlags(),
		&cli.StringFlag{Name: "format", Value: "jsonl", Usage: "the `FORM`: jsonl, the chatkeep-messages/1 records"},
		&cli.StringSliceFlag{Name: "chat", Usage: "only the conversation with this `ID` (its beginning) or title; may be repeated"})
	return &cli.Command{
		Name: "export", Category: session.GiveBack, ArgsUsage: "[SNAPSHOT]",
		Usage: "print the messages of a snapshot in a form for programs",
		Description: "Prints participants, conversations and messages, one JSON object a line, as\n" +
			"docs/messages.md describes them.\n" +
			snapshotHelp + "latest if left out.\n\n" +
			"  chatkeep export --format jsonl > messages.jsonl\n" +
			"  chatkeep export --chat Anna | jq -r 'select(.type == \"message\") | .text'",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if form := c.String("format"); form != "jsonl" {
				return session.Usage("--format %q: only jsonl is built so far", form)
			}
			if slices.Contains(c.StringSlice("chat"), "") {
				return session.Usage("--chat is empty")
			}
			s, err := opened(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			raw, flush := c.Voice.Raw()
			out := bufio.NewWriterSize(raw, 64<<10)
			if err := Export(ctx, s, c.StringSlice("chat"), out); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
			return flush()
		}),
	}
}

// Export writes the records of a snapshot: participants, conversations, then the
// messages of each conversation in order. With chats, only those of the
// conversations with these titles or beginnings of ids.
func Export(ctx context.Context, s *repo.Snapshot, chats []string, out io.Writer) error {
	wanted, err := choose(ctx, s, chats)
	if err != nil {
		return err
	}
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		stream, isStream := strings.CutPrefix(e.Path, messagesFolder)
		switch {
		case e.Type != format.EntryFile:
			continue
		case isStream:
			if len(chats) > 0 && !slices.ContainsFunc(wanted, func(id string) bool { return isStreamOf(stream, id) }) {
				continue
			}
		case e.Path != conversationsFile && e.Path != participantsFile:
			continue
		case len(chats) > 0:
			continue // who and where of others is nobody's business
		}
		if _, err := io.Copy(out, s.Chunks(ctx, e.Chunks)); err != nil {
			return err
		}
	}
	return nil
}

// isStreamOf reports whether a file of messages is that of the conversation with
// this id, or one more of it: "id.jsonl", "id-2.jsonl".
func isStreamOf(name, id string) bool {
	rest, ok := strings.CutPrefix(name, id)
	rest, jsonl := strings.CutSuffix(rest, ".jsonl")
	number, more := strings.CutPrefix(rest, "-")
	return ok && jsonl && id != "" && (rest == "" || more && number != "" && strings.Trim(number, "0123456789") == "")
}

// choose finds the ids of the conversations that are meant.
func choose(ctx context.Context, s *repo.Snapshot, chats []string) ([]string, error) {
	var ids []string
	met := map[string]bool{}
	for found, err := range Chats(ctx, s) {
		if err != nil {
			return nil, err
		}
		for _, name := range chats {
			id := found.Conversation.ID
			if id == "" {
				continue // a hostile one: it has no messages that could be told from others'
			}
			if found.Conversation.Title == name || len(name) >= 4 && strings.HasPrefix(id, name) {
				ids, met[name] = append(ids, id), true
			}
		}
	}
	for _, name := range chats {
		if !met[name] {
			return nil, session.Fail(session.ExitFailed, "chatkeep chats lists them", "the snapshot has no conversation %q", name)
		}
	}
	return ids, nil
}
