package keys

import (
	"strconv"
	"strings"

	"chatkeep/backup/format"
)

// lines reads a master or keyring file: lines that each have a fixed
// beginning, in a fixed order. It remembers the first problem, after which
// everything reads as empty. No problem quotes the file, which holds secrets.
type lines struct {
	what string // names the file in errors
	rest string
	n    int // lines read
	err  error
}

// fail notes a problem with the line read last.
func (l *lines) fail(class format.Class, problem string) {
	if l.err == nil {
		l.err = format.Fail(class, l.what, "line %d %s", l.n, problem)
	}
	l.rest = ""
}

// more reports whether the next line begins with prefix.
func (l *lines) more(prefix string) bool {
	return l.err == nil && strings.HasPrefix(l.rest, prefix)
}

// next takes a line, which must begin with prefix, and returns what follows
// there, without the line feed.
func (l *lines) next(prefix string) string {
	if l.err != nil {
		return ""
	}
	l.n++
	line, rest, ended := strings.Cut(l.rest, "\n")
	value, ok := strings.CutPrefix(line, prefix)
	if !ended || !ok {
		l.fail(format.Malformed, "is not what stands there in such a file")
		return ""
	}
	l.rest = rest
	return value
}

// begin takes the first line, `# chatkeep <kind> 1`.
func (l *lines) begin(kind string) {
	value := l.next("# chatkeep ")
	version, ok := strings.CutPrefix(value, kind+" ")
	switch {
	case l.err != nil || value == kind+" 1":
	case !ok:
		l.fail(format.WrongKind, "is not that of a "+kind+" file")
	case isNumber(version):
		l.fail(format.NewerFormat, "names a version other than 1")
	default:
		l.fail(format.Malformed, "names no version")
	}
}

// hash takes a line with 64 hex digits.
func (l *lines) hash(prefix string) format.Hash {
	value := l.next(prefix)
	h, err := format.ParseHash(value)
	if err != nil {
		l.fail(format.Malformed, "does not hold 64 lower-case hex digits")
	}
	return h
}

// identity takes a line that is an identity.
func (l *lines) identity() identity {
	value := l.next("")
	id, ok := parseIdentity(value)
	if !ok {
		l.fail(format.Malformed, "is not an age identity of a kind that is used here")
	}
	return id
}

// number takes a line with a decimal number from 1 on.
func (l *lines) number(prefix string) uint64 {
	value := l.next(prefix)
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || !isNumber(value) || n >= 1<<53 {
		l.fail(format.Malformed, "does not hold a number from 1 on")
	}
	return n
}

// end demands that nothing follows, and returns the first problem.
func (l *lines) end() error {
	if l.err == nil && l.rest != "" {
		l.n++
		l.fail(format.Malformed, "is more than such a file has")
	}
	return l.err
}

// isNumber reports whether s is a decimal number without leading zeros.
func isNumber(s string) bool {
	return s != "" && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}
