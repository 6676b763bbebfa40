package restore

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// hurried is a clock on which waiting takes no time, and counts as if it did.
func hurried() session.Clock {
	var mu sync.Mutex
	now := time.Unix(1700000000, 0)
	return session.Clock{
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
			return ctx.Err()
		},
	}
}

func cutLine(key string) error {
	return &storage.Error{Class: storage.Unreachable, Op: "get", Key: key, Place: "there", Err: io.ErrUnexpectedEOF}
}

// shaky is a store whose answers break off: each gives as much as next says, and
// the next does not come before that many refusals.
type shaky struct {
	storage.Reader
	mu    sync.Mutex
	next  func(key string) (give, refuse int)
	owing map[string]int
}

func (s *shaky) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owing[key] > 0 {
		s.owing[key]--
		return nil, cutLine(key)
	}
	body, err := s.Reader.Get(ctx, key, offset, length)
	if err != nil {
		return nil, err
	}
	give, refuse := s.next(key)
	if give < 0 {
		return body, nil
	}
	s.owing[key] = refuse
	return &breaking{body, give, key}, nil
}

type breaking struct {
	io.ReadCloser
	left int
	key  string
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, cutLine(b.key)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// TestShakyLine restores over a line that breaks again and again, in the middle
// of every object.
func TestShakyLine(t *testing.T) {
	w, s, things := many(t)
	turn := 0
	store := &shaky{Reader: w.store, owing: map[string]int{}, next: func(string) (int, int) {
		turn++
		return 1000 + turn*7919%50000, turn % 5
	}}
	told := 0
	var mu sync.Mutex
	dir := newTarget(t)
	report, err := Run(t.Context(), through(s, store), dir, Options{Clock: hurried(), Outage: func(err error, d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if told++; storage.ClassOf(err) != storage.Unreachable || d != patience {
			t.Errorf("told of %v for %v", err, d)
		}
	}})
	must(t, err)
	wantWhole(t, dir, things, nil)
	if int(report.Files) != len(things) || told == 0 || report.Traffic.Requests <= int64(len(originals(s))) {
		t.Errorf("%+v, told %d times", report, told)
	}
}

// through is a snapshot that is read from another store from now on.
func through(s *repo.Snapshot, store storage.Reader) *repo.Snapshot {
	return s.Through(func(storage.Reader) storage.Reader { return store })
}

// TestDeadLine gives up when an object has not come for long, says what to do,
// and takes no part of an object for a damaged one.
func TestDeadLine(t *testing.T) {
	w, s, things := many(t)
	for name, store := range map[string]storage.Reader{
		"no answer": storagetest.NewFault(w.store, storagetest.Rule{Op: storagetest.OpGet, Prefix: format.PacksDir, Do: storagetest.FailBefore, Err: cutLine("x")}),
		"no end":    &shaky{Reader: w.store, owing: map[string]int{}, next: func(string) (int, int) { return 0, 0 }},
	} {
		clock := hurried()
		began := clock.Now()
		dir := newTarget(t)
		report, err := Run(t.Context(), through(s, store), dir, Options{Clock: clock, Resume: "x"})
		took := clock.Now().Sub(began)
		var code interface{ ExitCode() int }
		var hint interface{ Hint() string }
		if !errors.As(err, &code) || code.ExitCode() != 13 || !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "same command") {
			t.Errorf("%s: %v", name, err)
		}
		if format.ClassOf(err) != "" || len(report.Lost) > 0 || took < patience/2 || took > 4*patience {
			t.Errorf("%s: %v after %v, lost %v", name, err, took, report.Lost)
		}
		// The same once more, with a line that holds.
		report, err = Run(t.Context(), s, dir, Options{Resume: "x"})
		must(t, err)
		wantWhole(t, dir, things, nil)
		if int(report.Files) != len(things) {
			t.Errorf("%s: %+v", name, report)
		}
	}
}
