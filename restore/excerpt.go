package restore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// addRecords takes an entry of the records into the restore. Where messages
// decide what comes back, its records are read here and now, and those that are
// asked for make a file of their own.
func (r *run) addRecords(f *filler, e repo.Entry, d *dir, above string, below bool) error {
	if !r.chosen.byRecords() || below {
		if !r.options.Messages {
			return nil
		}
		r.chosen.taken.add(e.Path)
		return r.addOriginal(f, e, d, above, below)
	}
	switch {
	case e.Type != format.EntryFile:
		return nil
	case e.Path == format.ConversationsPath:
		r.dialogue = &e
		return nil
	case e.Path == format.ParticipantsPath:
		return r.excerpt(f.ctx, e, r.chosen.participant)
	case strings.HasPrefix(e.Path, format.MessagesDir) && r.chosen.stream(e.Path):
		return r.excerpt(f.ctx, e, func(record any) bool {
			m, ok := record.(*chat.Message)
			return !ok || r.chosen.message(m)
		})
	}
	return nil
}

// endRecords is called where the list comes to the originals, and at its end:
// what there is of the messages is then put in its place, before anything else is
// fetched. The list of participants comes last in a snapshot.
func (f *filler) endRecords() error {
	r := f.run
	if r.begun {
		return nil
	}
	r.begun = true
	if r.dialogue != nil {
		if err := r.excerpt(f.ctx, *r.dialogue, r.chosen.conversation); err != nil {
			return err
		}
	}
	if !r.options.Messages {
		return nil
	}
	return f.flush()
}

// excerpt goes through the records of an entry and writes those that keep is true
// for, as they stand there, unless there are none or messages are not asked for.
// It returns only errors that end the restore.
func (r *run) excerpt(ctx context.Context, e repo.Entry, keep func(any) bool) error {
	x := &excerpt{in: record.NewDecoder(r.snapshot.Chunks(ctx, e.Chunks)), keep: keep}
	var err error
	if r.options.Messages && r.target != nil {
		err = r.writeExcerpt(e, x)
	} else {
		_, err = io.Copy(io.Discard, x)
		if x.kept > 0 && r.options.Messages {
			_ = r.tree.make(r.tree.spot(e.Path).dir) // of a plan: nothing is written
		}
	}
	if x.failed != nil && !damage(x.failed) {
		return x.failed
	}
	if err := r.check(e.Path, err); err != nil || x.kept == 0 || !r.options.Messages {
		return err
	}
	r.meter.totalFiles++
	r.meter.totalBytes += x.bytes
	if !r.losses.has(e.Path) {
		r.meter.files.Add(1)
		r.meter.bytes.Add(x.bytes)
		r.meter.chunks.Add(int64(len(e.Chunks)))
	}
	return nil
}

// excerpt is some of the lines of a file of records. Lines of types that this
// release does not know are kept, as it cannot say whether they are asked for.
type excerpt struct {
	in     *record.Decoder
	keep   func(any) bool
	line   bytes.Buffer
	kept   int
	bytes  int64
	failed error // to read
}

// Read implements [io.Reader].
func (x *excerpt) Read(p []byte) (int, error) {
	for x.line.Len() == 0 {
		r, err := x.in.Next()
		var bad *record.Error
		switch {
		case err == io.EOF:
			return 0, io.EOF
		case errors.As(err, &bad) && (errors.Is(err, record.ErrTooLong) || errors.Is(err, io.ErrUnexpectedEOF)):
			x.failed = format.Fail(format.Malformed, "records", "%w", err)
		case err != nil && bad == nil:
			x.failed = err
		}
		if x.failed != nil {
			return 0, x.failed
		}
		if err == nil && !x.keep(r) {
			continue
		}
		x.line.Write(x.in.Line())
		x.line.WriteByte('\n')
		x.kept++
		x.bytes += int64(x.line.Len())
	}
	return x.line.Read(p)
}

// writeExcerpt makes a file of an excerpt, which gets its name last.
func (r *run) writeExcerpt(e repo.Entry, x *excerpt) error {
	at := r.tree.spot(e.Path)
	if err := r.tree.make(at.dir); err != nil {
		return err
	}
	r.serial++
	name := r.target.temporary(r.serial)
	return r.target.in(at.dir, func(h *handle) error {
		err := r.fillExcerpt(h, name, e, x)
		if err == nil && x.kept > 0 {
			if r.target.resuming && sameFiles(h.root, name, at.name) {
				return h.root.Remove(name)
			}
			err = r.target.settle(h, name, at.name)
		}
		if err == nil && x.kept > 0 {
			return nil
		}
		if gone := h.root.Remove(name); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			r.warnings.add("%q could not be removed: %v", at.dir.disk()+"/"+name, bare(gone))
		}
		return err
	})
}

func (r *run) fillExcerpt(h *handle, name string, e repo.Entry, x *excerpt) error {
	mode := fs.FileMode(e.Stat.Mode & 0o777)
	out, err := r.target.create(h.root, name, mode|0o600)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 64<<10)
	if _, err = io.Copy(buffered, x); err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = out.Chmod(mode)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := setTimes(h, name, e.Stat.Mtime); err != nil {
		r.warnings.add("%q: its time could not be set: %v", e.Path, err)
	}
	return nil
}

// sameFiles reports whether two files of this user's have the same bytes.
func sameFiles(root *os.Root, one, other string) bool {
	a, b := openOwn(root, one, os.O_RDONLY), openOwn(root, other, os.O_RDONLY)
	if a != nil {
		defer a.Close()
	}
	if b != nil {
		defer b.Close()
	}
	if a == nil || b == nil {
		return false
	}
	x, y := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, xerr := io.ReadFull(a, x)
		m, yerr := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false
		}
		if xerr != nil || yerr != nil {
			return isEnd(xerr) && isEnd(yerr)
		}
	}
}

func isEnd(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
