package session_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
	"chatkeep/providers/storage/storagetest"
)

// bucket is a provider of locations with a scheme. It opens none.
func bucket(opened *[]string) storage.Provider {
	return storage.Provider{
		Name: "s3", Schemes: []string{"s3"},
		Settings: []storage.Setting{{Name: "s3-endpoint", Env: "AWS_ENDPOINT_URL"}, {Name: "s3-profile"}},
		Open: func(_ context.Context, location storage.Location, _ bool) (storage.Store, error) {
			*opened = append(*opened, location.Text)
			return nil, errors.New("not a bucket")
		},
	}
}

// TestSecretsInPlaces gives places that hold credentials, in every way there is:
// they are refused, and not repeated.
func TestSecretsInPlaces(t *testing.T) {
	const hint = "AWS_SECRET_ACCESS_KEY"
	for name, test := range map[string]struct {
		vars map[string]string
		args []string
	}{
		"flag":                {nil, []string{"--repo", "s3:https://AKIAUSER:tellingly@host/b"}},
		"a slash in it":       {nil, []string{"--repo", "s3:https://AKIAUSER:tel/lingly@host/b"}},
		"signed":              {nil, []string{"-r", "s3:https://host/b?X-Amz-Signature=tellingly"}},
		"environment":         {map[string]string{"CHATKEEP_REPOSITORY": "s3://AKIAUSER:tellingly@b/p"}, nil},
		"mistyped":            {nil, []string{"--repo", "htps://AKIAUSER:tellingly@host/b"}},
		"no provider":         {nil, []string{"--repo", "ftp://AKIAUSER:tellingly@host/b"}},
		"endpoint":            {nil, []string{"--repo", "s3://b/p", "--s3-endpoint", "https://AKIAUSER:tellingly@host"}},
		"bare endpoint":       {nil, []string{"--repo", "s3://b/p", "--s3-endpoint", "AKIAUSER:tellingly@host"}},
		"endpoint, from afar": {map[string]string{"AWS_ENDPOINT_URL": "https://AKIAUSER:tellingly@host"}, []string{"--repo", "s3://b/p"}},
		"as an argument":      {nil, []string{"s3:https://AKIAUSER:tellingly@host/b"}},
	} {
		for _, action := range map[string]func(context.Context, *session.Call) error{"open": open, "create": create, "backup": openOrCreate} {
			w := newWorld(t)
			w.vars = map[string]string{"CHATKEEP_PASSPHRASE": strong}
			for key, value := range test.vars {
				w.vars[key] = value
			}
			var opened []string
			code := w.run(func(env *session.Env) []*cli.Command {
				env.Stores = []storage.Provider{local.Provider, bucket(&opened)}
				own := append(session.SecretFlags(), session.Yes(), &cli.BoolFlag{Name: "classic"})
				return []*cli.Command{{Name: "do", Flags: env.KeyFlags(own...), Action: env.Action(action)}}
			}, append([]string{"do"}, test.args...)...)
			said := w.out.String() + w.err.String()
			if code != session.ExitUsage || strings.Contains(said, "lingly") || strings.Contains(said, "AKIAUSER") || len(opened) > 0 {
				t.Errorf("%s: code %d, opened %q\n%s", name, code, opened, said)
			}
			if name != "as an argument" && (!strings.Contains(said, hint) || !strings.Contains(said, "host") && !strings.Contains(said, "//b/p")) {
				t.Errorf("%s: %s", name, said)
			}
			nothingKept(t, w.home, "lingly")
		}
	}
}

// nothingKept fails if a file below a folder has a text in it.
func nothingKept(t *testing.T, dir, text string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/.local/state/chatkeep/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), text) {
			t.Errorf("%s has %q", file, text)
		}
	}
}

// TestPlainPlaces takes what only looks as if it held a secret.
func TestPlainPlaces(t *testing.T) {
	for _, place := range []string{"s3://bucket/me@home", "s3:https://host:9000/bucket/me@home"} {
		w := newWorld(t)
		var opened []string
		w.run(func(env *session.Env) []*cli.Command {
			env.Stores = []storage.Provider{local.Provider, bucket(&opened)}
			return []*cli.Command{{Name: "do", Flags: env.KeyFlags(), Action: env.Action(open)}}
		}, "do", "--repo", place)
		if len(opened) != 1 || opened[0] != place {
			t.Errorf("%s: opened %q, %s", place, opened, &w.err)
		}
	}
	w := newWorld(t)
	place, _ := w.cheap("what?a@b#c")
	w.wantCode(w.does(read, "-r", place), 0)
}

// closing is a store that wants to know of the end.
type closing struct {
	storage.Store
	closed *int
}

func (c closing) Close() error { *c.closed++; return nil }

// TestClosed closes a store once the command is over, however it went, and tells
// where a provider wants its secrets.
func TestClosed(t *testing.T) {
	closed := 0
	held := storage.Provider{
		Name: "held", Schemes: []string{"held"}, Secrets: "in the drawer",
		Open: func(context.Context, storage.Location, bool) (storage.Store, error) {
			return closing{storagetest.NewMemory(), &closed}, nil
		},
	}
	run := func(w *world, place string) int {
		return w.run(func(env *session.Env) []*cli.Command {
			env.Stores = []storage.Provider{local.Provider, held}
			return []*cli.Command{{Name: "do", Flags: env.KeyFlags(), Action: env.Action(open)}}
		}, "do", "--repo", place)
	}
	w := newWorld(t)
	if code := run(w, "held:chats"); code != session.ExitNoRepository || closed != 1 {
		t.Errorf("code %d, closed %d times\n%s", code, closed, &w.err)
	}
	w = newWorld(t)
	if code := run(w, "held:me:tellingly@chats"); code != session.ExitUsage || !strings.Contains(w.err.String(), "hint: in the drawer") {
		t.Errorf("code %d\n%s", code, &w.err)
	}
}
