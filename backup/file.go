package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/split"
)

// fileWorker stores files with one packer.
type fileWorker struct {
	r      *run
	packer *repo.Packer
	buf    []byte
}

func (w *fileWorker) batch(ctx context.Context, b *batch) error {
	b.results = make([]result, len(b.tasks))
	for i := range b.tasks {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := w.task(ctx, &b.tasks[i], &b.results[i]); err != nil {
			return err
		}
	}
	return nil
}

// task stores one node. Its error is one of the repository; what is wrong with
// the file goes into its entry.
func (w *fileWorker) task(ctx context.Context, j *task, out *result) error {
	out.path = j.path
	e := &format.Entry{Path: j.path}
	if j.info != nil {
		out.stat = format.Stat{Mode: permissions(j.info.Mode()), Mtime: j.info.ModTime()}
	}
	switch {
	case j.err != nil:
		w.unreadable(e, j.file, j.err)
	case j.info.IsDir():
		e.Type = format.EntryDir
	case j.info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(j.file)
		if err != nil {
			w.unreadable(e, j.file, err)
			break
		}
		e.Type, e.Target = format.EntrySymlink, target
	case !j.info.Mode().IsRegular():
		e.Type, e.Why = format.EntrySkipped, special(j.info.Mode())
		atomic.AddInt64(&w.r.report.Skipped, 1)
	case j.link != "":
		e.Type, e.Target = format.EntryHardlink, j.link
		atomic.AddInt64(&w.r.report.Files, 1)
	default:
		return w.file(ctx, j, out)
	}
	out.lines = format.AppendEntry(nil, e)
	return nil
}

// file stores a regular file, or says that it is what it was.
func (w *fileWorker) file(ctx context.Context, j *task, out *result) error {
	print := identity(j.info)
	out.print = &print
	if j.known != nil && j.known.print == print && present(w.packer, j.known.lines) {
		out.lines = j.known.lines
		w.count(j.info.Size(), true)
		w.r.far.add(j.info.Size(), j.file)
		return nil
	}
	item, err := w.read(ctx, j)
	var store *storeError
	if errors.As(err, &store) {
		return store.err
	}
	if err != nil {
		item = &format.Item{Entry: format.Entry{Path: j.path}}
		w.unreadable(&item.Entry, j.file, err)
		out.print = nil
	}
	if w.r.tooFresh(print) {
		// It may change again within the same tick of the clock.
		out.print = nil
	}
	out.lines = format.AppendItem(nil, item)
	return nil
}

// storeError is trouble with the repository, not with the file.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }

// read stores the bytes of a file.
func (w *fileWorker) read(ctx context.Context, j *task) (*format.Item, error) {
	f, err := openFile(j.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it became something else than a file")
	}
	head := make([]byte, min(info.Size(), split.HeadSize))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	if isZip(j.path, head) {
		if item, err := w.zip(ctx, j, f, info.Size()); item != nil || err != nil {
			return item, err
		}
	}
	e := format.Entry{Path: j.path, Type: format.EntryFile, Sparse: sparse(info)}
	e.Chunks, e.Size, err = w.store(ctx, io.NewSectionReader(f, 0, 1<<62), j.path, info.Size(), head)
	if err != nil {
		return nil, err
	}
	if e.Size != info.Size() {
		atomic.AddInt64(&w.r.report.Changed, 1)
		w.r.warn(fmt.Sprintf("%s changed while it was read: %d bytes became %d", j.file, info.Size(), e.Size))
	}
	w.count(e.Size, false)
	return &format.Item{Entry: e}, nil
}

// store cuts a stream as what it holds, and stores the chunks.
func (w *fileWorker) store(ctx context.Context, r io.Reader, name string, size int64, head []byte) ([]format.ID, int64, error) {
	rule := split.Choose(name, size, head)
	kind := format.Originals
	if rule == split.Media {
		kind = format.Media
	}
	hint := repo.Hint{Group: path.Dir(name), Stored: rule == split.Media, Increment: rule != split.Media, Database: rule == split.SQLite}
	s := w.packer.Stream(ctx, kind, hint, w.r.s.Cutter(rule), w.buf)
	src := &sourceReader{r: r, name: name, far: &w.r.far}
	_, err := s.ReadFrom(src)
	if err == nil {
		err = s.Close()
	}
	w.buf = s.Buffer()
	if err != nil && src.err == nil {
		return nil, 0, &storeError{err}
	}
	return s.IDs, s.Size, err
}

// sourceReader remembers whether it was the source that failed.
type sourceReader struct {
	r    io.Reader
	err  error
	name string
	far  *progress
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.far.add(int64(n), s.name)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (w *fileWorker) count(size int64, unchanged bool) {
	atomic.AddInt64(&w.r.report.Files, 1)
	atomic.AddInt64(&w.r.report.Bytes, size)
	if unchanged {
		atomic.AddInt64(&w.r.report.Unchanged, 1)
	}
}

// unreadable makes an entry say that its file could not be read.
func (w *fileWorker) unreadable(e *format.Entry, file string, err error) {
	err = w.r.noteUnreadable(file, err)
	*e = format.Entry{Path: e.Path, Type: format.EntryUnreadable, Why: printable(err.Error())}
}

// noteUnreadable counts what could not be read, and returns why.
func (r *run) noteUnreadable(file string, err error) error {
	err = withoutPath(err)
	atomic.AddInt64(&r.report.Unreadable, 1)
	r.warn(cannotRead(file, err))
	return err
}

// cannotRead is the warning of a file that cannot be read.
func cannotRead(file string, err error) string {
	return fmt.Sprintf("%s could not be read: %v", file, withoutPath(err))
}

// withoutPath is an error without the path that is told beside it.
func withoutPath(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// broken notes trouble in the middle of a folder: what it lacks has no entry.
func (r *run) broken(n node) { _ = r.noteUnreadable(n.file, n.err) }

// tooFresh reports whether a file was changed so shortly before the run that
// its times cannot tell a later change.
func (r *run) tooFresh(p fingerprint) bool {
	limit := r.started.Add(-2 * time.Second).UnixNano()
	return p.Mtime >= limit || p.Ctime >= limit
}

func permissions(m fs.FileMode) uint32 {
	p := uint32(m.Perm())
	for bit, mode := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			p |= mode
		}
	}
	return p
}

func special(m fs.FileMode) string {
	switch {
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// printable makes a text fit for the lists, which are UTF-8.
func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
