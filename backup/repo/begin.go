package repo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"chatkeep/backup/format"
)

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
	left, err := s.leftovers()
	if err != nil {
		return err
	}
	want := map[format.Hash]bool{}
	l := &loader{s: s, mine: map[format.Hash]bool{}, have: map[format.Hash]bool{}}
	if needs, err := s.view.Needs(); err == nil {
		l.needs = needs
	}
	family := s.family()
	l.epochs = epochsOf(s.key.Epoch, family)
	for _, chain := range family {
		ever := chain.Ever()
		for _, ref := range ever.Packs {
			l.mine[ref.SHA256], want[ref.SHA256] = true, true
		}
		for _, ref := range ever.Index {
			want[ref.SHA256] = true
		}
	}
	for _, p := range left {
		want[p.Pack] = true
	}
	if l.there, err = s.inventory(ctx, want); err != nil {
		return err
	}
	damaged, err := s.memory.Damaged()
	if err != nil {
		return err
	}
	for _, h := range slices.AppendSeq(damaged, maps.Keys(s.without)) {
		// What only it had is stored again.
		delete(l.there.packs, h)
	}
	// The newest index objects first: where several cover a pack, the one that
	// took the place of the others is the one to go on with. And what is of this
	// epoch before all else, as if an epoch before it was given up: where a chunk is
	// in two packs, the one of this epoch is referred to.
	for _, old := range []bool{false, true} {
		for _, chain := range family {
			if err := l.chain(ctx, chain, old); err != nil {
				return err
			}
		}
		for _, p := range l.later {
			s.learn(p.IndexPack, p.index)
		}
		l.later = nil
	}
	l.adopt(left)
	return nil
}

// family are the chains whose chunks this writer knows by the same ids and whose
// index objects it can read: its own, and those of writers it took over from.
func (s *Session) family() []*Chain {
	all := []*Chain{s.chain}
	for id, chain := range s.view.Chains {
		if id != s.key.ID && chain.Writer.Dedup == s.key.Dedup {
			all = append(all, chain)
		}
	}
	return all
}

// chain learns what the index objects of a chain list, those of this epoch or those
// before.
func (l *loader) chain(ctx context.Context, c *Chain, old bool) error {
	for _, h := range slices.Backward(c.Heads) {
		for _, set := range []*format.LiveSet{h.Live, h.Add} {
			if set == nil {
				continue
			}
			for _, ref := range set.Index {
				if l.old(ref.SHA256) != old {
					continue
				}
				if err := l.index(ctx, ref); err != nil {
					return err
				}
			}
		}
	}
	return nil
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
	known, err := s.memory.Intents()
	if err != nil {
		return err
	}
	// State that was lost is no crime; the view's notes tell the person. One who
	// remembers the repository and no head of its own has made none.
	lost := len(all)+len(known) == 0
	for _, m := range all {
		for _, h := range m.Heads[s.key.ID] {
			known = append(known, h.SHA256)
		}
	}
	seen := s.withAncestors(known)
	for _, h := range s.chain.Heads {
		if !lost && !seen[h.Hash] {
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
	e, err := format.ParseEnvelope(data, format.MaxSigned)
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

// loader learns the chunks of a session's packs.
type loader struct {
	s     *Session
	there *inventory
	needs *Needs               // beyond it a pruner may have been, and nothing is missed; nil where it cannot be told
	mine  map[format.Hash]bool // packs of this writer's chain
	have  map[format.Hash]bool // packs that were learnt
	// epochs are those of packs and index objects; nil in the first, where all are
	// of one.
	epochs map[format.Hash]uint64
	later  []pack // of epochs before, to be learnt after those of this one
}

// old reports whether a pack or an index object is of an epoch before this one.
func (l *loader) old(hash format.Hash) bool { return l.epochs != nil && l.epochs[hash] < l.s.key.Epoch }

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
		if (l.needs == nil || l.needs.has(name)) && !l.there.condemned[ref.SHA256] {
			s.note(name.String() + " is missing or not whole: what it lists is stored again")
		}
		return nil
	}
	packs, err := s.readIndex(ctx, name)
	if format.ClassOf(err) != "" {
		s.note(err.Error() + ": what it lists is stored again")
		return nil
	}
	for _, p := range packs {
		size, ok := l.there.packs[p.Pack]
		if !ok || size != p.Size || !l.mine[p.Pack] || l.have[p.Pack] {
			continue
		}
		switch l.have[p.Pack] = true; {
		case !l.old(p.Pack):
			s.learn(p, ref.SHA256)
		case l.needs == nil || l.needs.Packs[p.Pack] > 0:
			l.later = append(l.later, pack{IndexPack: p, index: ref.SHA256})
		default:
			// No snapshot needs it, and it is open to whom the owner has locked
			// out since: it is not referred to any more.
		}
	}
	return err
}

// readIndex reads an index object of this writer.
func (s *Session) readIndex(ctx context.Context, name format.Name) ([]format.IndexPack, error) {
	return readIndex(ctx, &objects{s.store, s.memory}, name, s.view.Label(), s.key.IndexIdentity())
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

// adopt takes over packs that are still there.
func (l *loader) adopt(packs []format.IndexPack) {
	for _, p := range packs {
		if size, ok := l.there.packs[p.Pack]; ok && size == p.Size && !l.have[p.Pack] {
			l.have[p.Pack] = true
			l.s.learn(p, format.Hash{})
		}
	}
}
