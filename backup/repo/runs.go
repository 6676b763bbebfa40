package repo

import (
	"context"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
)

// JobRun is how one run of a job went, as notes have it: what a machine that was
// lost knew of its backups.
type JobRun struct {
	Job     string
	Time    time.Time // when it began, by its machine's clock
	Seconds int64
	Code    int    // the exit code it stands for, 0 for a success
	Message string // of the failure
	Missed  int64  // times it was due before and did not run
	Bytes   int64  // stored
	// Writer is whose note tells of it.
	Writer format.Hash
}

// runText is the text of a note about runs.
type runText struct {
	textHead
	Runs []runRecord `json:"runs"`
}

type runRecord struct {
	Job     string `json:"job"`
	Time    moment `json:"time"`
	Seconds int64  `json:"seconds"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Missed  int64  `json:"missed"`
	Bytes   int64  `json:"bytes"`
}

// Bounds of what a note tells of runs.
const (
	maxRunText  = 1000 // bytes of a job's name, and of a message
	maxRunsTold = 1000 // in one note
	maxExitCode = 255
)

func (j *JobRun) record() runRecord {
	return runRecord{
		Job: shortened(j.Job), Time: momentOf(j.Time), Seconds: max(j.Seconds, 0), Code: min(max(j.Code, 0), maxExitCode),
		Message: shortened(j.Message), Missed: max(j.Missed, 0), Bytes: max(j.Bytes, 0),
	}
}

// shortened is a text as a note may have it.
func shortened(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxRunText)], "\ufffd")
}

func (r *runRecord) check(what string) error {
	switch {
	case len(r.Job) > 3*maxRunText, len(r.Message) > 3*maxRunText: // what is not UTF-8 takes three bytes
		return format.Fail(format.Oversized, what, "a run with a text of %d bytes", max(len(r.Job), len(r.Message)))
	case r.Seconds < 0, r.Missed < 0, r.Bytes < 0, r.Code < 0, r.Code > maxExitCode:
		return format.Fail(format.Malformed, what, "a run with a number that none has")
	}
	return nil
}

// parseRuns reads the runs in a note. None is later than the note.
func parseRuns(n *Note) ([]JobRun, error) {
	what := format.NoteName(n.Writer, n.Hash)
	t, err := parseText[runText](what, n.Text)
	if err != nil {
		return nil, err
	}
	if len(t.Runs) > maxRunsTold {
		return nil, format.Fail(format.Oversized, what, "%d runs", len(t.Runs))
	}
	var runs []JobRun
	for i := range t.Runs {
		r := &t.Runs[i]
		if err := r.check(what); err != nil {
			return nil, err
		}
		at := r.Time.time()
		if at.After(n.Dated) {
			at = n.Dated
		}
		runs = append(runs, JobRun{r.Job, at, r.Seconds, r.Code, r.Message, r.Missed, r.Bytes, n.Writer})
	}
	return runs, nil
}

// Runs reads what the notes tell of runs of jobs, the oldest first, each once.
// Problems are notes that do not count, see [Reader.Notes].
func (r *Reader) Runs(ctx context.Context, now time.Time) (runs []JobRun, problems []error, err error) {
	for n, err := range r.Notes(ctx, now) {
		switch {
		case format.ClassOf(err) != "":
			problems = append(problems, err)
			continue
		case err != nil:
			return runs, problems, err
		case n.About != AboutRun:
			continue
		}
		some, err := parseRuns(n)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		runs = append(runs, some...)
	}
	slices.SortFunc(runs, func(a, b JobRun) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		if c := a.Writer.Compare(b.Writer); c != 0 {
			return c
		}
		return strings.Compare(a.Job, b.Job)
	})
	return slices.CompactFunc(runs, func(a, b JobRun) bool {
		return a.Time.Equal(b.Time) && a.Writer == b.Writer && a.Job == b.Job
	}), problems, nil
}

// NoteRuns puts what a machine knows of its runs, the newest last, in place of the
// notes of its own that it names: all that they told has to be among the runs, but
// for what is too old to be told. It returns the new note's hash, for a later one
// to replace.
func (n *Noter) NoteRuns(ctx context.Context, runs []JobRun, replaces []format.Hash) (format.Hash, error) {
	text := runText{textHead{1, replacing(replaces, nil)}, []runRecord{}}
	if text.Replaces == nil {
		text.Replaces = []format.Hash{}
	}
	runs = runs[max(0, len(runs)-maxRunsTold):]
	for i := range runs {
		text.Runs = append(text.Runs, runs[i].record())
	}
	hash, _, err := n.Put(ctx, AboutRun, encodeText(&text))
	return hash, err
}
