package session_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/keys"
	"chatkeep/backup/session"
)

// copier is a person who types what is shown, with mistakes before.
type copier struct {
	person
	wrong []func(key string) string
}

var printedKey = regexp.MustCompile(`([0-9a-f]{4}-){15}[0-9a-f]{4}`)

func (p *copier) Line(_ context.Context, prompt string) (string, error) {
	p.prompts = append(p.prompts, prompt)
	key := printedKey.FindString(p.shown.String())
	if len(p.wrong) == 0 {
		return key, nil
	}
	next := p.wrong[0]
	p.wrong = p.wrong[1:]
	return next(key), nil
}

// makes runs NewRecoveryKey as a command does that sets something up.
func (w *world) makes(p session.Terminal, args ...string) (key keys.RecoveryKey, forget func(), code int) {
	w.t.Helper()
	code = w.run(func(env *session.Env) []*cli.Command {
		env.Terminal = func() (session.Terminal, error) { return p, nil }
		own := append(append(session.SecretFlags(), session.KitFlags()...), session.Yes())
		return []*cli.Command{{Name: "do", Flags: env.KeyFlags(own...), Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if _, err := c.Kit(); err != nil {
				return err
			}
			var err error
			key, forget, err = c.NewRecoveryKey(ctx, true)
			return err
		})}}
	}, append([]string{"do"}, args...)...)
	return key, forget, code
}

// TestRetyped has a person type the key that was shown.
func TestRetyped(t *testing.T) {
	third := func(key string) string { return key[:10] + "zzzz" + key[14:] }
	nothing := func(string) string { return "" }
	for name, c := range map[string]struct {
		wrong []func(string) string
		says  string
		code  int
	}{
		"at once":      {nil, "", 0},
		"second try":   {[]func(string) string{third}, "group 3 is not as it was shown\n", 0},
		"third try":    {[]func(string) string{nothing, third}, "that is 0 digits, not 64", 0},
		"never":        {[]func(string) string{third, third, nothing}, "group 3 is not", session.ExitFailed},
		"in capitals":  {[]func(string) string{strings.ToUpper}, "", 0},
		"without dash": {[]func(string) string{func(key string) string { return strings.ReplaceAll(key, "-", "") }}, "", 0},
	} {
		w := newWorld(t)
		p := &copier{wrong: c.wrong}
		key, _, code := w.makes(p)
		if code != c.code || !strings.Contains(p.shown.String(), c.says) {
			t.Errorf("%s: exit code %d, want %d; shown %q", name, code, c.code, &p.shown)
		}
		if n := strings.Count(p.shown.String(), string(key)); n != 1 || strings.Contains(w.out.String()+w.err.String(), string(key)) {
			t.Errorf("%s: the key was shown %d times; stdout %q, stderr %q", name, n, &w.out, &w.err)
		}
		if code != 0 && !strings.Contains(w.err.String(), "hint: --recovery-key-file") {
			t.Errorf("%s: stderr %q", name, &w.err)
		}
	}
}

// TestNotRetyped asks nobody who was shown nothing.
func TestNotRetyped(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{"--yes"}, {"--recovery-key-file", w.place("one.txt")}, {"--kit", w.place("kit.txt"), "--with-recovery-key"},
		{"--recovery-key-file", w.place("two.txt"), "--kit", w.place("two.html"), "--with-recovery-key"},
	} {
		p := &copier{}
		_, _, code := w.makes(p, args...)
		w.wantCode(code, 0)
		if len(p.prompts) > 0 || p.shown.Len() > 0 {
			t.Errorf("%q: asked %q, shown %q", args, p.prompts, &p.shown)
		}
	}
}

// TestKeyInKit has the key in the kit's file before it counts, alone and for its
// owner, and takes it back.
func TestKeyInKit(t *testing.T) {
	w := newWorld(t)
	file, kit := w.place("recovery.txt"), w.place("kit.html")
	key, forget, code := w.makes(nil, "--recovery-key-file", file, "--kit", kit, "--with-recovery-key")
	w.wantCode(code, 0)
	for _, path := range []string{file, kit} {
		data, err := os.ReadFile(path)
		info, serr := os.Stat(path)
		if err != nil || serr != nil || string(data) != string(key)+"\n" || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, %d bytes", path, err, serr, len(data))
		}
	}
	// What is there is never overwritten, and what was begun is taken back.
	_, _, code = w.makes(nil, "--recovery-key-file", w.place("other.txt"), "--kit", kit, "--with-recovery-key")
	w.wantCode(code, session.ExitFailed)
	_, _, code = w.makes(nil, "--recovery-key-file", file, "--kit", w.place("other.html"), "--with-recovery-key")
	w.wantCode(code, session.ExitFailed)
	for _, name := range []string{"other.txt", "other.html"} {
		if _, err := os.Lstat(w.place(name)); err == nil {
			t.Errorf("%s is there", name)
		}
	}
	forget()
	for _, path := range []string{file, kit} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

func TestKitFlags(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"--with-recovery-key"}, {"--kit", ""}} {
		_, _, code := w.makes(nil, args...)
		w.wantCode(code, session.ExitUsage)
	}
	if err := os.Symlink("nowhere", w.place("link")); err != nil {
		t.Fatal(err)
	}
	_, _, code := w.makes(nil, "--kit", w.place("link"))
	w.wantCode(code, session.ExitFailed)
}
