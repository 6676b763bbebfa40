package restore

import (
	"bufio"
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func catCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "cat", Category: session.GiveBack, ArgsUsage: "SNAPSHOT PATH", Usage: "print one file of a snapshot",
		Description: snapshotHelp + "it must be named.\n" +
			"PATH is a path as ls prints it. On a terminal control characters are made visible.\n" +
			"With --json the bytes come in pieces, in base64.\n\n" +
			"  chatkeep cat latest originals/_chat.txt | less",
		Flags: env.KeyFlags(filterFlags()...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := opened(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			e, err := entryAt(ctx, s, c.Arg(1))
			if err != nil {
				return err
			}
			if c.Voice.JSON() {
				return catJSON(ctx, c, s, e)
			}
			out, flush := c.Voice.Raw()
			buffered := bufio.NewWriterSize(out, 64<<10)
			if err := WriteFile(ctx, s, e, buffered); err != nil {
				return err
			}
			if err := buffered.Flush(); err != nil {
				return err
			}
			return flush()
		}),
	}
}

// dataLine is a piece of a file as cat --json prints it; fields are only added.
type dataLine struct {
	Type string `json:"type"`
	Data []byte `json:"base64"`
}

// maxPiece is how many bytes a line has at most: 64 KiB in base64.
const maxPiece = 48 << 10

// pieces writes bytes as lines.
type pieces struct {
	voice   *session.Voice
	written int64
}

func (p *pieces) Write(data []byte) (int, error) {
	for piece := range slices.Chunk(data, maxPiece) {
		if err := p.voice.Object(dataLine{"data", piece}); err != nil {
			return 0, err
		}
	}
	p.written += int64(len(data))
	return len(data), nil
}

// catSummary ends cat --json; fields are only added.
type catSummary struct {
	Type     string      `json:"type"`
	Snapshot format.Hash `json:"snapshot"`
	Path     string      `json:"path"`
	PathB64  string      `json:"path_b64,omitempty"` // where the name is no UTF-8
	Bytes    int64       `json:"bytes"`
}

func catJSON(ctx context.Context, c *session.Call, s *repo.Snapshot, e repo.Entry) error {
	out := &pieces{voice: c.Voice}
	buffered := bufio.NewWriterSize(out, maxPiece)
	if err := WriteFile(ctx, s, e, buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return c.Voice.Object(catSummary{"summary", s.Head.Hash, e.Path, raw(e.Path), out.written})
}

// entryAt finds the entry of a path.
func entryAt(ctx context.Context, s *repo.Snapshot, name string) (repo.Entry, error) {
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return e, err
		}
		if e.Path != name {
			continue
		}
		if e.Type == format.EntryDir {
			return e, session.Fail(session.ExitFailed, "chatkeep ls lists what is in it", "%s is a folder", name)
		}
		return e, nil
	}
	return repo.Entry{}, session.Fail(session.ExitFailed, "chatkeep ls lists what there is", "the snapshot has no %s", name)
}
