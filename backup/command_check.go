package backup

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func checkCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "check", Category: session.LookAfter, Usage: "look for damage, and for what is missing or forged",
		Description: "Verifies signatures and that everything a snapshot needs is there, and names what is hurt:\n" +
			"snapshots, files, conversations and the dates in them. With --read-data it\n" +
			"also reads and decrypts every byte. --keyless asks for no passphrase and then checks\n" +
			"the names, sizes and hashes of everything, and the signatures. What the store has in\n" +
			"archives is not read: check says how much that is, and it is no problem.\n\n" +
			"--every-byte-within reads in each run those packs whose last reading is the longest\n" +
			"ago, says whether every byte will have been read within the time, and ends with exit\n" +
			"code 15 where some were not. This machine remembers what it read when, and notes it in\n" +
			"the repository.\n\n" +
			"With --locked, or where the settings of the place ask for object lock, it names what\n" +
			"snapshots need and is not locked for so long, by default half of the time that puts\n" +
			"lock for, and then ends with exit code 15.\n\n" +
			"  chatkeep check\n" +
			"  chatkeep check --read-data-subset 1/7\n" +
			"  chatkeep check --keyless --read-data\n" +
			"  chatkeep check --keyless --every-byte-within 30d --budget 5GiB\n" +
			"  chatkeep check --keyless --locked 15d",
		Flags: env.KeyFlags(
			&cli.BoolFlag{Name: "read-data", Usage: "read everything"},
			&cli.StringFlag{Name: "read-data-subset", Usage: "read a share of the packs: part `n/t` of t, or about p%, chosen anew each time"},
			&cli.StringFlag{Name: "every-byte-within", Usage: "read what was not read for longest, so that every byte is read within this `TIME`, as 30d"},
			&cli.StringFlag{Name: "budget", Usage: "with --every-byte-within: read at most this `SIZE` a run (default what it takes)"},
			&cli.StringFlag{Name: "locked", Usage: "name what may be deleted within this `TIME`, as 15d, in a bucket with object lock"},
			&cli.BoolFlag{Name: "keyless", Usage: "check what needs no key, and ask for none"},
		),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			o, err := checkOptions(c)
			if err != nil {
				return err
			}
			a, err := c.Inspect(ctx)
			if err != nil {
				return err
			}
			locks, err := newLockCheck(c, a)
			if err != nil {
				return err
			}
			var reader *repo.Reader
			if !c.Bool("keyless") {
				if reader, err = readerOf(ctx, a); err != nil {
					return err
				}
			}
			told := &hurtLines{ctx: ctx, voice: c.Voice}
			o.Hurt = told.entry
			if !a.Vouched() {
				c.Voice.Warn("nothing tells that this is your repository: that it is %s is its own claim; --id says which one to expect", a.ID())
			}
			a.TellUnheard()
			scrub, err := newScrub(ctx, c, a, reader, &o)
			if err != nil {
				return err
			}
			o.Progress = func(done, total int64) { c.Voice.Progress(done, total, "") }
			report, err := repo.Check(ctx, a.Store, a.View, reader, o)
			if err != nil {
				return errors.Join(err, scrub.keep())
			}
			if err := badNotes(ctx, c, reader, report); err != nil {
				return errors.Join(err, scrub.keep())
			}
			stale := scrub.finish(ctx)
			unseen := locks.look(ctx)
			if err := tellChecked(c, report, told, locks); err != nil {
				return err
			}
			return cmp.Or(unseen, stale, locks.late())
		}),
	}
}

// readerOf unlocks a repository that may be damaged. Where what it takes is
// itself damaged, that is one more problem, and there is no reader.
func readerOf(ctx context.Context, a *session.Archive) (*repo.Reader, error) {
	reader, err := a.Reader(ctx)
	switch format.ClassOf(err) {
	case format.Missing, format.Flipped, format.Truncated:
		a.View.Problems = append(a.View.Problems, err)
		return nil, nil
	}
	return reader, err
}

func checkOptions(c *session.Call) (repo.CheckOptions, error) {
	o := repo.CheckOptions{ReadData: c.Bool("read-data")}
	text := c.String("read-data-subset")
	if within := c.String("every-byte-within"); within != "" && (o.ReadData || text != "") {
		return o, session.Usage("either --every-byte-within or --read-data or --read-data-subset")
	} else if within == "" && c.IsSet("budget") {
		return o, session.Usage("--budget goes with --every-byte-within")
	}
	if text == "" {
		return o, nil
	}
	if o.ReadData {
		return o, session.Usage("either --read-data or --read-data-subset")
	}
	var ok bool
	o.ReadData = true
	if o.Part, o.Parts, ok = parseSubset(text, rand.Uint64N); !ok {
		return o, session.Usage("--read-data-subset: %q is neither part n of t, as 1/7, nor a share, as 10%%", text)
	}
	return o, nil
}

// maxParts is the most parts that packs can be told apart in.
const maxParts = 1 << 16

// parseSubset reads "n/t", n from 1 to t, or a percentage, for which random
// chooses the part.
func parseSubset(text string, random func(uint64) uint64) (part, parts uint64, ok bool) {
	if number, isShare := strings.CutSuffix(text, "%"); isShare {
		share, err := strconv.ParseFloat(number, 64)
		if err != nil || !(share > 0) || share > 100 {
			return 0, 0, false
		}
		parts = min(maxParts, uint64(100/share))
		return random(parts) + 1, parts, true
	}
	n, t, _ := strings.Cut(text, "/")
	part, err := strconv.ParseUint(n, 10, 32)
	if err != nil {
		return 0, 0, false
	}
	parts, err = strconv.ParseUint(t, 10, 32)
	return part, parts, err == nil && part >= 1 && part <= parts && parts <= maxParts
}

// tellChecked says what a check found. Problems are what was asked for, so they
// go to stdout; that there are any is the error.
func tellChecked(c *session.Call, r *repo.CheckReport, told *hurtLines, locks *lockCheck) error {
	for _, note := range r.Notes {
		c.Voice.Print("note: %s", note)
		if err := c.Voice.Object(finding{Type: "note", Message: note}); err != nil {
			return err
		}
	}
	if err := tellEach(c, r.Problems); err != nil {
		return err
	}
	if err := told.snapshots(r.Hurt); err != nil {
		return err
	}
	found := "no problems found"
	if n := int64(len(r.Problems)); n > 0 {
		found = session.Plural(n, "problem", "problems")
	}
	c.Voice.Print("%s, %s: %s, read %s", session.Plural(int64(r.Snapshots), "snapshot", "snapshots"),
		session.Plural(int64(r.Objects), "object", "objects"), found, session.Size(r.BytesRead))
	if r.Orphans > 0 {
		c.Voice.Print("%s, %s, that no snapshot needs: chatkeep prune gives the space back",
			session.Plural(int64(r.Orphans), "object", "objects"), session.Size(r.OrphanBytes))
	}
	if r.Archived > 0 {
		c.Voice.Print("%s, %s, in archives of the store: there, and not read", session.Plural(int64(r.Archived), "object", "objects"), session.Size(r.ArchivedBytes))
	}
	if err := locks.tell(); err != nil {
		return err
	}
	sum := checked{Type: "summary", Snapshots: r.Snapshots, Objects: r.Objects, Packs: r.Packs, Orphans: r.Orphans, OrphanBytes: r.OrphanBytes,
		BytesRead: r.BytesRead, Problems: len(r.Problems), Hurt: len(r.Hurt), Archived: r.Archived, ArchivedBytes: r.ArchivedBytes}
	locks.sum(&sum)
	if err := c.Voice.Object(sum); err != nil {
		return err
	}
	if len(r.Problems) == 0 {
		return nil
	}
	return session.Fail(session.ExitDamaged, "chatkeep repair gives back what remains, with --from a copy of the repository what is lost, with --versions what a bucket with versions kept; the next backup stores anew what its source still has",
		"the repository has %s", session.Plural(int64(len(r.Problems)), "problem", "problems"))
}

type finding struct {
	Type    string `json:"type"`
	Class   string `json:"class,omitempty"`
	Message string `json:"message"`
}

type checked struct {
	Type        string `json:"type"`
	Snapshots   int    `json:"snapshots"`
	Objects     int    `json:"objects"`
	Packs       int    `json:"packs"`
	Orphans     int    `json:"orphans"`
	OrphanBytes int64  `json:"bytes_orphaned"`
	BytesRead   int64  `json:"bytes_read"`
	Problems    int    `json:"problems"`
	Hurt        int    `json:"hurt_snapshots"`
	// What was to be read and is in archives of the store, and is no problem.
	Archived      int   `json:"archived"`
	ArchivedBytes int64 `json:"bytes_archived"`
	// What is not locked as is wanted; absent where locks were not looked at.
	Unlocked      *int64 `json:"unlocked,omitempty"`
	UnlockedBytes *int64 `json:"bytes_unlocked,omitempty"`
}

// tellEach prints problems, a line each.
func tellEach(c *session.Call, problems []error) error {
	for _, problem := range problems {
		c.Voice.Print("%s", problem)
		if err := c.Voice.Object(finding{"problem", string(format.ClassOf(problem)), problem.Error()}); err != nil {
			return err
		}
	}
	return nil
}
