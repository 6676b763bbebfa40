package backup

import (
	"context"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

// summary is the last line of backup --json; fields are only ever added.
type summary struct {
	Type          string       `json:"type"`
	Path          string       `json:"path"`
	Snapshot      *format.Hash `json:"snapshot,omitempty"`
	Sequence      uint64       `json:"sequence"`
	Files         int64        `json:"files"`
	Unchanged     int64        `json:"unchanged"`
	Conversations int64        `json:"conversations"`
	Messages      int64        `json:"messages"`
	Unparsed      int64        `json:"unparsed"`
	MediaStored   int64        `json:"media_stored"`
	MediaMissing  int64        `json:"media_missing"`
	Unreadable    int64        `json:"unreadable"`
	Skipped       int64        `json:"skipped"`
	BytesRead     int64        `json:"bytes_read"`
	BytesNew      int64        `json:"bytes_new"`
	BytesStored   int64        `json:"bytes_stored"`
	Chunks        int64        `json:"chunks"`
	Requests      int64        `json:"requests"`
	Seconds       float64      `json:"seconds"`
	DryRun        bool         `json:"dry_run,omitempty"`
	Warnings      []string     `json:"warnings"`
}

func storedOf(src *Source, r *Report, requests int64, took time.Duration) summary {
	return summary{
		Type: "summary", Path: src.Path, Snapshot: &r.Snapshot, Sequence: r.Sequence, Files: r.Files, Unchanged: r.Unchanged,
		Conversations: int64(len(r.Conversations)), Messages: r.Messages, Unparsed: r.Unparsed,
		MediaStored: r.MediaStored, MediaMissing: r.MediaMissing, Unreadable: r.Unreadable, Skipped: r.Skipped,
		BytesRead: r.Bytes, BytesNew: r.BytesNew, BytesStored: r.BytesStored, Chunks: r.Chunks,
		Requests: requests, Seconds: took.Seconds(), Warnings: some(r.Warnings),
	}
}

// dryRun says what a backup would take. It opens no repository and creates none.
func dryRun(ctx context.Context, c *session.Call, sources []Source) error {
	for _, src := range sources {
		plan, err := planOf(ctx, src)
		if err != nil {
			return err
		}
		for _, w := range plan.Warnings {
			c.Voice.Warn("%s", w)
		}
		c.Voice.Print("would store %s: %s, %s · %s in %s", src.Path,
			session.Plural(plan.Files, "file", "files"), session.Size(plan.BytesRead),
			session.Plural(plan.Messages, "message", "messages"), session.Plural(plan.Conversations, "conversation", "conversations"))
		if err := c.Voice.Object(plan); err != nil {
			return err
		}
	}
	return nil
}

func planOf(ctx context.Context, src Source) (summary, error) {
	plan := summary{Type: "summary", Path: src.Path, DryRun: true}
	err := walk(ctx, src.Path, &src.Select, func(n node) error {
		switch {
		case n.err != nil:
			plan.Unreadable++
		case n.info.Mode().IsRegular():
			plan.Files++
			plan.BytesRead += n.info.Size()
		}
		return nil
	})
	if err != nil {
		return plan, err
	}
	report, err := Inspect(ctx, src, nil)
	if err != nil {
		return plan, err
	}
	plan.Conversations, plan.Messages, plan.Unparsed = int64(len(report.Conversations)), report.Messages, report.Unparsed
	for _, conversation := range report.Conversations {
		plan.MediaStored += conversation.MediaStored
		plan.MediaMissing += conversation.MediaMissing
	}
	plan.Warnings = some(report.Warnings)
	return plan, nil
}
