package repo_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// attack is a row of docs/hostile-store.md.
type attack struct {
	name string
	do   func(t *testing.T, r *rig)
	// answers say what comes of the deeds. One that is left out goes right.
	answers saying
	// bytes is what it may make somebody read, beyond a few times what is read in
	// peace.
	bytes int64
}

// saying is what is said, of which deeds: the classes of errors, an exit code that
// has none, or older or theirs. Where it depends on hashes, it is one of several.
type saying map[string][]string

func (s saying) of(deed string) []string {
	for said, deeds := range s {
		if slices.Contains(deeds, deed) {
			return strings.Split(said, "|")
		}
	}
	return []string{right}
}

// newest objects of the rig, by what they are.
func (r *rig) authority() string { return last(r.store.Keys(format.AuthorityDir)) }
func (r *rig) head() string      { return headKey(r.chain().Tip()) }
func (r *rig) slot() string      { return r.store.Keys(format.KeysDir)[0] }
func (r *rig) keyring() string {
	return format.KeyringName(r.view().Authority.Keyring.N, r.view().Authority.Keyring.SHA256)
}

func (r *rig) chain() *repo.Chain { return r.view().Chains[r.key.ID] }

func (r *rig) view() *repo.View {
	v, err := repo.Load(context.Background(), r.store, r.master.Repository, here, nil)
	if err != nil {
		panic(err)
	}
	return v
}

func (r *rig) manifest() string { return format.ManifestName(r.chain().Tip().Manifest.SHA256) }

// pack is that with the files that the newest snapshot of the owner's has and no
// other, and otherPack one with files that it shares.
func (r *rig) pack(t *testing.T) string      { return format.PackName(r.victim(t, true).Pack) }
func (r *rig) otherPack(t *testing.T) string { return format.PackName(r.victim(t, false).Pack) }

func (r *rig) index() string { return format.IndexName(r.own().Index[0].SHA256) }

// indexOf is an index object that a snapshot has.
func indexOf(t *testing.T, chain *repo.Chain, snapshot format.Hash) string {
	t.Helper()
	live, err := chain.Live(chain.Find(snapshot))
	if err != nil {
		t.Fatal(err)
	}
	return format.IndexName(live.Index[0].SHA256)
}

// indexOfTheOther is one that the owner's machine has never read.
func (r *rig) indexOfTheOther(t *testing.T) string {
	t.Helper()
	for _, chain := range r.view().Chains {
		if tip := chain.Tip(); tip != nil && r.want[tip.Hash] != nil {
			return indexOf(t, chain, tip.Hash)
		}
	}
	t.Fatal("no other writer")
	return ""
}

// own is what the newest snapshot of the owner's has and the one before has not.
func (r *rig) own() format.LiveSet {
	chain := r.chain()
	newest, err := chain.Live(chain.Tip())
	if err != nil {
		panic(err)
	}
	before, err := chain.Live(chain.Find(chain.Tip().Prev[0]))
	if err != nil {
		panic(err)
	}
	add, _ := format.Diff(before, newest)
	return add
}

func last(keys []string) string { return keys[len(keys)-1] }

// attacks are those of a store, and of whoever may create objects in it.
var attacks = []attack{
	{name: "swap two packs", answers: saying{"malformed": {restoring, restoringAnew}, "flipped": {checking, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Swap(r.pack(t), r.otherPack(t)) }},
	{name: "swap two heads", answers: saying{"flipped": {opening, restoringAnew, checking}, "flipped gap": {copying}},
		do: func(t *testing.T, r *rig) {
			r.evil.Swap(r.head(), headKey(r.chain().Heads[0]))
		}},
	{name: "swap two index objects", answers: saying{"flipped": {checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Swap(r.index(), indexOf(t, r.chain(), r.middle)) }},
	{name: "swap index objects of two writers", answers: saying{"flipped": {checking, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Swap(r.index(), r.indexOfTheOther(t)) }},
	{name: "show an old state of the whole place", answers: saying{"older": {opening, restoringAnew, copying}, "rollback": {listing, restoring, checking, backingUp, pruning}, "missing": {repairing}},
		do: func(t *testing.T, r *rig) { r.evil.ShowOld(r.before) }},
	{name: "hide the newest snapshot", answers: saying{"older": {opening, restoringAnew, copying}, "rollback": {listing, restoring, checking, backingUp, pruning}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.head()) }},
	{name: "hide the newest authority", answers: saying{"rollback": {opening, listing, restoring, restoringAnew, checking, backingUp, pruning, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.authority()) }},
	{name: "hide an index object", answers: saying{"missing": {checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.index()) }},
	{name: "hide a manifest", answers: saying{"missing": {opening, listing, restoring, restoringAnew, checking, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.manifest()) }},
	{name: "hide a pack", answers: saying{"missing": {restoring, restoringAnew, checking, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.pack(t)) }},
	{name: "hide the keyring", answers: saying{"missing": {opening, listing, restoring, restoringAnew, checking, pruning, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.keyring()) }},
	{name: "hide everything", answers: saying{"exit-10": {opening, listing, restoring, restoringAnew, checking, backingUp, pruning, copying}, "missing": {repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Hide(r.store.Keys("")...) }},
	{name: "truncate the newest authority", answers: saying{"flipped": {opening, restoringAnew, checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Cut(r.authority()) }},
	{name: "truncate a head", answers: saying{"flipped": {opening, restoringAnew, checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Cut(r.head()) }},
	{name: "truncate a pack", answers: saying{"truncated": {restoring, restoringAnew, checking, repairing}, "flipped": {copying}},
		do: func(t *testing.T, r *rig) { r.evil.Cut(r.pack(t)) }},
	{name: "extend a head", answers: saying{"flipped": {opening, restoringAnew, checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Extend(r.head()) }},
	{name: "extend a manifest", answers: saying{"flipped": {opening, listing, restoring, restoringAnew, copying}, "truncated": {checking, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Extend(r.manifest()) }},
	{name: "extend a pack", answers: saying{"truncated": {checking, repairing}, "flipped": {copying}},
		do: func(t *testing.T, r *rig) { r.evil.Extend(r.pack(t)) }},
	{name: "flip a bit of the newest authority", answers: saying{"flipped": {opening, restoringAnew, checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Flip(r.authority()) }},
	{name: "flip a bit of a head", answers: saying{"flipped": {opening, restoringAnew, checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Flip(r.head()) }},
	{name: "flip a bit of an index object", answers: saying{"flipped": {checking, copying}},
		do: func(t *testing.T, r *rig) { r.evil.Flip(r.index()) }},
	{name: "flip a bit of a manifest", answers: saying{"flipped": {opening, listing, restoring, restoringAnew, checking, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Flip(r.manifest()) }},
	{name: "flip a bit of a pack", answers: saying{"flipped": {checking, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Flip(r.pack(t)) }},
	{name: "flip a bit of the keyring", answers: saying{"flipped": {opening, listing, restoring, restoringAnew, checking, pruning, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Flip(r.keyring()) }},
	{name: "show a head under another number", answers: saying{"wrong-place": everything},
		do: func(t *testing.T, r *rig) {
			h := r.chain().Tip()
			r.evil.Shown().Tamper(format.HeadName(h.Writer, h.Seq+1, h.Hash), r.store.Bytes(headKey(h)))
		}},
	{name: "show a pack under another name", answers: saying{"flipped": {checking, copying, repairing}},
		do: func(t *testing.T, r *rig) {
			r.evil.Shown().Tamper(format.PackName(format.Sum([]byte("x"))), r.store.Bytes(r.pack(t)))
		}},
	{name: "put a slot of its own in the place of a slot", answers: saying{"flipped": {opening, listing, restoring, restoringAnew, checking, pruning, copying, repairing}},
		do: func(t *testing.T, r *rig) {
			r.evil.Shown().Tamper(r.slot(), thiefSlot(t, r.recovery))
		}},
	{name: "put another repository in the place", answers: saying{"exit-12": {opening, restoringAnew}, "wrong-repository": {listing, restoring, checking, backingUp, pruning, repairing}, "theirs": {copying}},
		do: func(t *testing.T, r *rig) {
			store := storagetest.NewMemory()
			thief := newMaster(t)
			slots := []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: slotOf(t, thief, string(keys.NewRecoveryKey()))}}
			if _, err := repo.Create(t.Context(), store, here, thief, slots, "x"); err != nil {
				t.Fatal(err)
			}
			r.evil.ShowOld(store)
		}},
	{name: "ask for scrypt work without an end", answers: saying{"oversized": {opening, restoringAnew}, "wrong-repository": {listing, restoring, checking, backingUp, pruning, repairing}, "theirs": {copying}},
		do: func(t *testing.T, r *rig) {
			// Of the owner's repository a slot cannot be changed, so it is another one,
			// with all the slots that there may be.
			store := storagetest.NewMemory()
			thief := newMaster(t)
			var slots []repo.NewSlot
			for n := range format.MaxSlots {
				object := bytes.Replace(slotOf(t, thief, string(keys.NewRecoveryKey())), []byte(" 14\n"), []byte(" 30\n"), 1)
				slots = append(slots, repo.NewSlot{Name: "s" + string(rune('a'+n/10)) + string(rune('a'+n%10)), Kind: format.SlotRecovery, Object: object})
			}
			if _, err := repo.Create(t.Context(), store, here, thief, slots, "x"); err != nil {
				t.Fatal(err)
			}
			r.evil.ShowOld(store)
		}},
	{name: "plant a pack made with a stolen recipient", do: func(t *testing.T, r *rig) {
		_, object := falsePack(t, r.byThief(), r.victim(t, true))
		plant(r.evil.Shown(), format.PackName, object)
	}},
	{name: "plant an index object made with a stolen recipient", do: func(t *testing.T, r *rig) {
		record, object := falsePack(t, r.byThief(), r.victim(t, true))
		plant(r.evil.Shown(), format.PackName, object)
		plant(r.evil.Shown(), format.IndexName, r.byThief().sealedIndex(t, r.key.ID, record))
	}},
	{name: "plant a head with no entitled signature", answers: saying{"wrong-writer": everything},
		do: func(t *testing.T, r *rig) {
			tip := r.chain().Tip()
			_, object := signedHead(keys.GenerateSigningKey(), r.scene, tip.Seq+1, []format.Hash{tip.Hash}, tip.Manifest, *r.live())
			plant(r.evil.Shown(), func(h format.Hash) string { return format.HeadName(r.key.ID, tip.Seq+1, h) }, object)
		}},
	{name: "plant an authority with no entitled signature", answers: saying{"wrong-writer": everything},
		do: func(t *testing.T, r *rig) {
			thief := newMaster(t)
			plant(r.evil.Shown(), authority(77), authorityOf(t, r.scene, thief, 77, r.master.Repository, r.master.Root.String()))
		}},
	{name: "plant a tombstone with no entitled signature", answers: saying{"wrong-writer": {checking, backingUp, pruning, copying, repairing}},
		do: func(t *testing.T, r *rig) {
			name, _ := format.ParseName(r.pack(t))
			c := *r.scene
			c.store = r.evil.Shown()
			c.condemn(keys.GenerateSigningKey(), []format.Hash{name.Hash}, nil)
		}},
	{name: "show a new reader what it no longer shows others", answers: saying{"older": {opening, restoringAnew, copying}},
		do: func(t *testing.T, r *rig) {
			r.faces = storagetest.NewHostile(r.store)
			r.faces.ShowOld(r.before)
		}},
	{name: "leave a pack out of listings", answers: saying{"missing": {checking, copying, repairing}},
		do: func(t *testing.T, r *rig) {
			pack := r.pack(t)
			r.evil.Lists = func(_ string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
				return func(yield func(storage.Info, error) bool) {
					for info, err := range seq {
						if info.Key != pack && !yield(info, err) {
							return
						}
					}
				}
			}
		}},
	{name: "list everything twice", do: func(t *testing.T, r *rig) { r.evil.Lists = storagetest.ListTwice }},
	{name: "list backwards", do: func(t *testing.T, r *rig) { r.evil.Lists = storagetest.ListBackwards }},
	{name: "list what was there a while ago", answers: saying{"older": {opening, restoringAnew, copying}, "rollback": {listing, restoring, checking, backingUp, pruning, repairing}},
		do: func(t *testing.T, r *rig) {
			old := r.before
			r.evil.Lists = func(prefix string, _ iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
				return old.List(context.Background(), prefix)
			}
		}},
	{name: "end listings in the middle", answers: saying{"rollback|older": {opening, restoringAnew}, "rollback": {listing, restoring, backingUp, pruning}, "missing rollback|missing|rollback": {checking, repairing}, "missing rollback|missing|rollback|older": {copying}},
		do: func(t *testing.T, r *rig) { r.evil.Lists = storagetest.ListShort }},
	{name: "give the same page of a listing for ever", answers: saying{"oversized": everything},
		do: func(t *testing.T, r *rig) { r.evil.Lists = storagetest.ListAgain }},
	{name: "list wrong sizes", answers: saying{"truncated": {checking, backingUp, repairing}, "oversized": {copying}},
		do: func(t *testing.T, r *rig) {
			r.evil.Lists = storagetest.ListChanged(func(info *storage.Info) { info.Size += 1 << 40 })
		}},
	{name: "list wrong times", do: func(t *testing.T, r *rig) {
		r.evil.Lists = storagetest.ListChanged(func(info *storage.Info) { info.Time = info.Time.AddDate(-20, 0, 0) })
	}},
	{name: "list names that lead elsewhere", answers: saying{"exit-10": {opening, listing, restoring, restoringAnew, checking, backingUp, pruning, copying}, "missing": {repairing}},
		do: func(t *testing.T, r *rig) {
			r.evil.Lists = storagetest.ListChanged(func(info *storage.Info) { info.Key = "../../" + info.Key })
		}},
	{name: "tell a wrong time", do: func(t *testing.T, r *rig) { r.skew = 30 * 365 * 24 * time.Hour }},
	{name: "take what is put and keep nothing", answers: saying{"missing": {backingUp, pruning}},
		do: func(t *testing.T, r *rig) {
			r.evil.Forgets = func(string) bool { return true }
		}},
	{name: "take packs and keep none", answers: saying{"missing": {backingUp}},
		do: func(t *testing.T, r *rig) {
			r.evil.Forgets = func(key string) bool { return strings.HasPrefix(key, format.PacksDir) }
		}},
	{name: "drip bytes", do: func(t *testing.T, r *rig) { r.evil.Body = storagetest.Drip }},
	{name: "give statements that never end", bytes: 8 * format.MaxSigned, answers: saying{"oversized": {opening, restoringAnew, checking, backingUp, copying, repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Body = endless(format.SnapshotsDir) }},
	{name: "give packs that never end", answers: saying{"flipped": {checking, copying}, "oversized": {repairing}},
		do: func(t *testing.T, r *rig) { r.evil.Body = endless(format.PacksDir) }},
	{name: "never answer", answers: saying{"exit-130": everything},
		do: func(t *testing.T, r *rig) { r.silent = true }},
}

func endless(prefix string) func(string, io.ReadCloser) io.ReadCloser {
	return func(key string, body io.ReadCloser) io.ReadCloser {
		if !strings.HasPrefix(key, prefix) {
			return body
		}
		return storagetest.Endless(key, body)
	}
}

func slotOf(t *testing.T, m *keys.Master, secret string) []byte {
	t.Helper()
	object, err := keys.SealRecovery(m, keys.RecoveryKey(secret))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// thiefSlot is a slot for the right secret, with a master of the thief's.
func thiefSlot(t *testing.T, secret string) []byte { return slotOf(t, newMaster(t), secret) }

// live is what the owner's newest snapshot needs.
func (r *rig) live() *format.LiveSet {
	live, err := r.chain().Live(r.chain().Tip())
	if err != nil {
		panic(err)
	}
	return &live
}

// victim is what the index says of a pack with files of the owner's newest
// snapshot, one of its own or one that it shares.
func (r *rig) victim(t *testing.T, own bool) format.IndexPack {
	t.Helper()
	s, err := r.reader(t).Open(t.Context(), r.chain().Tip())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Index().Packs() {
		if p.Kind == format.Originals && r.own().HasPack(p.Pack) == own {
			return p
		}
	}
	t.Fatal("no pack")
	return format.IndexPack{}
}

// falsePack is a pack that claims the first chunk of another, with other bytes, and
// what an index says of it.
func falsePack(t *testing.T, s *scene, of format.IndexPack) (format.IndexPack, []byte) {
	t.Helper()
	victim := of.Frames[0].Members[0]
	lie := bytes.Repeat([]byte("x"), victim.Size)
	b := format.NewBuilder(format.Header{
		Type: format.TypePack, Repository: s.master.Repository, Epoch: 1, Writer: s.key.ID, Kind: of.Kind.String(),
	}, nil)
	b.Append(format.NewCompressor(zstd.SpeedFastest).Append(nil, format.AppendMember(nil, victim.ID, lie)), []format.Member{victim})
	first, frames := b.FirstFrame(), slices.Clone(b.Frames())
	object := encrypt(t, b.Close(), s.key.EpochRecipient()...)
	return format.IndexPack{Pack: format.Sum(object), Size: int64(len(object)), Kind: of.Kind, FirstFrame: first, Frames: frames}, object
}

// TestAttacks does each of the deeds under each of the attacks. What comes of it
// is what the table says: named trouble, or what is right, and never wrong bytes,
// a panic or work without an end. When the attack is over nothing is lost.
func TestAttacks(t *testing.T) {
	base := newRig(t)
	peace := base.peace(t)
	for _, a := range attacks {
		for _, d := range tried() {
			t.Run(a.name+"/"+d.name, func(t *testing.T) {
				t.Parallel()
				r := base.fork(t)
				a.do(t, r)
				r.pass(0)
				r.suffer(t, d, a, peace[d.name])
				r.harmless(t)
			})
		}
	}
}

// tried are the deeds that a run does under each attack: a short one takes the one
// that nobody can do without.
func tried() []deed {
	if testing.Short() {
		return slices.DeleteFunc(slices.Clone(deeds), func(d deed) bool { return d.name != restoringAnew })
	}
	return deeds
}

// peace is what the deeds cost with nobody in the way.
func (r *rig) peace(t *testing.T) map[string]storagetest.Count {
	t.Helper()
	costs := map[string]storagetest.Count{}
	for _, d := range deeds {
		c := r.fork(t)
		count := storagetest.NewCounting(c.evil)
		if said := d.do(c, t.Context(), t, count); said != right {
			t.Fatalf("in peace, %s: %s", d.name, said)
		}
		costs[d.name] = count.Count("", "")
		c.harmless(t)
	}
	return costs
}

// suffer does one deed under an attack.
func (r *rig) suffer(t *testing.T, d deed, a attack, peace storagetest.Count) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	if r.silent {
		// The person waits for a while, and then gives up.
		r.evil.Silent = func() { time.AfterFunc(time.Millisecond, func() { cancel(session.ErrInterrupted) }) }
	}
	store := r.evil
	if r.faces != nil && d.anew {
		store = r.faces
	}
	count := storagetest.NewCounting(store)
	said := d.do(r, ctx, t, count)
	if want := a.answers.of(d.name); !slices.Contains(want, said) {
		t.Errorf("it ends with %q, want %q", said, want)
	}
	r.wantWork(t, peace, count.Count("", ""), a.bytes)
}
