package backup

import (
	"context"
	"errors"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// mendedObject is an object that was put back, as repair --json prints it;
// fields are only added.
type mendedObject struct {
	Type string `json:"type"` // mended
	Key  string `json:"object"`
	Was  string `json:"class"`
	From string `json:"from"`
	Size int64  `json:"bytes"`
}

// repairedSnapshot is what was made of a hurt snapshot, as repair --json prints
// it; fields are only added.
type repairedSnapshot struct {
	Type         string `json:"type"` // repaired
	Of           string `json:"of"`
	Headless     bool   `json:"headless"`
	Source       string `json:"source"`
	Snapshot     string `json:"snapshot,omitempty"`
	Already      bool   `json:"already"`
	Foreign      bool   `json:"foreign"`
	Whole        int64  `json:"whole"`
	Partial      int64  `json:"partial"`
	Lost         int64  `json:"lost"`
	Gone         int64  `json:"nameless"`
	LostMessages int64  `json:"messages_lost"`
}

// tellMade says what became of one hurt snapshot.
func (r *repairRun) tellMade(one *Repaired) error {
	o := repairedSnapshot{
		Type: "repaired", Of: one.Of.String(), Headless: one.Headless, Source: one.Source, Already: one.Already, Foreign: one.Foreign,
		Whole: one.Whole, Partial: one.Partial, Lost: one.Lost, Gone: one.Gone, LostMessages: one.LostMessages,
	}
	if !one.Snapshot.IsZero() {
		o.Snapshot = one.Snapshot.String()
	}
	what := "snapshot " + session.Short(one.Of)
	if one.Headless {
		what = "the snapshot of manifest " + session.Short(one.Of) + ", whose head is lost or was never written"
	}
	switch {
	case one.Foreign:
		r.c.Voice.Print("%s of %s: another machine's; chatkeep repair there, or --others here, makes one of what remains", what, one.Source)
	case one.Already:
		r.c.Voice.Print("%s of %s: what remains is in an earlier repaired snapshot", what, one.Source)
	case r.c.DryRun():
		r.c.Voice.Print("%s of %s: would make one with %s whole, %s in part, %s lost", what, one.Source,
			session.Count(one.Whole), session.Count(one.Partial), session.Count(one.Lost+one.Gone))
	case one.Snapshot.IsZero():
		r.c.Voice.Print("%s of %s: nothing remains of it", what, one.Source)
	default:
		r.c.Voice.Print("%s of %s: repaired as %s, %s whole, %s in part, %s lost", what, one.Source, session.Short(one.Snapshot),
			session.Count(one.Whole), session.Count(one.Partial), session.Count(one.Lost+one.Gone))
		if one.LostMessages > 0 {
			r.c.Voice.Print("  %s lost", session.Plural(one.LostMessages, "message is", "messages are"))
		}
	}
	return r.c.Voice.Object(o)
}

// repairSummary ends repair --json; fields are only added.
type repairSummary struct {
	Type      string `json:"type"` // summary
	Mended    int    `json:"mended"`
	Indexed   int    `json:"packs_indexed"`
	Snapshots int    `json:"snapshots"`
	Problems  int    `json:"problems"`
	Hurt      int    `json:"hurt_snapshots"`
	DryRun    bool   `json:"dry_run,omitempty"`
}

// tell looks once more and says what is still wrong.
func (r *repairRun) tell(ctx context.Context) error {
	left, hurt, err := r.left(ctx)
	if err != nil {
		return err
	}
	told := &hurtLines{ctx: ctx, voice: r.c.Voice}
	for _, p := range left {
		r.c.Voice.Print("%s", p)
		if err := r.c.Voice.Object(finding{"problem", string(format.ClassOf(p)), p.Error()}); err != nil {
			return err
		}
	}
	if err := told.snapshots(hurt); err != nil {
		return err
	}
	sum := repairSummary{Type: "summary", DryRun: r.c.DryRun(), Mended: len(r.mended.Mended), Indexed: r.indexed, Problems: len(left), Hurt: len(hurt)}
	would := ""
	if r.c.DryRun() {
		would = "would be "
	}
	for _, one := range r.made {
		if r.makes(one) {
			sum.Snapshots++
		}
	}
	if r.indexed > 0 {
		r.c.Voice.Print("index of %s %swritten anew", session.Plural(int64(r.indexed), "pack", "packs"), would)
	}
	r.c.Voice.Print("%s %sput back, %s %smade, %s left", session.Plural(int64(sum.Mended), "object", "objects"), would,
		session.Plural(int64(sum.Snapshots), "snapshot", "snapshots"), would, session.Plural(int64(len(left)), "problem", "problems"))
	if err := r.c.Voice.Object(sum); err != nil {
		return err
	}
	if r.blocked != nil {
		return r.blocked
	}
	if len(left) == 0 {
		return nil
	}
	return session.Fail(session.ExitDamaged, "another copy of the repository may have what is left: chatkeep repair --from PLACE; "+
		"the next backup stores anew what its source still has; a hurt snapshot goes when you forget it",
		"the repository has %s that could not be mended", session.Plural(int64(len(left)), "problem", "problems"))
}

// makes reports whether a snapshot was made of what remains, or would be if this were
// no dry run, as far as that can tell without storing anything.
func (r *repairRun) makes(one *Repaired) bool {
	if r.c.DryRun() {
		return !one.Foreign && one.Whole+one.Partial+one.Lost > 0
	}
	return !one.Snapshot.IsZero()
}

// left is what is still wrong and which snapshots it hurts.
func (r *repairRun) left(ctx context.Context) ([]error, []*repo.Hurt, error) {
	if r.w.View == nil || r.c.DryRun() && len(r.mended.Mended) > 0 {
		return r.mended.Left, nil, nil
	}
	if r.reader != nil && !r.c.DryRun() {
		// What was written since is in this view.
		if err := r.w.Survey(ctx, r.w.Memory.ID); err != nil {
			return nil, nil, err
		}
		reader, err := r.reader.Renew(r.w.View)
		if err != nil {
			return nil, nil, err
		}
		r.reader = reader
	}
	report, _, err := r.examine(ctx)
	if err != nil {
		return nil, nil, err
	}
	return report.Problems, report.Hurt, nil
}

// keysOf are the objects that problems of some classes are about.
func keysOf(problems []error, classes ...format.Class) (keys []string) {
	for _, p := range problems {
		var f *format.Error
		for _, class := range classes {
			if errors.As(p, &f) && f.Class == class {
				keys = append(keys, f.What)
			}
		}
	}
	return keys
}
