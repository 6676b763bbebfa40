package backup

import (
	"context"
	"fmt"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// used is a row of stats --by as --json prints it; fields are only added.
type used struct {
	Type        string  `json:"type"`
	By          string  `json:"by"`
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Snapshots   int64   `json:"snapshots"`
	Files       int64   `json:"files"`
	Messages    int64   `json:"messages"`
	Bytes       int64   `json:"bytes"`
	Content     int64   `json:"bytes_content"`
	Unique      int64   `json:"bytes_unique"`
	Stored      int64   `json:"bytes_stored"`
	Dedup       float64 `json:"dedup_ratio"`
	Compression float64 `json:"compression_ratio"`
	LastProven  string  `json:"last_proven,omitempty"`
}

// ratio is how many times the one is the other, 0 where that means nothing.
func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// tellUsage says who uses how much.
func tellUsage(ctx context.Context, c *session.Call, a *session.Archive, by string) error {
	r, err := a.Reader(ctx)
	if err != nil {
		return err
	}
	usage, err := UsageOf(ctx, r, by, func(done, total int64) { c.Voice.Steps(done, total, "snapshots") })
	if err != nil {
		return err
	}
	if by == bySource {
		if err := addProven(ctx, c, a, r, usage); err != nil {
			return err
		}
	}
	c.Voice.Print("%9s %9s %9s  %12s  %12s  %6s  %6s  %s", "snapshots", "files", "messages", "size", "stored", "dedup", "zstd", by)
	var total Use
	for _, u := range usage.Rows {
		one := used{
			Type: "use", By: by, ID: u.ID, Name: u.Name, Snapshots: u.Snapshots, Files: u.Files, Messages: u.Messages, Bytes: u.Bytes,
			Content: u.Content, Unique: u.Unique, Stored: u.Stored, Dedup: ratio(u.Content, u.Unique), Compression: ratio(u.Unique, u.Stored),
			LastProven: u.LastProven,
		}
		total.Files, total.Messages, total.Bytes = total.Files+u.Files, total.Messages+u.Messages, total.Bytes+u.Bytes
		total.Content, total.Unique, total.Stored = total.Content+u.Content, total.Unique+u.Unique, total.Stored+u.Stored
		name := u.Name
		if u.LastProven != "" {
			name += "  proven " + u.LastProven[:len(time.DateOnly)]
		}
		c.Voice.Print("%9s %9s %9s  %12s  %12s  %6s  %6s  %s", session.Count(u.Snapshots), session.Count(u.Files), session.Count(u.Messages),
			session.Size(u.Bytes), session.Size(u.Stored), times(one.Dedup), times(one.Compression), name)
		if err := c.Voice.Object(one); err != nil {
			return err
		}
	}
	c.Voice.Print("%-29s  %12s  %12s", "lists of files", "", session.Size(usage.Lists))
	unused := "no snapshot uses"
	if by == byChat {
		unused = "older snapshots and unused"
	}
	c.Voice.Print("%-29s  %12s  %12s", unused, "", session.Size(usage.Unused))
	c.Voice.Print("%-29s  %12s  %12s", "all packs of snapshots", "", session.Size(usage.Packs))
	return c.Voice.Object(struct {
		Type        string  `json:"type"`
		By          string  `json:"by"`
		Rows        int     `json:"rows"`
		Files       int64   `json:"files"`
		Messages    int64   `json:"messages"`
		Bytes       int64   `json:"bytes"`
		Content     int64   `json:"bytes_content"`
		Unique      int64   `json:"bytes_unique"`
		Stored      int64   `json:"bytes_stored"`
		Lists       int64   `json:"bytes_lists"`
		Unused      int64   `json:"bytes_unused"`
		Packs       int64   `json:"bytes_packs"`
		Dedup       float64 `json:"dedup_ratio"`
		Compression float64 `json:"compression_ratio"`
	}{"summary", by, len(usage.Rows), total.Files, total.Messages, total.Bytes, total.Content, total.Unique, total.Stored,
		usage.Lists, usage.Unused, usage.Packs, ratio(total.Content, total.Unique), ratio(total.Unique, total.Stored)})
}

func times(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1fx", ratio)
}

// addProven finds for each source when a drill at this place last proved one of
// its snapshots.
func addProven(ctx context.Context, c *session.Call, a *session.Archive, r *repo.Reader, usage *Usage) error {
	drills, err := r.Drills(ctx, c.Env.Clock.Now())
	for _, p := range drills.Problems {
		c.Voice.Warn("a note does not count: %v", p)
	}
	if err != nil {
		c.Voice.Warn("the notes in the repository could not be read: %v", err)
	}
	at := map[format.Hash]time.Time{}
	for _, d := range drills.All {
		if d.Outcome == repo.Proved && d.Place == a.PlaceName() {
			at[d.Snapshot] = d.Time // the oldest come first
		}
	}
	last := map[string]time.Time{}
	for _, h := range r.Heads() {
		m, err := r.Manifest(ctx, h)
		if err != nil {
			return err
		}
		if t := at[h.Hash]; t.After(last[m.Source.Name]) {
			last[m.Source.Name] = t
		}
	}
	for _, row := range usage.Rows {
		row.LastProven = session.Time(last[row.ID])
	}
	return nil
}
