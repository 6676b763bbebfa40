package repo

import (
	"bytes"
	"context"
	"fmt"

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
	stored, condemned, err := s.stored(ctx)
	if err != nil {
		return err
	}
	ever := s.chain.Ever()
	objects := &objects{s.store, s.memory}
	mine := map[format.Hash]bool{}
	for _, ref := range ever.Packs {
		mine[ref.SHA256] = true
	}
	for _, ref := range ever.Index {
		s.indexes[ref.SHA256] = ref
		if err := s.loadIndex(ctx, objects, ref.SHA256, mine, stored, condemned); err != nil {
			return err
		}
	}
	return s.adopt(stored, condemned)
}

// checkOwn refuses a chain with heads that this machine neither made nor saw.
func (s *Session) checkOwn() error {
	if len(s.chain.Heads) == 0 {
		return nil
	}
	all, err := s.memory.Memories()
	if err != nil {
		return err
	}
	seen := map[format.Hash]bool{}
	remembered := false
	for _, m := range all {
		if h, ok := m.Heads[s.key.ID]; ok {
			remembered = true
			s.markAncestors(seen, h.SHA256)
		}
	}
	intent, ok, err := s.memory.Intent()
	if err != nil {
		return err
	}
	if ok {
		s.markAncestors(seen, intent)
	}
	if !remembered && !ok {
		// State that was lost is no crime; the view's notes tell the person.
		return nil
	}
	for _, h := range s.chain.Heads {
		if !seen[h.Hash] {
			return &Strange{h.Hash, h.Seq, s.view.Place}
		}
	}
	return nil
}

func (s *Session) markAncestors(seen map[format.Hash]bool, hash format.Hash) {
	for todo := []format.Hash{hash}; len(todo) > 0; {
		h := s.chain.Find(todo[len(todo)-1])
		todo = todo[:len(todo)-1]
		if h != nil && !seen[h.Hash] {
			seen[h.Hash] = true
			todo = append(todo, h.Prev...)
		}
	}
}

// stored lists the packs at the store, with sizes, and those that are condemned.
func (s *Session) stored(ctx context.Context) (map[format.Hash]int64, map[format.Hash]bool, error) {
	condemned, err := s.view.condemned(ctx, &objects{s.store, s.memory})
	if err != nil {
		return nil, nil, err
	}
	l, err := list(ctx, s.store, format.PacksDir)
	if err != nil {
		return nil, nil, err
	}
	stored := make(map[format.Hash]int64, len(l.names))
	for i, name := range l.names {
		stored[name.Hash] = l.infos[i].Size
	}
	return stored, condemned, nil
}

// condemned reads the tombstones.
func (v *View) condemned(ctx context.Context, source *objects) (map[format.Hash]bool, error) {
	l, err := list(ctx, source.store, format.PruneDir)
	if err != nil {
		return nil, err
	}
	dead := map[format.Hash]bool{}
	for _, name := range l.names {
		data, err := source.cached(ctx, name, maxStatement)
		if err != nil {
			return nil, err
		}
		t, err := v.openTombstone(name, data)
		if err != nil {
			return nil, err
		}
		for _, h := range t.Packs {
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

// loadIndex learns the chunks of one index object's packs, as far as those are
// this writer's, present, whole and not condemned.
func (s *Session) loadIndex(ctx context.Context, source *objects, hash format.Hash, mine map[format.Hash]bool, stored map[format.Hash]int64, condemned map[format.Hash]bool) error {
	name := format.Name{Type: format.ObjectIndex, Hash: hash}
	data, err := source.cached(ctx, name, maxSealed)
	if format.ClassOf(err) == format.Missing {
		// What it covered cannot be deduplicated against, that is all.
		s.view.Notes = append(s.view.Notes, name.String()+" is missing: what it lists is stored again")
		return nil
	}
	if err != nil {
		return err
	}
	records, err := openIndex(name.String(), data, s.view.ID, s.key.IndexIdentity())
	if err != nil {
		return err
	}
	for p, err := range format.ParseIndex(records) {
		if err != nil {
			return err
		}
		if size, ok := stored[p.Pack]; mine[p.Pack] && ok && size == p.Size && !condemned[p.Pack] {
			s.learn(p, hash)
		}
	}
	return nil
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
func (s *Session) adopt(stored map[format.Hash]int64, condemned map[format.Hash]bool) error {
	records, err := s.memory.Journal().Records()
	if err != nil {
		return err
	}
	have := map[format.Hash]bool{}
	for _, p := range s.packs {
		have[p.Pack] = true
	}
	for _, record := range records {
		for p, err := range format.ParseIndex(record) {
			if err != nil {
				break // a journal is a help, not a witness
			}
			if size, ok := stored[p.Pack]; ok && size == p.Size && !condemned[p.Pack] && !have[p.Pack] {
				have[p.Pack] = true
				s.learn(p, format.Hash{})
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
