package session_test

import (
	"context"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
)

// asked runs a command that asks for the key of an export.
func (w *world) asked(args ...string) (key string, code int) {
	code = w.run(func(env *session.Env) []*cli.Command {
		return []*cli.Command{{Name: "read", Flags: env.Flags(session.ExportKeyFlags()...), Action: env.Action(func(ctx context.Context, c *session.Call) error {
			from, err := c.ExportKey()
			if err != nil {
				return err
			}
			got, err := c.AskKey(from)(ctx, "64-digit key of b.crypt15")
			key = string(got)
			return err
		})}}
	}, append([]string{"read"}, args...)...)
	return key, code
}

// TestExportKeys asks which source of an export's key is heard: flags, then the
// environment, then a person. Bytes come as they are, for a key may be a file that
// no person can read.
func TestExportKeys(t *testing.T) {
	w := newWorld(t)
	file := w.write("flag.key", "\xac\xed of the flag\n")
	all := map[string]string{
		"CHATKEEP_EXPORT_KEY_FILE": w.write("env.key", "of the file"), "CHATKEEP_EXPORT_KEY_COMMAND": "printf 'of the command'", "CHATKEEP_EXPORT_KEY": "of the variable",
	}
	less := func(names ...string) map[string]string {
		rest := map[string]string{}
		for name, value := range all {
			rest[name] = value
		}
		for _, name := range names {
			delete(rest, name)
		}
		return rest
	}
	for _, c := range []struct {
		name string
		args []string
		vars map[string]string
		want string
	}{
		{"the flag's file", []string{"--export-key-file", file}, all, "\xac\xed of the flag\n"},
		{"the flag's command", []string{"--export-key-command", "printf 'of the flag'"}, all, "of the flag"},
		{"the variable's file", nil, all, "of the file"},
		{"the variable's command", nil, less("CHATKEEP_EXPORT_KEY_FILE"), "of the command"},
		{"the variable", nil, less("CHATKEEP_EXPORT_KEY_FILE", "CHATKEEP_EXPORT_KEY_COMMAND"), "of the variable"},
		{"a person", nil, nil, "typed"},
	} {
		w.vars = c.vars
		w.person = &person{answers: []string{"typed"}}
		got, code := w.asked(c.args...)
		if got != c.want || code != 0 {
			t.Errorf("%s: %q, code %d\n%s", c.name, got, code, &w.err)
		}
	}
	w.vars, w.person = nil, nil
	if got, code := w.asked(); got != "" || code != 0 {
		t.Errorf("nobody is there: %q, code %d", got, code)
	}
}

func TestBrokenExportKeys(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		args []string
		want string
		code int
	}{
		"no file":        {[]string{"--export-key-file", w.place("nowhere")}, "key file: ", 1},
		"failing":        {[]string{"--export-key-command", "echo tellingly; exit 3"}, "print the key and nothing else", 1},
		"both":           {[]string{"--export-key-file", "a", "--export-key-command", "b"}, "do not go together", 64},
		"never the key":  {[]string{"--export-key", "tellingly"}, "does not have the flag --export-key", 64},
		"nor after an =": {[]string{"--export-key=tellingly"}, "does not have the flag --export-key", 64},
	} {
		got, code := w.asked(c.args...)
		if code != c.code || got != "" || !strings.Contains(w.err.String(), c.want) || strings.Contains(w.err.String(), "tellingly") {
			t.Errorf("%s: %q, code %d, %s", name, got, code, &w.err)
		}
	}
}
