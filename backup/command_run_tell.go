package backup

import (
	"context"

	"chatkeep/backup/job"
	"chatkeep/backup/power"
	"chatkeep/backup/session"
)

// ran is a run of a job in the output of run --json; fields are only added.
type ran struct {
	Type        string   `json:"type"`
	ID          string   `json:"id"`
	Job         string   `json:"job"`
	Started     string   `json:"started"`
	Seconds     float64  `json:"seconds"`
	Code        int      `json:"code"`
	Message     string   `json:"message,omitempty"`
	Hint        string   `json:"hint,omitempty"`
	Others      int      `json:"others,omitempty"` // further troubles
	Waits       string   `json:"waits,omitempty"`
	Stale       bool     `json:"stale,omitempty"`
	Missed      int      `json:"missed,omitempty"`
	Files       int64    `json:"files"`
	Messages    int64    `json:"messages"`
	BytesRead   int64    `json:"bytes_read"`
	BytesStored int64    `json:"bytes_stored"`
	Snapshots   []string `json:"snapshots"`
	Due         []string `json:"needs_passphrase"` // command lines
	Warnings    []string `json:"warnings"`
}

// runSummary is the last line of run --json; fields are only added.
type runSummary struct {
	Type   string `json:"type"`
	Jobs   int    `json:"jobs"` // that ran, or were told of
	Failed int    `json:"failed"`
	Busy   bool   `json:"busy,omitempty"` // another run is at work, and so nothing was done
	DryRun bool   `json:"dry_run,omitempty"`
}

func ranOf(r *job.Report) ran {
	return ran{
		Type: "run", ID: r.Run, Job: r.Job, Started: session.Time(r.Began), Seconds: r.Took.Seconds(),
		Code: r.Trouble.Code, Message: r.Trouble.Message, Hint: r.Trouble.Hint, Others: r.Others,
		Waits: r.Waits, Stale: r.Stale, Missed: r.Missed, Files: r.Files, Messages: r.Messages,
		BytesRead: r.BytesRead, BytesStored: r.BytesStored, Snapshots: some(r.Snapshots), Due: some(r.Due), Warnings: some(r.Warnings),
	}
}

// began tells that a job begins.
func (r *jobRun) began(ctx context.Context, report *job.Report) {
	if r.cfg.Jobs[report.Job].LowPriority {
		power.Lower()
	}
	r.c.Voice.Say("%s: begins", report.Job)
	r.tellBegan(ctx, report)
}

// step tells of one command line of a job.
func (r *jobRun) step(report *job.Report, line []string, ended job.Ended) {
	r.logStep(report, line, ended)
	if ended.Code == 0 {
		r.c.Voice.Say("%s: done: chatkeep %s", report.Job, shellLine(line))
		return
	}
	r.c.Voice.Say("%s: code %d: chatkeep %s", report.Job, ended.Code, shellLine(line))
}

// ended tells how a job went: people, the log, and the repositories.
func (r *jobRun) ended(ctx context.Context, report *job.Report, past *job.Past) {
	if report.Trouble.Code == 0 {
		r.c.Voice.Say("%s: %s", report.Job, storedLine(report))
	}
	for _, line := range report.Due {
		r.c.Voice.Say("%s: due, and needs the passphrase: %s", report.Job, line)
	}
	r.logEnded(report)
	r.note(ctx, report, past)
	r.tellEnded(ctx, report, past)
}
