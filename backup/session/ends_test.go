package session_test

import (
	"context"
	"maps"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// TestEnds gives settings to the two ends of a copy: each has its own flags, and the
// environment is for both.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		vars     map[string]string
		flags    []string
		from, to map[string]string
	}{
		{nil, nil, map[string]string{}, map[string]string{}},
		{map[string]string{"NET_USER": "env"}, nil, map[string]string{"net-user": "env"}, map[string]string{"net-user": "env"}},
		{map[string]string{"NET_USER": "env"}, []string{"--from-net-user", "one"}, map[string]string{"net-user": "one"}, map[string]string{"net-user": "env"}},
		{nil, []string{"--from-net-user", "one", "--to-net-user=two", "--to-net-plain"},
			map[string]string{"net-user": "one"}, map[string]string{"net-user": "two", "net-plain": "true"}},
	} {
		w := newWorld(t)
		if c.vars != nil {
			w.vars = c.vars
		}
		got := map[string]map[string]string{}
		provider := storage.Provider{
			Name: "net", Schemes: []string{"net"},
			Settings: []storage.Setting{{Name: "net-user", Env: "NET_USER", Usage: "who"}, {Name: "net-plain", Usage: "how", Bool: true}},
			Open: func(_ context.Context, l storage.Location, _ bool) (storage.Store, error) {
				got[l.Text] = l.Values
				return storagetest.NewMemory(), nil
			},
		}
		code := w.run(func(env *session.Env) []*cli.Command {
			env.Stores = append(env.Stores, provider)
			return []*cli.Command{{Name: "do", ArgsUsage: "FROM TO", Flags: env.EndFlags(session.DryRun()), Action: env.Action(func(ctx context.Context, c *session.Call) error {
				ends, err := c.Ends()
				if err != nil {
					return err
				}
				_, _ = ends.Archive(ctx) // there is no repository
				_, _ = ends.Writable(ctx)
				return nil
			})}}
		}, append([]string{"do", "net:from", "net:to"}, c.flags...)...)
		w.wantCode(code, 0)
		if !maps.Equal(got["net:from"], c.from) || !maps.Equal(got["net:to"], c.to) {
			t.Errorf("%v %v: %v", c.vars, c.flags, got)
		}
	}
}

// TestEndsHoldNoSecrets: addresses are shown and remembered.
func TestEndsHoldNoSecrets(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"net://me:secret@host/x", "b"}, {"a", "net://me:secret@host/x"}, {"", "b"}, {"a", ""}} {
		code := w.run(func(env *session.Env) []*cli.Command {
			return []*cli.Command{{Name: "do", ArgsUsage: "FROM TO", Flags: env.EndFlags(), Action: env.Action(func(_ context.Context, c *session.Call) error {
				_, err := c.Ends()
				return err
			})}}
		}, append([]string{"do"}, args...)...)
		w.wantCode(code, session.ExitUsage)
	}
}
