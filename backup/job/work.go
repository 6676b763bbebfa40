package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/config"
)

// work is one run of one job at work.
type work struct {
	*Runner
	job    config.Job
	past   *Past
	report *Report
}

// all produces the exports and stores them in each repository, then looks after
// these.
func (w *work) all(ctx context.Context) {
	ready := w.prepare(ctx)
	for _, repository := range w.repositories() {
		if w.stopped(ctx) {
			return
		}
		w.at(ctx, repository, ready)
	}
	w.stopped(ctx)
}

// ready is a source that can be stored, or why it cannot.
type ready struct {
	name    string
	source  config.Source
	paths   []string
	trouble Trouble
	looks   string // what a watched source looks like, empty for others
}

// prepare makes the sources ready, once for all repositories.
func (w *work) prepare(ctx context.Context) []ready {
	var all []ready
	for _, name := range w.sources() {
		one := ready{name: name, source: w.Config.Sources[name]}
		var err error
		one.paths, one.looks, err = w.Find(ctx, name, one.source)
		if w.stopped(ctx) {
			return nil // and what that did to the source is no trouble of the source
		}
		if err != nil {
			one.trouble = NotReady(name, err)
			w.fail(one.trouble)
		}
		all = append(all, one)
	}
	return all
}

// stopped notes that the run was interrupted.
func (w *work) stopped(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	w.fail(Trouble{Code: codeInterrupted, Message: "interrupted", Hint: "the next call of the timer goes on"})
	return true
}

func (w *work) repositories() []string { return Repositories(w.Config, w.job) }

func (w *work) sources() []string {
	if len(w.job.Sources) > 0 {
		return w.job.Sources
	}
	return w.Config.SourceNames()
}

// fail notes a trouble. The first counts, but an interruption is no news beside
// one, and everything is beside one.
func (w *work) fail(t Trouble) {
	now := &w.report.Trouble
	switch {
	case now.Code == codeOK, now.Code == codeIncomplete, now.Code == codeInterrupted && t.Code != codeInterrupted:
		*now = t
	case t.Code != codeInterrupted:
		w.report.Others++
	}
}

// incomplete notes what was done, and not in full.
func (w *work) incomplete(t Trouble) {
	if w.report.Trouble.Code == codeOK {
		w.report.Trouble = t
	}
	w.report.Warnings = append(w.report.Warnings, t.Message)
}

// at does everything at one repository.
func (w *work) at(ctx context.Context, repository string, ready []ready) {
	whole := len(ready) > 0
	for _, one := range ready {
		if w.stopped(ctx) {
			return
		}
		if one.trouble.Code != codeOK || !w.store(ctx, repository, one) {
			whole = false
		}
	}
	if whole {
		w.past.Repo(repository).Good = w.past.Began
	}
	w.lookAfter(ctx, repository)
}

// store backs one source up, and reports whether it was stored.
func (w *work) store(ctx context.Context, repository string, one ready) bool {
	whole := true
	for _, path := range one.paths {
		whole = w.storePath(ctx, repository, one, path) && whole
	}
	return whole
}

func (w *work) storePath(ctx context.Context, repository string, one ready, path string) bool {
	series := one.source.Series(one.name, path)
	past := w.past.source(series).Stored
	if one.looks != "" && past[repository].Looks == one.looks {
		return true // it is there as it is
	}
	ended := w.try(ctx, repository, backupLine(one.name, path, repository))
	trouble := troubleOf(ended, fmt.Sprintf("%s to %s", series, RepositoryName(repository)))
	if !ended.good() {
		w.fail(trouble)
		return false
	}
	now := w.stored(ended)
	now.Looks = one.looks
	past[repository] = now
	switch ended.Code {
	case codeIncomplete:
		w.incomplete(trouble)
	case codeShrunk: // it says of what
		w.fail(Trouble{Code: ended.Code, Message: ended.Message, Hint: ended.Hint})
		return false
	}
	return true
}

// troubleOf is how a step failed, with what it was about in front.
func troubleOf(e Ended, about string) Trouble {
	message := e.Message
	if message == "" {
		message = fmt.Sprintf("it ended with code %d", e.Code)
	}
	return Trouble{Code: e.Code, Message: about + ": " + message, Hint: e.Hint}
}

// RepositoryName is how a repository is called in messages and labels.
func RepositoryName(repository string) string {
	if repository == "" {
		return "(default)"
	}
	return repository
}

// stored is what a backup stored, which the report counts.
func (w *work) stored(ended Ended) Stored {
	s := ended.stored()
	w.report.Files += s.Files
	w.report.Messages += s.Messages
	w.report.BytesRead += s.BytesRead
	w.report.BytesStored += s.BytesStored
	w.report.Snapshots = append(w.report.Snapshots, s.Snapshot)
	w.report.Warnings = append(w.report.Warnings, ended.Warnings...)
	return Stored{Time: w.report.Began, Snapshot: s.Snapshot, Files: s.Files, Messages: s.Messages,
		BytesRead: s.BytesRead, BytesStored: s.BytesStored}
}

const (
	retryFirst = 30 * time.Second
	retryMost  = 8 * time.Minute
)

// try does a command line, and again where the store could not be reached.
func (w *work) try(ctx context.Context, repository string, line []string) Ended {
	began, pause := w.Now(), retryFirst
	for n := 0; ; n++ {
		ended := w.do(ctx, repository, line)
		over := w.Now().Sub(began)+pause > w.job.RetryFor
		if ended.Code != codeUnreachable || n >= w.job.Retries || over || ctx.Err() != nil {
			return ended
		}
		if w.Sleep(ctx, pause) != nil {
			return ended
		}
		pause = min(2*pause, retryMost)
	}
}

func (w *work) do(ctx context.Context, repository string, line []string) Ended {
	ended := w.Do(ctx, line)
	if ended.good() && !slices.Contains(w.report.Reached, repository) {
		w.report.Reached = append(w.report.Reached, repository)
	}
	if w.Step != nil {
		w.Step(w.report, line, ended)
	}
	return ended
}
