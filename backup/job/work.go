package job

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
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
	name := nameOf(one, path)
	past := w.past.source(name).Stored
	if one.looks != "" && past[repository].Looks == one.looks {
		return true // it is there as it is
	}
	ended := w.try(ctx, repository, backupLine(name, one.source, path, repository))
	trouble := troubleOf(ended, fmt.Sprintf("%s to %s", name, RepositoryName(repository)))
	switch {
	case ended.Code == codeOK:
	case ended.Code == codeIncomplete:
		w.incomplete(trouble)
	default:
		w.fail(trouble)
		return false
	}
	before, now := past[repository], w.stored(ended)
	now.Looks = one.looks
	past[repository] = now
	if what := shrank(before, now); what != "" {
		w.fail(Trouble{Code: codeShrunk, Message: fmt.Sprintf("%s shrank: %s", name, what),
			Hint: "look at the export; the snapshots before have what is missing now"})
		return false
	}
	return true
}

// nameOf is the name that snapshots of a path share. What a pattern matches are
// series of their own: one chat must not look as if it had replaced another.
func nameOf(one ready, path string) string {
	at := strings.IndexAny(one.source.Path, "*?[")
	if at < 0 || one.source.Newest {
		return one.name
	}
	fixed := filepath.Dir(one.source.Path[:at] + "x")
	within, err := filepath.Rel(fixed, path)
	if err != nil {
		within = path
	}
	return one.name + "/" + filepath.ToSlash(within)
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

// shrank says what a source lost since the last time: more than half of its
// messages or, where it has none, of its files.
func shrank(before, now Stored) string {
	const few = 20
	switch {
	case before.Messages >= few && now.Messages < before.Messages/2:
		return fmt.Sprintf("%d messages, %d before", now.Messages, before.Messages)
	case before.Messages == 0 && before.Files >= few && now.Files < before.Files/2:
		return fmt.Sprintf("%d files, %d before", now.Files, before.Files)
	}
	return ""
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
