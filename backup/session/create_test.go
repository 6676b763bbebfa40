package session_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// later is a store that does not answer a put, and carries it out when nobody
// looks any more.
type later struct {
	*storagetest.Memory
	prefix  string
	pending func()
}

func (s *later) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if !strings.HasPrefix(key, s.prefix) {
		return s.Memory.Put(ctx, key, data)
	}
	data = append([]byte(nil), data...)
	s.pending = func() { _, _ = s.Memory.Put(context.Background(), key, data) }
	return storage.Info{}, &storage.Error{Class: storage.Unreachable, Op: "put", Key: key, Place: "far", Err: errors.New("no answer")}
}

// TestRecoveryKeyOfADoubtfulRepository keeps the key of a repository that may
// come to be, and of no other.
func TestRecoveryKeyOfADoubtfulRepository(t *testing.T) {
	for prefix, want := range map[string]bool{"authority/": true, "keys/": false} {
		w := newWorld(t)
		w.vars["CHATKEEP_PASSPHRASE"] = strong
		far := &later{Memory: storagetest.NewMemory(), prefix: prefix}
		file := w.place("recovery.txt")
		run := func(action func(context.Context, *session.Call) error, args ...string) int {
			return w.run(func(env *session.Env) []*cli.Command {
				env.Stores = []storage.Provider{{Name: "far", Schemes: []string{"far"},
					Open: func(context.Context, storage.Location, bool) (storage.Store, error) { return far, nil }}}
				own := append(session.SecretFlags(), session.Yes(), &cli.BoolFlag{Name: "classic"})
				return []*cli.Command{{Name: "do", Flags: env.KeyFlags(own...), Action: env.Action(action)}}
			}, append([]string{"do", "--repo", "far:away"}, args...)...)
		}
		w.wantCode(run(create, "--classic", "--recovery-key-file", file), 13)
		if far.pending == nil {
			t.Fatalf("nothing was put to %s", prefix)
		}
		_, err := os.Stat(file)
		if (err == nil) != want || strings.Contains(w.err.String(), "stays in "+file) != want {
			t.Errorf("%s: the key is there: %v, want %v; %s", prefix, err == nil, want, &w.err)
		}
		if !want {
			continue
		}
		far.pending()
		w.vars = map[string]string{"CHATKEEP_PASSPHRASE_FILE": file}
		w.wantCode(run(read), 0)
	}
}
