// Package restore is the verb that gives back: a snapshot's files, byte for
// byte, below a directory of the user's choice.
//
// How a restore goes:
//
//	messages ──► where they are asked for, before anything else of the list
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
//     replaced, or left as it is where it has the right bytes already, never
//     written through.
//  5. What an earlier run left in the target is taken for what it should be only
//     after it was read and held against the snapshot, whoever wrote it.
//
// A restore with a journal that ends early leaves what is not whole for the next
// run of the same one; see journal and examiner. A plan, see Prepare, goes the
// same way and writes nothing.
package restore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/backup/zips"
	"chatkeep/providers/storage"
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
	// MessagesDir, and writes it first.
	Messages bool
	// Only, if not nil, is asked for each entry's path as the snapshot has it,
	// e.g. "originals/a/b", in raw bytes. Directories above what it picks come
	// along.
	Only func(path string) bool
	// Paths, if there are any, are the only ones that come back, with all below
	// them, of what Only lets through. Each must have something in the list.
	Paths []string
	// There, if not nil, is asked for the name below the target of each file and
	// link, and says that it need not be written.
	There func(name string) bool
	// Unready, if not nil, is asked for each pack that a file needs, by its number
	// in the index, and says why it cannot be read now, or nil. Nothing of a file
	// that needs one which cannot is fetched.
	Unready func(pack int) error
	// Choice is a part of what Only and Paths let through.
	Choice Choice
	// SafeNames changes names that some system or other does not take, though
	// the target may. See rules.
	SafeNames bool
	// Resume, if not empty, keeps a journal in the target, so that a restore that
	// is cut off can go on: one of the same snapshot with the same Resume. It is
	// what was asked for, in any words, of which the journal has the hash.
	Resume string
	// Verify reads every file again when all are there, and compares.
	Verify bool
	// Progress, if not nil, is called now and then, never twice at once.
	Progress func(Progress)
	// Outage, if not nil, is called when the store cannot be reached, with how
	// long it will be asked for an object again: once, until something comes.
	Outage func(err error, patience time.Duration)
	// Clock measures and waits; the system's where it is zero.
	Clock session.Clock
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
	Files    int64 // whole: every chunk had the bytes its id says, and the size on disk is the list's
	Kept     int64 // of the files, those that an earlier run had finished, read again and found whole
	Dirs     int64
	Links    int64 // symbolic and hard
	Bytes    int64 // of whole files
	Chunks   int64 // checked against their ids before they were written, once for each place
	Reused   int64 // chunks that an earlier run had written to a file it did not finish, checked in place
	Verified int64 // files that were read again at the end
	Zips     int64 // of the files, zips rebuilt from their members, read again and found to have their SHA-256
	Skipped  int64 // sockets, devices and the like, which backups list and do not keep
	Traffic  Traffic
	// Renamed are the entries whose names the target does not take, or that
	// SafeNames changed.
	Renamed []Renamed
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
// is none, and that must be empty unless o.Overwrite says otherwise or o.Resume
// says that an earlier run began it.
//
// The report is never nil. The error is nil only if everything that the
// snapshot holds and o asks for is there. An [Incomplete] says that the run went
// through and some entries are missing, a [Waiting] that those which are can be
// thawed. Any other error ended it early: ctx's,
// the storage's, or one of the target's such as a full disk. Files that were
// whole by then stay; of others nothing is left, or, with a journal, what the
// next run can use.
//
// Modes are restored as they were, save that files do not get back set-user-id,
// set-group-id and sticky bits: owners are not in a backup, so a program that
// ran as one user would run as another. Directories keep set-group-id and
// sticky.
func Run(ctx context.Context, s *repo.Snapshot, target string, o Options) (*Report, error) {
	r := newRun(s, o)
	if err := r.choose(ctx); err != nil {
		return r.finished(err)
	}
	t, err := openTarget(target, r.terms())
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
	line     *line
	options  Options
	chosen   *chosen
	target   *target // nil where nothing is written
	tree     *tree
	examiner *examiner
	limit    int // chunks of a batch
	listing  error
	lineage  lineage
	begun    bool        // past the records of the list, at the originals
	dialogue *repo.Entry // conversations.jsonl, which is written when it is known of whom
	media    bool        // the list has media to be restored when messages are
	links    []link
	losses   losses
	warnings warnings
	meter    meter
	report   Report
	setID    int64
	serial   uint32
	costs    *costs // where nothing is written

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
	o.Messages = o.Messages || len(o.Choice.Kinds) > 0 && o.Choice.kind(KindMessages)
	r := &run{options: o, chosen: newChosen(&o.Choice), line: newLine(&o), limit: batchChunks, writeAt: plainWriteAt, deflate: zips.Deflate}
	r.snapshot = s.Through(r.line.over)
	return r
}

// terms are those that the target is used on.
func (r *run) terms() terms {
	o := &r.options
	return terms{overwrite: o.Overwrite, safe: o.SafeNames, journal: newJournal(r.snapshot, o.Resume)}
}

// enter begins to write below a target.
func (r *run) enter(t *target) {
	r.target = t
	r.tree = newTree(t, t.rules, &r.warnings, r.beside())
	r.examiner = newExaminer(r.snapshot)
}

// beside reports whether something goes below MessagesDir.
func (r *run) beside() bool {
	return r.options.Messages || len(r.options.Choice.Kinds) > 0 && r.chosen.kind(KindMedia)
}

// choose finds the paths and the chats that are meant.
func (r *run) choose(ctx context.Context) (err error) {
	if err := seek(ctx, r.snapshot, r.options.Paths); err != nil {
		return err
	}
	if names := r.options.Choice.Chats; len(names) > 0 {
		r.chosen.ids, err = choose(ctx, r.snapshot, names)
	}
	return err
}

// all does everything. Errors of single entries go to r.losses, and one of the
// list itself to r.listing; what it returns ends the restore.
func (r *run) all(ctx context.Context) error {
	if err := r.files(ctx, r.add); err != nil {
		return err
	}
	if r.media && r.listing == nil {
		if err := r.files(ctx, r.addMedia); err != nil {
			return err
		}
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	if err := r.makeLinks(ctx); err != nil {
		return err
	}
	return r.tree.finish()
}

// filler puts the entries of a list into batches, and executes those that are
// full.
type filler struct {
	run   *run
	ctx   context.Context
	batch *batch
}

// flush executes what there is.
func (f *filler) flush() error {
	b := f.batch
	f.batch = newBatch()
	return f.run.execute(f.ctx, b)
}

// errEnough says that the rest of a list does not matter.
var errEnough = errors.New("enough")

// files goes through the snapshot's entries and restores them in batches. A
// list that is damaged somewhere gives back what it says up to there.
func (r *run) files(ctx context.Context, add func(*filler, repo.Entry) error) error {
	f := &filler{r, ctx, newBatch()}
	for e, err := range r.snapshot.Entries(ctx) {
		if format.ClassOf(err) != "" {
			r.listing = err
			break
		}
		if err != nil {
			return err
		}
		err := add(f, e)
		if err == errEnough {
			break
		}
		if err != nil {
			return err
		}
		if f.batch.chunks >= r.limit || len(f.batch.files) >= batchFiles {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
	if err := f.endRecords(); err != nil {
		return err
	}
	return f.flush()
}

// finished fills in the report.
func (r *run) finished(err error) (*Report, error) {
	p := &r.report
	p.Files, p.Bytes = r.meter.files.Load(), r.meter.bytes.Load()
	p.Chunks, p.Zips, p.Links = r.meter.chunks.Load(), r.meter.zips.Load(), r.meter.links
	if r.tree != nil {
		p.Dirs, p.Renamed = int64(len(r.tree.made)), r.tree.changed
	}
	if r.setID > 0 {
		r.warnings.add("%d files had set-user-id or set-group-id bits, which are not restored", r.setID)
	}
	p.Traffic, _ = r.line.counted()
	p.Warnings = r.warnings.list()
	p.Lost, p.Waiting = separate(r.losses.sorted())
	switch {
	case err != nil:
	case len(p.Lost) > 0 || r.listing != nil:
		err = &Incomplete{Lost: p.Lost, Listing: r.listing}
	case len(p.Waiting) > 0:
		err = &Waiting{Entries: p.Waiting}
	}
	if storage.ClassOf(err) == storage.Unreachable && r.target != nil && r.target.journal != nil {
		err = &cutOff{err}
	}
	return p, err
}
