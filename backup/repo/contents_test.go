package repo_test

import (
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// listed commits a snapshot with a manifest that change has been at, and reads
// its entries.
func (s *scene) listed(t *testing.T, change func(p *repo.Packer, m *format.Manifest)) (n int, err error) {
	t.Helper()
	run, err := repo.Begin(t.Context(), s.store, s.load(t, s.memory), s.key, s.memory, smallPacks)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	p := run.NewPacker()
	m := manifest()
	contents, stats := p.NewList(t.Context(), "contents"), p.NewList(t.Context(), "stats")
	for _, path := range []string{"originals/a", "originals/b", "originals/c"} {
		if err := contents.Append(format.AppendEntry(nil, &format.Entry{Path: path, Type: format.EntryDir})); err != nil {
			t.Fatal(err)
		}
		if err := stats.Append(format.AppendStat(nil, &format.Stat{})); err != nil {
			t.Fatal(err)
		}
	}
	if m.Contents, err = contents.Close(); err != nil {
		t.Fatal(err)
	}
	if m.Stats, err = stats.Close(); err != nil {
		t.Fatal(err)
	}
	change(p, m)
	if err := run.Flush(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	h, err := run.Commit(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := s.reader(t).Open(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range snapshot.Entries(t.Context()) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// idsAbove puts a chunk of ids, n of them, and makes it the list's.
func idsAbove(t *testing.T, p *repo.Packer, l *format.List, n int) {
	t.Helper()
	text := strings.Repeat(l.Chunks[0].String()+"\n", n)
	id, err := p.Add(t.Context(), format.Meta, []byte(text), repo.Hint{})
	if err != nil {
		t.Fatal(err)
	}
	l.Depth, l.Chunks = l.Depth+1, []format.ID{id}
}

// TestListLengths: a list has the bytes and the entries that its manifest says,
// or it is refused.
func TestListLengths(t *testing.T) {
	base := newScene(t)
	both := func(n int64) func(p *repo.Packer, m *format.Manifest) {
		return func(_ *repo.Packer, m *format.Manifest) { m.Contents.Entries += n; m.Stats.Entries += n }
	}
	for name, test := range map[string]struct {
		want   format.Class
		about  string
		change func(p *repo.Packer, m *format.Manifest)
	}{
		"as it is":             {"", "", func(*repo.Packer, *format.Manifest) {}},
		"one byte more to be":  {format.Truncated, "contents", func(_ *repo.Packer, m *format.Manifest) { m.Contents.Bytes++ }},
		"one byte less to be":  {format.Oversized, "contents", func(_ *repo.Packer, m *format.Manifest) { m.Contents.Bytes-- }},
		"stats one byte more":  {format.Truncated, "stats", func(_ *repo.Packer, m *format.Manifest) { m.Stats.Bytes++ }},
		"stats one byte less":  {format.Oversized, "stats", func(_ *repo.Packer, m *format.Manifest) { m.Stats.Bytes-- }},
		"one entry more to be": {format.Malformed, "contents", both(1)},
		"one entry less to be": {format.Malformed, "contents", both(-1)},
		"fewer stats": {format.Malformed, "stats", func(p *repo.Packer, m *format.Manifest) {
			line := format.AppendStat(nil, &format.Stat{})
			id, err := p.Add(t.Context(), format.Meta, line, repo.Hint{})
			if err != nil {
				t.Error(err)
			}
			m.Stats.Chunks, m.Stats.Bytes = []format.ID{id}, int64(len(line))
			m.Stats.Entries = m.Contents.Entries
		}},
		"more stats": {format.Malformed, "stats", func(p *repo.Packer, m *format.Manifest) {
			m.Stats.Chunks = append(m.Stats.Chunks, m.Stats.Chunks[0])
			m.Stats.Bytes *= 2
		}},
		"deeper": {"", "", func(p *repo.Packer, m *format.Manifest) {
			for range format.MaxDepth {
				idsAbove(t, p, &m.Contents, 1)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := base.fork(t).listed(t, test.change)
			if format.ClassOf(err) != test.want || err != nil && !strings.Contains(err.Error(), test.about) {
				t.Errorf("want %s of %s, got %v", test.want, test.about, err)
			}
			if err == nil && n != 3 {
				t.Errorf("%d entries", n)
			}
		})
	}
}

// TestListExpansion: ids that are repeated on each level, eight million million
// of them at the lowest, are read no further than the list is long.
func TestListExpansion(t *testing.T) {
	_, err := newScene(t).listed(t, func(p *repo.Packer, m *format.Manifest) {
		for range format.MaxDepth {
			idsAbove(t, p, &m.Stats, 20_000)
		}
	})
	if format.ClassOf(err) != format.Oversized {
		t.Errorf("%v", err)
	}
}
