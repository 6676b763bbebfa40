package restore

import (
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// drilled is the summary of drill --json; fields are only added.
type drilled struct {
	Type          string      `json:"type"`
	Snapshot      format.Hash `json:"snapshot"`
	Outcome       string      `json:"outcome,omitempty"`
	Scope         string      `json:"scope"`
	Files         int64       `json:"files"`
	FilesTotal    int64       `json:"files_total"`
	Bytes         int64       `json:"bytes"`
	BytesTotal    int64       `json:"bytes_total"`
	Conversations int64       `json:"conversations"`
	Messages      int64       `json:"messages"`
	MessagesTotal int64       `json:"messages_total"`
	Chunks        int64       `json:"chunks_verified"`
	Zips          int64       `json:"zips_rebuilt"`
	TooLarge      int64       `json:"too_large"`
	Failures      []string    `json:"failures"`
	FailuresTotal int64       `json:"failures_total"`
	Seconds       float64     `json:"seconds"`
	Rate          int64       `json:"bytes_per_second"`
	Whole         float64     `json:"restore_seconds"`
	Target        string      `json:"target,omitempty"`
	DryRun        bool        `json:"dry_run,omitempty"`
}

func (d *drilling) summary(r *DrillReport) drilled {
	sum := drilled{
		Type: "summary", Snapshot: d.head.Hash, Outcome: repo.Proved, Scope: repo.ScopeSample,
		Files: r.Files, FilesTotal: r.FilesTotal, Bytes: r.Bytes, BytesTotal: r.BytesTotal, Conversations: r.Conversations,
		Messages: r.Messages, MessagesTotal: r.MessagesTotal, Chunks: r.Chunks, Zips: r.Zips, TooLarge: r.TooLarge,
		Failures: append([]string{}, r.Failures...), FailuresTotal: r.FailuresTotal,
		Seconds: r.Took.Seconds(), Rate: int64(r.Rate()), Whole: r.Whole().Seconds(), Target: d.c.String("target"),
	}
	if r.Everything {
		sum.Scope = repo.ScopeAll
	}
	if !r.Proved() {
		sum.Outcome = repo.Failed
	}
	return sum
}

// tell says what was proved. What was not is the error.
func (d *drilling) tell(s *repo.Snapshot, r *DrillReport) error {
	v := d.c.Voice
	v.Print("messages: %s of %s in %s read back", session.Count(r.Messages), session.Count(r.MessagesTotal),
		session.Plural(r.Conversations, "conversation", "conversations"))
	v.Print("files: %s of %s, %s of %s put together and compared", session.Count(r.Files), session.Count(r.FilesTotal),
		session.Size(r.Bytes), session.Size(r.BytesTotal))
	if r.TooLarge > 0 {
		v.Print("%s larger than the sample: --all reads them, too", session.Plural(r.TooLarge, "file is", "files are"))
	}
	v.Print("%s verified, %s rebuilt, in %s: %s a second", session.Plural(r.Chunks, "chunk", "chunks"),
		session.Plural(r.Zips, "zip", "zips"), session.Span(r.Took), session.Size(int64(r.Rate())))
	if whole := r.Whole(); whole > 0 {
		v.Print("to restore everything would take %s at that rate", session.Span(whole))
	}
	for _, f := range r.Failures {
		v.Print("failed: %s", f)
	}
	if more := r.FailuresTotal - int64(len(r.Failures)); more > 0 {
		v.Print("and %s more", session.Count(more))
	}
	switch {
	case r.Proved() && r.Everything:
		v.Print("proved: everything in snapshot %s of %s comes back", session.Short(d.head.Hash), s.Manifest.Source.Name)
	case r.Proved():
		v.Print("proved: all messages and this sample of the files of snapshot %s of %s come back", session.Short(d.head.Hash), s.Manifest.Source.Name)
	}
	if err := v.Object(d.summary(r)); err != nil || r.Proved() {
		return err
	}
	return session.Fail(session.ExitDamaged, "chatkeep check --read-data shows what is damaged; an older snapshot or another copy of the repository may have it whole",
		"snapshot %s is not proved: %s failed", session.Short(d.head.Hash), session.Plural(r.FailuresTotal, "check", "checks"))
}

// proven is what a snapshot's drills have shown, as snapshots --json prints it;
// fields are only added.
type proven struct {
	Time          string `json:"time"`
	Scope         string `json:"scope"`
	Outcome       string `json:"outcome"`
	Place         string `json:"place"`
	Here          bool   `json:"here"`
	Files         int64  `json:"files"`
	FilesTotal    int64  `json:"files_total"`
	Bytes         int64  `json:"bytes"`
	BytesTotal    int64  `json:"bytes_total"`
	Messages      int64  `json:"messages"`
	FailuresTotal int64  `json:"failures_total,omitempty"`
}

// lastDrills finds the last drill of a snapshot that proved something, and the
// last one if that failed after it. Drills of this place go first: one that was
// made elsewhere says nothing about the copy at hand.
func lastDrills(drills *repo.Drills, snapshot format.Hash, place string) (proved, failed *proven) {
	for _, here := range []bool{true, false} {
		last, ok := drills.Last(snapshot, func(d *repo.Drill) bool { return (d.Place == place) == here })
		if !ok {
			continue
		}
		good, ok := drills.Last(snapshot, func(d *repo.Drill) bool { return (d.Place == place) == here && d.Outcome == repo.Proved })
		if ok && proved == nil {
			proved = provenBy(good, here)
		}
		if last.Outcome == repo.Failed && failed == nil && here {
			failed = provenBy(last, here)
		}
	}
	return proved, failed
}

func provenBy(d repo.Drill, here bool) *proven {
	return &proven{
		Time: session.Time(d.Time), Scope: d.Scope, Outcome: d.Outcome, Place: d.Place, Here: here,
		Files: d.Files, FilesTotal: d.FilesTotal, Bytes: d.Bytes, BytesTotal: d.BytesTotal,
		Messages: d.Messages, FailuresTotal: d.FailuresTotal,
	}
}

// words says it for a person.
func (p *proven) words() string {
	day := p.Time[:len(time.DateOnly)]
	where := ""
	if !p.Here {
		where = " at " + p.Place
	}
	switch {
	case p.Outcome == repo.Failed:
		return "FAILED a drill " + day + where
	case p.Scope == repo.ScopeAll:
		return "proven " + day + where
	}
	return "proven " + day + ", all messages and " + session.Size(p.Bytes) + " of its files" + where
}
