package backup

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func repairCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "repair", Category: session.LookAfter, Usage: "give back what is missing or damaged, as far as anything has it",
		Description: "First it puts back every object that is missing or damaged and that a copy of the\n" +
			"repository (--from, may be repeated) or this machine's cache still has; that needs no\n" +
			"key, for an object's name proves its bytes. If something is hurt after that, it asks\n" +
			"for the passphrase, writes lost index objects anew, and makes a snapshot, tagged\n" +
			"chatkeep:repaired, of what remains of each one that is hurt. The hurt ones stay until\n" +
			"you forget them. Nothing that can still be read is ever removed.\n\n" +
			"  chatkeep repair --dry-run\n" +
			"  chatkeep repair --from /mnt/usb/chats\n" +
			"  chatkeep repair --from s3://bucket/chats --keyless",
		Flags: env.KeyFlags(
			&cli.StringSliceFlag{Name: "from", Usage: "a copy of the repository at `PLACE` has what is missing; may be repeated"},
			&cli.BoolFlag{Name: "keyless", Usage: "put objects back, and ask for no key"},
			&cli.BoolFlag{Name: "quick", Usage: "look at the names and sizes of packs only, and do not read them"},
			&cli.BoolFlag{Name: "others", Usage: "make snapshots of what remains of other machines', too, which stores all of it again"},
			session.DryRun(),
		),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			mirrors, err := c.Mirrors(ctx, c.StringSlice("from"))
			if err != nil {
				return err
			}
			w, err := c.OpenDamaged(ctx, mirrors)
			if err != nil {
				return err
			}
			if !w.Vouched() {
				c.Voice.Warn("nothing tells that this is your repository: that it is %s is its own claim; --id says which one to expect", w.Memory.ID)
			}
			r := &repairRun{c: c, w: w}
			if err := r.mend(ctx, mirrors); err != nil {
				return err
			}
			if err := r.rebuild(ctx); err != nil {
				return err
			}
			return r.tell(ctx)
		}),
	}
}

// repairRun is one run of the command.
type repairRun struct {
	c       *session.Call
	w       *session.Writable
	mended  *repo.MendReport
	reader  *repo.Reader // nil without a key
	indexed int
	made    []*Repaired
	blocked error // why the part that needs a key could not be done
}

// mend puts back objects.
func (r *repairRun) mend(ctx context.Context, mirrors []repo.Mirror) error {
	id := r.w.Memory.ID
	told := "put back"
	if r.c.DryRun() {
		told = "would put back"
	}
	var failed error
	var err error
	r.mended, err = repo.Mend(ctx, r.w.Store, id, repo.MendOptions{
		Place: r.w.Name(), Memory: r.w.Memory, Mirrors: mirrors, Quick: r.c.Bool("quick"), DryRun: r.c.DryRun(),
		Progress: func(done, total int64) { r.c.Voice.Progress(done, total, "") },
		Told: func(m repo.Mended) {
			r.c.Voice.Print("%s %s from %s", told, m.Key, m.From)
			if err := r.c.Voice.Object(mendedObject{"mended", m.Key, string(m.Was), m.From, m.Size}); err != nil && failed == nil {
				failed = err
			}
		},
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	for _, note := range r.mended.Notes {
		r.c.Voice.Print("note: %s", note)
		if err := r.c.Voice.Object(finding{Type: "note", Message: note}); err != nil {
			return err
		}
	}
	if r.c.DryRun() {
		return nil
	}
	if err := r.noteDamaged(); err != nil {
		return err
	}
	return r.w.Survey(ctx, id)
}

// noteDamaged keeps for the next backup which packs must not be referred to.
// What a quick look did not read is as it was before.
func (r *repairRun) noteDamaged() error {
	damaged := damagedPacks(r.mended.Left)
	if r.c.Bool("quick") {
		before, err := r.w.Memory.Damaged()
		if err != nil {
			return err
		}
		for _, hash := range before {
			mended := func(m repo.Mended) bool { return m.Key == format.PackName(hash) }
			if !slices.ContainsFunc(r.mended.Mended, mended) {
				damaged = append(damaged, hash)
			}
		}
	}
	return r.w.Memory.SetDamaged(damaged)
}

// damagedPacks are the packs that are there, and have other bytes than they
// should.
func damagedPacks(problems []error) (packs []format.Hash) {
	for _, key := range keysOf(problems, format.Flipped, format.Truncated) {
		if name, ok := format.ParseName(key); ok && name.Type == format.ObjectPack {
			packs = append(packs, name.Hash)
		}
	}
	return packs
}

// rebuild writes index objects and snapshots for what is hurt.
func (r *repairRun) rebuild(ctx context.Context) error {
	if r.c.Bool("keyless") || r.w.View == nil || len(r.mended.Left) == 0 && !r.mended.Headless {
		return nil
	}
	reader, err := readerOf(ctx, r.w.Archive)
	if err != nil || reader == nil {
		return err
	}
	r.reader = reader
	report, remains, err := r.examine(ctx)
	if err != nil {
		return err
	}
	key, err := r.w.WriterKey()
	if err == nil {
		err = r.w.Trusted(ctx)
	}
	if err != nil {
		r.blocked = err
		return nil
	}
	if r.c.DryRun() {
		r.indexed = len(remains.Unindexed())
	} else if err := r.reindex(ctx, remains); err != nil {
		return err
	}
	r.made, err = RepairSnapshots(ctx, remains, report.Hurt, RepairOptions{
		Own: key.Dedup, Others: r.c.Bool("others"), DryRun: r.c.DryRun(), Program: "chatkeep " + session.Version(), Told: r.tellMade,
		Begin: func(ctx context.Context) (*repo.Session, error) {
			s, _, err := r.w.Begin(ctx, repo.SessionOptions{})
			return s, err
		},
	})
	return err
}

func (r *repairRun) examine(ctx context.Context) (*repo.CheckReport, *repo.Remains, error) {
	return repo.Examine(ctx, r.w.Store, r.w.View, r.reader, repo.CheckOptions{Known: r.mended.Left})
}

// reindex writes index objects for packs that none covers.
func (r *repairRun) reindex(ctx context.Context, remains *repo.Remains) error {
	bare := remains.Unindexed()
	if len(bare) == 0 {
		return nil
	}
	s, _, err := r.w.Begin(ctx, repo.SessionOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	r.indexed, err = s.Reindex(ctx, bare)
	return err
}
