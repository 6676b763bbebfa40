package conform

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"chatkeep/providers/storage"
)

// parallel runs f(0) to f(n-1), some at a time.
func parallel(workers, n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func testCreateOnly(t T, s storage.Store) {
	for i, first := range [][]byte{[]byte("first"), {}, Random("first", 2<<20)} {
		key := fmt.Sprintf("dir/o%d", i)
		Put(t, s, key, first)
		for _, again := range [][]byte{first, []byte("other"), {}, Random("again", 2<<20)} {
			_, err := s.Put(t.Context(), key, again)
			WantError(t, "second put", err, fs.ErrExist)
			WantObject(t, s, key, first)
		}
	}
}

// race puts different bytes under one key at the same instant and gives what
// was put by those who succeeded.
func race(t T, s storage.Store, key string) [][]byte {
	t.Helper()
	const n = 8
	var mu sync.Mutex
	var winners [][]byte
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		data := Random(fmt.Sprint(key, i), 1000*(i+1))
		wg.Go(func() {
			<-start
			_, err := s.Put(t.Context(), key, data)
			if err == nil {
				mu.Lock()
				winners = append(winners, data)
				mu.Unlock()
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	return winners
}

func testConcurrentPuts(t T, s storage.Store) {
	for round := range 5 {
		key := fmt.Sprintf("race/%d", round)
		winners := race(t, s, key)
		if len(winners) == 0 {
			t.Fatal("no put succeeded")
		}
		got, err := Read(t.Context(), s, key, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(winners, func(w []byte) bool { return bytes.Equal(w, got) }) {
			t.Fatalf("%s holds none of what was put", key)
		}
		_, err = s.Put(t.Context(), key, []byte("late"))
		WantError(t, "late put", err, fs.ErrExist)
		WantObject(t, s, key, got)
	}
}

// testConcurrentWork has every method at work at once: what a put returned
// from must be visible at once.
func testConcurrentWork(t T, s storage.Store) {
	parallel(8, 40, func(i int) {
		key := fmt.Sprintf("work/%d/%d", i%4, i)
		data := Random(key, 5000+i)
		if _, err := s.Put(t.Context(), key, data); err != nil {
			t.Error(err)
			return
		}
		got, err := Read(t.Context(), s, key, 10, 100)
		if err != nil || !bytes.Equal(got, data[10:110]) {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
		infos, err := List(s.List(t.Context(), key))
		if err != nil || !slices.ContainsFunc(infos, func(info storage.Info) bool { return info.Key == key }) {
			t.Errorf("%s is not listed, %v", key, err)
		}
		if i%2 == 0 {
			if err := s.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
		}
	})
	infos, err := List(s.List(t.Context(), "work/"))
	if err != nil || len(infos) != 20 {
		t.Errorf("%d objects are left, %v", len(infos), err)
	}
}
