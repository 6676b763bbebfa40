package repo_test

import (
	"slices"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

// repack takes packs apart and forgets what others stand for then.
func (s *prunable) repack(t *testing.T, store storage.Store, o repo.RepackOptions) (*repo.RepackReport, error) {
	t.Helper()
	o.Session = smallPacks
	report, err := repo.Repack(t.Context(), store, s.trusted(t), s.key, s.memory, o)
	if err != nil || len(report.Replaced) == 0 || o.DryRun {
		return report, err
	}
	// What is promised of a snapshot, the one that stands for it has to keep.
	for _, h := range s.load(t, nil).Chains[s.key.ID].Heads {
		if h.Replaces != nil && s.want[*h.Replaces] != nil {
			s.want[h.Hash] = s.want[*h.Replaces]
		}
	}
	s.forget(t, report.Replaced...)
	return report, nil
}

// trusted is a reader by this machine's own memory.
func (s *prunable) trusted(t *testing.T) *repo.Reader {
	t.Helper()
	v := s.load(t, s.memory)
	if err := v.Trust(nil); err != nil {
		t.Fatal(err)
	}
	r, err := repo.NewReader(t.Context(), s.store, v, s.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// history makes snapshots of which the later ones need little of what the first
// stored, and forgets the first.
func (s *prunable) history(t *testing.T) []*repo.Head {
	t.Helper()
	var heads []*repo.Head
	for day := range 3 {
		s.store.Advance(24 * time.Hour)
		contents := [][]byte{text(1, 9<<10), text(uint64(10+day), 5<<10)}
		if day == 0 {
			for i := range 12 {
				contents = append(contents, text(uint64(20+i), 9<<10))
			}
		}
		heads = append(heads, s.commit(t, contents...))
	}
	s.forget(t, heads[0])
	return heads[1:]
}

// TestRepack gives back the space of packs in which little is needed.
func TestRepack(t *testing.T) {
	s := newPrunable(t)
	left := s.history(t)
	times := map[time.Time]bool{}
	for _, h := range left {
		times[h.Time] = true
	}
	bytes := s.bytes(format.PacksDir)
	dry, err := s.repack(t, s.store, repo.RepackOptions{Max: 1 << 30, DryRun: true})
	if err != nil || dry.Packs.Objects == 0 || s.bytes(format.PacksDir) != bytes {
		t.Fatalf("%+v, %v", dry, err)
	}
	if none, err := s.repack(t, s.store, repo.RepackOptions{Max: 1}); err != nil || none.Packs.Objects != 0 || none.Left == 0 {
		t.Errorf("with next to nothing to move: %+v, %v", none, err)
	}
	r, err := s.repack(t, s.store, repo.RepackOptions{Max: 1 << 30})
	if err != nil || r.Packs != dry.Packs || r.Moved != dry.Moved || len(r.Replaced) != len(left) {
		t.Errorf("dry run %+v, then %+v, %v", dry, r, err)
	}
	s.whole(t)
	for range 2 {
		s.mustPrune(t)
		s.store.Advance(3 * day)
	}
	s.whole(t)
	if now := s.bytes(format.PacksDir); now > bytes-dry.Packs.Bytes+r.Stored {
		t.Errorf("packs had %d bytes, of which %d were to go and %d came; now they have %d", bytes, dry.Packs.Bytes, r.Stored, now)
	}
	for _, h := range s.reader(t).Heads() {
		if !times[h.At()] {
			t.Errorf("snapshot %s has another time than what it stands for, %s", h.Hash, h.At())
		}
	}
	// The machine goes on, and knows what it has.
	h := s.commit(t, text(1, 9<<10), text(12, 5<<10))
	if heads := s.reader(t).Heads(); heads[len(heads)-1].Hash != h.Hash {
		t.Error("the newest is not the newest")
	}
	s.whole(t)
}

// bytes counts what is below a prefix.
func (s *prunable) bytes(prefix string) (n int64) {
	for _, key := range s.store.Keys(prefix) {
		n += int64(len(s.store.Bytes(key)))
	}
	return n
}

// TestRepackInterrupted fails a repack at each of its requests, and goes on.
func TestRepackInterrupted(t *testing.T) {
	base := newPrunable(t)
	base.history(t)
	step := 1
	if !long() {
		step = 7
	}
	for at := 0; ; at += step {
		s := &prunable{scene: base.fork(t), pruner: base.pruner}
		failing := &failAt{Store: s.store, at: at, after: at%2 == 1}
		_, err := s.repack(t, failing, repo.RepackOptions{Max: 1 << 30})
		if !failing.struck {
			if err != nil {
				t.Error(err)
			}
			return
		}
		// Whatever was committed on the way stands for what is there as well.
		for _, h := range s.reader(t).Heads() {
			if h.Replaces != nil {
				s.want[h.Hash] = s.want[*h.Replaces]
			}
		}
		s.whole(t)
		if _, err := s.repack(t, s.store, repo.RepackOptions{Max: 1 << 30}); err != nil {
			t.Fatalf("request %d: %v", at, err)
		}
		s.whole(t)
		if n := len(s.reader(t).Heads()); n != 2 {
			t.Errorf("request %d: %d snapshots", at, n)
		}
	}
}

// TestStandIn: a head that says that it replaces another has that one's time only
// where the owner forgot that, and only the first that says so.
func TestStandIn(t *testing.T) {
	s := newPrunable(t)
	first := s.commit(t, text(1, 9<<10))
	s.store.Advance(10 * day)
	thief := s.clone(t)
	for range 2 {
		s.commitReplacing(t, thief, first)
	}
	heads := s.reader(t).Heads()
	if len(heads) != 3 || heads[0].Hash != first.Hash || heads[1].At() == first.Time || heads[2].At() == first.Time {
		t.Error("a snapshot that nobody forgot is stood for")
	}
	s.forget(t, first)
	heads = s.reader(t).Heads()
	if !slices.ContainsFunc(heads, func(h *repo.Head) bool { return h.At().Equal(first.Time) }) || heads[len(heads)-1].At() == first.Time {
		t.Error("the first stands for what was forgotten, and only the first")
	}
}

// commitReplacing makes a snapshot that says that it stands for another.
func (s *prunable) commitReplacing(t *testing.T, m *machine, h *repo.Head) {
	t.Helper()
	v := s.load(t, m.memory)
	if err := v.Trust(nil); err != nil {
		t.Fatal(err)
	}
	session, err := repo.Begin(t.Context(), s.store, v, m.key, m.memory, smallPacks)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	session.Replace(h)
	contents := [][]byte{text(77, 1000)}
	head, err := commitFiles(t.Context(), session, contents)
	if err != nil {
		t.Fatal(err)
	}
	s.note(head, contents)
}
