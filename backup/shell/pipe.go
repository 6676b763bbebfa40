package shell

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// Pipe starts the command and returns its stdout, as it comes; Stdout is not used.
// Reading it ends in io.EOF where the command succeeded, and else in the error that
// Run would return: then what was read is not the whole. What the command left in
// the background and prints as well belongs to it, as in a pipe of the shell.
//
// Close ends a command that is still at work. It has to be called, and not beside
// a Read.
func (c Command) Pipe(ctx context.Context) (io.ReadCloser, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := c.process(ctx)
	p.cmd.Stdout = in
	askToEnd := p.cmd.Cancel
	p.cmd.Cancel = func() error {
		// Who left the process group may hold the pipe open. Where there are no
		// deadlines, all that it started is ended at once.
		_ = out.SetReadDeadline(time.Now().Add(p.Grace))
		return askToEnd()
	}
	err = p.cmd.Start()
	in.Close()
	if err != nil {
		out.Close()
		p.cancel()
		return nil, p.outcome(err)
	}
	return &pipe{process: p, out: out}, nil
}

// pipe is the stdout of a command.
type pipe struct {
	*process
	out *os.File
	end error // how it ended, io.EOF where that was well; nil while it goes on
}

func (p *pipe) Read(b []byte) (int, error) {
	if p.end != nil {
		return 0, p.end
	}
	n, err := p.out.Read(b)
	if err != nil {
		err = p.finish(err)
	}
	return n, err
}

// finish waits for the command, of which there is nothing more to read, and returns
// how it ended.
func (p *pipe) finish(why error) error {
	if why != io.EOF {
		p.cancel()
	}
	p.out.Close()
	how := p.outcome(p.wait())
	p.cancel()
	p.end = why
	if how != nil && (why == io.EOF || errors.Is(why, os.ErrDeadlineExceeded)) {
		p.end = how
	}
	return p.end
}

// Close ends the command, if it has not ended.
func (p *pipe) Close() error {
	if p.end == nil {
		_ = p.finish(os.ErrClosed) // it was not let come to its end
	}
	return nil
}
