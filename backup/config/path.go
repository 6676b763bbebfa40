package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/retention"
	"chatkeep/providers/storage"
)

// oddity is what is wrong with a value, and the cure.
type oddity struct{ message, cure string }

func (o *oddity) Error() string { return o.message }

// Hint tells what to write instead, or "".
func (o *oddity) Hint() string { return o.cure }

// ExitCode is that of a command line that means nothing.
func (o *oddity) ExitCode() int { return exitUsage }

func odd(format string, args ...any) *oddity { return &oddity{message: fmt.Sprintf(format, args...)} }

// path makes a path of one that may begin with "~/", or be relative to the
// file's folder.
func path(r *reader, text string) (string, error) { return r.expand(text, plainly) }

func plainly(dir string) string { return dir }

// expand makes a path absolute. What is put in front is written by write.
func (r *reader) expand(text string, write func(string) string) (string, error) {
	rest, home := strings.CutPrefix(text, "~")
	switch {
	case home && rest != "" && !isSeparator(rest[0]):
		return "", &oddity{fmt.Sprintf("%q: ~ stands for your own home alone", text), "for a file of that name write ./" + text}
	case home && r.known.Home == "":
		return "", odd("there is no home folder that ~ could stand for")
	case home:
		return filepath.Join(write(r.known.Home), rest), nil
	case filepath.IsAbs(text):
		return filepath.Clean(text), nil
	}
	return filepath.Join(write(r.dir), text), nil
}

func isSeparator(c byte) bool { return c == '/' || c == filepath.Separator }

// foreign matches what looks like a place of a kind that is not known.
var foreign = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// place takes a name of a repository, or a place: of that a path is made
// absolute.
func place(r *reader, text string) (string, error) {
	p, _ := storage.ProviderOf(r.known.Stores, text)
	if shown := storage.Redact(text); shown != text {
		return "", &oddity{"it has a user name, a password, options or a query beside " + shown, p.Secrets}
	}
	inside, isFile := strings.CutPrefix(text, "file:")
	switch {
	case len(p.Schemes) > 0:
		return text, nil
	case isFile && strings.HasPrefix(inside, "/"):
		return text, nil
	case isFile:
		return path(r, inside)
	case foreign.MatchString(text):
		return "", &oddity{fmt.Sprintf("no kind of place is known for %q", text), "for a folder of that name write ./" + text}
	}
	return r.placePath(text)
}

// placePath leaves a word alone that may be a name.
func (r *reader) placePath(text string) (string, error) {
	if n := r.find(repositories, text); n != nil && n.kind == aTable {
		return text, nil
	}
	return path(r, text)
}

// bare is the check of a store's setting: there may be no secret in an address.
func bare(_ *reader, text string) (string, error) {
	for _, address := range []string{text, "https://" + text} {
		if shown := storage.Redact(address); shown != address && (strings.Contains(text, "@") || strings.Contains(text, "://")) {
			return "", &oddity{"it has a user name, a password or a query beside " + strings.TrimPrefix(shown, "https://"), "an address goes without credentials"}
		}
	}
	return text, nil
}

// pattern takes a path or a pattern. Signs that mean something in a pattern are
// taken as they are where they stand in the folder before it.
func pattern(r *reader, text string) (string, error) {
	if !isPattern(text) {
		return r.expand(text, plainly)
	}
	if _, err := filepath.Match(text, ""); err != nil {
		return "", &oddity{fmt.Sprintf("%q is no pattern", text), `a [ that is part of a name is written \[`}
	}
	return r.expand(text, Literal)
}

// SourcePath is what the path of a source is where it is said elsewhere than in
// the file: absolute, with ~ for the home, and else relative to a folder.
func SourcePath(text, home, dir string) (string, error) {
	if text == "" {
		return "", odd("the path is empty")
	}
	return pattern(&reader{known: Known{Home: home}, dir: dir}, text)
}

// isPattern reports whether a path has signs that mean something in patterns.
func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// Literal writes a path as a pattern that matches it alone. Windows has no sign
// for that.
func Literal(path string) string {
	if runtime.GOOS == "windows" {
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func hexID(_ *reader, text string) (string, error) {
	_, err := format.ParseHash(text)
	return text, err
}

func zone(_ *reader, text string) (string, error) {
	if _, err := time.LoadLocation(text); err != nil {
		return "", odd("there is no zone %q; they are named as in Europe/Berlin", text)
	}
	return text, nil
}

func calendar(_ *reader, text string) (string, error) {
	_, err := retention.ParseDuration(text)
	return text, err
}

// address takes what a notification is sent to. It may be a secret as a whole,
// and so it is not repeated.
func address(_ *reader, text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err == nil && u.User != nil:
		return "", &oddity{"there is a user name or a password in it", "put the address into a file, and use url-file"}
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", odd("it is no address that begins with https:// or http://")
	}
	return text, nil
}

func hostPort(_ *reader, text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || host == "" || n < 1 || n > 65535 {
		return "", odd("%q is not written as HOST:PORT", text)
	}
	return text, nil
}

func mailbox(_ *reader, text string) (string, error) {
	if _, err := mail.ParseAddress(text); err != nil {
		return "", odd("%q is no mail address", text)
	}
	return text, nil
}
