package conform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"chatkeep/providers/storage"
)

// testWhole looks at objects while they are put, and after puts that were cut off.
func testWhole(t T, s storage.Store) {
	data := Random("whole", 8<<20)
	for round := range 4 {
		key := fmt.Sprintf("whole/%d", round)
		put := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { watch(t, s, key, data, put) })
		_, err := s.Put(t.Context(), key, data)
		close(put)
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
		WantObject(t, s, key, data)
	}
	for round := range 4 {
		key := fmt.Sprintf("cut/%d", round)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			for range round * 2 { // a request takes about as long as a part of a put
				_, _ = s.Stat(ctx, key)
			}
			cancel()
		})
		_, err := s.Put(ctx, key, data)
		wg.Wait()
		cancel()
		if !wholeOrAbsent(t, s, key, data) && err == nil {
			t.Errorf("%s is not there after its put", key)
		}
	}
}

// watch looks at an object until its put has ended.
func watch(t T, s storage.Store, key string, data []byte, put chan struct{}) {
	for {
		wholeOrAbsent(t, s, key, data)
		select {
		case <-put:
			return
		default:
		}
	}
}

// wholeOrAbsent reports whether an object is there, and complains of part of one.
func wholeOrAbsent(t T, s storage.Store, key string, data []byte) bool {
	got, err := Read(t.Context(), s, key, 0, -1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil:
		t.Error(err)
	case !bytes.Equal(got, data):
		t.Errorf("%s shows with %d bytes of %d", key, len(got), len(data))
	}
	infos, err := List(s.List(t.Context(), key))
	switch {
	case err != nil:
		t.Error(err)
	case len(infos) != 1 || infos[0].Size != int64(len(data)):
		t.Errorf("%s is there, and the listing has %+v", key, infos)
	}
	return true
}
