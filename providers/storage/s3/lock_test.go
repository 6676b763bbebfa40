package s3

import (
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest/server"
)

// TestLock reads and lengthens locks on a real server.
func TestLock(t *testing.T) {
	s := server.MinIO(t)
	login(t, s.AccessKey, s.SecretKey)
	ctx := t.Context()
	at := func(bucket, days, mode string) *Store {
		t.Helper()
		location := lockedAt(s, bucket, mode)
		location.Values[settingLock] = days
		store, err := open(ctx, location, true, standard)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	t.Run("governance", func(t *testing.T) { testLengthen(t, at("locked", "2d", "governance"), false) })
	t.Run("compliance", func(t *testing.T) { testLengthen(t, at("locked", "2d", "compliance"), true) })
	t.Run("without a lock of its own", func(t *testing.T) {
		store := at("locked", "2d", "")
		store.retain = retention{}
		mustPut(t, store, "a")
		if has := locked(t, store, "a"); has != (storage.Lock{}) {
			t.Errorf("what was put without a lock has %+v", has)
		}
		until := time.Now().Add(3 * 24 * time.Hour)
		if err := store.Extend(ctx, "a", storage.Lock{}, until); err != nil {
			t.Error(err)
		}
		wantLock(t, store, "a", until, false)
	})
	t.Run("made firm", func(t *testing.T) {
		store := at("locked", "2d", "governance")
		mustPut(t, store, "a")
		store.retain.mode = minio.Compliance
		has := locked(t, store, "a")
		if err := store.Extend(ctx, "a", has, has.Until); err != nil {
			t.Error(err)
		}
		wantLock(t, store, "a", has.Until, true)
	})
	t.Run("missing", func(t *testing.T) {
		store := at("locked", "2d", "")
		mustPut(t, store, "a")
		has := locked(t, store, "a")
		if err := store.Delete(ctx, "a"); err != nil {
			t.Error(err)
		}
		for _, key := range []string{"a", "b"} {
			_, err := store.Locked(ctx, key)
			wantTrouble(t, "lock of "+key, err, storage.Other, fs.ErrNotExist)
			wantTrouble(t, "extend "+key, store.Extend(ctx, key, has, has.Until.Add(time.Hour)), storage.Other, fs.ErrNotExist)
		}
		_, err := store.Get(ctx, "a", 0, -1)
		if e := wantTrouble(t, "get", err, storage.Other, fs.ErrNotExist); e.Hint() != cureHidden {
			t.Errorf("hint %q for what was deleted", e.Hint())
		}
		_, err = store.Get(ctx, "b", 0, -1)
		if e := wantTrouble(t, "get", err, storage.Other, fs.ErrNotExist); e.Hint() != "" {
			t.Errorf("hint %q for what never was", e.Hint())
		}
	})
	t.Run("bucket without locks", func(t *testing.T) {
		plain := fresh(t, s.Endpoint, "plain", standard)
		mustPut(t, plain, "a")
		_, err := plain.Locked(ctx, "a")
		if e := wantTrouble(t, "locked", err, storage.Other, errors.ErrUnsupported); e.Hint() == "" {
			t.Errorf("no hint for %v", e)
		}
		wantTrouble(t, "extend", plain.Extend(ctx, "a", storage.Lock{}, time.Now().Add(time.Hour)), storage.Other, errors.ErrUnsupported)
	})
}

// testLengthen makes a lock longer, and has it stay as it is otherwise.
func testLengthen(t *testing.T, store *Store, firm bool) {
	ctx := t.Context()
	if keep, isFirm := store.Wanted(); keep != 48*time.Hour || isFirm != firm {
		t.Errorf("wanted are %v, %v", keep, isFirm)
	}
	mustPut(t, store, "a")
	has := wantLock(t, store, "a", time.Now().AddDate(0, 0, 2), firm)
	later := has.Until.Add(36 * time.Hour)
	if err := store.Extend(ctx, "a", has, later); err != nil {
		t.Fatal(err)
	}
	has = wantLock(t, store, "a", later, firm)
	if err := store.Extend(ctx, "a", has, later.Add(-time.Hour)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("made shorter: %v", err)
	}
	// Who does not know of the lock cannot make it shorter either.
	if err := store.Extend(ctx, "a", storage.Lock{}, time.Now().Add(time.Hour)); err == nil {
		t.Error("the server made it shorter")
	}
	store.retain = retention{} // a lock that is firm stays so whatever the settings say
	if err := store.Extend(ctx, "a", has, later.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	wantLock(t, store, "a", later.Add(time.Hour), firm)
}

func mustPut(t *testing.T, s storage.Store, key string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, []byte("to stay "+key)); err != nil {
		t.Fatal(err)
	}
}

func locked(t *testing.T, s *Store, key string) storage.Lock {
	t.Helper()
	lock, err := s.Locked(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func wantLock(t *testing.T, s *Store, key string, until time.Time, firm bool) storage.Lock {
	t.Helper()
	lock := locked(t, s, key)
	if lock.Until.Sub(until).Abs() > time.Minute || lock.Firm != firm {
		t.Errorf("%s is kept until %v, firmly %v; want %v, %v", key, lock.Until, lock.Firm, until, firm)
	}
	return lock
}

// TestLockRefused has a server refuse what is about locks.
func TestLockRefused(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Query().Has("retention") && refuse(w, http.StatusForbidden, "AccessDenied")
	})
	mustPut(t, s, "a")
	_, err := s.Locked(t.Context(), "a")
	wantTrouble(t, "locked", err, storage.Login, fs.ErrPermission)
	wantTrouble(t, "extend", s.Extend(t.Context(), "a", storage.Lock{}, time.Now().Add(time.Hour)), storage.Login, fs.ErrPermission)
	_, err = s.Locked(t.Context(), "b")
	wantTrouble(t, "locked", err, storage.Other, fs.ErrNotExist)
}

// TestFirst reads what was put first, below what was put or deleted later.
func TestFirst(t *testing.T) {
	srv := server.MinIO(t)
	login(t, srv.AccessKey, srv.SecretKey)
	ctx := t.Context()
	store, err := open(ctx, lockedAt(srv, "locked", ""), true, standard)
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"a", "b", "b2", "c/d"}
	for _, key := range keys {
		mustPut(t, store, key)
	}
	overwrite := func(key string) {
		t.Helper()
		if _, err := store.client.Client.PutObject(ctx, store.bucket, store.prefix+key, strings.NewReader("garbage"), 7, minio.PutObjectOptions{SendContentMd5: true}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		overwrite("a")
		for _, key := range []string{"a", "b", "c/d"} {
			if err := store.Delete(ctx, key); err != nil {
				t.Fatal(err)
			}
		}
	}
	overwrite("b2")
	if err := store.Delete(ctx, "never"); err != nil { // a mark, and nothing below it
		t.Fatal(err)
	}
	below := store.First()
	if got, err := listed(t, store, ""); err != nil || !slices.Equal(got, []string{"b2"}) {
		t.Errorf("there are %q, %v", got, err)
	}
	for prefix, want := range map[string][]string{"": keys, "b": {"b", "b2"}, "c/": {"c/d"}, "x": nil} {
		if got, err := listed(t, below, prefix); err != nil || !slices.Equal(got, want) {
			t.Errorf("below %q were %q, %v", prefix, got, err)
		}
	}
	for _, key := range keys {
		want := "to stay " + key
		if info, err := below.Stat(ctx, key); err != nil || info.Size != int64(len(want)) || info.Time.IsZero() {
			t.Errorf("%s: %+v, %v", key, info, err)
		}
		for _, part := range [][2]int64{{0, -1}, {3, -1}, {3, 2}, {0, int64(len(want))}, {int64(len(want)), -1}, {2, 0}} {
			end := part[0] + part[1]
			if part[1] < 0 {
				end = int64(len(want))
			}
			if got, err := readAll(t, below, key, part[0], part[1]); err != nil || string(got) != want[part[0]:end] {
				t.Errorf("%s from %d on, %d: %q, %v", key, part[0], part[1], got, err)
			}
		}
		if got, err := readAll(t, below, key, 3, 100); err == nil {
			t.Errorf("beyond the end of %s is %q", key, got)
		}
	}
	for _, key := range []string{"never", "c"} {
		_, err := below.Get(ctx, key, 0, -1)
		wantTrouble(t, key, err, storage.Other, fs.ErrNotExist)
		_, err = below.Stat(ctx, key)
		wantTrouble(t, key, err, storage.Other, fs.ErrNotExist)
	}
}
