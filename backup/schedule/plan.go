package schedule

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Every is how long a timer waits between two calls.
const Every = 15 * time.Minute

// Plan says what a timer is to run, and for whom.
type Plan struct {
	Program     string        // absolute
	Config      string        // absolute; empty in a package
	Every       time.Duration // whole minutes, of which an hour is a multiple
	Account     Account       // who it runs as
	System      bool          // for the machine, whoever is logged in
	Packaged    bool          // of a package, for users of which it knows nothing
	Environment []Variable
	Needs       Needs
}

// Account is a user of the machine.
type Account struct {
	Name, UID, Home string
}

// Variable is one of the environment.
type Variable struct{ Name, Value string }

// argv is the command line that the timer calls.
func (p Plan) argv() []string {
	argv := []string{p.Program, "run"}
	if !p.Packaged {
		argv = append(argv, "--config", p.Config)
	}
	return argv
}

// argvBehind is argv for what cannot call a program whose path has one of these
// letters: the shell calls it then.
func (p Plan) argvBehind(letters string) []string {
	if !strings.ContainsAny(p.Program, letters) {
		return p.argv()
	}
	return append([]string{"/bin/sh", "-c", `exec "$0" "$@"`}, p.argv()...)
}

// minutes is Every in minutes.
func (p Plan) minutes() int { return int(p.Every / time.Minute) }

// check refuses what no kind of timer can hold, or would hold in another sense.
func (p Plan) check(absolute func(string) bool) error {
	if m := p.minutes(); m < 1 || 60%m != 0 || p.Every%time.Minute != 0 {
		return fmt.Errorf("a timer cannot wait %s: an hour has to be a multiple of it", p.Every)
	}
	texts := slices.Concat([]string{p.Program}, p.Needs.Own, p.Needs.Writes)
	if !p.Packaged {
		texts = append(texts, p.Config)
	}
	for _, one := range texts {
		if !absolute(one) {
			return fmt.Errorf("%q is no absolute path, and a timer starts nowhere in particular", one)
		}
	}
	for _, v := range p.Environment {
		texts = append(texts, v.Name+"="+v.Value)
	}
	for _, one := range append(texts, p.Account.Name) {
		if !utf8.ValidString(one) || strings.ContainsFunc(one, unicode.IsControl) {
			return fmt.Errorf("%q has a line end, another control character or bytes that are no UTF-8, and a timer's file cannot hold those", one)
		}
	}
	return nil
}

// slashed reports whether a path is absolute where paths begin with a slash.
func slashed(p string) bool { return path.IsAbs(p) }
