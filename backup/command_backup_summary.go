package backup

import (
	"context"
	"io"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

// summary is the last line of backup --json; fields are only ever added.
type summary struct {
	Type          string       `json:"type"`
	Path          string       `json:"path"` // "" for a stream
	Source        string       `json:"source"`
	Snapshot      *format.Hash `json:"snapshot,omitempty"`
	Sequence      uint64       `json:"sequence"`
	Files         int64        `json:"files"`
	Unchanged     int64        `json:"unchanged"`
	Conversations int64        `json:"conversations"`
	Same          bool         `json:"exports_unchanged,omitempty"`
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
	Before        string       `json:"before,omitempty"`  // the command that a real run would run first
	Command       bool         `json:"command,omitempty"` // the source is what a command prints, which was not run
	Warnings      []string     `json:"warnings"`
}

func storedOf(src *Source, r *Report, requests int64, took time.Duration) summary {
	return summary{
		Type: "summary", Path: src.Path, Source: src.label(), Snapshot: &r.Snapshot, Sequence: r.Sequence, Files: r.Files, Unchanged: r.Unchanged,
		Conversations: r.ConversationCount, Messages: r.Messages, Unparsed: r.Unparsed,
		MediaStored: r.MediaStored, MediaMissing: r.MediaMissing, Unreadable: r.Unreadable, Skipped: r.Skipped,
		BytesRead: r.Bytes, BytesNew: r.BytesNew, BytesStored: r.BytesStored, Chunks: r.Chunks,
		Requests: requests, Seconds: took.Seconds(), Warnings: some(r.Warnings), Same: r.ExportsUnchanged,
	}
}

// dryRun says what a backup would take, and ends as one would. It opens no
// repository and creates none, and runs no command: what one would produce is looked
// for as it is now.
func dryRun(ctx context.Context, c *session.Call, chats []chat.Provider, all []wanted) error {
	var failed []error
	for i := range all {
		one := &all[i]
		paths := []string{one.path}
		if one.name != "" && one.path == "" && one.said.Command == "" {
			var err error
			if paths, err = one.said.Matches(); err != nil {
				failed = append(failed, notReady(one.name, err))
				continue
			}
		}
		for _, path := range paths {
			src, err := one.source(c, chats, path)
			if err != nil {
				return err
			}
			err = tellPlanOf(ctx, c, src, one.said.Before)
			if err != nil && !alone(err) {
				return err
			}
			if err != nil {
				failed = append(failed, err)
			}
		}
	}
	return joined(failed)
}

// tellPlanOf says what a backup would take of one source. Before is the command that
// would be run first, if there is one.
func tellPlanOf(ctx context.Context, c *session.Call, src Source, before string) error {
	plan, err := planOf(ctx, src)
	if err != nil {
		return err
	}
	plan.Before = before
	unfinished := finished(plan.Unreadable, plan.Unparsed, "a backup stores the rest")
	tellWarnings(c, plan.Warnings, plan.troubles, unfinished != nil)
	if before != "" {
		c.Voice.Print("would run first: %s", before)
	}
	switch {
	case plan.Command:
		c.Voice.Print("would run a command, and store what it prints as %s", src.Stream.File)
	case src.Stream != nil:
		c.Voice.Print("would store %s: 1 file, %s", src.Stream.File, session.Size(plan.BytesRead))
	default:
		c.Voice.Print("would store %s: %s, %s · %s in %s", src.Path,
			session.Plural(plan.Files, "file", "files"), session.Size(plan.BytesRead),
			session.Plural(plan.Messages, "message", "messages"), session.Plural(plan.Conversations, "conversation", "conversations"))
	}
	if err := c.Voice.Object(plan.summary); err != nil {
		return err
	}
	return unfinished
}

// backupPlan is what a backup would say.
type backupPlan struct {
	summary
	troubles []string // see Report
}

func planOf(ctx context.Context, src Source) (backupPlan, error) {
	plan := backupPlan{summary: summary{Type: "summary", Path: src.Path, Source: src.label(), DryRun: true, Warnings: []string{}}}
	if src.Stream != nil {
		return planOfStream(ctx, src, plan)
	}
	err := walk(ctx, src.Path, &src.Select, func(n node) error {
		err := n.err
		if err == nil {
			err = readable(n.file, n.info)
		}
		switch {
		case err != nil:
			plan.Unreadable++
			plan.Warnings = append(plan.Warnings, cannotRead(n.file, err))
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
		plan.Warnings = append(plan.Warnings, conversation.warnings()...)
	}
	plan.Warnings, plan.troubles = append(plan.Warnings, report.Warnings...), report.Troubles
	if plan.Files == 0 && plan.Messages == 0 {
		return plan, &Nothing{Source: src.Path, Why: plan.Warnings}
	}
	return plan, nil
}

// planOfStream reads a stream to its end, if no program has to be run for that.
func planOfStream(ctx context.Context, src Source, plan backupPlan) (backupPlan, error) {
	if plan.Command = src.Stream.Runs; plan.Command {
		return plan, nil
	}
	in, err := src.Stream.Open(ctx)
	if err != nil {
		return plan, err
	}
	defer in.Close()
	plan.Files = 1
	if plan.BytesRead, err = io.Copy(io.Discard, in); err == nil && plan.BytesRead == 0 {
		err = src.Stream.nothing()
	}
	return plan, err
}
