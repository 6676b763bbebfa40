package session_test

import (
	"context"
	"io"
	"testing"
	"time"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

func TestProviderOf(t *testing.T) {
	providers := []storage.Provider{
		{Name: "short", Schemes: []string{"s3"}}, {Name: "path"}, {Name: "long", Schemes: []string{"s3:https", "b2"}},
	}
	for location, want := range map[string]string{
		"/a/b": "path", "repo": "path", "s3://x": "short", "s3:https://h/b": "long", "s3:httpsx": "short", "b2:x": "long",
		"b2": "path", "C:\\x": "path", "s3x:y": "path", "": "path",
	} {
		got, ok := storage.ProviderOf(providers, location)
		if !ok || got.Name != want {
			t.Errorf("%q is for %q, want %q", location, got.Name, want)
		}
	}
	if p, ok := storage.ProviderOf(providers[:1], "/a/b"); ok {
		t.Errorf("a path is for %q", p.Name)
	}
}

// TestLimits moves bytes through a store with limits and looks at the clock.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	inner := storagetest.NewMemory()
	s, err := session.Limit(inner, w.clock(), "100KiB", "1MiB")
	must(t, err)
	ctx := t.Context()
	data := make([]byte, 1<<20)
	for _, key := range []string{"a", "b"} {
		if _, err := s.Put(ctx, key, data); err != nil {
			t.Fatal(err)
		}
	}
	// 2 MiB at 100 KiB a second are 20.48 s, less what the bucket holds.
	if want := 20480 * time.Millisecond; w.slept < want-time.Second || w.slept > want {
		t.Errorf("putting took %v, want about %v", w.slept, want)
	}
	w.slept = 0
	r, err := s.Get(ctx, "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != 1<<20 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	r.Close()
	if w.slept < 500*time.Millisecond || w.slept > time.Second {
		t.Errorf("getting took %v", w.slept)
	}
	// Who waited long may not then take all at once.
	w.now = w.now.Add(time.Hour)
	w.slept = 0
	if _, err := s.Put(ctx, "c", data); err != nil {
		t.Fatal(err)
	}
	if w.slept < 9*time.Second {
		t.Errorf("after an idle hour a put took %v", w.slept)
	}
}

func TestLimitEndsWithContext(t *testing.T) {
	clock := session.SystemClock()
	s, err := session.Limit(storagetest.NewMemory(), clock, "1B", "")
	must(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(session.ErrInterrupted)
	if _, err := s.Put(ctx, "a", make([]byte, 1000)); err != session.ErrInterrupted {
		t.Errorf("a put that would take a quarter of an hour ended with %v", err)
	}
	if _, err := s.Stat(t.Context(), "a"); err == nil {
		t.Error("it was put all the same")
	}
}
