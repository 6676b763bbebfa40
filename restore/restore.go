// Package restore is the verb that gives back: a snapshot's files, byte for
// byte, below a directory of the user's choice.
//
// How a restore goes:
//
//	contents ──► batch: which chunk of which pack goes where in which file
//	packs ─────► each is read once, by one of several workers; every chunk is
//	             checked against its id and written at its places
//	files ─────► written under a temporary name, which is changed last; zips,
//	             whose members several workers deflate, are read again behind
//	             them and hashed
//	then ──────► hard links, symbolic links, and the directories' modes and
//	             times, deepest first
//
// The invariants:
//
//  1. Nothing outside of the target is created, changed or read, whatever a
//     repository's lists say.
//  2. A file has its own name only when it is whole: every chunk had the bytes
//     that its id says, and the size is that of the list. So no half-written
//     file looks complete after an error, an interruption or a kill, which
//     leaves files called .chatkeep-… behind; and overwriting never trades a
//     whole file for a part of one.
//  3. What is damaged costs the files it belongs to and no others.
//  4. A file in the target that is a symbolic link or has other hard links is
//     replaced, never written through.
package restore

import (
	"context"
	"sync/atomic"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/zips"
)

// MessagesDir is the directory below the target that takes the normalised
// messages, where Options.Messages asks for them.
const MessagesDir = "chatkeep-messages"

// Options say what to restore and how. The zero value restores all originals
// into a target that is new or empty.
type Options struct {
	// Overwrite allows a target with something in it. Files of the same names
	// are replaced once their successors are whole; others stay.
	Overwrite bool
	// Messages also writes what the snapshot has beside the originals, below
	// MessagesDir.
	Messages bool
	// Only, if not nil, is asked for each entry's path as the snapshot has it,
	// e.g. "originals/a/b", in raw bytes. Directories above what it picks come
	// along.
	Only func(path string) bool
	// There, if not nil, is asked for the name below the target of each file and
	// link, and says that it need not be written.
	There func(name string) bool
	// Unready, if not nil, is asked for each pack that a file needs, by its number
	// in the index, and says why it cannot be read now, or nil. Nothing of a file
	// that needs one which cannot is fetched.
	Unready func(pack int) error
	// Progress, if not nil, is called now and then, never twice at once.
	Progress func(Progress)
	// Workers read packs side by side; one more than there are cores where 0.
	// Each takes memory of about a pack and two frames, and, where zips are put
	// together, 32 MiB of frames in place of the pack.
	Workers int
}

// Progress is how far a restore is. The totals grow while the snapshot's list
// is read.
type Progress struct {
	Files, TotalFiles int64
	Bytes, TotalBytes int64
}

// Report is what a restore did and what it proved.
type Report struct {
	Files   int64 // whole: every chunk had the bytes its id says, and the size on disk is the list's
	Dirs    int64
	Links   int64 // symbolic and hard
	Bytes   int64 // of whole files
	Chunks  int64 // checked against their ids before they were written, once for each place
	Zips    int64 // of the files, zips rebuilt from their members, read again and found to have their SHA-256
	Skipped int64 // sockets, devices and the like, which backups list and do not keep
	// Warnings are what came back in another way than it was: names that this
	// system does not allow, modes and times that could not be set.
	Warnings []string
	// Unreadable are entries that the backup could not read, and why.
	Unreadable []string
	// Lost are the entries that did not come back; nothing of them is left in
	// the target. They are also in the error.
	Lost []Loss
	// Waiting are entries that did not come back because the store has what they
	// need in an archive. They, too, are in the error.
	Waiting []Loss
}

// Run restores a snapshot below target, a directory that is created where there
// is none, and that must be empty unless o.Overwrite says otherwise.
//
// The report is never nil. The error is nil only if everything that the
// snapshot holds and o asks for is there. An [Incomplete] says that the run went
// through and some entries are missing, a [Waiting] that those which are can be
// thawed. Any other error ended it early: ctx's,
// the storage's, or one of the target's such as a full disk. Files that were
// whole by then stay; of others nothing is left.
//
// Modes are restored as they were, save that files do not get back set-user-id,
// set-group-id and sticky bits: owners are not in a backup, so a program that
// ran as one user would run as another. Directories keep set-group-id and
// sticky.
func Run(ctx context.Context, s *repo.Snapshot, target string, o Options) (*Report, error) {
	r := newRun(s, o)
	t, err := openTarget(target, o.Overwrite)
	if err != nil {
		return r.finished(err)
	}
	defer t.close()
	r.enter(t)
	return r.finished(r.all(ctx))
}

// run is one restore.
type run struct {
	snapshot *repo.Snapshot
	options  Options
	target   *target
	tree     *tree
	limit    int // chunks of a batch
	listing  error
	lineage  lineage
	links    []link
	losses   losses
	warnings warnings
	meter    meter
	report   Report
	setID    int64
	serial   uint32

	// Tests put others in the place of these.
	writeAt writeAt
	deflate deflate
}

// meter counts what is done while workers run.
type meter struct {
	files, bytes, chunks, zips    atomic.Int64
	totalFiles, totalBytes, links int64
}

func newRun(s *repo.Snapshot, o Options) *run {
	return &run{snapshot: s, options: o, limit: batchChunks, writeAt: plainWriteAt, deflate: zips.Deflate}
}

// enter begins to write below a target.
func (r *run) enter(t *target) {
	r.target = t
	r.tree = newTree(t, &r.warnings, r.options.Messages)
}

// all does everything. Errors of single entries go to r.losses, and one of the
// list itself to r.listing; what it returns ends the restore.
func (r *run) all(ctx context.Context) error {
	if err := r.files(ctx, r.add); err != nil {
		return err
	}
	if err := r.makeLinks(ctx); err != nil {
		return err
	}
	return r.tree.finish()
}

// files goes through the snapshot's entries and restores them in batches. A
// list that is damaged somewhere gives back what it says up to there.
func (r *run) files(ctx context.Context, add func(*batch, repo.Entry) error) error {
	b := newBatch()
	for e, err := range r.snapshot.Entries(ctx) {
		if format.ClassOf(err) != "" {
			r.listing = err
			break
		}
		if err != nil {
			return err
		}
		if err := add(b, e); err != nil {
			return err
		}
		if b.chunks >= r.limit || len(b.files) >= batchFiles {
			if err := r.execute(ctx, b); err != nil {
				return err
			}
			b = newBatch()
		}
	}
	return r.execute(ctx, b)
}

// finished fills in the report.
func (r *run) finished(err error) (*Report, error) {
	p := &r.report
	p.Files, p.Bytes = r.meter.files.Load(), r.meter.bytes.Load()
	p.Chunks, p.Zips, p.Links = r.meter.chunks.Load(), r.meter.zips.Load(), r.meter.links
	if r.tree != nil {
		p.Dirs = int64(len(r.tree.made))
	}
	if r.setID > 0 {
		r.warnings.add("%d files had set-user-id or set-group-id bits, which are not restored", r.setID)
	}
	p.Warnings = r.warnings.list()
	p.Lost, p.Waiting = separate(r.losses.sorted())
	switch {
	case err != nil:
	case len(p.Lost) > 0 || r.listing != nil:
		err = &Incomplete{Lost: p.Lost, Listing: r.listing}
	case len(p.Waiting) > 0:
		err = &Waiting{Entries: p.Waiting}
	}
	return p, err
}
