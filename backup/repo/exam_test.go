package repo_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// TestListGaps loses each pack with a part of the list of a snapshot of many
// files. Every entry whose line is whole in what is left is named, with its
// stats where nothing is lost of those, and no other; the rest is counted.
func TestListGaps(t *testing.T) {
	s := newScene(t)
	var contents [][]byte
	for i := range 1500 {
		contents = append(contents, noise(uint64(i), 20+i%7))
	}
	h := s.commit(t, contents...)
	r := s.reader(t)
	opened, err := r.Open(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	list := opened.Manifest.Contents
	if list.Depth != 0 || len(list.Chunks) < 4 {
		t.Fatalf("a list of depth %d with %d chunks", list.Depth, len(list.Chunks))
	}
	pack := func(id format.ID) string {
		at, _ := opened.Index().Find(id)
		return format.PackName(opened.Index().Packs()[at.Pack].Pack)
	}
	var packs []string
	for _, id := range list.Chunks {
		packs = append(packs, pack(id))
	}
	for _, gone := range slices.Compact(slices.Clone(packs)) {
		c := s.fork(t)
		c.store.Tamper(gone, nil)
		want := wholeLines(t, opened, list.Chunks, func(i int) bool { return packs[i] != gone })
		reader := c.reader(t)
		_, remains, err := repo.Examine(t.Context(), c.store, reader.View(), reader, repo.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := remains.Exam(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for one, err := range e.Entries(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, one.Path)
			if one.Timed && one.Stat.Mode != 0o644 {
				t.Errorf("%s has the mode %o", one.Path, one.Stat.Mode)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("without %s: %d entries are named, want %d", gone, len(got), len(want))
		}
		if e.Gone != int64(len(contents)-len(want)) || e.Lists == 0 {
			t.Errorf("without %s: %d entries without a name, want %d", gone, e.Gone, len(contents)-len(want))
		}
	}
}

// wholeLines are the paths of the lines that are whole in the chunks that are
// left.
func wholeLines(t *testing.T, s *repo.Snapshot, ids []format.ID, left func(i int) bool) (paths []string) {
	t.Helper()
	var run bytes.Buffer
	whole := true // the run begins where a line does
	flush := func() {
		text := run.String()
		run.Reset()
		lines := strings.SplitAfter(text, "\n")
		if !whole && !strings.HasPrefix(lines[0], `{"path":`) {
			lines = lines[1:]
		}
		for _, line := range lines {
			if strings.HasSuffix(line, "\n") {
				paths = append(paths, strings.Split(line, `"`)[3])
			}
		}
	}
	for i, id := range ids {
		if !left(i) {
			flush()
			whole = false
			continue
		}
		data, err := io.ReadAll(s.Chunks(t.Context(), []format.ID{id}))
		if err != nil {
			t.Fatal(err)
		}
		run.Write(data)
	}
	flush()
	return paths
}
