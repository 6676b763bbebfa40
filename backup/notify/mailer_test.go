package notify_test

import (
	"context"
	"encoding/base64"
	"io"
	"maps"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/notify"
)

// mailWorld is a world in which the mail server is called mailHost, and trusted.
func mailWorld(s *mailServer, environ ...string) *world {
	w := newWorld(environ...)
	w.deps.RootCAs = s.roots
	w.deps.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(address); host == mailHost {
			address = s.address
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return w
}

func mailChannel(tls, passwordFile string) config.Channel {
	c := config.Channel{Type: "smtp", Host: mailHost + ":587", TLS: tls, From: "Zoë <backup@example.org>", To: []string{"anna@example.org"}}
	if passwordFile != "" {
		c.User, c.PasswordFile = mailUser, passwordFile
	}
	return c
}

func TestMail(t *testing.T) {
	for _, c := range []struct {
		name   string
		server *mailServer
		tls    string
		login  bool
	}{
		{"in the clear", &mailServer{}, "none", false},
		{"STARTTLS", &mailServer{startTLS: true}, "", false},
		{"STARTTLS with a login", &mailServer{startTLS: true, ways: "CRAM-MD5 LOGIN PLAIN"}, "starttls", true},
		{"STARTTLS with LOGIN alone", &mailServer{startTLS: true, ways: "LOGIN"}, "starttls", true},
		{"TLS", &mailServer{tls: true}, "tls", false},
		{"TLS with a login", &mailServer{tls: true, ways: "PLAIN"}, "tls", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.server.start(t)
			password := ""
			if c.login {
				password = file(t, mailPassword+"\n")
			}
			if err := mailWorld(s).tell(t, mailChannel(c.tls, password), failure()); err != nil {
				t.Fatal(err)
			}
			if len(s.taken()) != 1 {
				t.Fatalf("%d letters, want 1", len(s.taken()))
			}
			l := s.taken()[0]
			if !strings.HasPrefix(l.from, "FROM:<backup@example.org>") || !slices.Equal(l.to, []string{"TO:<anna@example.org>"}) {
				t.Errorf("from %q to %q", l.from, l.to)
			}
			if l.encrypted != (c.tls != "none") || (l.user == mailUser) != c.login {
				t.Errorf("encrypted: %t, user: %q", l.encrypted, l.user)
			}
			if clear := s.everything(true); strings.Contains(clear, "AUTH") {
				t.Errorf("in the clear:\n%s", clear)
			}
		})
	}
}

// TestMailLoginInTheClear is allowed on this machine alone; TestDefinitions has the
// rest.
func TestMailLoginInTheClear(t *testing.T) {
	for _, ways := range []string{"PLAIN", "LOGIN"} {
		s := (&mailServer{ways: ways}).start(t)
		c := mailChannel("none", file(t, mailPassword))
		c.Host = s.address // on 127.0.0.1
		if err := mailWorld(s).tell(t, c, failure()); err != nil {
			t.Fatal(err)
		}
		if s.taken()[0].user != mailUser {
			t.Errorf("%s: nobody logged in", ways)
		}
	}
}

// TestMailText: what is written is read again as it was.
func TestMailText(t *testing.T) {
	s := (&mailServer{}).start(t)
	event := failure()
	event.Job, event.Summary = "Zoës Fotos \U0001f4f7", ". größer als 3 GiB = zu groß =?utf-8?q?=0ABcc:_x?= "+strings.Repeat("lang ", 40)
	c := mailChannel("none", "")
	c.To = []string{"Anna Müller <anna@example.org>", "bo@example.org"}
	if err := mailWorld(s).tell(t, c, event); err != nil {
		t.Fatal(err)
	}
	data := s.taken()[0].data
	for line := range strings.SplitSeq(data, "\r\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("a line that not every server takes: %q", line)
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "chatkeep: Zoës Fotos \U0001f4f7 on laptop: failed: . größer als 3 GiB = zu groß = ?utf-8?q?=0ABcc:_x?= lang") {
		t.Errorf("the subject is read as %q (%v)", subject, err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || from[0].Name != "Zoë" || from[0].Address != "backup@example.org" {
		t.Errorf("from %v (%v)", from, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 2 || to[0].Name != "Anna Müller" || to[1].Address != "bo@example.org" {
		t.Errorf("to %v (%v)", to, err)
	}
	date, err := m.Header.Date()
	if err != nil || !date.Equal(noon) {
		t.Errorf("the date is %v (%v)", date, err)
	}
	id := m.Header.Get("Message-ID")
	if !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, "@example.org>") || strings.Count(id, "@") != 1 {
		t.Errorf("the id is %q", id)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || !strings.HasPrefix(string(body), strings.TrimSpace(event.Summary)+"\r\n") || !strings.Contains(string(body), "hint: is the network there?\r\n") {
		t.Errorf("the body is read as %q (%v)", body, err)
	}
}

// TestMailInjection: nothing in an event makes a header, a recipient or the end of a
// letter.
func TestMailInjection(t *testing.T) {
	for _, text := range []string{
		"x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\rBcc: eve@example.org", "x\r\n\r\nBcc: eve@example.org",
		"x\r\n.\r\nRCPT TO:<eve@example.org>\r\n", "x\u2028Bcc: eve@example.org", "x\x00\r\n Bcc: eve@example.org", "x\u0085Bcc: eve@example.org",
	} {
		s := (&mailServer{}).start(t)
		event := failure()
		event.Job, event.Host, event.Summary, event.Hint, event.Run, event.Repository = text, text, text, text, text, text
		if err := mailWorld(s).tell(t, mailChannel("none", ""), event); err != nil {
			t.Fatal(err)
		}
		if len(s.taken()) != 1 || len(s.taken()[0].to) != 1 {
			t.Fatalf("%q: the letters are %+v", text, s.taken())
		}
		m, err := mail.ReadMessage(strings.NewReader(s.taken()[0].data))
		if err != nil {
			t.Fatal(err)
		}
		keys := strings.Join(slices.Sorted(maps.Keys(m.Header)), " ")
		if keys != "Auto-Submitted Content-Transfer-Encoding Content-Type Date From Message-Id Mime-Version Subject To" {
			t.Errorf("%q: the header has %s", text, keys)
		}
		if strings.Contains(s.everything(false), "eve") {
			t.Errorf("%q: the server heard\n%s", text, s.everything(false))
		}
	}
}

func TestMailTrouble(t *testing.T) {
	once := []time.Duration(nil)
	thrice := []time.Duration{pause1, pause2}
	answer := func(verb, with string) func(string) string {
		return func(command string) string {
			if strings.HasPrefix(command, verb) {
				return with
			}
			return ""
		}
	}
	for _, c := range []struct {
		name     string
		server   *mailServer
		tls      string
		password string // empty: no login
		want     string
		pauses   []time.Duration
		hint     bool
	}{
		{"no STARTTLS", &mailServer{ways: "PLAIN"}, "starttls", mailPassword, "STARTTLS", once, true},
		{"STARTTLS is refused", &mailServer{startTLS: true, answer: answer("STARTTLS", "454 not now")}, "starttls", "", "454", thrice, false},
		{"the wrong password", &mailServer{startTLS: true, ways: "PLAIN LOGIN"}, "starttls", "sesame 2", "login: it answers 535", once, true},
		{"the wrong password for LOGIN", &mailServer{startTLS: true, ways: "LOGIN"}, "starttls", "sesame 2", "login: it answers 535", once, true},
		{"no login for now", &mailServer{tls: true, ways: "PLAIN", answer: answer("AUTH", "454 later, sesame 2")}, "tls", "sesame 2", "login: it answers 454", thrice, true},
		{"no login that is known", &mailServer{tls: true, ways: "CRAM-MD5 XOAUTH2"}, "tls", mailPassword, "PLAIN or LOGIN", once, true},
		{"no login at all", &mailServer{tls: true}, "tls", mailPassword, "PLAIN or LOGIN", once, true},
		{"LOGIN without end", &mailServer{tls: true, ways: "LOGIN", answer: func(command string) string {
			if strings.HasPrefix(command, "AUTH") || !strings.Contains(command, " ") && command != "QUIT" && command != "*" {
				return "334 VXNlcm5hbWU6"
			}
			return ""
		}}, "tls", mailPassword, "more than a user and a password", thrice, false},
		{"it wants a login", &mailServer{startTLS: true, ways: "PLAIN"}, "starttls", "", "530", once, false},
		{"the sender is refused", &mailServer{answer: answer("MAIL", "550 5.7.1 not from\x1b[2J you")}, "none", "", "550 \"5.7.1 not from", once, false},
		{"the sender has to wait", &mailServer{answer: answer("MAIL", "451 greylisted")}, "none", "", "451 \"greylisted\" (tries: 3)", thrice, false},
		{"the recipient is refused", &mailServer{answer: answer("RCPT", "550 nobody here")}, "none", "", "anna@example.org: 550", once, false},
		{"the letter is refused", &mailServer{answer: answer("DATA", "552 full")}, "none", "", "552 \"full\"", once, false},
		{"it drops every letter", &mailServer{drops: 9}, "none", "", "(tries: 3)", thrice, false},
		{"it says nothing", &mailServer{mute: true}, "none", "", "no answer in time (tries: 3)", thrice, false},
		{"it says nothing of TLS", &mailServer{mute: true}, "tls", "", "no answer in time (tries: 3)", thrice, false},
		{"it never stops", &mailServer{endless: true}, "none", "", "it said more than", thrice, false},
		{"it says what makes no sense", &mailServer{answer: func(string) string { return "hello yourself" }}, "none", "", "hello yourself", thrice, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.server.start(t)
			w := mailWorld(s)
			password := ""
			if c.password != "" {
				password = file(t, c.password)
			}
			channel := mailChannel(c.tls, password)
			if c.server.mute {
				channel.Timeout = 50 * time.Millisecond
			}
			err := w.tell(t, channel, failure())
			expect(t, err, "notify.it", mailHost, c.want)
			if strings.ContainsRune(err.Error(), 0x1b) {
				t.Errorf("%q moves the cursor", err)
			}
			if (hint(err) != "") != c.hint {
				t.Errorf("the hint is %q", hint(err))
			}
			w.waited(t, c.pauses...)
			if len(s.taken()) != 0 {
				t.Errorf("%d letters, want none", len(s.taken()))
			}
			clear := s.everything(true)
			for _, secret := range []string{"AUTH", base64.StdEncoding.EncodeToString([]byte(c.password))} {
				if c.password != "" && strings.Contains(clear, secret) {
					t.Errorf("in the clear:\n%s", clear)
				}
			}
		})
	}
}

// TestMailUntrusted: to a server that nobody vouches for, or for another name, not a
// word is said.
func TestMailUntrusted(t *testing.T) {
	for _, c := range []struct {
		server    *mailServer
		tls, host string
		trusted   bool
	}{
		{&mailServer{startTLS: true, ways: "PLAIN"}, "starttls", mailHost, false},
		{&mailServer{tls: true, ways: "PLAIN"}, "tls", mailHost, false},
		{&mailServer{startTLS: true, ways: "PLAIN"}, "starttls", "other.example.org", true},
	} {
		s := c.server.start(t)
		w := mailWorld(s)
		w.deps.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.address)
		}
		if !c.trusted {
			w.deps.RootCAs = (&mailServer{}).start(t).roots
		}
		channel := mailChannel(c.tls, file(t, mailPassword))
		channel.Host = c.host + ":587"
		expect(t, w.tell(t, channel, failure()), "certificate")
		w.waited(t)
		if heard := s.everything(false); strings.Contains(heard, "AUTH") || strings.Contains(heard, "MAIL") {
			t.Errorf("it heard\n%s", heard)
		}
	}
}

// TestMailDropped: a letter that broke off is sent again, and is the same.
func TestMailDropped(t *testing.T) {
	s := (&mailServer{startTLS: true, drops: 2}).start(t)
	w := mailWorld(s)
	n := w.notifier(t, mailChannel("", ""))
	if err := n.Try(t.Context(), "it", failure()); err != nil {
		t.Fatal(err)
	}
	w.waited(t, pause1, pause2)
	if s.tries() != 3 || len(s.taken()) != 1 {
		t.Errorf("%d tries and %d letters, want 3 and 1", s.tries(), len(s.taken()))
	}
	if err := n.Try(t.Context(), "it", failure()); err != nil {
		t.Fatal(err)
	}
	later := failure()
	later.Time = later.Time.Add(time.Hour)
	if err := n.Try(t.Context(), "it", later); err != nil {
		t.Fatal(err)
	}
	letters := s.taken()
	if letters[0].data != letters[1].data {
		t.Error("the same event is two letters")
	}
	id := func(l letter) string {
		m, err := mail.ReadMessage(strings.NewReader(l.data))
		if err != nil {
			t.Fatal(err)
		}
		return m.Header.Get("Message-ID")
	}
	if id(letters[1]) == id(letters[2]) {
		t.Error("two events have one id")
	}
}

// TestMailSomeRefused: who can be reached is, once, and the others are told of.
func TestMailSomeRefused(t *testing.T) {
	for _, code := range []string{"550", "450"} {
		s := (&mailServer{answer: func(command string) string {
			if strings.Contains(command, "gone@") {
				return code + " nobody here"
			}
			return ""
		}}).start(t)
		w := mailWorld(s)
		c := mailChannel("none", "")
		c.To = []string{"gone@example.org", "anna@example.org"}
		expect(t, w.tell(t, c, failure()), "gone@example.org: "+code)
		w.waited(t)
		if len(s.taken()) != 1 || !slices.Equal(s.taken()[0].to, []string{"TO:<anna@example.org>"}) {
			t.Errorf("the letters are %+v", s.taken())
		}
	}
}

// TestMailAccepted: a server that took the letter and then breaks off has it.
func TestMailAccepted(t *testing.T) {
	s := (&mailServer{answer: func(command string) string {
		if command == "QUIT" {
			return "421 too late"
		}
		return ""
	}}).start(t)
	w := mailWorld(s)
	if err := w.tell(t, mailChannel("none", ""), failure()); err != nil {
		t.Error(err)
	}
	if len(s.taken()) != 1 {
		t.Errorf("%d letters, want 1", len(s.taken()))
	}
}

func TestMailPasswordCommand(t *testing.T) {
	for _, c := range []struct{ name, command, want string }{
		{"it prints the password", "test -z \"$AWS_SECRET_ACCESS_KEY\" && printf '%s\\n' '" + mailPassword + "'", ""},
		{"it looks where systemd keeps it", "cat \"$CREDENTIALS_DIRECTORY/file\"", ""},
		{"it fails", "echo sesame; exit 3", "password-command ended with code 3"},
		{"it prints nothing", "true", "is empty"},
		{"it prints without end", "yes sesame", "password-command "},
		{"it prints too much", "echo sesame; echo sesame", "more than one line"},
		{"it waits", "exec sleep 60", "did not end in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := (&mailServer{startTLS: true, ways: "PLAIN"}).start(t)
			path := file(t, mailPassword)
			w := mailWorld(s, "AWS_SECRET_ACCESS_KEY=sesame", "CREDENTIALS_DIRECTORY="+strings.TrimSuffix(path, "/file"))
			channel := mailChannel("starttls", "")
			channel.User, channel.PasswordCommand = mailUser, c.command
			if strings.Contains(c.command, "sleep") {
				channel.Timeout = 200 * time.Millisecond
			}
			err := w.tell(t, channel, failure())
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			expect(t, err, c.want)
			w.waited(t)
			if s.tries() != 0 {
				t.Error("it went to the server without a password")
			}
		})
	}
}

// TestMailNobodyThere: a server that is away may be back soon.
func TestMailNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	w := newWorld()
	c := mailChannel("none", "")
	c.Host = l.Addr().String()
	expect(t, w.tell(t, c, notify.Sample(notify.Failure)), c.Host)
	w.waited(t, pause1, pause2)
}
