package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// streamOf is a source that is what r gives.
func streamOf(r io.Reader) backup.Source {
	return backup.Source{Name: "chats", Host: "desk", Tags: []string{"one"}, Stream: &backup.Stream{
		File: "chats.sql", From: "the test", Empty: "look", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(r), nil },
	}}
}

// noise is bytes that nothing makes smaller.
func noise(size int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{7}), size) }

// TestStream stores streams of all sizes, however they come.
func TestStream(t *testing.T) {
	w := newWorld(t, storagetest.NewPolice(storagetest.NewMemory(), t.Errorf))
	for _, size := range []int64{1, 100, 32 << 10, 32<<10 + 1, 64 << 10, 3 << 20} {
		want, err := io.ReadAll(noise(size))
		must(t, err)
		for how, r := range map[string]io.Reader{"at once": bytes.NewReader(want), "in halves": iotest.HalfReader(bytes.NewReader(want)), "with its end": iotest.DataErrReader(bytes.NewReader(want))} {
			report, err := w.run(streamOf(r))
			if err != nil || report.Files != 1 || report.Bytes != size || !report.Complete() {
				t.Fatalf("%d bytes %s: %+v, %v", size, how, report, err)
			}
			s := w.latest()
			m := s.Manifest
			if m.Source != (format.Source{Name: "chats", Host: "desk", App: "files"}) || len(m.Tags) != 1 || m.Totals.Files != 1 || m.Totals.Bytes != size || !m.Complete {
				t.Errorf("%d bytes %s: %+v", size, how, m)
			}
			entries := 0
			for e, err := range s.Entries(w.ctx) {
				must(t, err)
				entries++
				got, err := io.ReadAll(s.Chunks(w.ctx, e.Chunks))
				must(t, err)
				if e.Path != "originals/chats.sql" || e.Type != format.EntryFile || e.Stat.Mode != 0o600 || !bytes.Equal(got, want) {
					t.Errorf("%d bytes %s: %s %s with %d bytes", size, how, e.Type, e.Path, len(got))
				}
			}
			if entries != 1 {
				t.Errorf("%d entries", entries)
			}
		}
	}
}

// TestStreamAgain: what was stored before is not stored again.
func TestStreamAgain(t *testing.T) {
	w := newWorld(t, storagetest.NewMemory())
	_, err := w.run(streamOf(noise(5 << 20)))
	must(t, err)
	report, err := w.run(streamOf(io.MultiReader(noise(5<<20), strings.NewReader("and more"))))
	if err != nil || report.BytesNew > 2<<20 {
		t.Errorf("%d bytes are new: %v", report.BytesNew, err)
	}
}

// TestStreamFails: of a stream that does not come to its end, and of an empty one,
// there is no snapshot.
func TestStreamFails(t *testing.T) {
	w := newWorld(t, storagetest.NewMemory())
	broken := errors.New("the test: broken")
	for name, r := range map[string]io.Reader{
		"at once": iotest.ErrReader(broken), "after a little": io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)),
		"after a lot":                    io.MultiReader(noise(20<<20), iotest.ErrReader(broken)),
		"with an end that is unexpected": io.MultiReader(strings.NewReader("a"), iotest.ErrReader(io.ErrUnexpectedEOF)),
	} {
		if _, err := w.run(streamOf(r)); !errors.Is(err, broken) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var nothing *backup.Nothing
	if _, err := w.run(streamOf(strings.NewReader(""))); !errors.As(err, &nothing) || nothing.Hint() != "look" || err.Error() != "nothing to back up in the test" {
		t.Errorf("an empty one: %v", err)
	}
	src := streamOf(nil)
	src.Stream.Open = func(context.Context) (io.ReadCloser, error) { return nil, broken }
	if _, err := w.run(src); !errors.Is(err, broken) {
		t.Errorf("one that cannot be opened: %v", err)
	}
	r, err := repo.NewReader(w.ctx, w.store, w.view(), w.master, nil)
	must(t, err)
	if heads := r.Heads(); len(heads) != 0 {
		t.Errorf("there are %d snapshots", len(heads))
	}
}

// putting tells of the first pack that is put.
type putting struct {
	storage.Store
	put chan struct{}
}

func (p *putting) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if strings.HasPrefix(key, format.PacksDir) {
		select {
		case p.put <- struct{}{}:
		default:
		}
	}
	return p.Store.Put(ctx, key, data)
}

// waiting gives no more until something happened.
type waiting struct{ until chan struct{} }

func (w waiting) Read([]byte) (int, error) { <-w.until; return 0, io.EOF }

// TestStreamFlows: packs are put while the stream still comes.
func TestStreamFlows(t *testing.T) {
	store := &putting{storagetest.NewMemory(), make(chan struct{}, 1)}
	w := newWorld(t, store)
	report, err := w.run(streamOf(io.MultiReader(noise(40<<20), waiting{store.put}, strings.NewReader("the end"))))
	if err != nil || report.Bytes != 40<<20+7 {
		t.Errorf("%+v, %v", report, err)
	}
}
