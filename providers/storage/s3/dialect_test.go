package s3

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

var noTime time.Time

// limited lets so many bytes of a body pass.
type limited struct {
	http.ResponseWriter
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(int64(len(p)), l.left)
	l.left -= n
	l.ResponseWriter.Write(p[:n])
	if n < int64(len(p)) {
		return int(n), errors.New("cut")
	}
	return int(n), nil
}

// TestConditionRefused has servers that do not know If-None-Match.
func TestConditionRefused(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		return r.Header.Get("If-None-Match") != "" && refuse(w, 501, "NotImplemented")
	})
	if _, err := s.Put(t.Context(), "a", []byte("first")); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), "a", []byte("second"))
	wantTrouble(t, "second put", err, storage.Other, fs.ErrExist)
	if got, err := readAll(t, s, "a", 0, -1); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool { return refuse(w, 501, "NotImplemented") })
	if _, err := s.Put(t.Context(), "b", nil); err == nil {
		t.Error("a put that is not implemented succeeds")
	}
}

func TestMD5Wanted(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || r.Header.Get("Content-Md5") != "" {
			return false
		}
		w.WriteHeader(400)
		fmt.Fprint(w, "<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required</Message></Error>")
		return true
	})
	for _, key := range []string{"a", "b"} {
		if _, err := s.Put(t.Context(), key, []byte("x")); err != nil {
			t.Error(err)
		}
	}
}

// TestConflict is the answer of Amazon to puts at the same instant: come again.
func TestConflict(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	f.misbehave(func(n int, w http.ResponseWriter, r *http.Request) bool {
		return n == 1 && refuse(w, 409, "ConditionalRequestConflict")
	})
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Error(err)
	}
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool { return refuse(w, 409, "FileAlreadyExists") })
	_, err := s.Put(t.Context(), "a", []byte("x"))
	wantTrouble(t, "put", err, storage.Other, fs.ErrExist)
}

// TestWriteOnly has credentials that may put and nothing else.
func TestWriteOnly(t *testing.T) {
	f := newFake(t)
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		return r.Method != http.MethodPut && refuse(w, 403, "AccessDenied")
	})
	s := f.mustOpen()
	info, err := s.Put(t.Context(), "a", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC); !info.Time.Equal(want) {
		t.Errorf("put at %v, want the server's %v", info.Time, want)
	}
	_, err = s.Put(t.Context(), "a", []byte("x"))
	wantTrouble(t, "second put", err, storage.Other, fs.ErrExist)
	_, err = s.Stat(t.Context(), "a")
	wantTrouble(t, "stat", err, storage.Login, fs.ErrPermission)
	_, err = readAll(t, s, "a", 0, -1)
	wantTrouble(t, "get", err, storage.Login, fs.ErrPermission)
	// And the same where the server does not know the condition.
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		return r.Method != http.MethodPut && refuse(w, 403, "AccessDenied") ||
			r.Header.Get("If-None-Match") != "" && refuse(w, 501, "NotImplemented")
	})
	if _, err := s.Put(t.Context(), "b", []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestBucketVanishes(t *testing.T) {
	f := newFake(t)
	f.objects["p/a"] = []byte("x")
	s := f.mustOpen()
	fresh := f.mustOpen()
	fresh.there.Store(false)
	f.gone = true
	_, err := fresh.Stat(t.Context(), "a")
	if wantTrouble(t, "stat", err, storage.NoPlace, nil); errors.Is(err, fs.ErrNotExist) {
		t.Error("a missing bucket passes for a missing object")
	}
	_, err = s.Put(t.Context(), "b", nil)
	wantTrouble(t, "put", err, storage.NoPlace, nil)
	_, err = f.open()
	wantTrouble(t, "open", err, storage.NoPlace, nil)
}

func TestListingResumes(t *testing.T) {
	f := newFake(t)
	var want []string
	for i := range 4*page + 1 {
		key := fmt.Sprintf("k%02d", i)
		want = append(want, key)
		f.objects["p/"+key] = nil
	}
	f.objects["pp"], f.objects["p/Not a key"], f.objects["o"] = nil, nil, nil
	s := f.mustOpen()
	f.misbehave(func(n int, w http.ResponseWriter, r *http.Request) bool { return n%2 == 0 && cut(w) })
	if keys, err := listed(t, s, ""); err != nil || !slices.Equal(keys, want) {
		t.Errorf("%q, %v", keys, err)
	}
	f.misbehave(func(n int, w http.ResponseWriter, r *http.Request) bool {
		return n > 2 && refuse(w, 403, "AccessDenied")
	})
	keys, err := listed(t, s, "")
	if wantTrouble(t, "list", err, storage.Login, fs.ErrPermission); len(keys) >= len(want) {
		t.Errorf("%d keys", len(keys))
	}
}

func TestListingLies(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	entry := "<Contents><Key>%s</Key><Size>1</Size><LastModified>2026-02-03T04:05:06Z</LastModified></Contents>"
	for name, test := range map[string]struct {
		keys []string
		want []string
		fail bool
	}{
		"disorder": {[]string{"p/b", "p/a"}, []string{"b"}, true},
		"repeated": {[]string{"p/a", "p/a"}, []string{"a"}, true},
		"foreign":  {[]string{"o/x", "p/..", "p/../x", "p/a", "q"}, []string{"a"}, false},
	} {
		f.misbehave(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			var b strings.Builder
			for _, key := range test.keys {
				fmt.Fprintf(&b, entry, key)
			}
			fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", b.String())
			return true
		})
		keys, err := listed(t, s, "")
		if !slices.Equal(keys, test.want) || (err != nil) != test.fail {
			t.Errorf("%s: %q, %v", name, keys, err)
		}
	}
}

func TestOwnCertificate(t *testing.T) {
	f := newFake(t)
	secure := httptest.NewTLSServer(f)
	defer secure.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	location := storage.Location{Text: "s3:" + secure.URL + "/bucket", Values: map[string]string{settingRegion: "r"}}
	_, err := open(t.Context(), location, false, quick)
	if e := wantTrouble(t, "unknown certificate", err, storage.Other, nil); !strings.Contains(e.Hint(), settingCA) {
		t.Errorf("hint %q", e.Hint())
	}
	location.Values[settingCA] = ca
	if _, err := open(t.Context(), location, false, quick); err != nil {
		t.Error(err)
	}
	location.Text = strings.Replace(location.Text, "https:", "http:", 1)
	if _, err := open(t.Context(), location, false, quick); err == nil {
		t.Error("http to an https server works")
	}
	location.Values[settingCA] = "provider.go"
	if _, err := open(t.Context(), location, false, quick); err == nil || storage.ClassOf(err) != storage.Other {
		t.Error(err)
	}
}
