package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"chatkeep/backup/session"
)

func TestPiped(t *testing.T) {
	w := newWorld(t)
	read := func(ctx context.Context, stdin io.Reader) (string, error) {
		t.Helper()
		env := w.env()
		env.Stdin = stdin
		in, err := env.Piped(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		data, err := io.ReadAll(in)
		return string(data), err
	}
	if got, err := read(t.Context(), iotest.OneByteReader(strings.NewReader("a\x00b"))); got != "a\x00b" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	broken := errors.New("broken")
	if got, err := read(t.Context(), io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken))); got != "a" || !errors.Is(err, broken) || err.Error() != "standard input: broken" {
		t.Errorf("%q, %v", got, err)
	}
	// Nobody writes, and nobody closes.
	silent, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(session.ErrInterrupted)
	if got, err := read(ctx, io.MultiReader(strings.NewReader(""), silent)); got != "" || !errors.Is(err, session.ErrInterrupted) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestRelay: a person hears what programs print where success is told, and a program
// gets it, but not without end.
func TestRelay(t *testing.T) {
	for _, test := range []struct {
		args string
		want string
	}{{"", ""}, {"--verbose", "a\\x07b\n"}, {"--json", `{"type":"output","message":"a\u0007b"}` + "\n"}} {
		w := newWorld(t)
		code := w.does(func(_ context.Context, c *session.Call) error {
			c.Voice.Relay("a\x07b")
			return nil
		}, strings.Fields(test.args)...)
		if code != 0 || w.err.String() != test.want || w.out.Len() > 0 {
			t.Errorf("%q: code %d, %q, %q", test.args, code, &w.err, &w.out)
		}
	}
	w := newWorld(t)
	w.does(func(_ context.Context, c *session.Call) error {
		for i := range 100_000 {
			c.Voice.Relay(fmt.Sprint(i))
		}
		return nil
	}, "--json")
	lines := strings.Split(strings.TrimSpace(w.err.String()), "\n")
	if len(lines) != 1000 || !strings.Contains(lines[999], "left out") {
		t.Errorf("%d lines, the last %s", len(lines), lines[len(lines)-1])
	}
}

// TestWithinOutput: what a command's programs print is handed to whoever made it.
func TestWithinOutput(t *testing.T) {
	w := newWorld(t)
	var r session.Result
	w.does(func(ctx context.Context, c *session.Call) error {
		c.Env.Program = func(_ context.Context, env *session.Env, _ []string) int {
			fmt.Fprintln(env.Stderr, `{"type":"output","message":"one"}`+"\nstray\n"+`{"type":"warning","message":"two"}`+"\n"+`{"type":"output","message":"three"}`)
			return 0
		}
		r = c.Within(ctx, []string{"do"})
		return nil
	})
	if strings.Join(r.Output, " ") != "one three" || strings.Join(r.Warnings, " ") != "two" {
		t.Errorf("%+v", r)
	}
}
