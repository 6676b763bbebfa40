package restore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// DrillOptions say how much a drill proves. The messages are always read whole.
type DrillOptions struct {
	// All restores every file. Else as many as Sample bytes have room for are
	// drawn by lot.
	All    bool
	Sample int64
	// Target is where what is restored is left; nowhere where empty.
	Target   string
	Progress func(Progress)
	Now      func() time.Time
	Lot      *rand.Rand
}

// DrillReport is what a drill proved, and what it could not.
type DrillReport struct {
	Everything bool // nothing was left out
	// Files, Bytes and Messages were proved, of so many that the snapshot says
	// it has. Files with another name for the same bytes, hard links, are not
	// counted on either side.
	Files, FilesTotal       int64
	Bytes, BytesTotal       int64
	Messages, MessagesTotal int64
	Conversations           int64
	MessageBytes            int64
	Chunks, Zips            int64
	TooLarge                int64 // files that are larger than the sample
	Failures                []string
	FailuresTotal           int64
	Took                    time.Duration
}

// Proved reports whether nothing went wrong.
func (r *DrillReport) Proved() bool { return r.FailuresTotal == 0 }

// Rate is how many bytes a second came back.
func (r *DrillReport) Rate() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(r.Bytes+r.MessageBytes) / r.Took.Seconds()
}

// Whole is how long a restore of everything would take at this rate; 0 where
// that cannot be told.
func (r *DrillReport) Whole() time.Duration {
	if r.Rate() == 0 {
		return 0
	}
	return time.Duration(float64(r.BytesTotal+r.MessageBytes) / r.Rate() * float64(time.Second))
}

// fail notes what went wrong.
func (r *DrillReport) fail(what string, err error) {
	if r.FailuresTotal++; len(r.Failures) < repo.MaxFailures {
		text := err.Error()
		if what != "" {
			text = what + ": " + text
		}
		r.Failures = append(r.Failures, text)
	}
}

// Drill restores a snapshot, or a sample of it, to see whether it comes back: the
// chunks of what it reads have the bytes that their ids say, files their sizes,
// zips their hashes, messages parse; and there is as much of everything as the
// manifest says. The error is nil also where something is not proved, which the
// report says; it is one that ended the drill early, and says nothing about the
// repository.
func Drill(ctx context.Context, s *repo.Snapshot, o DrillOptions) (*DrillReport, error) {
	r := &DrillReport{}
	started := o.Now()
	sample, err := survey(ctx, s, o, r)
	if err != nil {
		return r, err
	}
	if err := proveMessages(ctx, s, sample.streams, r); err != nil {
		return r, err
	}
	if err := drillFiles(ctx, s, o, sample, r); err != nil {
		return r, err
	}
	r.Took = o.Now().Sub(started)
	return r, nil
}

// drillFiles restores the files of a sample.
func drillFiles(ctx context.Context, s *repo.Snapshot, o DrillOptions, sample *sample, r *DrillReport) error {
	options := Options{Only: sample.takes, Progress: o.Progress}
	var report *Report
	var err error
	if o.Target == "" {
		report, err = Prove(ctx, s, options)
	} else {
		report, err = Run(ctx, s, o.Target, options)
	}
	var incomplete *Incomplete
	if err != nil && (!errors.As(err, &incomplete) || incomplete.ExitCode() != 11) {
		return err
	}
	for _, l := range report.Lost {
		r.fail(fmt.Sprintf("%q", l.Path), l.Err)
	}
	r.Chunks += report.Chunks
	r.Zips = report.Zips
	r.Files, r.Bytes = report.Files, report.Bytes
	if lost := int64(len(report.Lost)); r.Files+lost < sample.files {
		r.fail("", fmt.Errorf("%d files came back of the %d that were asked for", r.Files, sample.files))
	}
	return nil
}

// isFile reports whether an entry is a file below the originals, and has bytes
// of its own.
func isFile(e repo.Entry) bool {
	return (e.Type == format.EntryFile || e.Type == format.EntryZip) && strings.HasPrefix(e.Path, format.OriginalsPath)
}

// survey goes through the list of a snapshot, counts, and draws the sample.
func survey(ctx context.Context, s *repo.Snapshot, o DrillOptions, r *DrillReport) (*sample, error) {
	totals := s.Manifest.Totals
	draw := newSample(o)
	files, whole := int64(0), true
	for e, err := range s.Entries(ctx) {
		if err != nil && !damage(err) {
			return nil, err
		}
		if err != nil {
			r.fail("the list of files", err)
			whole = false
			break
		}
		switch {
		case isFile(e):
			files++
			r.FilesTotal++
			r.BytesTotal += e.Size
			draw.offer(e)
		case e.Type == format.EntryHardlink:
			files++
			draw.links++
		case isMessages(e):
			draw.streams = append(draw.streams, e)
		}
	}
	draw.settle()
	r.TooLarge = draw.tooLarge
	r.Everything = whole && draw.everything()
	r.MessagesTotal = totals.Messages
	if !whole {
		r.FilesTotal, r.BytesTotal = max(r.FilesTotal, totals.Files), max(r.BytesTotal, totals.Bytes)
		return draw, nil
	}
	if files != totals.Files || r.BytesTotal != totals.Bytes {
		r.fail("", fmt.Errorf("the list has %d files of %d bytes, and the manifest says %d of %d", files, r.BytesTotal, totals.Files, totals.Bytes))
	}
	return draw, nil
}
