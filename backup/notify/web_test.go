package notify_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/notify"
	"chatkeep/backup/shell"
)

// heard is a request that a server got.
type heard struct {
	method, path, query, body string
	header                    http.Header
}

// listener is a server that writes down what it hears.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	heard []heard
}

// listen starts a server that answers to the n-th request (from 1) as told.
func listen(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *listener {
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		l.heard = append(l.heard, heard{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header})
		n := len(l.heard)
		l.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) requests() []heard {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

func fine(int, http.ResponseWriter, *http.Request) {}

// hint is what an error says to do.
func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// expect checks that an error has all the parts, and no secret.
func expect(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v; want %q in it", err, part)
		}
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if strings.Contains(inner.Error(), "sesame") {
			t.Errorf("the error has a secret: %v", inner)
		}
	}
}

const (
	pause1 = 2 * time.Second
	pause2 = 10 * time.Second
)

func TestTries(t *testing.T) {
	after := func(value string) func(http.Header) {
		return func(h http.Header) { h.Set("Retry-After", value) }
	}
	none := func(http.Header) {}
	for _, c := range []struct {
		name   string
		kind   notify.Kind
		codes  []int // of the answers, then 200
		header func(http.Header)
		tries  int
		pauses []time.Duration
		fails  bool
	}{
		{"at once", notify.Failure, nil, none, 1, nil, false},
		{"fails twice", notify.Failure, []int{500, 503}, none, 3, []time.Duration{pause1, pause2}, false},
		{"fails too often", notify.Failure, []int{502, 502, 502}, none, 3, []time.Duration{pause1, pause2}, true},
		{"a start is told once", notify.Start, []int{500}, none, 1, nil, true},
		{"408", notify.Failure, []int{408}, none, 2, []time.Duration{pause1}, false},
		{"425", notify.Failure, []int{425}, none, 2, []time.Duration{pause1}, false},
		{"429", notify.Failure, []int{429}, after("30"), 2, []time.Duration{30 * time.Second}, false},
		{"not so soon", notify.Failure, []int{503}, after("0"), 2, []time.Duration{pause1}, false},
		{"a date", notify.Failure, []int{503}, after("Fri, 20 Nov 2026 11:00:20 GMT"), 2, []time.Duration{20 * time.Second}, false},
		{"too long", notify.Failure, []int{503}, after("3600"), 1, nil, true},
		{"too long for a number", notify.Failure, []int{503}, after("99999999999999999999"), 1, nil, true},
		{"nonsense", notify.Failure, []int{503}, after("soon"), 2, []time.Duration{pause1}, false},
		{"400", notify.Failure, []int{400}, after("1"), 1, nil, true},
		{"401", notify.Failure, []int{401}, none, 1, nil, true},
		{"403", notify.Failure, []int{403}, none, 1, nil, true},
		{"404", notify.Failure, []int{404}, none, 1, nil, true},
		{"409", notify.Failure, []int{409}, none, 1, nil, true},
		{"410", notify.Failure, []int{410}, none, 1, nil, true},
		{"413", notify.Failure, []int{413}, none, 1, nil, true},
		{"304", notify.Failure, []int{304}, none, 1, nil, true},
		{"204", notify.Failure, []int{204}, none, 1, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n <= len(c.codes) {
					c.header(w.Header())
					w.WriteHeader(c.codes[n-1])
				}
			})
			w := newWorld()
			event := failure()
			event.Kind = c.kind
			err := w.tell(t, config.Channel{Type: "webhook", URL: l.URL + "/open/sesame?say=sesame"}, event)
			if n := len(l.requests()); n != c.tries {
				t.Errorf("%d tries, want %d", n, c.tries)
			}
			w.waited(t, c.pauses...)
			if c.fails {
				expect(t, err, "notify.it", l.URL, fmt.Sprint(c.codes[0]))
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRedirection: nobody else gets the token or the secret address, nor what was
// to be told.
func TestRedirection(t *testing.T) {
	other := listen(t, fine)
	for _, code := range []int{301, 302, 303, 307, 308} {
		l := listen(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/there", code)
		})
		w := newWorld()
		err := w.tell(t, config.Channel{Type: "webhook", URL: l.URL + "/sesame", TokenFile: file(t, "sesame\n")}, failure())
		expect(t, err, fmt.Sprint(code))
		if hint(err) == "" {
			t.Errorf("%v has no hint", err)
		}
		if len(l.requests()) != 1 {
			t.Errorf("%d: %d tries, want 1", code, len(l.requests()))
		}
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

func TestHang(t *testing.T) {
	release := make(chan struct{})
	l := listen(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	w := newWorld()
	err := w.tell(t, config.Channel{Type: "ping", URL: l.URL + "/sesame", Timeout: 50 * time.Millisecond}, failure())
	expect(t, err, l.URL, "no answer in time", "tries: 3")
	w.waited(t, pause1, pause2)
}

// TestBrokenAnswer: who said 200 has heard.
func TestBrokenAnswer(t *testing.T) {
	l := listen(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte("O"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	if err := newWorld().tell(t, config.Channel{Type: "ping", URL: l.URL}, failure()); err != nil {
		t.Error(err)
	}
	if len(l.requests()) != 1 {
		t.Errorf("%d tries, want 1", len(l.requests()))
	}
}

func TestNobodyThere(t *testing.T) {
	l := listen(t, fine)
	l.Close()
	w := newWorld()
	err := w.tell(t, config.Channel{Type: "webhook", URL: l.URL + "/sesame?sesame"}, failure())
	expect(t, err, l.URL, "tries: 3")
	w.waited(t, pause1, pause2)
}

// TestEcho: a server that says again what it heard, where an error could take it
// up, does not bring the secret into the error.
func TestEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(conn)
			first, _ := r.ReadString('\n')
			for line := first; strings.TrimSpace(line) != ""; line, _ = r.ReadString('\n') {
			}
			fmt.Fprintf(conn, "\x1b[2J%s\r\n\r\n", strings.TrimSpace(first))
			conn.Close()
		}
	}()
	err = newWorld().tell(t, config.Channel{Type: "ntfy", URL: "http://" + l.Addr().String() + "/sesame"}, failure())
	expect(t, err, l.Addr().String())
	if strings.ContainsRune(err.Error(), 0x1b) {
		t.Errorf("%q moves the cursor", err)
	}
}

// TestUntrusted: a certificate that nobody vouches for is no better the next time.
func TestUntrusted(t *testing.T) {
	l := httptest.NewUnstartedServer(http.NotFoundHandler())
	l.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that we break off
	l.StartTLS()
	defer l.Close()
	w := newWorld()
	err := w.tell(t, config.Channel{Type: "webhook", URL: l.URL + "/sesame"}, failure())
	expect(t, err, l.URL, "certificate")
	w.waited(t)
}

func TestTrusted(t *testing.T) {
	l := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer l.Close()
	w := newWorld()
	w.deps.HTTP = l.Client()
	if err := w.tell(t, config.Channel{Type: "webhook", URL: l.URL + "/x"}, failure()); err != nil {
		t.Error(err)
	}
}

func TestSecretFiles(t *testing.T) {
	l := listen(t, fine)
	token, address := file(t, "first\n"), file(t, "not yet")
	w := newWorld()
	n := w.notifier(t, config.Channel{Type: "webhook", URLFile: address, TokenFile: token})
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	say := func() error { return n.Try(t.Context(), "it", failure()) }

	expect(t, say(), "url-file")
	write(address, l.URL+"/one\r\n")
	if err := say(); err != nil {
		t.Error(err)
	}
	write(token, "second")
	write(address, strings.Replace(l.URL, "http://", "http://me:pw@", 1)+"/two")
	if err := say(); err != nil {
		t.Error(err)
	}
	for i, want := range []string{"/one Bearer first", "/two Bearer second"} {
		if r := l.requests()[i]; r.path+" "+r.header.Get("Authorization") != want {
			t.Errorf("%d: %s %s, want %s", i, r.path, r.header.Get("Authorization"), want)
		}
	}

	write(address, "http://example.org/sesame")
	expect(t, say(), "url-file", "https")
	write(address, "")
	expect(t, say(), "url-file", "empty")
	write(address, "https://x/sesame\nhttps://y/sesame\n")
	expect(t, say(), "url-file", "more than one line")
	write(address, strings.Repeat("x", 1<<17))
	expect(t, say(), "url-file", "bytes")
	os.Remove(token)
	expect(t, say(), "token-file")
	if err := os.Mkdir(token, 0o700); err != nil {
		t.Fatal(err)
	}
	expect(t, say(), "token-file", "no file")
	w.waited(t)
}

// TestSideBySide has two servers that answer only when both were asked.
func TestSideBySide(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	meet := func(int, http.ResponseWriter, *http.Request) { both.Done(); both.Wait() }
	a, b := listen(t, meet), listen(t, meet)
	n, err := notify.New(map[string]config.Channel{
		"a": {Type: "webhook", URL: a.URL}, "b": {Type: "ping", URL: b.URL + "/"},
		"lost":  {Type: "command", Command: "exit 1"},
		"other": {Type: "command", Command: "exit 1", Jobs: []string{"photos"}},
	}, newWorld().deps)
	if err != nil {
		t.Fatal(err)
	}
	failed := n.Tell(t.Context(), failure())
	if len(failed) != 1 || failed[0].Channel != "lost" {
		t.Errorf("failed: %v, want lost alone", failed)
	}
}

func TestPingAlone(t *testing.T) {
	ping, hook := listen(t, fine), listen(t, fine)
	n, err := notify.New(map[string]config.Channel{"ping": {Type: "ping", URL: ping.URL}, "hook": {Type: "webhook", URL: hook.URL}}, newWorld().deps)
	if err != nil {
		t.Fatal(err)
	}
	if failed := n.Ping(t.Context(), failure()); failed != nil {
		t.Error(failed)
	}
	if len(ping.requests()) != 1 || len(hook.requests()) != 0 {
		t.Errorf("%d pings and %d others, want one ping", len(ping.requests()), len(hook.requests()))
	}
	if err := n.Try(t.Context(), "nobody", failure()); err == nil {
		t.Error("a channel that is not there was told")
	}
}

func TestPanic(t *testing.T) {
	w := newWorld()
	w.deps.Run = func(context.Context, shell.Command) error { panic("sesame") }
	expect(t, w.tell(t, config.Channel{Type: "command", Command: "true"}, failure()), "notify.it")
}

// TestInterrupted: a context that ends leaves no try to do.
func TestInterrupted(t *testing.T) {
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	l := listen(t, func(_ int, w http.ResponseWriter, r *http.Request) { cancel(why); w.WriteHeader(500) })
	w := newWorld()
	failed := w.notifier(t, config.Channel{Type: "ping", URL: l.URL}).Tell(ctx, failure())
	if len(failed) != 1 || !errors.Is(failed[0], why) {
		t.Errorf("failed: %v, want %v", failed, why)
	}
	if len(l.requests()) != 1 {
		t.Errorf("%d tries, want 1", len(l.requests()))
	}
}
