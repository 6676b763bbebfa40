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
)

// noting is a provider that notes what it is asked to open, and opens nothing.
func noting(opened *[]storage.Location) storage.Provider {
	return storage.Provider{
		Name: "s3", Schemes: []string{"s3"},
		Settings: []storage.Setting{
			{Name: "s3-endpoint", Env: "AWS_ENDPOINT_URL"}, {Name: "s3-profile"}, {Name: "s3-odd", Env: "S3_ODD", Bool: true},
		},
		Open: func(_ context.Context, location storage.Location, _ bool) (storage.Store, error) {
			*opened = append(*opened, location)
			return nil, errors.New("not a bucket")
		},
	}
}

// configure writes the configuration file of the machine.
func (w *world) configure(text string) string {
	w.t.Helper()
	dir := filepath.Join(w.home, ".config/chatkeep")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	return w.write(".config/chatkeep/config.toml", text)
}

const twoBuckets = `
repository = "main"
[repositories.main]
place = "s3://main/chats"
s3-endpoint = "file.example"
s3-profile = "file"
s3-odd = true
[repositories.other]
place = "s3://other"
s3-endpoint = "other.example"
`

// TestPrecedence gives values by flag, by environment and in the file: each is
// taken from the first of those that has it.
func TestPrecedence(t *testing.T) {
	for name, c := range map[string]struct {
		vars map[string]string
		args []string
		want string // place endpoint profile odd
	}{
		"file":                {nil, nil, "s3://main/chats file.example file true"},
		"environment":         {map[string]string{"AWS_ENDPOINT_URL": "env.example"}, nil, "s3://main/chats env.example file true"},
		"flag":                {map[string]string{"AWS_ENDPOINT_URL": "env.example"}, []string{"--s3-endpoint", "flag.example"}, "s3://main/chats flag.example file true"},
		"flag beats file":     {nil, []string{"--s3-profile", "flag"}, "s3://main/chats file.example flag true"},
		"false by flag":       {nil, []string{"--s3-odd=false"}, "s3://main/chats file.example file "},
		"false by variable":   {map[string]string{"S3_ODD": "0"}, nil, "s3://main/chats file.example file "},
		"name by variable":    {map[string]string{"CHATKEEP_REPOSITORY": "other"}, nil, "s3://other other.example  "},
		"name by flag":        {map[string]string{"CHATKEEP_REPOSITORY": "main"}, []string{"-r", "other"}, "s3://other other.example  "},
		"place by flag":       {nil, []string{"-r", "s3://main/chats"}, "s3://main/chats   "},
		"another file":        {map[string]string{"CHATKEEP_CONFIG": "HOME/b.toml"}, nil, "s3://b   "},
		"another by flag":     {map[string]string{"CHATKEEP_CONFIG": "nowhere"}, []string{"--config", "HOME/b.toml"}, "s3://b   "},
		"only words of names": {nil, []string{"-r", "s3:other"}, "s3:other   "},
	} {
		w := newWorld(t)
		w.configure(twoBuckets)
		w.write("b.toml", "repository = 's3://b'")
		for key, value := range c.vars {
			w.vars[key] = strings.ReplaceAll(value, "HOME", w.home)
		}
		args := []string{"do"}
		for _, arg := range c.args {
			args = append(args, strings.ReplaceAll(arg, "HOME", w.home))
		}
		var got []storage.Location
		w.run(func(env *session.Env) []*cli.Command {
			env.Stores = []storage.Provider{local.Provider, noting(&got)}
			return []*cli.Command{{Name: "do", Flags: env.RepositoryFlags(), Action: env.Action(open)}}
		}, args...)
		if len(got) != 1 {
			t.Errorf("%s: opened %v, %s", name, got, &w.err)
			continue
		}
		v := got[0].Values
		if said := strings.Join([]string{got[0].Text, v["s3-endpoint"], v["s3-profile"], v["s3-odd"]}, " "); said != c.want {
			t.Errorf("%s: opened %q, want %q", name, said, c.want)
		}
	}
}

// TestNamedEnds names both ends of a copy: each has its own settings.
func TestNamedEnds(t *testing.T) {
	w := newWorld(t)
	w.configure(twoBuckets)
	var got []storage.Location
	w.run(func(env *session.Env) []*cli.Command {
		env.Stores = []storage.Provider{local.Provider, noting(&got)}
		return []*cli.Command{{Name: "do", ArgsUsage: "FROM TO", Flags: env.EndFlags(session.DryRun()),
			Action: env.Action(func(ctx context.Context, c *session.Call) error {
				ends, err := c.Ends()
				if err != nil {
					return err
				}
				_, err = ends.Source(ctx)
				_, werr := ends.Writable(ctx)
				return errors.Join(err, werr)
			})}}
	}, "do", "main", "other", "--to-s3-profile", "flag")
	if len(got) != 2 || got[0].Text != "s3://main/chats" || got[0].Values["s3-profile"] != "file" ||
		got[1].Text != "s3://other" || got[1].Values["s3-profile"] != "flag" || got[1].Values["s3-endpoint"] != "other.example" {
		t.Errorf("%v\n%s", got, &w.err)
	}
}

// TestNamedIsNotMade names a repository in the file: it is not created unasked,
// not even where the embedded default would be. Without a repository in it the
// file changes nothing of that.
func TestNamedIsNotMade(t *testing.T) {
	w := newWorld(t)
	w.vars["CHATKEEP_PASSPHRASE"] = strong
	for _, text := range []string{"repository = '~/new'", "repository = '~/.local/share/chatkeep/repository'", "repository = 'a'\n[repositories.a]\nplace = '~/new'"} {
		w.configure(text)
		if code := w.does(openOrCreate, "--classic", "--yes"); code == 0 {
			t.Errorf("%s: a repository was created", text)
		}
	}
	w.configure("[sources.a]\npath = '/a'")
	w.wantCode(w.does(openOrCreate, "--classic", "--yes"), 0)
}

// TestNamedByPath opens a place in spite of a file that means nothing: what is
// needed to get everything back must not depend on it.
func TestNamedByPath(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("repo")
	w.configure("nonsense")
	w.wantCode(w.does(open, "-r", place), 0)
	w.wantCode(w.does(open, "-r", "repo"), session.ExitUsage)
	w.wantCode(w.does(open), session.ExitUsage)
}
