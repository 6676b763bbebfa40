package backup

import (
	"context"
	"encoding/json"
	"errors"

	"chatkeep/backup/job"
	"chatkeep/backup/notify"
	"chatkeep/backup/runlog"
	"chatkeep/backup/session"
)

// listen makes ready who is told and what is written down.
func (r *jobRun) listen() (err error) {
	r.records, err = runlog.Open(r.cfg.Log, runlog.Around{Stderr: r.c.Env.Stderr, Getenv: r.c.Env.Getenv, JSON: r.c.Bool("log-json")})
	if err != nil {
		return err
	}
	r.notifier, err = newNotifier(r.c)
	return err
}

// newNotifier is who tells people, by the configuration.
func newNotifier(c *session.Call) (*notify.Notifier, error) {
	cfg, err := c.Config()
	if err != nil {
		return nil, err
	}
	n, err := notify.New(cfg.Notify, notify.Deps{Now: c.Env.Clock.Now, Sleep: c.Env.Clock.Sleep, Environ: c.Env.Environment, Stderr: session.NewCleanWriter(c.Env.Stderr)})
	if err != nil {
		return nil, session.Fail(session.ExitUsage, "", "%v", err)
	}
	return n, nil
}

// log writes a record down. That it cannot is no reason for a backup to fail.
func (r *jobRun) log(record runlog.Record) {
	record.Time = r.c.Env.Clock.Now()
	if err := r.records.Write(record); err != nil {
		r.c.Voice.Warn("%v", err)
	}
}

// tellBegan tells services that watch for a run that one begins.
func (r *jobRun) tellBegan(ctx context.Context, report *job.Report) {
	r.warnFailed(r.notifier.Tell(ctx, r.event(report, notify.Start)))
}

// tellEnded tells how a job went those who want to know. What is as bad as before
// is no news for people, but for once a day.
func (r *jobRun) tellEnded(ctx context.Context, report *job.Report, past *job.Past) {
	outcome, ok := outcomeOf(report)
	if !ok {
		return
	}
	var before notify.Standing
	_ = json.Unmarshal(past.Told, &before) // without it everything is news
	now := r.c.Env.Clock.Now()
	after := before.After(outcome, now)
	kind, news := notify.Decide(before, after, now)
	e := r.event(report, kind)
	e.Since = after.Since
	if news {
		failed := r.notifier.Tell(ctx, e)
		r.warnFailed(failed)
		if r.notifier.Heard(e, failed) {
			after.Told = now
		}
	} else {
		r.warnFailed(r.notifier.Ping(ctx, e))
	}
	past.Told, _ = json.Marshal(after)
}

// outcomeOf is what a run is for those who are told, false for nothing.
func outcomeOf(report *job.Report) (notify.Kind, bool) {
	switch code := report.Trouble.Code; {
	case code == session.ExitInterrupted:
		return "", false
	case report.Stale:
		return notify.Stale, true
	case code == session.ExitIncomplete:
		return notify.Warning, true
	case code != 0:
		return notify.Failure, true
	}
	return notify.Success, true
}

func (r *jobRun) event(report *job.Report, kind notify.Kind) notify.Event {
	e := notify.Event{
		Kind: kind, Job: report.Job, Run: report.Run, Host: session.Label(""), Time: r.c.Env.Clock.Now(),
		Summary: report.Trouble.Message, Hint: report.Trouble.Hint, ExitCode: report.Trouble.Code, Duration: report.Took,
		BytesStored: report.BytesStored, Files: report.Files, Messages: report.Messages,
	}
	if report.Stale {
		e.Run = "" // none ran
	}
	if kind != notify.Start && report.Trouble.Code == 0 {
		e.Summary = storedLine(report)
	}
	return e
}

// warnFailed tells of those who could not be told: nobody else will.
func (r *jobRun) warnFailed(failed []notify.Failed) {
	for _, f := range failed {
		hint := ""
		var known interface{ Hint() string }
		if errors.As(f, &known) && known.Hint() != "" {
			hint = " (" + known.Hint() + ")"
		}
		r.c.Voice.Warn("%v%s", f, hint)
		r.log(runlog.Record{Level: runlog.Warning, Message: f.Error()})
	}
}

// logStep writes down how a command line of a job ended.
func (r *jobRun) logStep(report *job.Report, line []string, ended job.Ended) {
	record := runlog.Record{Level: runlog.Info, Message: "chatkeep " + shellLine(line), Job: report.Job, Run: report.Run, Code: &ended.Code}
	if ended.Code != 0 {
		record.Level = runlog.Error
		record.Message += ": " + ended.Message
	}
	for _, said := range ended.Output {
		r.log(runlog.Record{Level: runlog.Info, Message: said, Job: report.Job, Run: report.Run})
	}
	r.log(record)
	for _, w := range ended.Warnings {
		r.log(runlog.Record{Level: runlog.Warning, Message: w, Job: report.Job, Run: report.Run})
	}
}

// logEnded writes down how a job went.
func (r *jobRun) logEnded(report *job.Report) {
	record := runlog.Record{Level: runlog.Info, Message: storedLine(report), Job: report.Job, Run: report.Run,
		Code: &report.Trouble.Code, Took: report.Took, Bytes: report.BytesStored}
	switch report.Trouble.Code {
	case 0:
	case session.ExitIncomplete, session.ExitInterrupted:
		record.Level, record.Message = runlog.Warning, failureLine(report)
	default:
		record.Level, record.Message = runlog.Error, failureLine(report)
	}
	r.log(record)
}

// storedLine says what a run stored.
func storedLine(report *job.Report) string {
	line := session.Plural(report.Files, "file", "files") + ", " + session.Plural(report.Messages, "message", "messages") +
		" · stored " + session.Size(report.BytesStored) + " new · " + session.Span(report.Took)
	if report.Missed > 0 {
		line += " · catching up after " + session.Plural(int64(report.Missed), "missed run", "missed runs")
	}
	return line
}
