package s3

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// quick are times for servers that misbehave.
var quick = tuning{
	budget: 20 * time.Second, strange: 200 * time.Millisecond, pause: time.Millisecond, longest: 10 * time.Millisecond,
	dial: time.Second, idle: 300 * time.Millisecond, metadata: 400 * time.Millisecond, resumes: 3, listCheck: 1,
}

// fake is a small S3 server with one bucket, and a place to misbehave in.
type fake struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	objects map[string][]byte
	gone    bool // the bucket
	count   map[string]int
	// before may answer a request, and then says true. n counts the requests
	// of a method, from 1.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
}

const fakeTime = "Tue, 03 Feb 2026 04:05:06 GMT"

func newFake(t *testing.T) *fake {
	f := &fake{t: t, objects: map[string][]byte{}, count: map[string]int{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// open opens the bucket with the prefix "p".
func (f *fake) open() (*Store, error) {
	return open(f.t.Context(), storage.Location{Text: "s3:" + f.URL + "/bucket/p", Values: map[string]string{settingRegion: "r"}}, false, quick)
}

func (f *fake) mustOpen() *Store {
	f.t.Helper()
	s, err := f.open()
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// misbehave sets what comes before each request from now on.
func (f *fake) misbehave(before func(n int, w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.count)
	f.before = before
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no\u009b31m: %s</Message></Error>", code, code)
	return true
}

// cut closes the connection in the middle of whatever was said.
func cut(w http.ResponseWriter) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
	return true
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.count[r.Method]++
	n, before, gone := f.count[r.Method], f.before, f.gone
	f.mu.Unlock()
	w.Header().Set("Date", fakeTime)
	if before != nil && before(n, w, r) {
		return
	}
	if gone {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/bucket/")
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	f.serve(w, r, key, body)
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	f.mu.Lock()
	data, there := f.objects[key]
	f.mu.Unlock()
	w.Header().Set("Last-Modified", fakeTime)
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		f.list(w, r)
	case r.Method == http.MethodPut:
		f.put(w, r, key, body)
	case r.Method == http.MethodDelete:
		f.mu.Lock()
		delete(f.objects, key)
		f.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case !there:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
	}
}

func (f *fake) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	if sum := fmt.Sprintf("%x", sha256.Sum256(body)); r.Header.Get("X-Amz-Content-Sha256") != sum {
		f.t.Errorf("put of %s signs %q", key, r.Header.Get("X-Amz-Content-Sha256"))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.objects[key]; there && r.Header.Get("If-None-Match") == "*" {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	f.objects[key] = body
}

type listResult struct {
	XMLName     xml.Name `xml:"ListBucketResult"`
	Contents    []listEntry
	IsTruncated bool
	Next        string `xml:"NextContinuationToken,omitempty"`
}

type listEntry struct {
	Key          string
	Size         int
	LastModified string
}

// page is how many names a listing holds.
const page = 3

func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := r.URL.Query()
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	var result listResult
	var keys []string
	for key := range f.objects {
		if strings.HasPrefix(key, q.Get("prefix")) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) > page {
		keys = keys[:page]
		result.IsTruncated, result.Next = true, keys[page-1]
	}
	for _, key := range keys {
		result.Contents = append(result.Contents, listEntry{key, len(f.objects[key]), "2026-02-03T04:05:06.000Z"})
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(result)
}

// listed gives the keys of a listing as far as it came.
func listed(t *testing.T, s storage.Reader, prefix string) ([]string, error) {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

func readAll(t *testing.T, s storage.Reader, key string, offset, length int64) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key, offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
