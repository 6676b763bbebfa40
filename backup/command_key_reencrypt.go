package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/backup/state"
)

func reencryptFlag() cli.Flag {
	return &cli.BoolFlag{Name: "reencrypt", Usage: "store anew what the old keys open; where a rotation was before, only that"}
}

// reencrypting is key rotate --reencrypt at work.
type reencrypting struct {
	c   *session.Call
	w   *session.Writable
	sum reencryptedKeys
	all []*repo.Outdated
	now int64 // bytes of new objects of the families that are done
}

// reencryptedKeys is the summary of key rotate --reencrypt --json; fields are only
// added.
type reencryptedKeys struct {
	Type      string `json:"type"`
	Verb      string `json:"verb"`
	Epoch     uint64 `json:"epoch"`
	Rotated   bool   `json:"rotated"`
	Packs     tally  `json:"packs"`
	Snapshots int    `json:"snapshots"`
	Stored    int64  `json:"bytes_stored"`
	Left      int    `json:"snapshots_left"`
	Running   int    `json:"unfinished_runs"`
	DryRun    bool   `json:"dry_run,omitempty"`
}

// reencryptedFamily is a line about machines with one set of secrets, most often one.
type reencryptedFamily struct {
	Type      string      `json:"type"`
	Writer    format.Hash `json:"writer"`
	Packs     tally       `json:"packs"`
	Snapshots int         `json:"snapshots"`
	Stored    int64       `json:"bytes_stored"`
}

// rotateReencrypting rotates the keys and then stores anew what the old ones open.
// Where something of an epoch before is there, the rotation was done before: then it
// only goes on with that, for with every new epoch all of it would begin again.
func rotateReencrypting(ctx context.Context, c *session.Call, page string) error {
	r := &reencrypting{c: c}
	return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) {
		r.w, r.sum = w, reencryptedKeys{Type: "summary", Verb: "reencrypt", Epoch: w.View.Authority.Epoch, DryRun: c.DryRun()}
		if err := r.find(ctx, o.master, r.sum.Epoch); err != nil {
			return nil, err
		}
		if r.sum.Snapshots+r.sum.Left > 0 && c.Bool("new-root") {
			return nil, session.Fail(session.ExitUsage, "chatkeep key rotate --new-root alone does that; --reencrypt alone then goes on",
				"epoch %d had begun, and older packs are there: with those --reencrypt goes on, and gives no other root", r.sum.Epoch)
		}
		if r.sum.Snapshots+r.sum.Left > 0 {
			c.Voice.Warn("epoch %d had begun, and older packs are there: this goes on with those and makes no new keys; chatkeep key rotate does", r.sum.Epoch)
			return nil, r.run(ctx, o.master)
		}
		tell, err := rotate(ctx, c, w, o, page)
		r.sum.Epoch, r.sum.Rotated = r.sum.Epoch+1, true
		if err == nil && tell == nil {
			if err = r.find(ctx, o.master, r.sum.Epoch); err == nil {
				err = r.run(ctx, o.master)
			}
		}
		if err != nil || tell == nil {
			return nil, err
		}
		return func() error {
			if err := tell(); err != nil {
				return err
			}
			if err := r.find(ctx, o.master, r.sum.Epoch); err != nil {
				return err
			}
			return r.run(ctx, o.master)
		}, nil
	})
}

// find looks for what is encrypted to epochs before this one.
func (r *reencrypting) find(ctx context.Context, master *keys.Master, epoch uint64) error {
	reader, err := repo.NewReader(ctx, r.w.Store, r.w.View, master, r.w.Memory)
	if err != nil {
		return err
	}
	if r.all, err = repo.FindOutdated(reader, epoch); err != nil {
		return err
	}
	r.sum.Packs, r.sum.Snapshots, r.sum.Left, r.sum.Running = tally{}, 0, 0, 0
	for _, of := range r.all {
		r.sum.Packs.Objects += of.Packs.Objects
		r.sum.Packs.Bytes += of.Packs.Bytes
		r.sum.Snapshots += len(of.Heads)
		r.sum.Left += len(of.Replaced)
		r.sum.Running += of.Running
	}
	return nil
}

func (r *reencrypting) run(ctx context.Context, master *keys.Master) error {
	if r.sum.DryRun {
		return r.wouldDo()
	}
	r.c.Voice.Say("storing anew %s, %s, of %s; when it is interrupted, the same command goes on",
		session.Plural(r.sum.Packs.Objects, "pack", "packs"), session.Size(r.sum.Packs.Bytes), session.Plural(int64(r.sum.Snapshots), "snapshot", "snapshots"))
	r.sum.Snapshots = 0
	job := &repo.Reencryption{
		Store: r.w.Store, Master: master, Memory: r.w.Memory, Session: repo.SessionOptions{Now: r.c.Env.Clock.Now},
		Look: r.look, Temporary: r.temporary, Told: r.told,
		Progress: func(done, total int, stored int64) {
			r.c.Voice.Progress(r.now+stored, r.sum.Packs.Bytes, fmt.Sprintf("snapshot %d of %d", min(done+1, total), total))
		},
	}
	if key, err := r.w.Key(); err == nil && key != nil && r.w.View.MayWrite(ctx, r.w.Store, key, r.w.Memory) == nil {
		job.Own = key
	}
	if err := job.Run(ctx); err != nil {
		return err
	}
	return r.tell(job)
}

// look opens the repository again.
func (r *reencrypting) look(ctx context.Context) (*repo.View, error) {
	err := r.w.Renew(ctx)
	return r.w.View, err
}

// wouldDo says what there is to do.
func (r *reencrypting) wouldDo() error {
	r.sum.Left = 0
	r.c.Voice.Print("would store anew %s, %s, of %s", session.Plural(r.sum.Packs.Objects, "pack", "packs"),
		session.Size(r.sum.Packs.Bytes), session.Plural(int64(r.sum.Snapshots), "snapshot", "snapshots"))
	for _, of := range r.all {
		if len(of.Heads) == 0 {
			continue
		}
		if err := r.c.Voice.Object(reencryptedFamily{"writer", of.Dedup, tally(of.Packs), len(of.Heads), 0}); err != nil {
			return err
		}
	}
	return r.c.Voice.Object(r.sum)
}

// temporary makes the memory of a writer that is there for this alone: what this
// machine notes of its own runs is of its own writer. What was read is kept with what
// this machine keeps, as stored.
func (r *reencrypting) temporary() (repo.Memory, func(), error) {
	dir, err := os.MkdirTemp("", "chatkeep-reencrypt-")
	if err != nil {
		return nil, nil, err
	}
	dirs := state.Dirs{Config: filepath.Join(dir, "config"), Data: filepath.Join(dir, "data"), State: filepath.Join(dir, "state"), Cache: r.c.Dirs.Cache}
	return dirs.Repository(r.w.ID()), func() { _ = os.RemoveAll(dir) }, nil
}

// told tells of a family that is done.
func (r *reencrypting) told(of *repo.Outdated, did repo.Reencrypted) error {
	r.now += did.Stored
	r.sum.Stored += did.Stored
	r.sum.Snapshots += did.Snapshots
	r.c.Voice.Say("writer %s: %s, %s new", session.Short(of.Dedup), session.Plural(int64(did.Snapshots), "snapshot", "snapshots"), session.Size(did.Stored))
	return r.c.Voice.Object(reencryptedFamily{"writer", of.Dedup, tally(of.Packs), did.Snapshots, did.Stored})
}

// tell says how it ended, and what is left: other machines go on meanwhile.
func (r *reencrypting) tell(job *repo.Reencryption) error {
	left, err := repo.FindOutdated(job.Reader(), r.sum.Epoch)
	if err != nil {
		return err
	}
	r.sum.Left, r.sum.Running = 0, 0
	for _, of := range left {
		r.sum.Left += len(of.Heads) + len(of.Replaced)
		r.sum.Running += of.Running
	}
	r.c.Voice.Say("%s of %s were stored anew in epoch %d, %s", session.Plural(r.sum.Packs.Objects, "pack", "packs"),
		session.Plural(int64(r.sum.Snapshots), "snapshot", "snapshots"), r.sum.Epoch, session.Size(r.sum.Stored))
	if r.sum.Left > 0 {
		r.c.Voice.Warn("%s were made meanwhile on old packs: run chatkeep key rotate --reencrypt again", session.Plural(int64(r.sum.Left), "snapshot", "snapshots"))
	}
	if r.sum.Running > 0 {
		r.c.Voice.Warn("%s did not end, and what was stored for it stays in the old packs until that machine's next backup", session.Plural(int64(r.sum.Running), "run", "runs"))
	}
	r.c.Voice.Say("next: chatkeep prune, which gives the old packs back when the grace is over; until then, and in every copy that was made, the old keys open them")
	return r.c.Voice.Object(r.sum)
}
