package backup

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/chat"
)

// Source is what to back up: what is at a path, or a stream.
type Source struct {
	Path   string  // a file or a folder
	Stream *Stream // in place of Path
	Name   string  // the label that snapshots of it share; the path where empty
	// App is "" to recognise exports, "files" to parse nothing, or the name of
	// the provider that everything belongs to.
	App       string
	Providers []chat.Provider
	Chat      chat.Options
	// Which asks a person which of several apps an export is of: "" where nobody
	// knows. Where it is nil, nobody is asked.
	Which  func(ctx context.Context, what string, apps []string) string
	Select Selection
	Tags   []string
	Host   string
	// Guard says that the source is taken again and again, and is to be told of where
	// it has much less in it than the last time.
	Guard bool
}

// label is the name that snapshots of the source share.
func (s *Source) label() string {
	if s.Name != "" {
		return s.Name
	}
	return s.fullPath()
}

// fullPath is the source's path as the manifest has it, "" for a stream.
func (s *Source) fullPath() string {
	if s.Stream != nil {
		return ""
	}
	if path, err := filepath.Abs(s.Path); err == nil {
		return path
	}
	return s.Path
}

// Options are what a run needs beside its source.
type Options struct {
	// Files is the table of what was stored of which file, or nil to read all.
	Files *state.Table
	// Exports is the table of what parsing the exports gave, or nil to parse all.
	Exports  *state.Table
	Progress func(Progress)
	Workers  int // cores+1 where 0
	Now      func() time.Time
	Program  string // name and version, for the manifest
}

// Report is what a run did.
type Report struct {
	Snapshot format.Hash
	Sequence uint64

	Files, Bytes int64 // of the source
	Unreadable   int64 // files that could not be read: the snapshot is incomplete
	Skipped      int64 // sockets, devices and the like
	Unchanged    int64 // files that were not read again
	Changed      int64 // files that changed while they were read

	// ExportsUnchanged says that the exports are those of the last run: they were not
	// parsed again, and Conversations is empty.
	ExportsUnchanged          bool
	Conversations             []*ConversationReport
	ConversationCount         int64
	Messages, Unparsed        int64
	MediaStored, MediaMissing int64

	repo.Stats
	Warnings []string
	// Troubles are those of the warnings that a person has to hear, though the
	// snapshot is complete: of zips that are damaged or cut off, and of exports that
	// could be of several apps.
	Troubles []string
}

// Complete reports whether everything was read and parsed.
func (r *Report) Complete() bool { return r.Unreadable == 0 && r.Unparsed == 0 }

// run is one run in the making.
type run struct {
	src     Source
	o       Options
	s       *repo.Session
	report  *Report
	packers []*repo.Packer
	started time.Time
	out     *collector
	warned  warnings
	far     progress
	outcome *outcome // for the next run, nil where it has to parse
}

func (r *run) warn(s string) { r.warned.add(s) }

// Run makes a snapshot of the source. The session is committed when the error is
// nil; a report comes back in any case and says how far it came.
func Run(ctx context.Context, src Source, s *repo.Session, o Options) (*Report, error) {
	// Puts go on in the background until the commit has waited for them: the
	// context must outlive the workers.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := newRun(src, s, o)
	m, err := r.store(ctx, cancel)
	r.report.Warnings = r.warned.list
	if err != nil {
		return r.report, err
	}
	head, err := s.Commit(ctx, m)
	r.report.Stats = s.Stats()
	r.report.Warnings = append(r.report.Warnings, s.Notes()...)
	if err != nil {
		return r.report, err
	}
	r.report.Snapshot, r.report.Sequence = head.Hash, head.Seq
	r.keepOutcome()
	return r.report, r.out.keep()
}

func newRun(src Source, s *repo.Session, o Options) *run {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0) + 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &run{src: src, o: o, s: s, report: &Report{}, started: o.Now(), far: progress{tell: o.Progress}}
	for range o.Workers + 1 {
		r.packers = append(r.packers, s.NewPacker())
	}
	return r
}

// store puts everything but the head, and returns the manifest.
func (r *run) store(ctx context.Context, cancel context.CancelCauseFunc) (*format.Manifest, error) {
	var err error
	if r.src.Stream != nil {
		err = r.storeStream(ctx)
	} else {
		err = r.storePath(ctx, cancel)
	}
	if err != nil {
		return nil, err
	}
	contents, stats, err := r.out.close()
	if err != nil {
		return nil, err
	}
	if err := r.s.Flush(ctx, r.packers...); err != nil {
		return nil, err
	}
	return r.manifest(contents, stats), nil
}

// storePath stores what is at the source's path, and parses the exports in it.
func (r *run) storePath(ctx context.Context, cancel context.CancelCauseFunc) error {
	if _, err := os.Lstat(r.src.Path); err != nil {
		return err
	}
	go r.far.measure(ctx, &r.src)
	r.out = newCollector(ctx, r)
	exports, err := r.parseExports(ctx)
	if err != nil {
		return err
	}
	if err := r.storeFiles(ctx, cancel, exports); err != nil {
		return err
	}
	if r.report.Files == 0 && r.report.Messages == 0 {
		return &Nothing{Source: r.src.Path, Why: r.warned.list}
	}
	return nil
}

func (r *run) manifest(contents, stats format.List) *format.Manifest {
	app := r.src.App
	switch {
	case r.src.Stream != nil:
		app = "files" // nothing in it is parsed
	case app == "":
		app = "auto"
	}
	tags := append([]string{}, r.src.Tags...)
	return &format.Manifest{
		Source:  format.Source{Name: printable(r.src.label()), Host: printable(r.src.Host), Path: r.src.fullPath(), App: app},
		Tags:    tags,
		Started: r.started.UTC(), Finished: r.o.Now().UTC(), Program: r.o.Program,
		Complete: r.report.Unreadable == 0,
		Totals: format.Totals{
			Files: r.report.Files, Bytes: r.report.Bytes, Conversations: r.report.ConversationCount,
			Messages: r.report.Messages, Unparsed: r.report.Unparsed, MediaStored: r.report.MediaStored,
			MediaMissing: r.report.MediaMissing, Unreadable: r.report.Unreadable,
		},
		Contents: contents, Stats: stats,
	}
}

// Nothing is the error of a source with nothing in it that could be stored.
type Nothing struct {
	Source string   // a path, or what a stream is called
	Why    []string // warnings, as of files that could not be read
	cure   string   // "" for that of a path
}

func (e *Nothing) Error() string {
	if len(e.Why) > 0 {
		return "nothing to back up in " + e.Source + ": " + e.Why[0]
	}
	return "nothing to back up in " + e.Source
}

// Hint tells what to look at.
func (e *Nothing) Hint() string {
	switch {
	case len(e.Why) > 0:
		return ""
	case e.cure != "":
		return e.cure
	}
	return "an empty folder is more often a mistake or an unmounted disk than a wish; look at the path and the filters"
}
