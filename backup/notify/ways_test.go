package notify_test

import (
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"chatkeep/backup/config"
	"chatkeep/backup/notify"
)

func TestPing(t *testing.T) {
	run := failure().Run
	for _, c := range []struct {
		name, base string
		change     func(*notify.Event)
		path       string
	}{
		{"start", "/x", func(e *notify.Event) { e.Kind = notify.Start }, "/x/start"},
		{"success", "/x", func(e *notify.Event) { e.Kind = notify.Success }, "/x"},
		{"warning", "/x", func(e *notify.Event) { e.Kind, e.ExitCode = notify.Warning, 3 }, "/x"},
		{"recovery", "/x", func(e *notify.Event) { e.Kind = notify.Recovery }, "/x"},
		{"failure", "/x", func(e *notify.Event) {}, "/x/13"},
		{"failure without a code", "/x", func(e *notify.Event) { e.ExitCode = 0 }, "/x/fail"},
		{"failure with a code too large", "/x", func(e *notify.Event) { e.ExitCode = 256 }, "/x/fail"},
		{"failure by a signal", "/x", func(e *notify.Event) { e.ExitCode = -1 }, "/x/fail"},
		{"stale", "/x", func(e *notify.Event) { e.Kind, e.ExitCode = notify.Stale, 15 }, "/x/fail"},
		{"by a key and a name", "/key/name/", func(e *notify.Event) {}, "/key/name/13"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, fine)
			event := failure()
			c.change(&event)
			if err := newWorld().tell(t, config.Channel{Type: "ping", URL: l.URL + c.base + "?create=1"}, event); err != nil {
				t.Fatal(err)
			}
			r := l.requests()[0]
			query, _ := url.ParseQuery(r.query)
			if r.method != "POST" || r.path != c.path || query.Get("rid") != run || query.Get("create") != "1" {
				t.Errorf("%s %s?%s, want POST %s with rid=%s and create=1", r.method, r.path, r.query, c.path, run)
			}
			if !strings.HasPrefix(r.body, event.Summary+"\n") {
				t.Errorf("the body is %q", r.body)
			}
		})
	}
}

// TestPingRun: the service wants a UUID, the same for the start and the end of a
// run, and another for another run.
func TestPingRun(t *testing.T) {
	l := listen(t, fine)
	w := newWorld()
	for _, run := range []string{"2026-11-20/1", "2026-11-20/1", "2026-11-20/2", ""} {
		event := failure()
		event.Run = run
		if err := w.tell(t, config.Channel{Type: "ping", URL: l.URL}, event); err != nil {
			t.Fatal(err)
		}
	}
	r := l.requests()
	if r[0].query != r[1].query || r[0].query == r[2].query || r[3].query != "" {
		t.Errorf("the queries are %q, %q, %q and %q", r[0].query, r[1].query, r[2].query, r[3].query)
	}
	id := strings.TrimPrefix(r[0].query, "rid=")
	if len(id) != 36 || strings.Count(id, "-") != 4 || strings.Trim(id, "-0123456789abcdef") != "" {
		t.Errorf("%s is no UUID", id)
	}
}

// TestPingUnknown: the service that knows no such check says so with a 200.
func TestPingUnknown(t *testing.T) {
	for _, answer := range []string{"OK (not found)", "OK (rate limited)\n"} {
		l := listen(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.Write([]byte(answer)) })
		err := newWorld().tell(t, config.Channel{Type: "ping", URL: l.URL + "/sesame"}, failure())
		expect(t, err, "notify.it")
		if hint(err) == "" {
			t.Errorf("%v has no hint", err)
		}
	}
}

func TestNtfy(t *testing.T) {
	l := listen(t, fine)
	event := failure()
	event.Host, event.Summary = "Zoës \U0001f4bb =?utf-8?q?=0A?=", "kein Speicherplatz: größer geht nicht"
	if err := newWorld().tell(t, config.Channel{Type: "ntfy", URL: l.URL + "/topic", TokenFile: file(t, "tk_1")}, event); err != nil {
		t.Fatal(err)
	}
	r := l.requests()[0]
	for name, want := range map[string]string{"Priority": "4", "Tags": "chatkeep,failure", "Authorization": "Bearer tk_1"} {
		if r.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, r.header.Get(name), want)
		}
	}
	title := r.header.Get("Title")
	if strings.ContainsFunc(title, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("the title goes out as %q", title)
	}
	plain, err := new(mime.WordDecoder).DecodeHeader(title)
	if want := "chatkeep: chats on Zoës \U0001f4bb = ?utf-8?q?=0A?=: failed"; err != nil || plain != want {
		t.Errorf("the title is read as %q (%v), want %q", plain, err, want)
	}
	if r.path != "/topic" || !strings.HasPrefix(r.body, event.Summary) {
		t.Errorf("%s got %q", r.path, r.body)
	}
}

// TestLongTexts: what a summary holds, and however much, it stays within what the
// services take.
func TestLongTexts(t *testing.T) {
	l := listen(t, fine)
	long := strings.Repeat("\U0001f4bb\xff\r\n", 5_000)
	event := notify.Event{Kind: notify.Failure, Job: long, Repository: long, Run: long, Host: long, Summary: long, Hint: long, Time: noon, Since: noon.Add(-time.Hour), Duration: time.Hour}
	for kind := range map[string]bool{"ping": true, "ntfy": true, "webhook": true} {
		if err := newWorld().tell(t, config.Channel{Type: kind, URL: l.URL + "/" + kind}, event); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range l.requests() {
		limit := map[string]int{"ntfy": 4096, "ping": 10_000, "webhook": 20_000}[strings.Split(r.path, "/")[1]]
		if len(r.body) > limit || !utf8.ValidString(r.body) {
			t.Errorf("%s got %d bytes, valid: %t", r.path, len(r.body), utf8.ValidString(r.body))
		}
	}
}

func TestWebhook(t *testing.T) {
	l := listen(t, fine)
	w := newWorld()
	channel := config.Channel{Type: "webhook", URL: l.URL, TokenFile: file(t, "tk")}
	event := failure()
	event.Summary, event.Since = "one\nline", noon.Add(-time.Hour)
	if err := w.tell(t, channel, event); err != nil {
		t.Fatal(err)
	}
	if err := w.tell(t, channel, notify.Event{Kind: notify.Stale}); err != nil {
		t.Fatal(err)
	}
	r := l.requests()[0]
	if r.header.Get("Content-Type") != "application/json" || r.header.Get("Authorization") != "Bearer tk" || r.header.Get("Idempotency-Key") != event.Run+"-failure-nas" {
		t.Errorf("the header is %v", r.header)
	}
	const want = `{"type":"event","event":"failure","title":"chatkeep: chats on laptop: still failing","summary":"one line","hint":"is the network there?",` +
		`"job":"chats","repository":"nas","run":"7d444840-9dc0-11d1-b245-5ffdce74fad2","host":"laptop","time":"2026-11-20T12:00:00+01:00","since":"2026-11-20T11:00:00+01:00",` +
		`"exit_code":13,"seconds":90,"bytes_stored":1048576,"files":212,"messages":1482}`
	if r.body != want {
		t.Errorf("the body is\n%s, want\n%s", r.body, want)
	}
	var least map[string]any
	if err := json.Unmarshal([]byte(l.requests()[1].body), &least); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(least))
	if got := strings.Join(keys, " "); got != "bytes_stored event exit_code files hint host job messages repository run seconds summary time title type" {
		t.Errorf("an event that says little has the keys %s", got)
	}
	if key, has := l.requests()[1].header["Idempotency-Key"]; has {
		t.Errorf("what belongs to no run has the key %q", key)
	}
}

// TestSamples: each says of itself that it is none.
func TestSamples(t *testing.T) {
	l := listen(t, fine)
	for _, kind := range []notify.Kind{notify.Start, notify.Success, notify.Warning, notify.Failure, notify.Recovery, notify.Stale} {
		if err := newWorld().tell(t, config.Channel{Type: "webhook", URL: l.URL}, notify.Sample(kind)); err != nil {
			t.Fatal(err)
		}
		requests := l.requests()
		var told struct {
			Event   notify.Kind
			Summary string
			Time    time.Time
		}
		if err := json.Unmarshal([]byte(requests[len(requests)-1].body), &told); err != nil {
			t.Fatal(err)
		}
		if told.Event != kind || !strings.Contains(told.Summary, "test") || !told.Time.Equal(noon) {
			t.Errorf("the sample of %s is %+v", kind, told)
		}
	}
}
