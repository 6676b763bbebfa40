package repo_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// What came of a deed, where it is not the classes of the errors that it named.
const (
	right  = "right"  // done, and with the right bytes
	older  = "older"  // done, with the right bytes of an older state
	theirs = "theirs" // done, with what the attacker stored and had the key to sign
)

// deed is one of the things that a person does. It says what came of it.
type deed struct {
	name string
	anew bool // on a machine that knows nothing
	do   func(r *rig, ctx context.Context, t *testing.T, store storage.Store) string
}

const (
	opening       = "open"
	listing       = "snapshots"
	restoring     = "restore"
	restoringAnew = "restore on a new machine"
	checking      = "check"
	backingUp     = "backup"
	pruning       = "forget and prune"
	copying       = "copy"
	repairing     = "repair"
)

// deeds are all of them. Those of a new machine have no memory of the place.
var deeds = []deed{
	{opening, true, (*rig).opens},
	{listing, false, (*rig).lists},
	{restoring, false, (*rig).restores},
	{restoringAnew, true, (*rig).restoresAnew},
	{checking, false, (*rig).checks},
	{backingUp, false, (*rig).backsUp},
	{pruning, false, (*rig).prunes},
	{copying, true, (*rig).copies},
	{repairing, false, (*rig).repairs},
}

// everything is each of the deeds.
var everything = []string{opening, listing, restoring, restoringAnew, checking, backingUp, pruning, copying, repairing}

// said is what came of a command that did not succeed: the classes of trouble, or
// the exit code where it is one that needs none.
func (out *spoken) said(t *testing.T, args ...string) string {
	t.Helper()
	switch classes := out.classes(); {
	case out.code == 0 && len(classes) == 0:
		return right
	case out.code == 0:
		t.Errorf("chatkeep %s: named %v, and ended well", strings.Join(args, " "), classes)
	case len(classes) > 0:
		return strings.Join(classes, " ")
	case out.code != 130 && !strings.Contains(out.stderr, `"hint":"`):
		t.Errorf("chatkeep %s: exit code %d, of no class and with no hint: %s", strings.Join(args, " "), out.code, out.stderr)
	}
	return fmt.Sprint("exit-", out.code)
}

func (r *rig) opens(ctx context.Context, t *testing.T, store storage.Store) string {
	out := r.run(ctx, t, r.elsewhere(t), store, "open", here)
	said := out.said(t, "open")
	for _, object := range out.objects {
		if n, ok := object["snapshots"].(float64); ok && said == right {
			return r.compared(t, int(n))
		}
	}
	return said
}

// compared says what a number of snapshots means; of three one is not the owner's.
func (r *rig) compared(t *testing.T, n int) string {
	t.Helper()
	switch honest := len(r.reader(t).Heads()); {
	case n < 3:
		return older
	case n > 3 && honest > 3:
		return theirs
	case n > 3:
		t.Errorf("%d snapshots, and there are 3", n)
	}
	return right
}

func (r *rig) lists(ctx context.Context, t *testing.T, store storage.Store) string {
	out := r.run(ctx, t, r.machine, store, "snapshots")
	said, n := out.said(t, "snapshots"), 0
	for _, object := range out.objects {
		if object["type"] == "snapshot" {
			n++
		}
	}
	if said != right {
		return said
	}
	return r.compared(t, n)
}

func (r *rig) restores(ctx context.Context, t *testing.T, store storage.Store) string {
	return r.givesBack(ctx, t, r.machine, store, r.newest.String())
}

func (r *rig) restoresAnew(ctx context.Context, t *testing.T, store storage.Store) string {
	return r.givesBack(ctx, t, r.elsewhere(t), store, "latest")
}

// givesBack restores and looks at every byte that came: wrong ones are the end of
// all trust, whatever the command says.
func (r *rig) givesBack(ctx context.Context, t *testing.T, m *machine, store storage.Store, snapshot string) string {
	t.Helper()
	target := filepath.Join(m.dir, "target")
	out := r.run(ctx, t, m, store, "restore", snapshot, "--target", target)
	said, got := out.said(t, "restore"), restored(t, target)
	if said == right {
		switch {
		case got.equal(r.files[r.newest]):
			return right
		case snapshot == "latest" && got.equal(r.files[r.middle]):
			return older
		case snapshot == "latest" && len(got) == 0 && r.byTheOther(t, out.text("snapshot")):
			return older
		case snapshot == "latest" && r.byTheThief(t, out.text("snapshot")):
			return theirs
		}
		t.Errorf("WRONG BYTES: a restore that ended well gave %q", slices.Sorted(maps.Keys(got)))
	}
	for name, data := range got {
		good := false
		for _, f := range r.files {
			want, ok := f[name]
			good = good || ok && string(want) == string(data)
		}
		if !good {
			t.Errorf("WRONG BYTES: a restore that failed left %d bytes of %s", len(data), name)
		}
	}
	return said
}

// byTheOther reports whether a snapshot is the other writer's, which has no files.
func (r *rig) byTheOther(t *testing.T, id string) bool {
	t.Helper()
	h, err := format.ParseHash(id)
	return err == nil && r.want[h] != nil
}

// byTheThief reports whether a snapshot is one that the stolen key has signed.
func (r *rig) byTheThief(t *testing.T, id string) bool {
	t.Helper()
	for _, h := range r.load(t, nil).Chains[r.thief.key.ID].Heads {
		if h.Hash.String() == id {
			return true
		}
	}
	return false
}

func (r *rig) checks(ctx context.Context, t *testing.T, store storage.Store) string {
	return r.run(ctx, t, r.machine, store, "check", "--read-data").said(t, "check")
}

func (r *rig) backsUp(ctx context.Context, t *testing.T, store storage.Store) string {
	source(4).write(t, filepath.Join(r.dir, "source"))
	out := r.run(ctx, t, r.machine, store, "backup", filepath.Join(r.dir, "source"), "--as", "phone")
	said := out.said(t, "backup")
	if said == right {
		id, err := format.ParseHash(out.text("snapshot"))
		if err != nil {
			t.Fatal(err)
		}
		r.files[id] = source(4)
	}
	return said
}

func (r *rig) prunes(ctx context.Context, t *testing.T, store storage.Store) string {
	forget := r.run(ctx, t, r.machine, store, "forget", r.middle.String()).said(t, "forget")
	if forget == right {
		delete(r.files, r.middle)
	}
	prune := r.run(ctx, t, r.machine, store, "prune").said(t, "prune")
	r.pass(72 * 3600e9)
	again := r.run(ctx, t, r.machine, store, "prune").said(t, "prune")
	all := strings.Fields(forget + " " + prune + " " + again)
	slices.Sort(all)
	all = slices.Compact(all)
	if bad := slices.DeleteFunc(all, func(word string) bool { return word == right }); len(bad) > 0 {
		return strings.Join(bad, " ")
	}
	return right
}

func (r *rig) copies(ctx context.Context, t *testing.T, store storage.Store) string {
	said := r.run(ctx, t, r.elsewhere(t), store, "copy", here, there).said(t, "copy")
	for _, key := range r.second.Keys("") {
		name, ok := format.ParseName(key)
		if ok && name.Type != format.ObjectText && format.CheckHash(name, r.second.Bytes(key)) != nil {
			t.Errorf("WRONG BYTES: %s arrived in the copy", key)
		}
	}
	if said != right {
		return said
	}
	if id, err := repo.Identify(ctx, r.second, there); err != nil || id != r.master.Repository {
		return theirs // whoever copies and names no id gets what is there
	}
	got := r.at(r.second).readAll(t)
	for _, id := range []format.Hash{r.middle, r.newest} {
		if got[id] == nil {
			return older
		}
		if !got[id].equal(r.files[id]) {
			t.Errorf("WRONG BYTES: snapshot %s of a copy that ended well", id)
		}
	}
	return right
}

// at is the rig as it is seen at another place.
func (r *rig) at(store *storagetest.Memory) *rig {
	c := *r
	c.scene = &scene{store: store, master: r.master, machine: r.machine}
	return &c
}

func (r *rig) repairs(ctx context.Context, t *testing.T, store storage.Store) string {
	return r.run(ctx, t, r.machine, store, "repair").said(t, "repair")
}

// harmless asks that the attack, now that it is over, has led nobody to do harm:
// the honest store gives back all that was ever promised, a check finds nothing,
// and the owner's machine goes on.
func (r *rig) harmless(t *testing.T) {
	t.Helper()
	got := r.readAll(t)
	for id, want := range r.files {
		if !got[id].equal(want) {
			t.Errorf("after the attack snapshot %s is not what it was", id)
		}
	}
	v := r.load(t, nil)
	if err := v.Trust(nil); err != nil {
		t.Errorf("after the attack: %v", err)
	}
	report, err := repo.Check(t.Context(), r.store, v, r.reader(t), repo.CheckOptions{ReadData: true})
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("after the attack a check says %v, %v", report.Problems, err)
	}
	r.pass(3600e9)
	if said := r.backsUp(t.Context(), t, r.store); said != right {
		t.Errorf("after the attack a backup says %s", said)
	}
}

// work is what a deed may cost: what it costs in peace a few times over, and what
// the attack says beside that, in bytes.
func (r *rig) wantWork(t *testing.T, peace, got storagetest.Count, bytes int64) {
	t.Helper()
	if got.Requests > 4*peace.Requests+100 || got.Bytes > 4*peace.Bytes+bytes+256<<10 || got.Entries > 4*peace.Entries+20_000 {
		t.Errorf("it cost %+v, and in peace %+v", got, peace)
	}
}
