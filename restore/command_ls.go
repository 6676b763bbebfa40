package restore

import (
	"context"
	"encoding/base64"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func lsCommand(env *session.Env) *cli.Command {
	own := append(filterFlags(), &cli.BoolFlag{Name: "long", Aliases: []string{"l"}, Usage: "with modes, sizes and times"})
	return &cli.Command{
		Name: "ls", Category: session.LookAfter, ArgsUsage: "[SNAPSHOT] [PATH…]", Usage: "list the files in a snapshot",
		Description: snapshotHelp + "latest if left out.\n" +
			"PATH is a path in the snapshot, and all below it: originals/… is what was backed up.\n\n" +
			"  chatkeep ls\n" +
			"  chatkeep ls 2026-11-20 originals/media -l",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := opened(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			paths := c.Args().Tail()
			sum := lsSummary{Type: "summary", Snapshot: s.Head.Hash}
			for e, err := range s.Entries(ctx) {
				if err != nil {
					return err
				}
				if !inside(e.Path, paths) {
					continue
				}
				sum.Entries++
				sum.Bytes += e.Size
				if err := tellEntry(c, e); err != nil {
					return err
				}
			}
			if sum.Entries == 0 && len(paths) > 0 {
				return session.Fail(session.ExitFailed, "", "the snapshot has nothing at %s", paths[0])
			}
			return c.Voice.Object(sum)
		}),
	}
}

type lsSummary struct {
	Type     string      `json:"type"`
	Snapshot format.Hash `json:"snapshot"`
	Entries  int64       `json:"entries"`
	Bytes    int64       `json:"bytes"`
}

// inside reports whether an entry is one of the paths or below one.
func inside(entry string, paths []string) bool {
	for _, p := range paths {
		p = strings.TrimPrefix(path.Clean("/"+p), "/")
		if p == "" || entry == p || strings.HasPrefix(entry, p+"/") {
			return true
		}
	}
	return len(paths) == 0
}

// lsEntry is an entry as ls --json prints it; fields are only added.
type lsEntry struct {
	Type      string `json:"type"`
	Kind      string `json:"kind"`
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"` // where the name is no UTF-8
	Size      int64  `json:"bytes"`
	Mode      string `json:"mode"`
	Mtime     string `json:"mtime"`
	Target    string `json:"target,omitempty"`
	TargetB64 string `json:"target_b64,omitempty"`
	Why       string `json:"why,omitempty"`
}

func tellEntry(c *session.Call, e repo.Entry) error {
	mode := fs.FileMode(e.Stat.Mode & 0o777)
	switch e.Type {
	case format.EntryDir:
		mode |= fs.ModeDir
	case format.EntrySymlink:
		mode |= fs.ModeSymlink
	}
	tail := ""
	switch {
	case e.Target != "":
		tail = " -> " + e.Target
	case e.Why != "":
		tail = " (" + e.Type.String() + ": " + e.Why + ")"
	}
	if c.Bool("long") {
		c.Voice.Print("%s %12s  %s  %s%s", mode.String(), session.Size(e.Size), session.Moment(e.Stat.Mtime), e.Path, tail)
	} else {
		c.Voice.Print("%s%s", e.Path, tail)
	}
	one := lsEntry{Type: "entry", Kind: e.Type.String(), Path: e.Path, Size: e.Size, Mode: mode.String(),
		Mtime: e.Stat.Mtime.Local().Format(time.RFC3339Nano), Target: e.Target, Why: e.Why}
	one.PathB64, one.TargetB64 = raw(e.Path), raw(e.Target)
	return c.Voice.Object(one)
}

// raw encodes bytes that JSON could not give back.
func raw(name string) string {
	if utf8.ValidString(name) {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(name))
}
