package notify

import (
	"errors"
	"net/smtp"
)

// login is the login of servers that know no other; net/smtp has none of it. As
// the one there, it gives the password to nobody who is neither on this machine
// nor behind TLS.
type login struct {
	user, password string
	asked          int
}

// Start implements smtp.Auth.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && !localhost(server.Name) {
		return "", nil, errors.New("unencrypted connection")
	}
	return "LOGIN", nil, nil
}

// Next implements smtp.Auth: the server asks for the user first, in words of its
// own.
func (l *login) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	l.asked++
	switch l.asked {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, errors.New("the server asks for more than a user and a password")
}
