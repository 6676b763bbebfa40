package backup

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func copyCommand(env *session.Env) *cli.Command {
	own := []cli.Flag{
		session.DryRun(),
		&cli.BoolFlag{Name: "verify", Usage: "read everything at TO again, and hold it against its hashes"},
		&cli.IntFlag{Name: "parallel", Value: 4, Usage: "how many objects are under way at once, 1 to 64; 128 MiB of them at most"},
		&cli.BoolFlag{Name: "reencrypt", Usage: "carry snapshots into another repository, with other keys"},
		&cli.StringSliceFlag{Name: "snapshot", Usage: "with --reencrypt, only the snapshot with this `ID`, or latest; may be repeated"},
		&cli.StringFlag{Name: "source", Usage: "with --reencrypt, only snapshots of the source with this `NAME`"},
		&cli.StringFlag{Name: "host", Usage: "with --reencrypt, only snapshots from this `HOST`"},
		&cli.StringSliceFlag{Name: "tag", Usage: "with --reencrypt, only snapshots with this `TAG`; may be repeated"},
	}
	return &cli.Command{
		Name: "copy", Category: session.LookAfter, ArgsUsage: "FROM TO", Usage: "make a second copy of a repository elsewhere",
		Description: "Copies a repository byte for byte, between any two places, without any key: everything\n" +
			"is proved by the hash in its name and the signatures on the way. TO is empty, or an\n" +
			"earlier copy, and then what is new moves. A copy that was interrupted goes on where it\n" +
			"was. Nothing at TO is replaced or deleted. The copy opens with the same keys, and can be\n" +
			"backed up to like the original.\n\n" +
			"The settings of a place are there for both ends: --from-s3-profile and --to-s3-profile\n" +
			"name credentials for two different servers; the environment is for both.\n\n" +
			"With --reencrypt, TO is another repository, which this machine can write to, and FROM is\n" +
			"unlocked to be read: the passphrase that is asked for is that of FROM. Snapshots are\n" +
			"carried over, the oldest first, and cut as if this machine had backed them up to TO;\n" +
			"those that it carried before are not carried again.\n\n" +
			"  chatkeep copy /mnt/disk/chats s3://bucket/chats --verify\n" +
			"  chatkeep copy s3:https://one.example/chats s3:https://two.example/chats \\\n" +
			"      --from-s3-profile one --to-s3-profile two --limit-upload 08:00-18:00=500KiB,4MiB\n" +
			"  chatkeep copy --reencrypt /mnt/disk/chats s3://bucket/shared --source phone",
		Flags: env.EndFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			ends, err := c.Ends()
			if err != nil {
				return err
			}
			if c.Bool("reencrypt") {
				return reencrypt(ctx, c, ends)
			}
			return copyAll(ctx, c, ends)
		}),
	}
}

// maxParallel is the most objects that may be under way at once. How many bytes
// they are is bounded beside that.
const maxParallel = 64

// only refuses flags that belong to the other kind of copy.
func only(c *session.Call, with string, flags ...string) error {
	for _, flag := range flags {
		if c.IsSet(flag) {
			return session.Usage("--%s goes %s --reencrypt", flag, with)
		}
	}
	return nil
}

func copyAll(ctx context.Context, c *session.Call, ends *session.Ends) error {
	o := repo.CopyOptions{
		DryRun: c.DryRun(), Verify: c.Bool("verify"), Parallel: c.Int("parallel"),
		Progress: func(done, total int64) { c.Voice.Progress(done, total, "") },
	}
	if err := only(c, "with", "snapshot", "source", "host", "tag", "identity"); err != nil {
		return err
	}
	if o.Parallel < 1 || o.Parallel > maxParallel {
		return session.Usage("--parallel: from 1 to %d", maxParallel)
	}
	var err error
	if o.Accept, err = c.Accepted(); err != nil {
		return err
	}
	from, err := ends.Source(ctx)
	if err != nil {
		return err
	}
	if !from.Vouched() {
		// No warning: a machine that only makes copies is none that knows it, and
		// what is no copy of what is at TO already is refused.
		c.Voice.Say("note: nothing tells that this is your repository: that it is %s is its own claim; --id says which one to expect", from.Origin.ID)
	}
	to, err := ends.Target(ctx, from.Archive)
	if err != nil {
		return err
	}
	started := c.Env.Clock.Now()
	r, err := repo.Copy(ctx, from.Origin, to.Store, o)
	from.Heard(r)
	// What was found by then is told even if the copy could not go on.
	if told := tellProblems(c, r); err != nil || told != nil {
		return errors.Join(err, told)
	}
	if err := noteCopy(from, to, r, o.DryRun); err != nil {
		return err
	}
	took := c.Env.Clock.Now().Sub(started)
	done := copied{
		Type: "summary", Repository: from.Origin.ID, From: from.Place, To: to.Place,
		Objects: r.Objects, Bytes: r.Bytes, Moved: r.Moved, MovedBytes: r.MovedBytes, Present: r.Present,
		Verified: r.Verified, VerifiedBytes: r.VerifiedBytes, Condemned: r.Condemned, Uncounted: r.Uncounted, Foreign: r.Foreign,
		Problems: len(r.Problems), Requests: from.Requests() + to.Requests(), Seconds: took.Seconds(), DryRun: o.DryRun,
	}
	return tellCopied(c, r, done, took)
}

// noteCopy remembers where the repository is now, and what was seen of it.
func noteCopy(from *session.Source, to *session.Target, r *repo.CopyReport, dry bool) error {
	if dry {
		return nil
	}
	if len(r.Problems) == 0 {
		if err := from.Seen(r.View); err != nil {
			return err
		}
	}
	return to.Holds(from.Archive, from.Origin.ID)
}

// copied is the last line of copy --json; fields are only ever added.
type copied struct {
	Type          string      `json:"type"`
	Repository    format.Hash `json:"repository"`
	From          string      `json:"from"`
	To            string      `json:"to"`
	Objects       int         `json:"objects"`
	Bytes         int64       `json:"bytes"`
	Moved         int         `json:"moved"`
	MovedBytes    int64       `json:"bytes_moved"`
	Present       int         `json:"present"`
	Verified      int         `json:"verified"`
	VerifiedBytes int64       `json:"bytes_verified"`
	Condemned     int         `json:"condemned"`
	Uncounted     int         `json:"uncounted"`
	Foreign       int         `json:"foreign"`
	Problems      int         `json:"problems"`
	Requests      int64       `json:"requests"`
	Seconds       float64     `json:"seconds"`
	DryRun        bool        `json:"dry_run,omitempty"`
}

// tellProblems says what is wrong, where a check says it.
func tellProblems(c *session.Call, r *repo.CopyReport) error {
	for _, note := range r.Notes {
		c.Voice.Say("note: %s", note)
		if err := c.Voice.Object(finding{Type: "note", Message: note}); err != nil {
			return err
		}
	}
	if err := tellEach(c, r.Problems); err != nil {
		return err
	}
	return nil
}

// tellCopied says what was copied.
func tellCopied(c *session.Call, r *repo.CopyReport, done copied, took time.Duration) error {
	if r.Foreign > 0 {
		c.Voice.Say("left alone: %s that are nothing of chatkeep's", session.Plural(int64(r.Foreign), "thing", "things"))
	}
	if r.Condemned+r.Uncounted > 0 {
		c.Voice.Say("left out: %s pruned, %s not counting", session.Plural(int64(r.Condemned), "object", "objects"),
			session.Plural(int64(r.Uncounted), "statement", "statements"))
	}
	if done.DryRun {
		c.Voice.Print("would copy %s, %s; %s there already", session.Plural(int64(r.Moved), "object", "objects"),
			session.Size(r.MovedBytes), session.Count(int64(r.Present)))
	} else {
		c.Voice.Say("copied %s, %s; %s there already · %s", session.Plural(int64(r.Moved), "object", "objects"),
			session.Size(r.MovedBytes), session.Count(int64(r.Present)), session.Span(took))
	}
	if r.Verified > 0 {
		c.Voice.Say("read again at %s: %s, %s", done.To, session.Plural(int64(r.Verified), "object", "objects"), session.Size(r.VerifiedBytes))
	}
	if err := c.Voice.Object(done); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		rest := "everything else is at " + done.To
		if done.DryRun {
			rest = "everything else can be copied"
		}
		return session.Fail(session.ExitDamaged, copyCure(r), "%s; %s", session.Plural(int64(len(r.Problems)), "problem", "problems"), rest)
	}
	return nil
}

// copyCure is the first hint that a problem has.
func copyCure(r *repo.CopyReport) string {
	for _, p := range r.Problems {
		if h, ok := p.(interface{ Hint() string }); ok && h.Hint() != "" {
			return h.Hint()
		}
	}
	return "another copy may have what is damaged here; chatkeep check tells which snapshots need it"
}
