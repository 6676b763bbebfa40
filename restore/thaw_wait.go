package restore

import (
	"slices"

	"chatkeep/providers/storage"
)

// exitLater is the exit code of what may work later.
const exitLater = 13

// Waiting is the error of a restore that went through and could not give back
// what the store has in archives.
type Waiting struct {
	Entries []Loss // by path
	Text    string // what is to be waited for; may be empty
	Cure    string // for Hint; may be empty
}

// Error counts what waits.
func (e *Waiting) Error() string {
	text := "nothing was restored yet: the snapshot's list of files is in an archive of the store"
	if len(e.Entries) > 0 {
		text = entries(len(e.Entries)) + " not restored yet: what is needed is in archives of the store"
	}
	if e.Text != "" {
		text += "; " + e.Text
	}
	return text
}

// Hint tells what to do.
func (e *Waiting) Hint() string { return e.Cure }

// ExitCode is 13: later it may work.
func (e *Waiting) ExitCode() int { return exitLater }

// separate takes those losses out that are none in the end: what they need can
// be thawed.
func separate(all []Loss) (lost, waiting []Loss) {
	for _, l := range all {
		if storage.ClassOf(l.Err) == storage.Archived {
			waiting = append(waiting, l)
		} else {
			lost = append(lost, l)
		}
	}
	return lost, waiting
}

// add makes the report of several runs of one, each of which restored what the
// one before it had to leave.
func (r *Report) add(next *Report) {
	sum := *next
	sum.Files += r.Files
	sum.Links += r.Links
	sum.Bytes += r.Bytes
	sum.Chunks += r.Chunks
	sum.Zips += r.Zips
	for _, w := range r.Warnings {
		if !slices.Contains(sum.Warnings, w) {
			sum.Warnings = append(sum.Warnings, w)
		}
	}
	*r = sum
}
