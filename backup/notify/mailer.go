package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"

	"chatkeep/backup/shell"
)

// mailer tells by mail.
type mailer struct {
	address, host string // HOST:PORT, and HOST
	tls           string // starttls, tls, none
	from          *mail.Address
	to            []*mail.Address
	user          string // empty: no login

	passwordFile, passwordCommand string // one of them, where there is a user
	deps                          Deps
}

func (m *mailer) tell(ctx context.Context, e Event) error {
	password, err := m.password(ctx)
	if err != nil {
		return err
	}
	letter, err := compose(e, m.from, m.to)
	if err != nil {
		return err
	}
	err = m.send(ctx, password, letter)
	if err == nil {
		return nil
	}
	return m.explain(ctx, err, password)
}

// password is empty where there is no user.
func (m *mailer) password(ctx context.Context) (string, error) {
	switch {
	case m.user == "":
		return "", nil
	case m.passwordFile != "":
		password, err := readSecret(m.passwordFile)
		if err != nil {
			return "", fmt.Errorf("password-file: %w", err)
		}
		return password, nil
	}
	var out brief
	err := m.deps.Run(ctx, shell.Command{
		Name: "password-command", Line: m.passwordCommand, Env: withoutStores(m.deps.Environ()), Credentials: true, Grace: farewell,
		Stdout: &out, Stderr: m.deps.Stderr,
	})
	if ctx.Err() != nil {
		return "", errors.New("password-command: it did not end in time")
	}
	if err != nil {
		return "", err
	}
	password, err := oneSecret(out.data)
	if err != nil {
		return "", fmt.Errorf("password-command: what it printed %w", err)
	}
	return password, nil
}

// send hands a letter to the server.
func (m *mailer) send(ctx context.Context, password string, letter []byte) error {
	raw, err := m.deps.Dial(ctx, "tcp", m.address)
	if err != nil {
		return err
	}
	defer raw.Close()
	// Nothing below knows of the context: what it waits for ends with the
	// connection.
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	var conn net.Conn = &bounded{raw, maxTalk}
	if m.tls == "tls" {
		conn = tls.Client(conn, m.trust())
	}
	client, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return err
	}
	if err := client.Hello("localhost"); err != nil {
		return err
	}
	if m.tls == "starttls" {
		if err := m.encrypt(client); err != nil {
			return err
		}
	}
	if m.user != "" {
		if err := m.login(client, password); err != nil {
			return err
		}
	}
	return m.deliver(client, letter)
}

func (m *mailer) trust() *tls.Config {
	return &tls.Config{ServerName: m.host, RootCAs: m.deps.RootCAs, MinVersion: tls.VersionTLS12}
}

// encrypt insists: who can take the word STARTTLS out of what a server says could
// read everything otherwise.
func (m *mailer) encrypt(client *smtp.Client) error {
	if ok, _ := client.Extension("STARTTLS"); !ok {
		return hinted(`port 465 mostly wants tls = "tls"; tls = "none" sends in the clear`, "it does not offer STARTTLS")
	}
	return client.StartTLS(m.trust())
}

func (m *mailer) login(client *smtp.Client, password string) error {
	_, offered := client.Extension("AUTH")
	var auth smtp.Auth
	for _, way := range strings.Fields(strings.ToUpper(offered)) {
		if way == "PLAIN" {
			auth = smtp.PlainAuth("", m.user, password, m.host)
			break
		}
		if way == "LOGIN" {
			auth = &login{user: m.user, password: password}
		}
	}
	if auth == nil {
		return hinted("leave out user where the server wants none", "it offers no login by PLAIN or LOGIN")
	}
	err := client.Auth(auth)
	var said *textproto.Error
	if errors.As(err, &said) {
		// Not what it says with the code: it has just heard the password.
		return &loginRefused{said.Code}
	}
	return err
}

// deliver gives the letter to those recipients that the server takes. That one of
// them is refused must not keep the others from hearing.
func (m *mailer) deliver(client *smtp.Client, letter []byte) error {
	if err := client.Mail(m.from.Address); err != nil {
		return err
	}
	var refused []error
	for _, to := range m.to {
		err := client.Rcpt(to.Address)
		var said *textproto.Error
		if err != nil && !errors.As(err, &said) {
			return err
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", to.Address, err))
		}
	}
	if len(refused) == len(m.to) {
		return refused[0]
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	client.Quit() // it has the letter, whatever it answers
	if len(refused) > 0 {
		return &partly{errors.Join(refused...)}
	}
	return nil
}

// partly is the error of a letter that reached some and not others. Another try
// would reach those again.
type partly struct{ error }

// loginRefused is a login that the server did not take.
type loginRefused struct{ code int }

func (l *loginRefused) Error() string { return fmt.Sprintf("login: it answers %d", l.code) }

// Hint tells what to do.
func (l *loginRefused) Hint() string { return "check user and password" }

// explain makes an error of the conversation fit to show, and says whether another
// try makes sense.
func (m *mailer) explain(ctx context.Context, err error, password string) error {
	if ctx.Err() != nil {
		return &passing{error: fmt.Errorf("%s: %w", m.address, errLate)}
	}
	// Joined errors come in lines.
	text := oneLine(redact(strings.ReplaceAll(err.Error(), "\n", "; "), password), maxHint)
	shown := fmt.Errorf("%s: %s", m.address, text)
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		shown = &cured{shown, hint.Hint()}
	}
	if temporary(err) {
		return &passing{error: shown}
	}
	return shown
}

// temporary tells trouble with the network, and answers by which the server says
// that it is only now, from what will be the same in a minute.
func temporary(err error) bool {
	var said *textproto.Error
	var denied *loginRefused
	var some *partly
	var ours *cured
	switch {
	case errors.As(err, &some), errors.As(err, &ours), untrusted(err):
		return false
	case errors.As(err, &denied):
		return denied.code/100 == 4
	case errors.As(err, &said):
		return said.Code/100 == 4
	}
	return true
}
