package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// command runs a command line of the program on the repository, and returns the
// objects that it prints.
func (p *patient) command(recovery keys.RecoveryKey, args ...string) (code int, objects []map[string]any) {
	p.t.Helper()
	vars := map[string]string{"HOME": p.t.TempDir(), "CHATKEEP_PASSPHRASE": string(recovery)}
	var stdout, stderr bytes.Buffer
	env := session.System(strings.NewReader(""), &stdout, &stderr, func(name string) string { return vars[name] }, []storage.Provider{{
		Name: "test", Schemes: []string{"test"},
		Open: func(context.Context, storage.Location, bool) (storage.Store, error) { return p.memory, nil },
	}})
	code = session.NewApp(env, backup.Commands(env, nil)).Run(append(args, "--json", "--repo", "test:"))
	for line := range strings.Lines(stdout.String()) {
		var object map[string]any
		must(p.t, json.Unmarshal([]byte(line), &object))
		objects = append(objects, object)
	}
	return code, objects
}

// recovery adds a slot for a recovery key.
func (p *patient) recovery() keys.RecoveryKey {
	p.t.Helper()
	key := keys.NewRecoveryKey()
	object, err := keys.SealRecovery(p.master, key)
	must(p.t, err)
	o, err := repo.NewOwner(p.ctx, p.store, p.view(), p.master, p.world.memory)
	must(p.t, err)
	must(p.t, o.AddSlot(p.ctx, repo.NewSlot{Name: "another", Kind: format.SlotRecovery, Object: object}))
	must(p.t, o.Commit(p.ctx))
	return key
}

// timesOf are the times of the messages in a chunk, as its JSON has them.
func timesOf(t *testing.T, chunk []byte) (times []string) {
	t.Helper()
	for line := range bytes.Lines(chunk) {
		var m struct{ Type, Time string }
		must(t, json.Unmarshal(line, &m))
		if m.Type == "message" {
			times = append(times, m.Time)
		}
	}
	return times
}

// TestHurtConversation loses each pack of messages. The check names the
// conversation, and the messages between which the lost ones were.
func TestHurtConversation(t *testing.T) {
	p := newPatient(t)
	recovery := p.recovery()
	h := p.heads[len(p.heads)-1]
	seen := 0
	for path, f := range h.files {
		if !strings.HasPrefix(path, "messages/") {
			continue
		}
		if len(slices.Compact(slices.Clone(f.packs))) < 3 {
			t.Fatal("the conversation is not in three packs")
		}
		for _, pack := range slices.Compact(slices.Clone(f.packs)) {
			c := p.without(t, false, pack)
			code, objects := c.command(recovery, "check")
			if code != 11 {
				t.Errorf("exit %d", code)
			}
			first := slices.Index(f.packs, pack)
			last := first
			for last+1 < len(f.packs) && f.packs[last+1] == pack {
				last++
			}
			want := map[string]any{}
			if first > 0 {
				before := timesOf(t, f.chunks[first-1])
				want["after"] = before[len(before)-1]
			}
			if last+1 < len(f.packs) {
				want["before"] = timesOf(t, f.chunks[last+1])[0]
			}
			for _, o := range objects {
				if o["type"] != "hurt" || o["path"] != path || o["snapshot"] != h.id.String() {
					continue
				}
				seen++
				dates := o["dates"].([]any)[0].(map[string]any)
				for key, value := range want {
					if dates[key] != value {
						t.Errorf("%s is %v, want %v", key, dates[key], value)
					}
				}
				// The list of conversations may be in the same pack.
				if o["title"] != "Anna" && !slices.Contains(h.files["conversations.jsonl"].packs, pack) {
					t.Errorf("the title is %v", o["title"])
				}
			}
		}
	}
	if seen < 3 {
		t.Errorf("%d times a conversation was named", seen)
	}
}
