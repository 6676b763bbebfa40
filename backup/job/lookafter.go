package job

import (
	"context"
	"strings"
	"time"

	"chatkeep/backup/rhythm"
)

// lookAfter does at a repository what is due beside backups.
func (w *work) lookAfter(ctx context.Context, repository string) {
	past := w.past.Repo(repository)
	w.step(ctx, "check", w.job.CheckEvery, &past.Checked, repository, checkLine(repository))
	// Forgetting first: what it drops is what a prune condemns.
	w.withSecret(ctx, "forget", w.forgetEvery(), &past.Forgot, repository, forgetLine(w.job.Keep, repository))
	w.step(ctx, "prune", w.job.PruneEvery, &past.Pruned, repository, pruneLine(repository))
	w.withSecret(ctx, "drill", w.job.DrillEvery, &past.Drilled, repository, drillLine(repository))
}

// forgetEvery is how often snapshots are thinned out: with each prune, for there
// is no use in it before.
func (w *work) forgetEvery() rhythm.Rhythm {
	if !w.job.PruneEvery.Never() {
		return w.job.PruneEvery
	}
	weekly, _ := rhythm.Parse("7d") // a constant
	return weekly
}

// step does one of these if it is due. There is no point in one where the backups
// just failed for want of a network.
func (w *work) step(ctx context.Context, name string, r rhythm.Rhythm, good *time.Time, repository string, line []string) {
	now := w.Now()
	if len(line) == 0 || w.report.Trouble.Code == codeUnreachable || ctx.Err() != nil || !stepDue(r, *good, now) {
		return
	}
	ended := w.try(ctx, repository, line)
	trouble := troubleOf(ended, name+" of "+RepositoryName(repository))
	switch {
	case ended.Code == codeOK:
		*good = now
	case ended.Code == codeIncomplete:
		*good = now
		w.incomplete(trouble)
	default:
		w.fail(trouble)
	}
}

// withSecret does what only a slot's secret opens where there is a source for
// one, and else tells that it is due.
func (w *work) withSecret(ctx context.Context, name string, r rhythm.Rhythm, good *time.Time, repository string, line []string) {
	if len(line) == 0 || !stepDue(r, *good, w.Now()) {
		return
	}
	if w.Unlocked(repository) {
		w.step(ctx, name, r, good, repository, line)
		return
	}
	w.report.Due = append(w.report.Due, "chatkeep "+strings.Join(line, " "))
}
