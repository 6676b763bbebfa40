package repo_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// writerAttacks are those of somebody who has a writer's key, and may create
// objects. The owner ends that writer when the attack is over.
var writerAttacks = []attack{
	{name: "sign an index with chunks in the wrong places", answers: saying{"theirs": {opening, listing}, "flipped": {checking}},
		do: func(t *testing.T, r *rig) {
			thief := r.byThief()
			pack, object := falsePack(t, thief, r.victim(t, true))
			plant(r.store, format.PackName, object)
			_, head := thief.forgeIndex(t, r.thief.key.ID, pack)
			thief.snapshotOf(t, head)
		}},
	{name: "sign an index with frames that overlap and lie outside of the pack", answers: saying{"theirs": {opening, listing}, "malformed": {checking}},
		do: func(t *testing.T, r *rig) {
			thief := r.byThief()
			pack, object := falsePack(t, thief, r.victim(t, true))
			plant(r.store, format.PackName, object)
			pack.Frames = append(slices.Clone(pack.Frames), pack.Frames[0], pack.Frames[0])
			pack.Frames[1].Length = 1 << 23
			_, head := thief.forgeIndex(t, r.thief.key.ID, pack)
			thief.snapshotOf(t, head)
		}},
	{name: "sign a false index of another's pack", answers: saying{"theirs": {opening, listing}},
		do: func(t *testing.T, r *rig) { r.falseIndex(t) }},
	{name: "sign a false index of another's pack, and have the true one hidden", answers: saying{"theirs": {opening, listing}, "malformed missing": {checking}, "missing": {copying}},
		do: func(t *testing.T, r *rig) {
			r.falseIndex(t)
			r.show()
			r.evil.Hide(r.index())
		}},
	{name: "claim the packs and index objects of others", answers: saying{"theirs": {opening, listing}},
		do: func(t *testing.T, r *rig) {
			live := *r.live()
			_, head := r.byThief().forgeIndexOf(t, r.thief.key.ID, format.LiveSet{Packs: live.Packs, Index: slices.Clone(live.Index)})
			r.byThief().snapshotOf(t, head)
		}},
	{name: "name packs that are not there", answers: saying{"theirs": {opening, listing}, "missing": {checking, copying, repairing}},
		do: func(t *testing.T, r *rig) {
			pack := r.victim(t, true)
			pack.Pack = format.Sum([]byte("none"))
			_, head := r.byThief().forgeIndex(t, r.thief.key.ID, pack)
			r.byThief().snapshotOf(t, head)
		}},
	{name: "sign an index that decodes to a thousand times its size", answers: saying{"theirs": {opening, listing}},
		do: func(t *testing.T, r *rig) {
			object := r.byThief().bomb(t, format.TypeIndex)
			plant(r.store, format.IndexName, object)
			live := noLive()
			live.Index = append(live.Index, format.Ref{SHA256: format.Sum(object), Size: int64(len(object))})
			_, head := r.byThief().forgeIndexOf(t, r.thief.key.ID, live)
			r.byThief().snapshotOf(t, head)
		}},
	{name: "sign a manifest that decodes to a thousand times its size", answers: saying{"theirs": {opening}, "oversized": {listing, checking}},
		do: func(t *testing.T, r *rig) {
			object := r.byThief().bomb(t, format.TypeManifest)
			plant(r.store, format.ManifestName, object)
			key, head := signedHead(r.thief.key.Signer(), r.byThief(), 1, []format.Hash{}, &format.Ref{SHA256: format.Sum(object), Size: int64(len(object))}, noLive())
			r.store.Tamper(key, head)
		}},
	{name: "sign a list that names itself a billion times", answers: saying{"theirs": {opening, listing}, "non-canonical": {restoringAnew}, "oversized": {checking}},
		do: func(t *testing.T, r *rig) {
			r.steal(t, func(_ *repo.Session, p *repo.Packer, m *format.Manifest) {
				id := addChunk(t, p, format.AppendEntry(nil, &format.Entry{Path: "originals", Type: format.EntryDir}))
				for range 3 {
					id = addChunk(t, p, bytes.Repeat([]byte(id.String()+"\n"), 1000))
				}
				m.Contents = format.List{Entries: 1 << 50, Bytes: 1 << 50, Depth: 3, Chunks: slices.Repeat([]format.ID{id}, 64)}
				m.Stats = m.Contents
			})
		}},
	{name: "sign a list with files outside of the target", answers: saying{"theirs": {opening, listing}, "malformed": {restoringAnew, checking}},
		do: func(t *testing.T, r *rig) {
			r.steal(t, func(_ *repo.Session, p *repo.Packer, m *format.Manifest) {
				id := addChunk(t, p, []byte("evil"))
				var lines, stats []byte
				for _, path := range []string{"originals", "originals/../../outside"} {
					e := &format.Entry{Path: path, Type: format.EntryFile, Size: 4, Chunks: []format.ID{id}}
					if path == "originals" {
						e = &format.Entry{Path: path, Type: format.EntryDir}
					}
					lines = format.AppendEntry(lines, e)
					stats = format.AppendStat(stats, &format.Stat{Mode: 0o755, Mtime: time.Unix(1, 0)})
				}
				m.Contents = format.List{Entries: 2, Bytes: int64(len(lines)), Chunks: []format.ID{addChunk(t, p, lines)}}
				m.Stats = format.List{Entries: 2, Bytes: int64(len(stats)), Chunks: []format.ID{addChunk(t, p, stats)}}
			})
		}},
	{name: "sign snapshots dated in the future", answers: saying{"theirs": {opening, listing, restoringAnew}},
		do: func(t *testing.T, r *rig) {
			r.store.SetTime(r.now.AddDate(400, 0, 0))
			r.steal(t, func(*repo.Session, *repo.Packer, *format.Manifest) {})
			r.pass(0)
		}},
	{name: "sign any number of snapshots of another's source", answers: saying{"theirs": {opening, listing, restoringAnew}},
		do: func(t *testing.T, r *rig) {
			for range 40 {
				r.steal(t, func(_ *repo.Session, _ *repo.Packer, m *format.Manifest) {
					m.Source.Name, m.Tags = "phone", []string{"garbage"}
				})
			}
		}},
	{name: "sign a head with a number far ahead", answers: saying{"gap": everything},
		do: func(t *testing.T, r *rig) {
			key, head := signedHead(r.thief.key.Signer(), r.byThief(), format.MaxN, []format.Hash{format.Sum([]byte("x"))}, nil, noLive())
			r.store.Tamper(key, head)
		}},
	{name: "sign a head in another writer's folder", answers: saying{"wrong-writer": everything},
		do: func(t *testing.T, r *rig) {
			tip := r.chain().Tip()
			_, head := signedHead(r.thief.key.Signer(), r.byThief(), tip.Seq+1, []format.Hash{tip.Hash}, tip.Manifest, *r.live())
			plant(r.evil.Shown(), func(h format.Hash) string { return format.HeadName(r.key.ID, tip.Seq+1, h) }, head)
			r.shown = true
		}},
	{name: "sign that heads of others were seen that never were", answers: saying{"rollback": everything},
		do: func(t *testing.T, r *rig) {
			authority, _ := format.ParseName(r.authority())
			live := noLive()
			h := &format.Head{
				Repository: r.master.Repository, Requires: []string{}, Writer: r.thief.key.ID, Seq: 1, Prev: []format.Hash{}, Time: r.now, Epoch: 1,
				Live: &live, Authority: authority.Hash, Seen: []format.HeadRef{{Writer: r.key.ID, Seq: 99, SHA256: format.Sum([]byte("never"))}},
			}
			object := keys.SignHead(r.thief.key.Signer(), h)
			r.store.Tamper(format.HeadName(h.Writer, 1, format.Sum(object)), object)
		}},
	{name: "sign that a snapshot stands for another's", answers: saying{"theirs": {opening, listing, restoringAnew}},
		do: func(t *testing.T, r *rig) {
			tip := r.chain().Tip()
			r.steal(t, func(s *repo.Session, _ *repo.Packer, _ *format.Manifest) { s.Replace(tip) })
		}},
	{name: "put notes that are rubbish", do: func(t *testing.T, r *rig) {
		for n := range 30 {
			object := encrypt(t, fmt.Append(nil, "rubbish", n), r.thief.key.EpochRecipient()...)
			plant(r.store, func(h format.Hash) string { return format.NoteName(r.thief.key.ID, h) }, object)
		}
	}},
	{name: "sign a tombstone with a key that may only write", answers: saying{"wrong-writer": {checking, backingUp, pruning, copying, repairing}},
		do: func(t *testing.T, r *rig) {
			name, _ := format.ParseName(r.pack(t))
			c := *r.scene
			c.store = r.evil.Shown()
			c.condemn(r.thief.key.Signer(), []format.Hash{name.Hash}, nil)
			r.shown = true
		}},
}

// falseIndex signs for an index object that says of the owner's pack what is not so,
// and comes before the true one.
func (r *rig) falseIndex(t *testing.T) {
	t.Helper()
	pack := r.victim(t, true)
	pack.Frames = slices.Clone(pack.Frames)
	pack.Frames[0].Members = slices.Clone(pack.Frames[0].Members)
	pack.Frames[0].Members[0].ID[0] ^= 1
	for {
		index, head := r.byThief().forgeIndex(t, r.thief.key.ID, pack)
		if index < r.index() {
			r.byThief().snapshotOf(t, head)
			return
		}
		r.store.Tamper(index, nil)
		r.store.Tamper(head, nil)
	}
}

// show has the store show what the thief has put into it.
func (r *rig) show() { r.evil.ShowOld(r.store); r.shown = true }

// steal makes a snapshot with the thief's key, as the program would, of what fill
// puts into it.
func (r *rig) steal(t *testing.T, fill func(*repo.Session, *repo.Packer, *format.Manifest)) *repo.Head {
	t.Helper()
	s, err := repo.Begin(t.Context(), r.store, r.load(t, nil), r.thief.key, r.thief.memory, smallPacks)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, m := s.NewPacker(), manifest()
	fill(s, p, m)
	if err := s.Flush(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	h, err := s.Commit(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func addChunk(t *testing.T, p *repo.Packer, data []byte) format.ID {
	t.Helper()
	id, err := p.Add(t.Context(), format.Meta, data, repo.Hint{Group: "list"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// bomb is a sealed object of a gigabyte of zero bytes.
func (s *scene) bomb(t *testing.T, typ string) []byte {
	t.Helper()
	b := format.NewBuilder(format.Header{Type: typ, Repository: s.master.Repository, Epoch: 1, Writer: s.key.ID}, nil)
	frame := format.NewCompressor(zstd.SpeedFastest).Append(nil, make([]byte, 16<<20))
	for range 64 {
		b.Append(frame, nil)
	}
	to := s.key.EpochRecipient()
	if typ == format.TypeIndex {
		to = s.key.IndexRecipients()
	}
	return encrypt(t, b.Close(), to...)
}

// TestWriterAttacks is TestAttacks for those who have a key to sign with.
func TestWriterAttacks(t *testing.T) {
	base := newRig(t)
	peace := base.peace(t)
	for _, a := range writerAttacks {
		for _, d := range tried() {
			t.Run(a.name+"/"+d.name, func(t *testing.T) {
				t.Parallel()
				r := base.fork(t)
				a.do(t, r)
				if !r.shown {
					r.show()
				}
				r.pass(0)
				r.suffer(t, d, a, peace[d.name])
				r.must(t, "writer", "end", r.thief.key.ID.String(), "--last", "none", "--accept", "gap", "--accept", "rollback")
				r.harmless(t)
			})
		}
	}
}

func attackNamed(t *testing.T, name string) attack {
	t.Helper()
	for _, a := range slices.Concat(attacks, writerAttacks) {
		if a.name == name {
			return a
		}
	}
	t.Fatalf("no attack %q", name)
	return attack{}
}

// TestOneBadSnapshot: a snapshot that cannot be read is named with its writer, and
// hides none of the others.
func TestOneBadSnapshot(t *testing.T) {
	r := newRig(t)
	attackNamed(t, "sign a manifest that decodes to a thousand times its size").do(t, r)
	out := r.run(t.Context(), t, r.machine, r.store, "snapshots")
	kinds := map[any]int{}
	named := false
	for _, object := range out.objects {
		kinds[object["type"]]++
		message, _ := object["message"].(string)
		named = named || object["type"] == "problem" && strings.Contains(message, r.thief.key.ID.String()[:8])
	}
	if out.code != session.ExitDamaged || kinds["snapshot"] != 3 || kinds["problem"] != 1 || !named {
		t.Errorf("exit code %d, %v, the writer is named: %v", out.code, kinds, named)
	}
}
