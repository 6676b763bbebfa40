package notify

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"chatkeep/backup/config"
)

// mailer makes what tells by mail, or names the key that is wrong.
func (n *Notifier) mailer(c config.Channel) (way, string, error) {
	m := &mailer{
		tls: cmp.Or(c.TLS, "starttls"), user: c.User, address: c.Host,
		passwordFile: c.PasswordFile, passwordCommand: c.PasswordCommand, deps: n.deps,
	}
	var port string
	var err error
	if m.host, port, err = net.SplitHostPort(c.Host); err != nil || m.host == "" {
		return nil, "host", fmt.Errorf("%q is not written as HOST:PORT", c.Host)
	}
	if p, err := strconv.ParseUint(port, 10, 16); err != nil || p == 0 {
		return nil, "host", fmt.Errorf("%q has no number for a port", c.Host)
	}
	if !slices.Contains([]string{"starttls", "tls", "none"}, m.tls) {
		return nil, "tls", fmt.Errorf("%q is none of starttls, tls, none", c.TLS)
	}
	if m.from, err = mailAddress(c.From); err != nil {
		return nil, "from", err
	}
	if len(c.To) == 0 {
		return nil, "to", errors.New("is missing")
	}
	for _, to := range c.To {
		address, err := mailAddress(to)
		if err != nil {
			return nil, "to", err
		}
		m.to = append(m.to, address)
	}
	if key, err := m.checkLogin(); err != nil {
		return nil, key, err
	}
	return m, "", nil
}

// checkLogin names the key that is wrong with the login.
func (m *mailer) checkLogin() (string, error) {
	sources := 0
	for _, source := range []string{m.passwordFile, m.passwordCommand} {
		if source != "" {
			sources++
		}
	}
	switch {
	case sources == 0 && m.user == "":
		return "", nil
	case m.user == "":
		return "user", errors.New("is missing, and there is a password")
	case sources != 1:
		return "password-file", errors.New("user needs either password-file or password-command")
	case oneLine(m.user, maxName) != m.user:
		return "user", errors.New("is no name")
	case m.tls == "none" && !localhost(m.host):
		return "tls", errors.New("the password would go in the clear; none is for a server on this machine, or for no user")
	}
	return "", nil
}

// mailAddress reads an address, with or without a name. It takes those alone that
// are the same in a header and in what is said to a server.
func mailAddress(text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no address, as Name <name@example.org>", text)
	}
	for _, r := range a.Address {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]\",:;`, r) {
			return nil, fmt.Errorf("the address %q has characters that not every mail server takes", text)
		}
	}
	if oneLine(a.Name, maxName) != a.Name {
		return nil, fmt.Errorf("the name in %q is too long, or no line", text)
	}
	return a, nil
}
