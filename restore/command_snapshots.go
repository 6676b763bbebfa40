package restore

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func snapshotsCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "snapshots", Category: session.LookAfter, Usage: "list the snapshots, the newest last",
		Flags: env.KeyFlags(filterFlags()...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, err := c.Open(ctx)
			if err != nil {
				return err
			}
			r, err := a.Reader(ctx)
			if err != nil {
				return err
			}
			drills := drillsOf(ctx, c, r)
			f, n := filterOf(c), 0
			var unread []error
			for _, h := range r.Heads() {
				m, err := r.Manifest(ctx, h)
				if format.ClassOf(err) != "" {
					unread = append(unread, err)
					if err := tellUnread(c, h, err); err != nil {
						return err
					}
					continue
				}
				if err != nil {
					return err
				}
				if !f.takes(m) {
					continue
				}
				n++
				if err := tellSnapshot(c, h, m, drills, a.PlaceName()); err != nil {
					return err
				}
			}
			c.Voice.Print("%s", session.Plural(int64(n), "snapshot", "snapshots"))
			err = c.Voice.Object(struct {
				Type      string `json:"type"`
				Snapshots int    `json:"snapshots"`
			}{"summary", n})
			if err != nil || len(unread) == 0 {
				return err
			}
			return session.Fail(session.ExitDamaged, "chatkeep check says what is wrong; chatkeep writer end, if the machine that made it is not yours any more",
				"%s cannot be read: %v", session.Plural(int64(len(unread)), "snapshot", "snapshots"), unread[0])
		}),
	}
}

// listed is a snapshot as snapshots --json prints it; fields are only added.
type listed struct {
	Type          string      `json:"type"`
	ID            format.Hash `json:"id"`
	Time          string      `json:"time,omitempty"` // by the storage's clock
	Started       string      `json:"started"`
	Finished      string      `json:"finished"`
	Source        string      `json:"source"`
	Host          string      `json:"host"`
	Path          string      `json:"path"`
	App           string      `json:"app"`
	Tags          []string    `json:"tags"`
	Complete      bool        `json:"complete"`
	Files         int64       `json:"files"`
	Bytes         int64       `json:"bytes"`
	Conversations int64       `json:"conversations"`
	Messages      int64       `json:"messages"`
	Unparsed      int64       `json:"unparsed"`
	MediaStored   int64       `json:"media_stored"`
	MediaMissing  int64       `json:"media_missing"`
	Unreadable    int64       `json:"unreadable"`
	Writer        format.Hash `json:"writer"`
	Sequence      uint64      `json:"sequence"`
	Program       string      `json:"program"`
	Carried       bool        `json:"carried,omitempty"`
	Proven        *proven     `json:"proven,omitempty"`       // by the last drill that proved it
	FailedDrill   *proven     `json:"failed_drill,omitempty"` // where the last drill failed
}

// unreadable is a snapshot of which nothing can be told, as snapshots --json prints
// it; fields are only added.
type unreadable struct {
	Type    string `json:"type"` // problem
	Class   string `json:"class"`
	Message string `json:"message"`
}

// tellUnread names a snapshot whose manifest cannot be read. One is no reason not to
// list the others: whoever has a writer's key could hide them all, and from the list
// it is seen which writer to end, and after which head.
func tellUnread(c *session.Call, h *repo.Head, err error) error {
	c.Voice.Print("%s  %s  of writer %s cannot be read: %v", session.Short(h.Hash), session.Moment(h.At()), session.Short(h.Writer), err)
	return c.Voice.Object(unreadable{"problem", string(format.ClassOf(err)),
		fmt.Sprintf("snapshot %s of writer %s: %v", h.Hash, session.Short(h.Writer), err)})
}

// drillsOf reads the results of drills. That some cannot be read is no reason not
// to list snapshots.
func drillsOf(ctx context.Context, c *session.Call, r *repo.Reader) *repo.Drills {
	drills, err := r.Drills(ctx, c.Env.Clock.Now())
	for _, p := range drills.Problems {
		c.Voice.Warn("a note does not count: %v", p)
	}
	if err != nil {
		c.Voice.Warn("the notes in the repository could not be read: %v", err)
	}
	return drills
}

func tellSnapshot(c *session.Call, h *repo.Head, m *format.Manifest, drills *repo.Drills, place string) error {
	parts := []string{session.Short(h.Hash), session.Moment(h.At()), m.Source.Name}
	if m.Source.Host != "" {
		parts = append(parts, "on "+m.Source.Host)
	}
	parts = append(parts, session.Plural(m.Totals.Files, "file", "files")+", "+session.Size(m.Totals.Bytes))
	if m.Totals.Messages > 0 {
		parts = append(parts, session.Plural(m.Totals.Messages, "message", "messages"))
	}
	if m.Carried() {
		parts = append(parts, "carried: what forgotten ones had")
	} else if len(m.Tags) > 0 {
		parts = append(parts, strings.Join(m.Tags, ","))
	}
	if !m.Complete {
		parts = append(parts, session.Plural(m.Totals.Unreadable, "file", "files")+" could not be read")
	}
	proved, failed := lastDrills(drills, h.Hash, place)
	for _, p := range []*proven{proved, failed} {
		if p != nil {
			parts = append(parts, p.words())
		}
	}
	c.Voice.Print("%s", strings.Join(parts, "  "))
	one := listed{
		Type: "snapshot", ID: h.Hash, Time: session.Time(h.At()), Started: session.Time(m.Started), Finished: session.Time(m.Finished),
		Source: m.Source.Name, Host: m.Source.Host, Path: m.Source.Path, App: m.Source.App, Tags: append([]string{}, m.Tags...), Complete: m.Complete,
		Files: m.Totals.Files, Bytes: m.Totals.Bytes, Conversations: m.Totals.Conversations, Messages: m.Totals.Messages,
		Unparsed: m.Totals.Unparsed, MediaStored: m.Totals.MediaStored, MediaMissing: m.Totals.MediaMissing,
		Unreadable: m.Totals.Unreadable, Writer: h.Writer, Sequence: h.Seq, Program: m.Program, Carried: m.Carried(),
		Proven: proved, FailedDrill: failed,
	}
	return c.Voice.Object(one)
}
