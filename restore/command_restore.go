package restore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func restoreCommand(env *session.Env) *cli.Command {
	own := append(filterFlags(),
		&cli.StringFlag{Name: "target", Usage: "write to `DIR`, which must be new or empty, or have the same restore in it, cut off"},
		&cli.BoolFlag{Name: "overwrite", Usage: "write to a target that has something in it, and replace files of the same names"},
		&cli.StringSliceFlag{Name: "with", Usage: "also give back `WHAT`: messages, as JSON Lines in " + MessagesDir},
		&cli.StringSliceFlag{Name: "path", Usage: "only this `PATH` of the snapshot, as ls prints it, and all below it; may be repeated, and each must be there"},
		&cli.StringSliceFlag{Name: "chat", Usage: "only the conversation with this title or `ID` (its beginning): its messages, their attachments and what it was read from; may be repeated"},
		&cli.StringFlag{Name: "from", Usage: "only messages from this `TIME` on, as 2026-11-20, and the files that they name"},
		&cli.StringFlag{Name: "to", Usage: "only messages up to this `TIME`, and the files that they name"},
		&cli.StringSliceFlag{Name: "kind", Usage: "only this `KIND`: messages, media (pictures, sound, video) or files (all else); may be repeated"},
		&cli.BoolFlag{Name: "safe-names", Usage: "change names that Windows or a disk that takes a for A would not hold"},
		&cli.BoolFlag{Name: "verify", Usage: "read everything again from the disk at the end, and compare"},
		&cli.BoolFlag{Name: "plan", Usage: "fetch nothing that was backed up: say what would be, and how long it may take"},
		&cli.StringFlag{Name: "bandwidth", Usage: "reckon a plan's time with `RATE` a second, as 2MiB"},
		session.DryRun())
	own = append(own, thawFlags()...)
	return &cli.Command{
		Name: "restore", Category: session.GiveBack, ArgsUsage: "[SNAPSHOT]", Usage: "give back what was backed up, byte for byte",
		Description: snapshotHelp + "latest if left out.\n" +
			"Everything that is written was checked; nothing outside of the target is touched.\n" +
			"Messages come first, where they are asked for. A restore that was cut off is gone\n" +
			"on with by the same command: what is there is read, compared and not fetched again.\n" +
			"What the store has in archives is asked for with --thaw; the same command, run again\n" +
			"hours later, goes on with it.\n\n" +
			"  chatkeep restore --target ~/restored\n" +
			"  chatkeep restore --plan\n" +
			"  chatkeep restore --target ~/messages --kind messages\n" +
			"  chatkeep restore --target ~/anna --chat Anna --from 2024-06-01 --with messages\n" +
			"  chatkeep restore latest~1 --source Anna --target ~/restored --with messages",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			o, err := optionsOf(c)
			if err != nil {
				return err
			}
			thaw, err := thawOf(c)
			if err != nil {
				return err
			}
			a, s, err := openedIn(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			opening := cost{a.Requests(), a.Received()}
			if c.Bool("plan") && !c.DryRun() {
				return tellPlan(ctx, c, s, o, opening)
			}
			if err := thaw.surveyCold(ctx, a, s); err != nil {
				return err
			}
			if c.DryRun() {
				return errors.Join(thaw.dryRun(ctx, o), dryRun(ctx, c, s, o))
			}
			started := c.Env.Clock.Now()
			report, err := thaw.run(ctx, o)
			var incomplete *Incomplete
			var waiting *Waiting
			if err != nil && !errors.As(err, &incomplete) && !errors.As(err, &waiting) {
				if ctx.Err() != nil {
					c.Voice.Say("the same command goes on from here")
				}
				return err
			}
			return errors.Join(err, tellRestored(c, s, report, opening, c.Env.Clock.Now().Sub(started)))
		}),
	}
}

func optionsOf(c *session.Call) (Options, error) {
	o := Options{Overwrite: c.Bool("overwrite"), SafeNames: c.Bool("safe-names"), Verify: c.Bool("verify"), Clock: c.Env.Clock}
	if c.String("target") == "" && !c.Bool("plan") {
		return o, session.Usage("restore needs --target DIR")
	}
	for _, what := range c.StringSlice("with") {
		if what != "messages" {
			return o, session.Usage("--with: %q is not messages", what)
		}
		o.Messages = true
	}
	o.Paths = c.StringSlice("path")
	var err error
	if o.Choice, err = choiceOf(c); err != nil {
		return o, err
	}
	o.Resume, err = asked(c, &o)
	o.Progress = func(p Progress) { c.Voice.Progress(p.Bytes, p.TotalBytes, "") }
	o.Outage = func(err error, patience time.Duration) {
		c.Voice.Warn("%v; trying again for up to %s", err, session.Span(patience))
	}
	return o, err
}

// choiceOf reads the flags that choose by what things are.
func choiceOf(c *session.Call) (Choice, error) {
	choice := Choice{Chats: c.StringSlice("chat")}
	for _, name := range choice.Chats {
		if name == "" {
			return choice, session.Usage("--chat is empty")
		}
	}
	for flag, at := range map[string]*time.Time{"from": &choice.From, "to": &choice.To} {
		text := c.String(flag)
		if text == "" {
			continue
		}
		first, last, ok := parseSpan(text)
		if !ok {
			return choice, session.Usage("--%s: %q is no time; write 2026-11-20 or 2026-11-20T18:00", flag, text)
		}
		*at = last
		if flag == "from" {
			*at = first
		}
	}
	if !choice.From.IsZero() && !choice.To.IsZero() && choice.To.Before(choice.From) {
		return choice, session.Usage("--to is before --from")
	}
	for _, text := range c.StringSlice("kind") {
		kind := Kind(text)
		if kind != KindMessages && kind != KindMedia && kind != KindFiles {
			return choice, session.Usage("--kind: %q is not messages, media or files", text)
		}
		choice.Kinds = append(choice.Kinds, kind)
	}
	return choice, nil
}

// asked says what decides which bytes come where, for the journal.
func asked(c *session.Call, o *Options) (string, error) {
	text, err := json.Marshal(struct {
		Overwrite, Messages, SafeNames bool
		Paths                          []string
		Choice                         Choice
	}{o.Overwrite, o.Messages, o.SafeNames, c.StringSlice("path"), o.Choice})
	return string(text), err
}

// dryRun says what a restore would write. It does not look at the target.
func dryRun(ctx context.Context, c *session.Call, s *repo.Snapshot, o Options) error {
	p, err := Prepare(ctx, s, o)
	if err != nil {
		return err
	}
	sum := restored{
		Type: "summary", Snapshot: s.Head.Hash, Target: c.String("target"), DryRun: true, Warnings: []string{}, Unreadable: []string{}, Lost: []lostEntry{}, Renamed: []renamedEntry{},
		Files: p.Files, Bytes: p.Bytes, Dirs: p.Dirs, Links: p.Links,
	}
	c.Voice.Print("would restore %s, %s to %s", session.Plural(sum.Files, "file", "files"), session.Size(sum.Bytes), sum.Target)
	return c.Voice.Object(sum)
}

// restored is the summary of restore --json; fields are only added. Requests and
// bytes are all of this run, those for opening the repository included.
type restored struct {
	Type       string         `json:"type"`
	Snapshot   format.Hash    `json:"snapshot"`
	Target     string         `json:"target"`
	Files      int64          `json:"files"`
	Dirs       int64          `json:"dirs"`
	Links      int64          `json:"links"`
	Bytes      int64          `json:"bytes"`
	Chunks     int64          `json:"chunks_verified"`
	Zips       int64          `json:"zips_rebuilt"`
	Skipped    int64          `json:"skipped"`
	Seconds    float64        `json:"seconds"`
	DryRun     bool           `json:"dry_run,omitempty"`
	Warnings   []string       `json:"warnings"`
	Unreadable []string       `json:"unreadable_files"`
	Lost       []lostEntry    `json:"lost"`
	Waiting    int            `json:"waiting"` // entries that need what is in archives of the store
	Kept       int64          `json:"files_kept"`
	Reused     int64          `json:"chunks_reused"`
	Verified   int64          `json:"files_verified"`
	Objects    int64          `json:"objects"`
	Requests   int64          `json:"requests"`
	Downloaded int64          `json:"bytes_downloaded"`
	Opening    *cost          `json:"opening,omitempty"`
	Renamed    []renamedEntry `json:"renamed"`
}

// cost is what went to and came from the store.
type cost struct {
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes_downloaded"`
}

type lostEntry struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

func lostEntries(lost []Loss) []lostEntry {
	all := []lostEntry{}
	for _, l := range lost {
		all = append(all, lostEntry{l.Path, l.Err.Error()})
	}
	return all
}

type renamedEntry struct {
	Path    string `json:"path"`
	PathB64 string `json:"path_b64,omitempty"` // where the name is no UTF-8
	Name    string `json:"name"`
}

func tellRestored(c *session.Call, s *repo.Snapshot, r *Report, opening cost, took time.Duration) error {
	sum := restored{
		Type: "summary", Snapshot: s.Head.Hash, Target: c.String("target"), Files: r.Files, Dirs: r.Dirs, Links: r.Links,
		Bytes: r.Bytes, Chunks: r.Chunks, Zips: r.Zips, Skipped: r.Skipped, Seconds: took.Seconds(),
		Warnings: append([]string{}, r.Warnings...), Unreadable: append([]string{}, r.Unreadable...), Lost: lostEntries(r.Lost), Waiting: len(r.Waiting),
		Kept: r.Kept, Reused: r.Reused, Verified: r.Verified, Objects: r.Traffic.Objects,
		Requests: opening.Requests + r.Traffic.Requests, Downloaded: opening.Bytes + r.Traffic.Bytes, Opening: &opening,
		Renamed: []renamedEntry{},
	}
	for _, n := range r.Renamed {
		sum.Renamed = append(sum.Renamed, renamedEntry{n.Path, raw(n.Path), n.Name})
	}
	if c.Voice.JSON() {
		return c.Voice.Object(sum)
	}
	for _, w := range r.Warnings {
		c.Voice.Warn("%s", w)
	}
	for _, w := range r.Unreadable {
		c.Voice.Warn("not in the backup, for it could not be read then: %s", w)
	}
	for _, l := range r.Lost {
		c.Voice.Warn("not restored: %s: %v", l.Path, l.Err)
	}
	c.Voice.Say("%s, %s to %s · %s · %s", session.Plural(r.Files, "file", "files"), session.Size(r.Bytes), sum.Target,
		proof(r), session.Span(took))
	return nil
}

// proof says what a restore proved.
func proof(r *Report) string {
	text := session.Plural(r.Chunks, "chunk", "chunks") + " verified"
	if r.Zips > 0 {
		text += ", " + session.Plural(r.Zips, "zip", "zips") + " rebuilt and compared"
	}
	if r.Kept > 0 {
		text += ", " + session.Plural(r.Kept, "file", "files") + " of an earlier run found whole"
	}
	if r.Verified > 0 {
		text += ", " + session.Plural(r.Verified, "file", "files") + " read again from the disk"
	}
	return text
}
