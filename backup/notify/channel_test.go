package notify_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/notify"
	"chatkeep/backup/shell"
)

// smtp is a channel that is in order, changed.
func smtp(change func(*config.Channel)) config.Channel {
	c := config.Channel{Type: "smtp", Host: "mail.example.org:587", From: "Backup <b@example.org>", To: []string{"a@example.org"}}
	change(&c)
	return c
}

var definitions = []struct {
	name    string
	key     string // that is wrong; empty: none is
	channel config.Channel
}{
	{"ping", "", config.Channel{Type: "ping", URL: "https://hc.example.org/x"}},
	{"ping from a file", "", config.Channel{Type: "ping", URLFile: "/absent"}},
	{"ntfy", "", config.Channel{Type: "ntfy", URL: "https://ntfy.example.org/x", TokenFile: "/absent", On: []string{"success", "stale"}}},
	{"ntfy at home", "", config.Channel{Type: "ntfy", URL: "http://ntfy.lan/x"}},
	{"webhook", "", config.Channel{Type: "webhook", URL: "http://localhost:1/x", TokenFile: "/absent", Timeout: time.Second}},
	{"command", "", config.Channel{Type: "command", Command: "true", Jobs: []string{"chats"}}},
	{"mail", "", smtp(func(c *config.Channel) {})},
	{"mail with a login", "", smtp(func(c *config.Channel) { c.User, c.PasswordFile = "u", "/absent" })},
	{"mail over TLS", "", smtp(func(c *config.Channel) { c.TLS, c.User, c.PasswordCommand = "tls", "u", "pass mail" })},
	{"mail in the clear on this machine", "", smtp(func(c *config.Channel) {
		c.TLS, c.Host, c.User, c.PasswordFile = "none", "localhost:25", "u", "/absent"
	})},
	{"mail on IPv6", "", smtp(func(c *config.Channel) { c.Host = "[::1]:25" })},
	{"mail to several, with names", "", smtp(func(c *config.Channel) { c.To = []string{"Zoë <z@example.org>", "a@example.org"} })},

	{"no type", "type", config.Channel{URL: "https://x"}},
	{"an unknown type", "type", config.Channel{Type: "pigeon"}},
	{"an unknown event", "on", config.Channel{Type: "command", Command: "true", On: []string{"failure", "always"}}},
	{"start is for pings", "on", config.Channel{Type: "command", Command: "true", On: []string{"start"}}},
	{"time that runs backwards", "timeout", config.Channel{Type: "command", Command: "true", Timeout: -1}},
	{"no command", "command", config.Channel{Type: "command"}},
	{"an empty command", "command", config.Channel{Type: "command", Command: "  "}},
	{"a command of a ping", "command", config.Channel{Type: "ping", URL: "https://x/y", Command: "true"}},
	{"a token of a ping", "token-file", config.Channel{Type: "ping", URL: "https://x/y", TokenFile: "/x"}},
	{"recipients of a webhook", "to", config.Channel{Type: "webhook", URL: "https://x/y", To: []string{"a@b"}}},
	{"an address of a command", "url", config.Channel{Type: "command", Command: "true", URL: "https://x/y"}},

	{"no address", "url", config.Channel{Type: "ping"}},
	{"two addresses", "url-file", config.Channel{Type: "ping", URL: "https://x/y", URLFile: "/x"}},
	{"no scheme", "url", config.Channel{Type: "ping", URL: "hc.example.org/sesame"}},
	{"another scheme", "url", config.Channel{Type: "ping", URL: "file:///sesame"}},
	{"no host", "url", config.Channel{Type: "ping", URL: "https:///sesame"}},
	{"no address at all", "url", config.Channel{Type: "ping", URL: "https://x/%zz sesame"}},
	{"a line end", "url", config.Channel{Type: "ping", URL: "https://x/sesame\r\nHost: y"}},
	{"a fragment", "url", config.Channel{Type: "ping", URL: "https://x/sesame#y"}},
	{"a password", "url", config.Channel{Type: "ntfy", URL: "https://me:sesame@x/y"}},
	{"a token in the clear", "url", config.Channel{Type: "ntfy", URL: "http://ntfy.lan/sesame", TokenFile: "/x"}},
	{"no topic", "url", config.Channel{Type: "ntfy", URL: "https://ntfy.example.org/"}},

	{"no server", "host", smtp(func(c *config.Channel) { c.Host = "" })},
	{"no port", "host", smtp(func(c *config.Channel) { c.Host = "mail.example.org" })},
	{"a port with a name", "host", smtp(func(c *config.Channel) { c.Host = "mail.example.org:smtp" })},
	{"port 0", "host", smtp(func(c *config.Channel) { c.Host = "mail.example.org:0" })},
	{"an unknown way to encrypt", "tls", smtp(func(c *config.Channel) { c.TLS = "ssl" })},
	{"a password in the clear", "tls", smtp(func(c *config.Channel) { c.TLS, c.User, c.PasswordFile = "none", "u", "/x" })},
	{"no sender", "from", smtp(func(c *config.Channel) { c.From = "" })},
	{"a sender of two lines", "from", smtp(func(c *config.Channel) { c.From = "b@example.org\r\nBcc: x@example.org" })},
	{"a name of two lines", "from", smtp(func(c *config.Channel) { c.From = "\"a\r\n b\" <b@example.org>" })},
	{"nobody to tell", "to", smtp(func(c *config.Channel) { c.To = nil })},
	{"nobody with an address", "to", smtp(func(c *config.Channel) { c.To = []string{"a@example.org", "anna"} })},
	{"an address in quotes", "to", smtp(func(c *config.Channel) { c.To = []string{`"a b"@example.org`} })},
	{"an address that is not ASCII", "to", smtp(func(c *config.Channel) { c.To = []string{"zoë@example.org"} })},
	{"two in one", "to", smtp(func(c *config.Channel) { c.To = []string{"a@example.org, b@example.org"} })},
	{"a user without a password", "password-file", smtp(func(c *config.Channel) { c.User = "u" })},
	{"two passwords", "password-file", smtp(func(c *config.Channel) { c.User, c.PasswordFile, c.PasswordCommand = "u", "/x", "y" })},
	{"a password without a user", "user", smtp(func(c *config.Channel) { c.PasswordFile = "/x" })},
	{"a user of two lines", "user", smtp(func(c *config.Channel) { c.User, c.PasswordFile = "u\r\nRSET", "/x" })},
}

func TestDefinitions(t *testing.T) {
	for _, c := range definitions {
		t.Run(c.name, func(t *testing.T) {
			n, err := notify.New(map[string]config.Channel{
				"it": c.channel, "other": {Type: "command", Command: "true"},
			}, newWorld().deps)
			if len(n.Names()) == 0 || n.Names()[len(n.Names())-1] != "other" {
				t.Errorf("the channels are %q", n.Names())
			}
			if c.key == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var wrong *notify.Wrong
			if !errors.As(err, &wrong) {
				t.Fatalf("%v, want one that is about %s", err, c.key)
			}
			if wrong.Key != c.key || wrong.Channel != "it" {
				t.Errorf("%v, want %s", err, c.key)
			}
			if strings.Contains(err.Error(), "sesame") {
				t.Errorf("the error has a secret: %v", err)
			}
		})
	}
}

// TestHeard: pings are no people, and where there are several people one is enough.
func TestHeard(t *testing.T) {
	people := map[string]config.Channel{
		"ping": {Type: "ping", URL: "https://x/y"}, "a": {Type: "command", Command: "true"},
		"b": {Type: "command", Command: "true"}, "other": {Type: "command", Command: "true", Jobs: []string{"photos"}},
	}
	for _, c := range []struct {
		channels map[string]config.Channel
		failed   []string
		want     bool
	}{
		{people, nil, true},
		{people, []string{"ping"}, true},
		{people, []string{"a"}, true},
		{people, []string{"a", "b"}, false},
		{people, []string{"a", "b", "ping"}, false},
		{map[string]config.Channel{"ping": people["ping"], "other": people["other"]}, []string{"ping"}, true},
		{nil, nil, true},
	} {
		n, err := notify.New(c.channels, newWorld().deps)
		if err != nil {
			t.Fatal(err)
		}
		var failed []notify.Failed
		for _, name := range c.failed {
			failed = append(failed, notify.Failed{Channel: name})
		}
		if got := n.Heard(failure(), failed); got != c.want {
			t.Errorf("%d channels, %q failed: heard is %t", len(c.channels), c.failed, got)
		}
	}
}

// told collects the names of the channels that were told, in order: each says its
// own, by its address or its command.
func told(w *world) func() string {
	var mu sync.Mutex
	var names []string
	note := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		names = append(names, name)
	}
	w.deps.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		name, _, _ := strings.Cut(r.URL.Host, ".")
		note(name)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	})}
	w.deps.Run = func(_ context.Context, c shell.Command) error { note(c.Line); return nil }
	return func() string {
		slices.Sort(names)
		return strings.Join(names, " ")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhoIsTold(t *testing.T) {
	for _, c := range []struct {
		event notify.Event
		want  string
	}{
		{notify.Event{Kind: notify.Start, Job: "chats"}, "silent watch"},
		{notify.Event{Kind: notify.Success, Job: "chats"}, "all silent watch"},
		{notify.Event{Kind: notify.Success, Job: "photos"}, "all photos silent watch"},
		{notify.Event{Kind: notify.Failure, Job: "chats"}, "all default failures silent watch"},
		{notify.Event{Kind: notify.Failure}, "all default silent watch"},
		{notify.Event{Kind: notify.Recovery, Job: "chats"}, "all default silent watch"},
		{notify.Event{Kind: notify.Warning, Job: "chats", Run: "1"}, "all default silent watch"},
		{notify.Event{Kind: notify.Warning, Job: "chats"}, "all default"}, // of no run
		{notify.Event{Kind: notify.Stale, Job: "chats"}, "all default watch"},
		{notify.Event{Kind: "news"}, ""},
	} {
		w := newWorld()
		heard := told(w)
		n, err := notify.New(map[string]config.Channel{
			"default":  {Type: "command", Command: "default"},
			"all":      {Type: "command", Command: "all", On: []string{"failure", "warning", "recovery", "stale", "success"}},
			"silent":   {Type: "ping", URL: "https://silent.example/y", On: []string{"success"}},
			"watch":    {Type: "ping", URL: "https://watch.example/y"},
			"photos":   {Type: "ping", URL: "https://photos.example/y", Jobs: []string{"photos"}},
			"failures": {Type: "ntfy", URL: "https://failures.example/y", On: []string{"failure"}, Jobs: []string{"photos", "chats"}},
		}, w.deps)
		if err != nil {
			t.Fatal(err)
		}
		failed := n.Tell(t.Context(), c.event)
		if got := heard(); got != c.want || len(failed) > 0 {
			t.Errorf("%s of %q is told to %s, want %s; failed: %v", c.event.Kind, c.event.Job, got, c.want, failed)
		}
	}
}
