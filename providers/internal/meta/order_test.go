package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// history is a thread's messages, the oldest first: some in one millisecond, some
// equal in all.
func history(n int) (list []any) {
	r := rand.New(rand.NewPCG(1, 2))
	at := int64(1700000000000)
	for i := range n {
		if r.IntN(4) > 0 {
			at += int64(r.IntN(3000))
		}
		m := object{"sender_name": []string{"Anna", "Ben"}[r.IntN(2)], "timestamp_ms": at, "content": "text " + strconv.Itoa(i%50)}
		if i%7 == 0 {
			m["photos"] = []any{object{"uri": fmt.Sprintf("messages/inbox/anna_1/photos/%d.jpg", i)}}
		}
		list = append(list, m)
	}
	return list
}

// export writes a history as a download does, in files of so many messages, the
// newest first, or as one file turned round.
func export(t testing.TB, list []any, size int, turned bool) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	list = slices.Clone(list)
	if !turned {
		slices.Reverse(list)
	}
	for n := 1; len(list) > 0; n++ {
		k := min(size, len(list))
		v := threadOf([]string{"Anna", "Ben"}, list[:k]...)
		v["thread_path"] = "inbox/anna_1"
		name := fmt.Sprintf("your_facebook_activity/messages/inbox/anna_1/message_%d.json", n)
		fsys[name] = &fstest.MapFile{Data: pretty(t, v), Mode: 0o644}
		list = list[k:]
	}
	return fsys
}

func readThread(t testing.TB, fsys fs.FS) *reading {
	t.Helper()
	r := read(t, fsys, RouteJSON, chat.Options{Me: "Ben"})
	if len(r.threads) != 1 || len(r.errs)+len(r.threads[0].errs) > 0 {
		t.Fatalf("%d threads, %v", len(r.threads), r.errs)
	}
	return r.threads[0]
}

// TestFilesShift reads one thread cut into files in many ways, and turned round:
// the same records in the same order.
func TestFilesShift(t *testing.T) {
	list := history(700)
	want := readThread(t, export(t, list, len(list), false))
	if len(want.messages) != len(list) {
		t.Fatalf("%d messages", len(want.messages))
	}
	for i, m := range want.messages {
		if i > 0 && m.Time.Before(want.messages[i-1].Time) {
			t.Fatalf("message %d is older than the one before", i)
		}
	}
	if ids := want.ids(); len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(list) {
		t.Error("an id twice")
	}
	for _, size := range []int{1, 7, 60, 100, 333, 699} {
		if d := same(want, readThread(t, export(t, list, size, false))); d != "" {
			t.Errorf("in files of %d: %s", size, d)
		}
	}
	if d := same(want, readThread(t, export(t, list, len(list), true))); d != "" {
		t.Errorf("turned round: %s", d)
	}
	// A later download has one more, and every file begins one message later.
	more := append(slices.Clone(list), any(object{"sender_name": "Anna", "timestamp_ms": int64(1800000000000), "content": "the newest"}))
	got := readThread(t, export(t, more, 100, false))
	got.messages = got.messages[:len(list)]
	if d := same(want, got); d != "" {
		t.Errorf("with one more: %s", d)
	}
}

// TestSourceStays has the place of a message in its record unchanged where it
// stays in its file, though it moves in it.
func TestSourceStays(t *testing.T) {
	list := history(50)
	a := readThread(t, export(t, list[:49], 100, false))
	b := readThread(t, export(t, list, 100, false))
	for i, m := range a.messages {
		if m.Source != b.messages[i].Source {
			t.Errorf("%+v became %+v", m.Source, b.messages[i].Source)
		}
	}
}

// TestSmallShelf sorts threads that are larger than what may be held: in order,
// in none, and of one time.
func TestSmallShelf(t *testing.T) {
	list := history(600)
	shuffled, alike := slices.Clone(list), slices.Clone(list)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(list), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for i, m := range alike {
		alike[i] = object{"sender_name": m.(object)["sender_name"], "timestamp_ms": 5, "content": m.(object)["content"]}
	}
	want := readThread(t, export(t, list, 10_000, false))
	wantAlike := readThread(t, export(t, alike, 10_000, false))
	few := readThread(t, export(t, list[:40], 10_000, false))
	defer func(n int) { shelves = n }(shelves)
	shelves = 1 // a reading for every message
	if d := same(few, readThread(t, export(t, list[:40], 7, false))); d != "" {
		t.Errorf("one at a time: %s", d)
	}
	for _, shelves = range []int{10_000, 70_000} {
		for _, size := range []int{10_000, 100} {
			for name, c := range map[string]struct {
				list []any
				want *reading
			}{"in order": {list, want}, "shuffled": {shuffled, want}, "of one time": {alike, wantAlike}} {
				if d := same(c.want, readThread(t, export(t, c.list, size, false))); d != "" {
					t.Errorf("%s, in files of %d, with %d bytes: %s", name, size, shelves, d)
				}
			}
		}
	}
}

// TestGroups has each group in its own span, and all stretches once.
func TestGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var all []stretch
		at := int64(0)
		for i := range 1 + r.IntN(40) {
			low := at - int64(r.IntN(3))
			at = low + int64(r.IntN(10))
			all = append(all, stretch{file: i / 5, first: i, records: 1, size: 1 + r.IntN(20), low: low, high: at})
		}
		n, last := 0, int64(-1<<63)
		for _, g := range groups(all, 30) {
			if g.low != last || g.high <= g.low {
				t.Fatalf("a group from %d to %d after %d", g.low, g.high, last)
			}
			last = g.high
			for _, s := range g.stretches {
				if n++; s.low < g.low || s.high >= g.high {
					t.Fatalf("%+v is not within %d to %d", s, g.low, g.high)
				}
			}
		}
		if n != len(all) {
			t.Fatalf("%d of %d stretches", n, len(all))
		}
	}
}

// endless makes a thread's file on the fly: the messages, the newest first.
type endless struct {
	n    int
	at   int64
	line []byte // that holds at
	from int64  // where it begins
}

const (
	endlessHead    = "{\"participants\": [{\"name\": \"Test User\"}],\n  \"messages\": [\n"
	endlessTail    = "  ],\n  \"title\": \"Long\"}\n"
	endlessMessage = "    {\n      \"sender_name\": \"Test User\",\n      \"timestamp_ms\": %013d,\n      \"content\": \"caf\\u00c3\\u00a9 time, and a few words more\",\n" +
		"      \"is_geoblocked_for_viewer\": false,\n      \"is_unsent_image_by_messenger_kid_parent\": false\n    }%c\n"
)

var endlessSize = int64(len(fmt.Sprintf(endlessMessage, 0, ',')))

func (e *endless) Read(p []byte) (int, error) {
	if e.at < e.from || e.at >= e.from+int64(len(e.line)) {
		e.make()
	}
	k := copy(p, e.line[e.at-e.from:])
	e.at += int64(k)
	if k == 0 {
		return 0, io.EOF
	}
	return k, nil
}

// make makes the line at the place that is read.
func (e *endless) make() {
	head := int64(len(endlessHead))
	i := (e.at - head) / endlessSize
	switch {
	case e.at < head:
		e.line, e.from = []byte(endlessHead), 0
	case i < int64(e.n):
		comma := ','
		if i == int64(e.n)-1 {
			comma = ' '
		}
		e.line, e.from = fmt.Appendf(e.line[:0], endlessMessage, 1700000000000-i*1000, comma), head+i*endlessSize
	default:
		e.line, e.from = []byte(endlessTail), head+int64(e.n)*endlessSize
	}
}

func (e *endless) Close() error               { return nil }
func (e *endless) Stat() (fs.FileInfo, error) { return endlessInfo{}, nil }

// seekable is one that can be read from any place, as in a folder.
type seekable struct{ endless }

func (e *seekable) Seek(offset int64, _ int) (int64, error) {
	e.at = offset
	return offset, nil
}

type endlessInfo struct{}

func (endlessInfo) Name() string       { return "message_1.json" }
func (endlessInfo) Size() int64        { return 1 << 32 }
func (endlessInfo) Mode() fs.FileMode  { return 0o444 }
func (endlessInfo) ModTime() time.Time { return time.Time{} }
func (endlessInfo) IsDir() bool        { return false }
func (endlessInfo) Sys() any           { return nil }

// endlessFS has one file that is made as it is read.
type endlessFS struct {
	n     int
	seeks bool
}

func (e endlessFS) Open(name string) (fs.File, error) {
	switch {
	case name != "message_1.json":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case e.seeks:
		return &seekable{endless{n: e.n}}, nil
	}
	return &endless{n: e.n}, nil
}

func (e endlessFS) ReadDir(string) ([]fs.DirEntry, error) {
	return []fs.DirEntry{fs.FileInfoToDirEntry(endlessInfo{})}, nil
}

// TestMemory reads a file larger than what may be held, and looks at what is
// held. CHATKEEP_LONG makes it one of three gigabytes.
func TestMemory(t *testing.T) {
	checkMemory(t, endlessFS{60_000, false}, 2<<20)
	checkMemory(t, endlessFS{60_000, true}, 2<<20)
	if os.Getenv("CHATKEEP_LONG") != "" {
		checkMemory(t, endlessFS{12_000_000, true}, shelfSize)
	}
}

func checkMemory(t *testing.T, fsys endlessFS, limit int) {
	defer func(n int) { shelves = n }(shelves)
	shelves = limit
	s, err := testApp.Open(fsys, chat.Match{Route: RouteJSON, Path: "message_1.json"}, chat.Options{Me: "Test User"})
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most, got := int64(0), 0
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		last := time.Time{}
		for m, err := range s.Messages(t.Context(), c) {
			if err != nil || !m.Time.After(last) || !strings.HasPrefix(m.Text, "café") {
				t.Fatalf("message %d: %v", got, err)
			}
			last = m.Time
			if got++; got%(fsys.n/20) == 1 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, int64(now.HeapAlloc)-int64(before.HeapAlloc))
			}
		}
	}
	if got != fsys.n || most > int64(limit)*3 {
		t.Errorf("%d messages, %d bytes held", got, most)
	}
}

// TestCancelled stops within a stream, and starts again.
func TestCancelled(t *testing.T) {
	const n = 10_000
	s, err := testApp.Open(endlessFS{n, false}, chat.Match{Route: RouteJSON, Path: "message_1.json"}, chat.Options{Me: "Test User"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for c, err := range s.Conversations(ctx) {
		if c != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("a survey that was cancelled: %v", err)
		}
	}
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got, last := 0, error(nil)
		for _, err := range s.Messages(ctx, c) {
			cancel()
			got++
			last = err
		}
		if got > n/2 || !errors.Is(last, context.Canceled) {
			t.Errorf("%d messages, %v", got, last)
		}
		got = 0
		for range s.Messages(t.Context(), c) {
			got++
		}
		if got != n {
			t.Errorf("%d messages once more", got)
		}
	}
}

func BenchmarkMessages(b *testing.B) {
	const n = 50_000
	fsys := endlessFS{n, false}
	b.ReportAllocs()
	for b.Loop() {
		s, err := testApp.Open(fsys, chat.Match{Route: RouteJSON, Path: "message_1.json"}, chat.Options{Me: "Test User"})
		if err != nil {
			b.Fatal(err)
		}
		got := 0
		for c := range s.Conversations(b.Context()) {
			for range s.Messages(b.Context(), c) {
				got++
			}
		}
		if got != n {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "messages/s")
}
