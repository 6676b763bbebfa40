package notify

import (
	"io"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"", "0", "30", " 120 ", "-1", "+5", "1.5", "99999999999999999999", "Fri, 20 Nov 2026 11:00:20 GMT", "Friday, 20-Nov-26 11:00:20 GMT", "soon"} {
		f.Add(text)
	}
	now := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		d := retryAfter(text, now)
		if d < 0 || d > 365*24*time.Hour {
			t.Errorf("%q is %v", text, d)
		}
		if d > 0 && !strings.ContainsAny(text, "0123456789") {
			t.Errorf("%q is %v, and has no digit", text, d)
		}
	})
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\r\nb\x00\u2028\u202e\xff", 12)
	f.Add(strings.Repeat("…", 9), 10)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = max(most, 3)
		line := oneLine(text, most)
		if len(line) > most || !utf8.ValidString(line) || strings.ContainsFunc(line, unsafeRune) {
			t.Errorf("%q becomes %q", text, line)
		}
		if oneLine(line, most) != line {
			t.Errorf("%q becomes %q, and that something else", text, line)
		}
		if utf8.ValidString(text) && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool { return unsafeRune(r) || unicode.IsSpace(r) }) && line != text {
			t.Errorf("%q becomes %q for no reason", text, line)
		}
	})
}

// FuzzCompose: whatever an event says, a letter has the same headers and its text
// comes back.
func FuzzCompose(f *testing.F) {
	f.Add("chats", "laptop", "x\r\nBcc: eve@example.org\r\n\r\n.\r\n")
	f.Add("=?utf-8?b?DQo=?=", "ö\x85", "= ?= =?")
	from, to := &mail.Address{Name: "Zoë", Address: "b@example.org"}, []*mail.Address{{Address: "a@example.org"}}
	f.Fuzz(func(t *testing.T, job, host, summary string) {
		e := Event{Kind: Failure, Job: job, Host: host, Summary: summary, Time: time.Unix(1_800_000_000, 0)}.fit()
		letter, err := compose(e, from, to)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(letter)))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Header) != 9 {
			t.Errorf("the header is %v", m.Header)
		}
		for name, values := range m.Header {
			if len(values) != 1 || strings.ContainsFunc(values[0], func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s is %q", name, values)
			}
		}
		for line := range strings.SplitSeq(string(letter), "\r\n") {
			if len(line) > 998 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); got != e.Text() {
			t.Errorf("the text is %q, and comes back as %q", e.Text(), got)
		}
	})
}
