package repo_test

import (
	"bytes"
	"io"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// carried makes a snapshot by m that holds the files of another.
func carried(t *testing.T, s *scene, m *machine, from *repo.Snapshot) (*repo.Head, repo.Stats) {
	t.Helper()
	ctx := t.Context()
	v := s.load(t, m.memory)
	if err := v.Trust(nil); err != nil {
		t.Fatal(err)
	}
	session, err := repo.Begin(ctx, s.store, v, m.key, m.memory, smallPacks)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	p := session.NewPacker()
	carrier := p.Carry(from)
	list, stats := p.NewList(ctx, "contents"), p.NewList(ctx, "stats")
	for e, err := range from.Entries(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Chunks, err = carrier.Chunks(ctx, e.Chunks, repo.Hint{Group: e.Path}); err != nil {
			t.Fatal(err)
		}
		if err := list.Append(format.AppendItem(nil, e.Item)); err != nil {
			t.Fatal(err)
		}
		if err := stats.Append(format.AppendStat(nil, &e.Stat)); err != nil {
			t.Fatal(err)
		}
	}
	next := manifest()
	if next.Contents, err = list.Close(); err != nil {
		t.Fatal(err)
	}
	if next.Stats, err = stats.Close(); err != nil {
		t.Fatal(err)
	}
	if err := session.Flush(ctx, p); err != nil {
		t.Fatal(err)
	}
	h, err := session.Commit(ctx, next)
	if err != nil {
		t.Fatal(err)
	}
	return h, session.Stats()
}

// TestCarry takes a snapshot along in the name of the same writer, for which
// nothing is stored, and of another, who stores all of it under ids of its own.
func TestCarry(t *testing.T) {
	s := newScene(t)
	want := [][]byte{text(1, 300<<10), noise(2, 100<<10), []byte("short")}
	first := s.commit(t, want...)
	other := s.enrol(t, "other")
	r, err := repo.NewReader(t.Context(), s.store, s.load(t, nil), s.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	from, err := r.Open(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*machine{"same": s.machine, "other": other} {
		h, stats := carried(t, s, m, from)
		if same := name == "same"; same != (stats.BytesNew < 1000) {
			t.Errorf("%s writer: %d new bytes", name, stats.BytesNew)
		}
		r, err := repo.NewReader(t.Context(), s.store, s.load(t, nil), s.master, nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := r.Open(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for e, err := range back.Entries(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(back.Chunks(t.Context(), e.Chunks))
			if err != nil || !bytes.Equal(got, want[n]) {
				t.Errorf("%s writer: %s comes back as %d other bytes: %v", name, e.Path, len(got), err)
			}
			n++
		}
		if n != len(want) {
			t.Errorf("%s writer: %d files", name, n)
		}
	}
}
