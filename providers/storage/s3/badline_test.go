package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
)

// badLine is a proxy before a server on which every second request goes
// wrong, each time in another way. It signs nothing anew: the server sees the
// host that the client meant.
func badLine(t *testing.T, endpoint string) string {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { cut(w) },
	}
	var n atomic.Int64
	line := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 10 {
		case 1:
			refuse(w, http.StatusServiceUnavailable, "SlowDown")
		case 3:
			cut(w)
		case 5: // the server does it and the answer is lost
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			cut(w)
		case 7:
			proxy.ServeHTTP(&limited{ResponseWriter: w, left: 1000}, r)
			http.NewResponseController(w).Flush()
			cut(w)
		case 9:
			<-r.Context().Done()
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(line.Close)
	return line.URL
}

// testBadLine puts, reads and lists a few objects: whatever the line does,
// what is said to be there must be there.
func testBadLine(t *testing.T, s *Store) {
	var want []string
	for i := range 8 {
		key := fmt.Sprintf("k%02d", i)
		data := bytes.Repeat([]byte(key), 10_000)
		want = append(want, key)
		if _, err := s.Put(t.Context(), key, data); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
		if got, err := readAll(t, s, key, 0, -1); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
		if info, err := s.Stat(t.Context(), key); err != nil || info.Size != int64(len(data)) {
			t.Errorf("%+v, %v", info, err)
		}
	}
	if keys, err := listed(t, s, ""); err != nil || !slices.Equal(keys, want) {
		t.Errorf("%q, %v", keys, err)
	}
}
