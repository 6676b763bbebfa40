package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// wantTrouble asks for an error of a class that matches a sentinel.
func wantTrouble(t *testing.T, what string, err error, class storage.Class, sentinel error) *storage.Error {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: %v is no storage.Error", what, err)
	}
	if e.Class != class || sentinel != nil && !errors.Is(err, sentinel) {
		t.Errorf("%s: %v, class %d, want class %d and %v", what, err, e.Class, class, sentinel)
	}
	if strings.ContainsRune(err.Error(), '\u009b') {
		t.Errorf("%s: the server's control characters are in %q", what, err)
	}
	return e
}

func TestSlowDownPasses(t *testing.T) {
	f := newFake(t)
	f.objects["p/there"] = []byte("there")
	s := f.mustOpen()
	slow := func(n int, w http.ResponseWriter, r *http.Request) bool {
		return n <= 4 && refuse(w, http.StatusServiceUnavailable, "SlowDown")
	}
	f.misbehave(slow)
	if _, err := s.Put(t.Context(), "new", []byte("new")); err != nil {
		t.Error(err)
	}
	f.misbehave(slow)
	if got, err := readAll(t, s, "there", 0, -1); err != nil || string(got) != "there" {
		t.Errorf("%q, %v", got, err)
	}
	f.misbehave(slow)
	if _, err := s.Stat(t.Context(), "there"); err != nil {
		t.Error(err)
	}
	f.misbehave(slow)
	if keys, err := listed(t, s, ""); err != nil || !slices.Equal(keys, []string{"new", "there"}) {
		t.Errorf("%q, %v", keys, err)
	}
	f.misbehave(slow)
	if err := s.Delete(t.Context(), "there"); err != nil {
		t.Error(err)
	}
}

func TestTroubleThatStays(t *testing.T) {
	for _, test := range []struct {
		name  string
		does  func(w http.ResponseWriter, r *http.Request) bool
		class storage.Class
		is    error
		hint  string
	}{
		{"slow down", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 503, "SlowDown") }, storage.Unreachable, nil, "network"},
		{"error in html", func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(502); return true }, storage.Unreachable, nil, "network"},
		{"too many", func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(429); return true }, storage.Unreachable, nil, "network"},
		{"cuts", func(w http.ResponseWriter, _ *http.Request) bool { return cut(w) }, storage.Unreachable, nil, "network"},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, storage.Unreachable, nil, "network"},
		{"denied", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 403, "AccessDenied") }, storage.Login, fs.ErrPermission, "rights"},
		{"key", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 403, "InvalidAccessKeyId") }, storage.Login, fs.ErrPermission, "key"},
		{"expired", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 400, "ExpiredToken") }, storage.Login, fs.ErrPermission, "anew"},
		{"clock", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 403, "RequestTimeTooSkewed") }, storage.Login, nil, "ahead of the server's"},
		{"full", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 507, "XMinioStorageFull") }, storage.Full, nil, "space"},
		{"other region", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 301, "PermanentRedirect") }, storage.Other, nil, "region"},
		{"no bucket", func(w http.ResponseWriter, _ *http.Request) bool { return refuse(w, 404, "NoSuchBucket") }, storage.NoPlace, nil, "bucket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			s := f.mustOpen()
			s.tuning.budget = 50 * time.Millisecond
			f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool { return test.does(w, r) })
			_, err := s.Put(t.Context(), "a", []byte("x"))
			e := wantTrouble(t, "put", err, test.class, test.is)
			if !strings.Contains(e.Hint(), test.hint) {
				t.Errorf("hint %q", e.Hint())
			}
			_, err = readAll(t, s, "a", 0, -1)
			wantTrouble(t, "get", err, test.class, test.is)
			_, err = listed(t, s, "")
			wantTrouble(t, "list", err, test.class, test.is)
			wantTrouble(t, "delete", s.Delete(t.Context(), "a"), test.class, test.is)
			_, err = s.Stat(t.Context(), "a")
			if err == nil || errors.Is(err, fs.ErrExist) || test.class != storage.NoPlace && errors.Is(err, fs.ErrNotExist) {
				t.Errorf("stat: %v", err)
			}
		})
	}
}

func TestHangEndsWithContext(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	s.tuning.idle = standard.idle
	ctx, cancel := context.WithCancel(t.Context())
	f.misbehave(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done()
		return true
	})
	_, err := s.Put(ctx, "a", []byte("x"))
	wantTrouble(t, "put", err, storage.Other, context.Canceled)
}

func TestDeadEndpoint(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = open(t.Context(), storage.Location{Text: "s3:http://" + l.Addr().String() + "/bucket"}, false, quick)
	if e := wantTrouble(t, "open", err, storage.Unreachable, nil); e.ExitCode() != 13 {
		t.Errorf("exit code %d", e.ExitCode())
	}
}

// TestAnswerLost has the server do a put whose answer never arrives.
func TestAnswerLost(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	f.misbehave(func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n > 1 {
			return false
		}
		f.mu.Lock()
		f.objects["p/a"] = []byte("x")
		f.mu.Unlock()
		return cut(w)
	})
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if got, err := readAll(t, s, "a", 0, -1); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestRefusedInTheMiddle has a server that hangs up on the put of a key that
// is taken, without a word.
func TestRefusedInTheMiddle(t *testing.T) {
	f := newFake(t)
	f.objects["p/a"] = []byte("first")
	s := f.mustOpen()
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		return r.Method == http.MethodPut && cut(w)
	})
	_, err := s.Put(t.Context(), "a", []byte("second"))
	wantTrouble(t, "put", err, storage.Other, fs.ErrExist)
}

// cutting sends so much of each answer to a GET and cuts it off.
func cutting(data []byte, first int64, times int) func(int, http.ResponseWriter, *http.Request) bool {
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || n > times {
			return false
		}
		rec := &limited{ResponseWriter: w, left: first}
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", fakeTime)
		http.ServeContent(rec, r, "", noTime, bytes.NewReader(data))
		http.NewResponseController(w).Flush()
		return cut(w)
	}
}

func TestBodiesCutOff(t *testing.T) {
	f := newFake(t)
	data := bytes.Repeat([]byte("0123456789"), 50_000)
	s := f.mustOpen()
	f.misbehave(cutting(data, 100_000, 1000))
	for _, span := range [][2]int64{{0, -1}, {1, -1}, {123_456, 300_000}} {
		want := data[span[0]:]
		if span[1] >= 0 {
			want = want[:span[1]]
		}
		if got, err := readAll(t, s, "a", span[0], span[1]); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %d bytes, %v", span, len(got), err)
		}
	}
	f.misbehave(cutting(data, 0, 1000))
	_, err := readAll(t, s, "a", 0, -1)
	wantTrouble(t, "nothing but headers", err, storage.Unreachable, io.ErrUnexpectedEOF)
}

// TestRangesMisanswered has servers that give another range than asked for.
func TestRangesMisanswered(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	for name, does := range map[string]func(w http.ResponseWriter){
		"ignored": func(w http.ResponseWriter) { w.Write([]byte("0123456789")) },
		"another": func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", "bytes 1-3/10")
			w.WriteHeader(206)
			w.Write([]byte("123"))
		},
		"more": func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", "bytes 2-6/10")
			w.WriteHeader(206)
			w.Write([]byte("23456"))
		},
		"less": func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", "bytes 2-3/4")
			w.WriteHeader(206)
			w.Write([]byte("23"))
		},
	} {
		f.misbehave(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("ETag", `"e"`)
			w.Header().Set("Last-Modified", fakeTime)
			does(w)
			return true
		})
		got, err := readAll(t, s, "a", 2, 3)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPortalSaysYes(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	f.misbehave(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		io.WriteString(w, "<html><body>welcome to the hotel</body></html>")
		return true
	})
	if _, err := s.Put(t.Context(), "a", []byte("x")); err == nil {
		t.Error("a put is believed")
	}
	if _, err := s.Stat(t.Context(), "a"); err == nil {
		t.Error("a stat is believed")
	}
	if keys, err := listed(t, s, ""); err == nil {
		t.Errorf("a listing is believed: %q", keys)
	}
	if _, err := f.open(); err == nil {
		t.Error("it opens")
	}
}

// TestListStopped ends a listing just when its context ends.
func TestListStopped(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	for _, key := range []string{"a", "b"} {
		if _, err := s.Put(t.Context(), key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for _, err := range s.List(ctx, "") {
		if err != nil {
			t.Error(err)
		}
		stop()
		break
	}
}

// TestEndlessPages has servers whose listings have no end: page after page says that
// there is more, and has nothing in it, or one page goes on for ever. What is asked
// for and what is read is bounded.
func TestEndlessPages(t *testing.T) {
	for name, answer := range map[string]func(w io.Writer) int{
		"empty": func(w io.Writer) int {
			n, _ := io.WriteString(w, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>on</NextContinuationToken></ListBucketResult>")
			return n
		},
		"long": func(w io.Writer) (sum int) {
			for range maxPage >> 8 {
				n, err := io.WriteString(w, "<ListBucketResult>"+strings.Repeat("<Contents><Key>p/a</Key></Contents>", 32))
				if sum += n; err != nil {
					break
				}
			}
			return sum
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			s := f.mustOpen()
			var requests, bytes atomic.Int64
			f.misbehave(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				requests.Add(1)
				bytes.Add(int64(answer(w)))
				return true
			})
			_, err := listed(t, s, "")
			wantTrouble(t, "list", err, storage.Other, errEndless)
			if requests.Load() > maxBarren+10 || bytes.Load() > maxPage+8<<20 {
				t.Errorf("%d requests and %d bytes", requests.Load(), bytes.Load())
			}
		})
	}
}
