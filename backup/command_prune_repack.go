package backup

import (
	"context"

	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// repack takes packs apart as --max-repack asks. The snapshots that are committed
// once more stand for others, which the owner forgets at once: the prune that
// follows condemns what only those needed.
func repack(ctx context.Context, c *session.Call, w *session.Writable) error {
	most, err := c.Size("max-repack")
	if err != nil || most == 0 {
		return err
	}
	key, err := w.WriterKey()
	if err != nil {
		return err
	}
	master, r, err := w.Unlock(ctx)
	if err != nil {
		return err
	}
	report, err := repo.Repack(ctx, w.Store, r, key, w.Memory, repo.RepackOptions{
		Max: most, DryRun: c.DryRun(), Session: repo.SessionOptions{Now: c.Env.Clock.Now},
		Progress: func(done, total int) {
			c.Voice.Steps(int64(done), int64(total), "snapshots")
		},
	})
	if err != nil {
		return err
	}
	if len(report.Replaced) > 0 && !c.DryRun() {
		if err := forgetReplaced(ctx, w, master, report.Replaced); err != nil {
			return err
		}
	}
	return tellRepacked(c, report)
}

func forgetReplaced(ctx context.Context, w *session.Writable, master *keys.Master, heads []*repo.Head) error {
	if err := w.Reload(ctx); err != nil {
		return err
	}
	o, err := repo.NewOwner(ctx, w.Store, w.View, master, w.Memory)
	if err != nil {
		return err
	}
	if err := o.Forget(w.View.StoodFor(heads)); err != nil {
		return err
	}
	if err := o.Commit(ctx); err != nil {
		return err
	}
	return w.Reload(ctx)
}

// repacked tells of a repack in prune --json, before the summary; fields are only
// added.
type repacked struct {
	Type      string `json:"type"`
	Packs     tally  `json:"packs"`
	Moved     int64  `json:"bytes_moved"`
	Stored    int64  `json:"bytes_stored"`
	Snapshots int    `json:"snapshots"`
	Left      int    `json:"packs_left"`
	DryRun    bool   `json:"dry_run,omitempty"`
}

func tellRepacked(c *session.Call, r *repo.RepackReport) error {
	tell, verb := c.Voice.Say, "took apart"
	if c.DryRun() {
		tell, verb = c.Voice.Print, "would take apart"
	}
	tell("%s %s, %s, in which %s are needed · %s committed anew", verb, session.Plural(r.Packs.Objects, "pack", "packs"),
		session.Size(r.Packs.Bytes), session.Size(r.Moved), session.Plural(int64(len(r.Replaced)), "snapshot", "snapshots"))
	if r.Left > 0 {
		tell("%s more are worth it: a later run, or a larger --max-repack, takes them apart", session.Plural(int64(r.Left), "pack", "packs"))
	}
	return c.Voice.Object(repacked{"repack", tally(r.Packs), r.Moved, r.Stored, len(r.Replaced), r.Left, c.DryRun()})
}
