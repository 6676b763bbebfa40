package telegram

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"chatkeep/providers/internal/jsonstream"
)

var (
	// errStopped ends a stream whose reader has had enough.
	errStopped = errors.New("stopped")
	errUnknown = errors.New("telegram: a conversation that is not of this export")
)

// stream is the export being read from a place on.
type stream struct {
	*jsonstream.Reader
	file fs.File
	from int64 // where the reader began
}

func (s *stream) close() { s.file.Close() }

// open begins to read at an offset of the file. A file of a zip cannot be
// searched and is read up to there.
func (e *export) open(offset int64) (*stream, error) {
	f, err := e.files.fsys.Open(e.match.Path)
	if err != nil {
		return nil, err
	}
	if offset > 0 {
		if s, ok := f.(io.Seeker); ok {
			_, err = s.Seek(offset, io.SeekStart)
		} else {
			_, err = io.CopyN(io.Discard, f, offset)
		}
		if err != nil {
			f.Close()
			return nil, e.fault(err)
		}
	}
	return &stream{jsonstream.NewReader(f, limits), f, offset}, nil
}

// beside reads at an offset without a stream along Conversations: it goes on from
// where it was, where that is before, and begins anew else.
func (e *export) beside(offset int64) (*stream, error) {
	if s := e.side; s != nil {
		rest, at := s.Rest()
		if at += s.from; at <= offset {
			if _, err := io.CopyN(io.Discard, rest, offset-at); err != nil {
				return nil, e.fault(err)
			}
			e.side = &stream{jsonstream.NewReader(rest, limits), s.file, offset}
			return e.side, nil
		}
		s.close()
		e.side = nil
	}
	s, err := e.open(offset)
	e.side = s
	return s, err
}

// fault is trouble with the export's file.
type fault struct {
	file string
	err  error
}

// fault names the file to an error.
func (e *export) fault(err error) error { return &fault{e.match.Path, err} }

func (f *fault) Error() string {
	switch {
	case errors.Is(f.err, jsonstream.ErrTooLarge), errors.Is(f.err, errLarge):
		return fmt.Sprintf("%s: left out: %v", f.file, f.err)
	case errors.Is(f.err, io.ErrUnexpectedEOF) || errors.Is(f.err, io.EOF):
		return fmt.Sprintf("%s: ends early, what came before was read: %v", f.file, f.err)
	}
	return fmt.Sprintf("%s: %v", f.file, f.err)
}

// Unwrap makes an end that comes early match io.ErrUnexpectedEOF.
func (f *fault) Unwrap() error {
	if errors.Is(f.err, io.EOF) && !errors.Is(f.err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return f.err
}

// Hint says what to do.
func (f *fault) Hint() string {
	switch {
	case errors.Is(f, io.ErrUnexpectedEOF):
		return "export again, and wait until the app says that the export is done"
	case errors.Is(f, errNoMessages):
		return "export again with a newer Telegram Desktop, as JSON"
	}
	return ""
}
