package restore

import (
	"context"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// planned is the summary of restore --plan --json; fields are only added.
type planned struct {
	Type     string      `json:"type"`
	Snapshot format.Hash `json:"snapshot"`
	Plan     bool        `json:"plan"`
	Files    int64       `json:"files"`
	Dirs     int64       `json:"dirs"`
	Links    int64       `json:"links"`
	Bytes    int64       `json:"bytes"`
	// All that a restore into an empty target reads, as its own summary says it
	// then: opening included.
	Objects    int64 `json:"objects"`
	Requests   int64 `json:"requests"`
	Downloaded int64 `json:"bytes_downloaded"`
	// What of that this plan has read, and will be read again.
	Opening cost `json:"opening"`
	Lists   cost `json:"lists"`
	// What contents take, by kind.
	Kinds costsByKind `json:"by_kind"`
	// A guess.
	Seconds   float64 `json:"estimated_seconds"`
	Bandwidth int64   `json:"bytes_per_second"` // that it reckons with
	Measured  bool    `json:"measured"`         // while the plan was made

	Lost []lostEntry `json:"lost"`
}

type costsByKind struct {
	Messages  cost `json:"messages"`
	Media     cost `json:"media"`
	Originals cost `json:"originals"`
}

// tellPlan says what a restore would take.
func tellPlan(ctx context.Context, c *session.Call, s *repo.Snapshot, o Options, opening cost) error {
	given, err := c.Size("bandwidth")
	if err != nil {
		return err
	}
	p, err := Prepare(ctx, s, o)
	if err != nil {
		return err
	}
	took, bandwidth := p.Estimate(given)
	of := func(k format.Kind) cost { return cost{p.Kinds[k].Requests, p.Kinds[k].Bytes} }
	sum := planned{
		Type: "summary", Snapshot: s.Head.Hash, Plan: true, Files: p.Files, Dirs: p.Dirs, Links: p.Links, Bytes: p.Bytes,
		Objects: p.Needed.Objects, Requests: opening.Requests + p.Needed.Requests, Downloaded: opening.Bytes + p.Needed.Bytes,
		Opening: opening, Lists: cost{p.Read.Requests, p.Read.Bytes},
		Kinds:   costsByKind{of(format.Messages), of(format.Media), of(format.Originals)},
		Seconds: took.Seconds(), Bandwidth: bandwidth, Measured: given == 0,
	}
	sum.Lost = lostEntries(p.Lost)
	for _, l := range p.Lost {
		c.Voice.Warn("it would be lost: %s: %v", l.Path, l.Err)
	}
	c.Voice.Print("to restore: %s, %s", session.Plural(p.Files, "file", "files"), session.Size(p.Bytes))
	c.Voice.Print("to download: %s in %s, from %s", session.Size(sum.Downloaded),
		session.Plural(sum.Requests, "request", "requests"), session.Plural(p.Needed.Objects, "pack", "packs"))
	c.Voice.Print("  opening the repository and reading the lists: %s in %s, done for this plan and again for the restore",
		session.Size(opening.Bytes+p.Read.Bytes), session.Plural(opening.Requests+p.Read.Requests, "request", "requests"))
	for _, part := range []struct {
		what string
		cost
	}{{"messages", sum.Kinds.Messages}, {"media", sum.Kinds.Media}, {"other files", sum.Kinds.Originals}} {
		if part.Requests > 0 {
			c.Voice.Print("  %s: %s in %s", part.what, session.Size(part.Bytes), session.Plural(part.Requests, "request", "requests"))
		}
	}
	switch {
	case given > 0:
		c.Voice.Print("time: about %s at %s a second", session.Span(took), session.Size(bandwidth))
	case bandwidth > 0:
		c.Voice.Print("time: perhaps %s, if all comes as fast as what was read for this plan, at %s a second; --bandwidth reckons with another",
			session.Span(took), session.Size(bandwidth))
	}
	return c.Voice.Object(sum)
}
