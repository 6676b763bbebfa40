package chattest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// cuts is at how many lengths each file is cut.
const cuts = 48

// lengths are sizes below n to cut at: the first and last few, and others
// between.
func lengths(n int) (list []int) {
	for i := range cuts {
		list = append(list, i*n/cuts)
	}
	for _, k := range []int{1, 2, 3, n - 1, n - 2, n - 3} {
		if k > 0 && k < n {
			list = append(list, k)
		}
	}
	return list
}

// checkCut cuts every file of the export, and the zip of it, at many lengths.
// A reader may find less, and must not panic nor be silent: what it recognises
// and finds nothing in is an error.
func checkCut(t testing.TB, p chat.Provider, c Case) {
	whole := copyOf(t, c.Export)
	sources := map[string]bool{}
	r := mustRead(t, p, c.Export, c)
	for _, conv := range r.conversations {
		for _, name := range conv.Files {
			sources[name] = true
		}
		for _, m := range r.messages[conv.ID] {
			sources[m.Source.File] = true
		}
	}
	for name, f := range whole {
		for _, n := range lengths(len(f.Data)) {
			part := fstest.MapFS{}
			for k, v := range whole {
				part[k] = v
			}
			part[name] = &fstest.MapFile{Data: f.Data[:n], Mode: 0o644}
			checkDamaged(t, p, part, c, name, n, false)
			part[name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			checkDamaged(t, p, &cutFS{part, name, n}, c, name, n, sources[name])
		}
	}
	b := zipOf(t, whole)
	for _, n := range lengths(len(b)) {
		tree, err := archive.Open(bytes.NewReader(b[:n]), int64(n), archive.Limits{})
		if err == nil {
			checkDamaged(t, p, tree, c, "the zip", n, false)
		}
	}
}

// checkDamaged reads what is left of an export. Where known, a file that
// messages come from fails to be read: that must come out.
func checkDamaged(t testing.TB, p chat.Provider, fsys fs.FS, c Case, name string, n int, known bool) {
	t.Helper()
	r, err := read(p, fsys, c.Route, c.Options)
	if err != nil || r == nil {
		return // refused, or no longer recognised
	}
	total := 0
	ids := map[string]bool{}
	for _, conv := range r.conversations {
		total += len(r.messages[conv.ID])
		for _, m := range r.messages[conv.ID] {
			if key := conv.ID + m.ID; ids[key] {
				t.Errorf("%s cut at %d: id %s twice", name, n, m.ID)
			} else {
				ids[key] = true
			}
			if m.Source.File == "" {
				t.Errorf("%s cut at %d: a message without source", name, n)
			}
		}
	}
	if known && !slices.ContainsFunc(r.errors, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }) {
		t.Errorf("%s fails at %d, and no error says io.ErrUnexpectedEOF: %v", name, n, r.errors)
	}
	if total == 0 && len(r.errors) == 0 && c.Messages > 0 {
		t.Errorf("%s cut at %d: recognised, and empty without a word", name, n)
	}
}

// cutFS reads one file to a length and then fails, as a damaged zip does.
type cutFS struct {
	fs.FS
	name string
	n    int
}

func (c *cutFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil || name != c.name {
		return f, err
	}
	return &cutFile{f, c.n}, nil
}

type cutFile struct {
	fs.File
	left int
}

func (c *cutFile) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.File.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// checkStopped ends every stream early: by the reader's loop, and by its
// context.
func checkStopped(t testing.TB, p chat.Provider, c Case) {
	m, ok, err := recognized(p, c.Export, c.Route)
	if err != nil || !ok {
		t.Fatalf("not recognised: %v", err)
	}
	s, err := p.Open(c.Export, m, c.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for conv, err := range s.Conversations(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for range s.Messages(context.Background(), conv) {
			break
		}
		// And once more from the start: a stream can be asked for again.
		n := 0
		for _, err := range s.Messages(context.Background(), conv) {
			if err == nil {
				n++
			}
		}
		if n == 0 && c.Messages > 0 && c.Conversations == 1 {
			t.Error("a second stream is empty")
		}
		break
	}
}
