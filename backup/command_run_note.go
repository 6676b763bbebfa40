package backup

import (
	"context"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/job"
	"chatkeep/backup/repo"
)

// mostNotes is how many notes tell of a job's runs at a repository before one
// takes the place of all.
const mostNotes = 32

// note writes into the repositories that were reached how a job's runs went since
// it was noted there, so that a new machine knows. What cannot be noted now is the
// next time.
func (r *jobRun) note(ctx context.Context, report *job.Report, past *job.Past) {
	for _, repository := range report.Reached {
		if err := r.noteAt(ctx, repository, report.Job, past); err != nil {
			r.c.Voice.Say("note: the history of %s is not in the repository yet: %v", report.Job, err)
		}
	}
}

func (r *jobRun) noteAt(ctx context.Context, repository, name string, past *job.Past) error {
	there := r.c.At(repository)
	defer there.Close()
	there.WithoutWitness() // the run that this is about has asked it
	a, err := there.OpenStore(ctx)
	if err != nil {
		return err
	}
	noter, err := a.Noter(ctx)
	if err != nil {
		return err
	}
	known := past.Repo(repository)
	since, replaces := known.Noted, []format.Hash(nil)
	if len(known.Notes) >= mostNotes {
		since, replaces = time.Time{}, hashesOf(known.Notes)
	}
	hash, err := noter.NoteRuns(ctx, runsSince(name, past, since), replaces)
	if err != nil {
		return err
	}
	if replaces != nil {
		known.Notes = nil
	}
	known.Notes, known.Noted = append(known.Notes, hash.String()), past.Began
	return nil
}

// hashesOf reads the names of notes. One that is none is passed over: its note
// stays, and is read beside the one that would have replaced it.
func hashesOf(texts []string) []format.Hash {
	hashes := []format.Hash{}
	for _, text := range texts {
		if h, err := format.ParseHash(text); err == nil {
			hashes = append(hashes, h)
		}
	}
	return hashes
}

// runsSince are the runs that began after a time.
func runsSince(name string, past *job.Past, since time.Time) []repo.JobRun {
	var runs []repo.JobRun
	for _, e := range past.Runs {
		if e.Began.After(since) {
			runs = append(runs, repo.JobRun{Job: name, Time: e.Began, Seconds: int64(e.Seconds), Code: e.Code,
				Message: e.Message, Missed: int64(e.Missed), Bytes: e.BytesStored})
		}
	}
	return runs
}
