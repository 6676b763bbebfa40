package repo

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// maxSealed bounds index objects, manifests and packs as stored, in bytes.
const maxSealed = 256 << 20

// Strange is the error of heads that were signed with this machine's key and
// that it does not know.
type Strange struct {
	Head  format.Hash
	Seq   uint64
	Place string
}

func (e *Strange) Error() string {
	return fmt.Sprintf("backup %d (%s) at %s was signed with this machine's key, but not by this machine", e.Seq, e.Head.String()[:8], e.Place)
}

// Hint tells what to do.
func (e *Strange) Hint() string {
	return "if this machine was cloned or restored, chatkeep writer accept goes on; else the key was stolen: chatkeep writer end, then writer add"
}

// ExitCode is 11.
func (e *Strange) ExitCode() int { return 11 }

// load finds out what this writer has: its heads, and the packs they and an
// unfinished run left.
func (s *Session) load(ctx context.Context) error {
	if err := s.checkOwn(); err != nil {
		return err
	}
	s.tips = s.chain.Tips()
	s.increment = len(s.chain.Heads) > 0
	there, err := s.inventory(ctx)
	if err != nil {
		return err
	}
	l := &loader{s: s, there: there, mine: map[format.Hash]bool{}, have: map[format.Hash]bool{}}
	for _, ref := range s.chain.Ever().Packs {
		l.mine[ref.SHA256] = true
	}
	// The newest index objects first: where several cover a pack, the one that
	// took the place of the others is the one to go on with.
	for _, h := range slices.Backward(s.chain.Heads) {
		for _, set := range []*format.LiveSet{h.Live, h.Add} {
			if set == nil {
				continue
			}
			for _, ref := range set.Index {
				if err := l.index(ctx, ref); err != nil {
					return err
				}
			}
		}
	}
	return l.adopt()
}

// checkOwn refuses a chain with heads that this machine neither made nor saw.
// It remembers one that passes, so that an intent that was carried out need not
// be kept until the next commit.
func (s *Session) checkOwn() error {
	if len(s.chain.Heads) == 0 {
		return nil
	}
	all, err := s.memory.Memories()
	if err != nil {
		return err
	}
	intents, err := s.memory.Intents()
	if err != nil {
		return err
	}
	known := slices.Clone(intents)
	for _, m := range all {
		for _, h := range m.Heads[s.key.ID] {
			known = append(known, h.SHA256)
		}
	}
	seen := s.withAncestors(known)
	for _, h := range s.chain.Heads {
		// State that was lost is no crime; the view's notes tell the person.
		if len(known) > 0 && !seen[h.Hash] {
			return &Strange{h.Hash, h.Seq, s.view.Place}
		}
	}
	return s.remember()
}

// remember notes that the heads of this session's view are known, and forgets
// the intents among them.
func (s *Session) remember() error {
	if err := s.view.Remember(s.memory); err != nil {
		return err
	}
	return s.memory.DropIntents(func(h format.Hash) bool { return s.chain.Find(h) != nil })
}

// withAncestors returns these heads and all that they continue.
func (s *Session) withAncestors(heads []format.Hash) map[format.Hash]bool {
	seen := map[format.Hash]bool{}
	for todo := heads; len(todo) > 0; {
		hash := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[hash] {
			seen[hash] = true
			todo = append(todo, s.continues(hash)...)
		}
	}
	return seen
}

// continues returns what a known head continues. A copy of the repository that
// is behind does not have it; this machine may have kept it.
func (s *Session) continues(hash format.Hash) []format.Hash {
	if h := s.chain.Find(hash); h != nil {
		return h.Prev
	}
	data := s.memory.CachedObject(hash)
	if data == nil {
		return nil
	}
	e, err := format.ParseEnvelope(data, maxStatement)
	if err != nil {
		return nil
	}
	// Its signature was checked before its hash was remembered.
	h, err := format.ParseHead([]byte(e.Body))
	if err != nil {
		return nil
	}
	return h.Prev
}

// inventory is what the store has and no tombstone condemns, with sizes.
type inventory struct{ packs, index, manifests map[format.Hash]int64 }

// inventory lists the store, all of it at once: one request where there are no
// more than a page of objects. Tombstones come after what they condemn, in the
// listing as in time.
func (s *Session) inventory(ctx context.Context) (*inventory, error) {
	l, err := list(ctx, s.store, "")
	if err != nil {
		return nil, err
	}
	there := &inventory{map[format.Hash]int64{}, map[format.Hash]int64{}, map[format.Hash]int64{}}
	var tombstones []format.Name
	for i, name := range l.names {
		switch name.Type {
		case format.ObjectPack:
			there.packs[name.Hash] = l.infos[i].Size
		case format.ObjectIndex:
			there.index[name.Hash] = l.infos[i].Size
		case format.ObjectManifest:
			there.manifests[name.Hash] = l.infos[i].Size
		case format.ObjectTombstone:
			tombstones = append(tombstones, name)
		}
	}
	condemned, err := s.view.readTombstones(ctx, &objects{s.store, s.memory}, tombstones)
	if err != nil {
		return nil, err
	}
	for h := range condemned {
		delete(there.packs, h)
		delete(there.index, h)
		delete(there.manifests, h)
	}
	return there, nil
}

// condemned reads the tombstones: the hashes of packs, index objects and
// manifests.
func (v *View) condemned(ctx context.Context, source *objects) (map[format.Hash]bool, error) {
	l, err := list(ctx, source.store, format.PruneDir)
	if err != nil {
		return nil, err
	}
	return v.readTombstones(ctx, source, l.names)
}

func (v *View) readTombstones(ctx context.Context, source *objects, names []format.Name) (map[format.Hash]bool, error) {
	dead := map[format.Hash]bool{}
	for _, name := range names {
		data, err := source.cached(ctx, name, maxStatement)
		if err != nil {
			return nil, err
		}
		t, err := v.openTombstone(name, data)
		if err != nil {
			return nil, err
		}
		for _, h := range slices.Concat(t.Packs, t.Index, t.Manifests) {
			dead[h] = true
		}
	}
	return dead, nil
}

func (v *View) openTombstone(name format.Name, data []byte) (*format.Tombstone, error) {
	var err error = format.Fail(format.WrongWriter, name.String(), "no key with the role prune signed it")
	for _, w := range v.Authority.Writers {
		if w.Role != "prune" {
			continue
		}
		key, kerr := keys.ParsePublicKey(w.Key)
		if kerr != nil {
			continue
		}
		var t *format.Tombstone
		if t, err = keys.OpenTombstone(name.String(), data, v.ID, key); err == nil {
			return t, nil
		}
	}
	return nil, err
}

// loader learns the chunks of a session's packs.
type loader struct {
	s     *Session
	there *inventory
	mine  map[format.Hash]bool // packs of this writer's chain
	have  map[format.Hash]bool // packs that were learnt
}

// index learns the chunks of one index object's packs, as far as those are this
// writer's, present, whole and not condemned. One that is gone or damaged is no
// reason to stop: what it covered cannot be deduplicated against, and is stored
// again. The cache may have it still, but a snapshot must not refer to it.
func (l *loader) index(ctx context.Context, ref format.Ref) error {
	s := l.s
	if _, ok := s.indexes[ref.SHA256]; ok {
		return nil
	}
	s.indexes[ref.SHA256] = ref
	name := format.Name{Type: format.ObjectIndex, Hash: ref.SHA256}
	if size, ok := l.there.index[ref.SHA256]; !ok || size != ref.Size {
		s.view.Notes = append(s.view.Notes, name.String()+" is missing or not whole: what it lists is stored again")
		return nil
	}
	packs, err := s.readIndex(ctx, name)
	if format.ClassOf(err) != "" {
		s.view.Notes = append(s.view.Notes, err.Error()+": what it lists is stored again")
		return nil
	}
	for _, p := range packs {
		if size, ok := l.there.packs[p.Pack]; ok && size == p.Size && l.mine[p.Pack] && !l.have[p.Pack] {
			l.have[p.Pack] = true
			s.learn(p, ref.SHA256)
		}
	}
	return err
}

// readIndex reads an index object of this writer.
func (s *Session) readIndex(ctx context.Context, name format.Name) ([]format.IndexPack, error) {
	data, err := (&objects{s.store, s.memory}).cached(ctx, name, maxSealed)
	if err != nil {
		return nil, err
	}
	records, err := openIndex(name.String(), data, s.view.ID, s.key.IndexIdentity())
	if err != nil {
		return nil, err
	}
	var packs []format.IndexPack
	for p, err := range format.ParseIndex(records) {
		if err != nil {
			return nil, format.At(name.String(), err)
		}
		packs = append(packs, p)
	}
	return packs, nil
}

func (s *Session) learn(p format.IndexPack, index format.Hash) {
	s.packs = append(s.packs, &pack{IndexPack: p, index: index, done: true})
	for _, f := range p.Frames {
		for _, m := range f.Members {
			s.known.put(m.ID, place{pack: uint32(len(s.packs) - 1)})
		}
	}
	if index != (format.Hash{}) {
		// The index object has the record; a million frames need not stay here.
		s.packs[len(s.packs)-1].Frames = nil
	}
}

// adopt takes over the packs that an unfinished run put and never committed.
func (l *loader) adopt() error {
	records, err := l.s.memory.Journal().Records()
	if err != nil {
		return err
	}
	for _, record := range records {
		for p, err := range format.ParseIndex(record) {
			if err != nil {
				break // a journal is a help, not a witness
			}
			if size, ok := l.there.packs[p.Pack]; ok && size == p.Size && !l.have[p.Pack] {
				l.have[p.Pack] = true
				l.s.learn(p, format.Hash{})
			}
		}
	}
	return nil
}

// openIndex decrypts an index object, whose hash is verified, to its records.
func openIndex(name string, object []byte, id format.Hash, identity ...age.Identity) ([]byte, error) {
	return openSealed(name, object, format.TypeIndex, id, format.MaxIndex, identity...)
}

// openSealed decrypts a sealed object that is no pack and returns what its data
// frames decode to.
func openSealed(name string, object []byte, kind string, id format.Hash, limit int64, ids ...age.Identity) ([]byte, error) {
	plaintext, err := unseal(nil, name, object, ids...)
	if err != nil {
		return nil, err
	}
	layout, err := format.ParseLayout(bytes.NewReader(plaintext), int64(len(plaintext)))
	if err != nil {
		return nil, format.At(name, err)
	}
	if err := layout.Header.Check(name, kind, "", id); err != nil {
		return nil, err
	}
	data, err := format.DecodeAll(plaintext, limit)
	return data, format.At(name, err)
}
