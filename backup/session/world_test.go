package session_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
)

// world is a machine with a home, an environment, and perhaps a person.
type world struct {
	t        *testing.T
	home     string
	vars     map[string]string
	person   *person // nil: nobody is there
	now      time.Time
	slept    time.Duration
	out, err bytes.Buffer
}

func newWorld(t *testing.T) *world {
	return &world{t: t, home: t.TempDir(), vars: map[string]string{}, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
}

func (w *world) getenv(name string) string {
	if name == "HOME" {
		return w.home
	}
	return w.vars[name]
}

func (w *world) clock() session.Clock {
	return session.Clock{
		Now: func() time.Time { return w.now },
		Sleep: func(ctx context.Context, d time.Duration) error {
			w.now, w.slept = w.now.Add(d), w.slept+d
			return ctx.Err()
		},
	}
}

func (w *world) env() *session.Env {
	return &session.Env{
		Stdin: strings.NewReader(""), Stdout: &w.out, Stderr: &w.err, Getenv: w.getenv, Clock: w.clock(),
		Stores: []storage.Provider{local.Provider},
		Terminal: func() (session.Terminal, error) {
			if w.person == nil {
				return nil, errors.New("nobody")
			}
			return w.person, nil
		},
	}
}

// run runs a command line of commands made by build.
func (w *world) run(build func(*session.Env) []*cli.Command, args ...string) int {
	w.t.Helper()
	w.out.Reset()
	w.err.Reset()
	env := w.env()
	return session.NewApp(env, build(env)).Run(args)
}

// does runs one action with the flags of a repository and of keys.
func (w *world) does(action func(context.Context, *session.Call) error, args ...string) int {
	w.t.Helper()
	return w.run(func(env *session.Env) []*cli.Command {
		own := append(session.SecretFlags(), session.Yes(), session.DryRun(), &cli.BoolFlag{Name: "classic"})
		return []*cli.Command{{Name: "do", Flags: env.KeyFlags(own...), Action: env.Action(action)}}
	}, append([]string{"do"}, args...)...)
}

// place is a path below the home, and its flag.
func (w *world) place(name string) string { return filepath.Join(w.home, name) }

// person answers prompts in order and notes what is shown.
type person struct {
	answers []string
	prompts []string
	shown   strings.Builder
}

func (p *person) Show(text string) error {
	p.shown.WriteString(text)
	return nil
}

func (p *person) Secret(ctx context.Context, prompt string) (string, error) {
	p.prompts = append(p.prompts, prompt)
	if len(p.answers) == 0 {
		return "", errors.New("asked once too often: " + prompt)
	}
	answer := p.answers[0]
	p.answers = slices.Delete(p.answers, 0, 1)
	return answer, ctx.Err()
}

func (p *person) Line(ctx context.Context, prompt string) (string, error) {
	return p.Secret(ctx, prompt)
}

func (p *person) Close() error { return nil }

// write makes a file in the home.
func (w *world) write(name, text string) string {
	w.t.Helper()
	path := w.place(name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) wantCode(got, want int) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", got, want, &w.out, &w.err)
	}
}

// store opens a folder of the home as a store, and makes it if need be.
func (w *world) store(name string) storage.Store {
	w.t.Helper()
	s, err := local.Provider.Open(w.t.Context(), storage.Location{Text: w.place(name)}, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// enrolHere makes a writer key for this machine and saves it.
func enrolHere(ctx context.Context, c *session.Call) error {
	s, err := c.OpenStore(ctx)
	if err != nil {
		return err
	}
	o, _, err := s.Owner(ctx)
	if err != nil {
		return err
	}
	key, err := o.AddWriter("me", nil)
	if err != nil {
		return err
	}
	if err := s.SaveWriterKey(key); err != nil {
		return err
	}
	return o.Commit(ctx)
}

// enrolAnother enrols one more writer, by which the authority is another.
func enrolAnother(ctx context.Context, c *session.Call) error {
	s, err := c.OpenStore(ctx)
	if err != nil {
		return err
	}
	o, _, err := s.Owner(ctx)
	if err != nil {
		return err
	}
	if _, err := o.AddWriter("another", nil); err != nil {
		return err
	}
	if err := o.Commit(ctx); err != nil {
		return err
	}
	return s.Reload(ctx)
}
