package session

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// errNobody says that there is no person to ask or to show something to.
var errNobody = errors.New("there is no terminal")

// Terminal is a person: who can be asked, and shown what must not go into a
// pipe or a log.
type Terminal interface {
	// Show writes text for the person alone.
	Show(text string) error
	// Secret asks for a line that is not echoed. It ends with ctx and then
	// leaves the terminal as it was.
	Secret(ctx context.Context, prompt string) (string, error)
	// Line asks for a line that is echoed.
	Line(ctx context.Context, prompt string) (string, error)
	io.Closer
}

// maxAnswer is how long an answer that is echoed may be, in bytes.
const maxAnswer = 4 << 10

// tty is the controlling terminal.
type tty struct{ in, out *os.File }

func openTerminal() (Terminal, error) {
	if runtime.GOOS == "windows" {
		in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
		if err != nil {
			return nil, errNobody
		}
		out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
		if err != nil {
			in.Close()
			return nil, errNobody
		}
		return &tty{in, out}, nil
	}
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, errNobody
	}
	return &tty{f, f}, nil
}

func (t *tty) Show(text string) error {
	_, err := io.WriteString(t.out, text)
	return err
}

func (t *tty) Secret(ctx context.Context, prompt string) (string, error) {
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", errNobody
	}
	line, err := t.ask(ctx, prompt, func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		_ = term.Restore(fd, before)
	}
	_ = t.Show("\n")
	return line, err
}

func (t *tty) Line(ctx context.Context, prompt string) (string, error) {
	return t.ask(ctx, prompt, t.readLine)
}

// ask shows a prompt and waits for the answer.
func (t *tty) ask(ctx context.Context, prompt string, read func() ([]byte, error)) (string, error) {
	if err := t.Show(Clean(prompt) + ": "); err != nil {
		return "", err
	}
	type answer struct {
		line []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		// A read of a terminal cannot be cut short: after an interruption this
		// goroutine stays until the process ends, which is soon.
		line, err := read()
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		if errors.Is(a.err, io.EOF) {
			return "", errors.New("no answer")
		}
		return strings.TrimSuffix(string(a.line), "\r"), a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// readLine reads a line and not a byte more: what follows may be another answer.
func (t *tty) readLine() (line []byte, err error) {
	var b [1]byte
	for len(line) < maxAnswer {
		if _, err := t.in.Read(b[:]); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			break
		}
		line = append(line, b[0])
	}
	return line, nil
}

func (t *tty) Close() error {
	if t.out != t.in {
		t.out.Close()
	}
	return t.in.Close()
}
