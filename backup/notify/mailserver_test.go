package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// letter is a mail that a server took.
type letter struct {
	from      string
	to        []string
	data      string
	encrypted bool
	user      string // who logged in
}

// mailServer is a small SMTP server. Its fields say how it behaves; they are set
// before it starts.
type mailServer struct {
	startTLS bool
	tls      bool   // from the first byte
	ways     string // of logging in, as PLAIN LOGIN
	// answer, where it is set, decides what a command is answered; "" is as usual.
	answer  func(command string) string
	drops   int  // so many connections end in the middle of DATA
	mute    bool // says nothing
	endless bool // never stops greeting

	address string
	roots   *x509.CertPool
	cert    tls.Certificate

	mu          sync.Mutex
	connections int
	commands    []string // and what it took for one
	clear       []string // those that came unencrypted
	letters     []letter
}

const (
	mailHost     = "mail.example.org"
	mailUser     = "anna"
	mailPassword = "open sesame, ö"
)

func (s *mailServer) start(t *testing.T) *mailServer {
	t.Helper()
	s.certify(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	var open sync.WaitGroup
	var conns sync.Map
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(conn, nil)
			open.Go(func() {
				defer conn.Close()
				s.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(conn, _ any) bool { conn.(net.Conn).Close(); return true })
		open.Wait()
	})
	return s
}

// certify makes a certificate that vouches for itself.
func (s *mailServer) certify(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		DNSNames: []string{mailHost}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(leaf)
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// talk is one connection.
type talk struct {
	*mailServer
	conn      net.Conn
	r         *bufio.Reader
	n         int // the how-manyeth connection it is, from 1
	encrypted bool
	letter    letter
	user      string
}

func (s *mailServer) serve(conn net.Conn) {
	s.mu.Lock()
	s.connections++
	c := &talk{mailServer: s, n: s.connections}
	s.mu.Unlock()
	if s.tls {
		conn, c.encrypted = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{s.cert}}), true
	}
	c.conn, c.r = conn, bufio.NewReader(conn)
	switch {
	case s.mute:
		io.Copy(io.Discard, conn)
		return
	case s.endless:
		for c.say("220-and another thing") {
		}
		return
	}
	c.say("220 " + mailHost + " at your service")
	for c.command() {
	}
}

func (c *talk) say(line string) bool {
	_, err := io.WriteString(c.conn, line+"\r\n")
	return err == nil
}

// line reads one, of what is a command or part of a login.
func (c *talk) line() (string, bool) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return "", false
	}
	line = strings.TrimRight(line, "\r\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands = append(c.commands, line)
	if !c.encrypted {
		c.clear = append(c.clear, line)
	}
	return line, true
}

// command takes one, and reports whether another may come.
func (c *talk) command() bool {
	line, ok := c.line()
	if !ok {
		return false
	}
	if c.answer != nil {
		if answer := c.answer(line); answer != "" {
			return c.say(answer)
		}
	}
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		return c.hello()
	case "STARTTLS":
		return c.encrypt()
	case "AUTH":
		return c.login(rest)
	case "MAIL":
		if c.ways != "" && c.user == "" {
			return c.say("530 who are you")
		}
		c.letter = letter{from: rest}
		return c.say("250 ok")
	case "RCPT":
		c.letter.to = append(c.letter.to, rest)
		return c.say("250 ok")
	case "DATA":
		return c.data()
	case "QUIT":
		c.say("221 bye")
		return false
	}
	return c.say("500 what")
}

func (c *talk) hello() bool {
	words := []string{mailHost}
	if c.startTLS && !c.encrypted {
		words = append(words, "STARTTLS")
	}
	if c.ways != "" {
		words = append(words, "AUTH "+c.ways)
	}
	words = append(words, "8BITMIME")
	for i, word := range words {
		dash := "-"
		if i == len(words)-1 {
			dash = " "
		}
		c.say("250" + dash + word)
	}
	return true
}

func (c *talk) encrypt() bool {
	if !c.startTLS || c.encrypted {
		return c.say("502 no")
	}
	c.say("220 go on")
	conn := tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{c.cert}})
	if conn.Handshake() != nil {
		return false
	}
	c.conn, c.r, c.encrypted = conn, bufio.NewReader(conn), true
	return true
}

func (c *talk) login(rest string) bool {
	way, first, _ := strings.Cut(rest, " ")
	var user, password string
	switch way {
	case "PLAIN":
		plain, _ := base64.StdEncoding.DecodeString(first)
		parts := strings.Split(string(plain), "\x00")
		if len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		user, password = c.ask("VXNlcm5hbWU6"), c.ask("UGFzc3dvcmQ6")
	}
	if user != mailUser || password != mailPassword {
		return c.say("535 not you, " + password)
	}
	c.user = user
	return c.say("235 welcome")
}

func (c *talk) ask(question string) string {
	c.say("334 " + question)
	line, _ := c.line()
	answer, _ := base64.StdEncoding.DecodeString(line)
	return string(answer)
}

func (c *talk) data() bool {
	c.say("354 go on")
	var b strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || c.n <= c.drops {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	c.letter.data, c.letter.encrypted, c.letter.user = b.String(), c.encrypted, c.user
	c.mu.Lock()
	c.letters = append(c.letters, c.letter)
	n := len(c.letters)
	c.mu.Unlock()
	return c.say(fmt.Sprintf("250 queued as %d", n))
}

// taken is what the server got so far.
func (s *mailServer) taken() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.letters
}

func (s *mailServer) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// everything is all commands, or those that anybody on the way could read.
func (s *mailServer) everything(clear bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if clear {
		return strings.Join(s.clear, "\n")
	}
	return strings.Join(s.commands, "\n")
}
