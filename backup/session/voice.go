package session

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Voice is how a command speaks: stdout is what was asked for, stderr is how it
// goes. There are no colours. Text from outside is cleaned on its way: pass it
// as an argument, never in a format.
//
// Where stderr is no terminal, success is silent, as cron wants it.
type Voice struct {
	mu          sync.Mutex
	out, err    io.Writer
	meter       *meter // nil where no progress is shown
	json        bool
	quiet, loud bool
	lost        error // the first failure of stdout
	relayed     int   // lines of programs, for a program
}

// maxRelayed is how many lines of programs that it started a command passes on to one
// that gathers them.
const maxRelayed = 1000

// newVoice makes the voice of a call.
func (e *Env) newVoice(asJSON, quiet, verbose bool) *Voice {
	there := isTerminal(e.Stderr)
	v := &Voice{out: e.Stdout, err: e.Stderr, json: asJSON, quiet: quiet, loud: verbose || there}
	if there && !quiet && !asJSON && e.Getenv("TERM") != "dumb" {
		v.meter = &meter{out: e.Stderr, now: e.Clock.Now, width: widthOf(e.Stderr)}
	}
	return v
}

// JSON reports whether the command speaks to a program.
func (v *Voice) JSON() bool { return v.json }

// Print writes what was asked for to stdout, in words. A program hears nothing
// of it.
func (v *Voice) Print(format string, args ...any) {
	if !v.json {
		v.write(v.out, fmt.Sprintf(format, cleanArgs(args)...)+"\n")
	}
}

// Object writes one object for a program, on a line of its own.
func (v *Voice) Object(object any) error {
	if !v.json {
		return nil
	}
	line, err := jsonLine(object)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err = v.out.Write(line)
	return err
}

// Document writes a text that was asked for as a whole, as it is. A program hears
// the object instead, which has the text in it.
func (v *Voice) Document(text string, object any) error {
	if v.json {
		return v.Object(object)
	}
	_, err := io.WriteString(v.out, text)
	return err
}

// failure is that of stdout, if it failed: a full disk must not look like an
// empty list.
func (v *Voice) failure() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lost
}

// Raw is stdout for bytes that are a file's: as they are into a file or a pipe,
// cleaned onto a terminal. Call flush at the end.
func (v *Voice) Raw() (out io.Writer, flush func() error) {
	if isTerminal(v.out) {
		clean := NewCleanWriter(v.out)
		return clean, clean.Flush
	}
	return v.out, func() error { return nil }
}

// Say tells a person how it went: success, what to do next.
func (v *Voice) Say(format string, args ...any) {
	if v.loud && !v.quiet && !v.json {
		v.write(v.err, fmt.Sprintf(format, cleanArgs(args)...)+"\n")
	}
}

// Warn tells of something a person should know even where nobody watches.
func (v *Voice) Warn(format string, args ...any) {
	text := fmt.Sprintf(format, cleanArgs(args)...)
	if v.json {
		line, _ := jsonLine(struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		}{"warning", text})
		v.write(v.err, string(line))
		return
	}
	v.write(v.err, "warning: "+text+"\n")
}

// Relay passes on a line of a program that was started, beside what it is asked for:
// a person hears it where success is told, and a program always, up to 1,000 lines. It
// is called by one goroutine at a time.
func (v *Voice) Relay(line string) {
	if !v.json {
		v.Say("%s", line)
		return
	}
	if v.relayed++; v.relayed > maxRelayed {
		return
	}
	if v.relayed == maxRelayed {
		line = "and more, which is left out"
	}
	object, _ := jsonLine(struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}{"output", line})
	v.write(v.err, string(object))
}

// Progress shows how far a command is: done of total, in bytes, total 0 where
// nobody knows; and what it is about now. It may be called as often as one
// likes, by any goroutine.
func (v *Voice) Progress(done, total int64, now string) { v.progress(done, total, now, Size) }

// Steps is Progress in things that are counted, and not in bytes.
func (v *Voice) Steps(done, total int64, now string) { v.progress(done, total, now, Count) }

func (v *Voice) progress(done, total int64, now string, write func(int64) string) {
	if v.meter == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.meter.update(done, total, now, write)
}

// Done takes the progress line away.
func (v *Voice) Done() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.meter.clear()
}

func (v *Voice) write(w io.Writer, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.meter.clear()
	_, err := io.WriteString(w, text)
	if w == v.out && v.lost == nil {
		v.lost = err
	}
}

// jsonLine encodes without the escapes that only web pages need.
func jsonLine(object any) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return nil, err
	}
	return escapeUnsafe(b.String()), nil
}

// escapeUnsafe spells out what a terminal would act on and encoding/json leaves
// as it is. All of it stands within strings, where the escape means the same.
func escapeUnsafe(line string) []byte {
	out := make([]byte, 0, len(line))
	for _, r := range line {
		if r != '\n' && unsafeRune(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
