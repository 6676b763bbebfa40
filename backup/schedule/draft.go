package schedule

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"
)

// Draft is all that an installation does: commands, texts, and more commands.
type Draft struct {
	First  []Command
	Pieces []Piece
	Then   []Command
}

// Command is a program and its arguments. It never holds a secret.
type Command []string

// String is the command as a shell takes it.
func (c Command) String() string {
	words := make([]string, len(c))
	for i, word := range c {
		words[i] = word
		if word == "" || strings.ContainsFunc(word, special) {
			words[i] = shellQuote(word)
		}
	}
	return strings.Join(words, " ")
}

// Piece is a text that is installed: a file, or a part of the crontab.
type Piece struct {
	Place string // the file, or "crontab of NAME"
	Text  string // in UTF-8, whatever it is on the disk
}

// Mechanism is one kind of timer.
type Mechanism interface {
	// Draft makes the draft of a plan. It looks at nothing but the plan.
	Draft(p Plan) (Draft, error)
	// Installed returns what is there, none if nothing is.
	Installed(ctx context.Context) ([]Piece, error)
	// Install does what a draft of its own says. Again, it changes nothing.
	Install(ctx context.Context, d Draft) error
	// Remove takes away what Install brought, and nothing else. Where nothing
	// is, it does nothing.
	Remove(ctx context.Context) error
	// Status asks the system how the timer does.
	Status(ctx context.Context) (Status, error)
}

// Status is how a timer does. What the system does not tell is zero.
type Status struct {
	Installed bool
	Active    bool      // the system will fire it
	Last      time.Time // it fired last
	Next      time.Time // it fires next
	Result    string    // how the last run ended, in the system's word
	ExitCode  *int      // of the last run; nil where the system does not tell
	Note      string    // what the system cannot tell, or what is wrong
}

// Differences lists the lines in which what is installed differs from what would
// be now: "- " before those that would go, "+ " before those that would come.
func Differences(installed, would []Piece) []string {
	var lines []string
	for _, place := range allPlaces(installed, would) {
		old, now := linesAt(installed, place), linesAt(would, place)
		if strings.Join(old, "\n") == strings.Join(now, "\n") {
			continue
		}
		lines = append(lines, place+":")
		gone, come := without(old, now), without(now, old)
		for _, line := range gone {
			lines = append(lines, "- "+line)
		}
		for _, line := range come {
			lines = append(lines, "+ "+line)
		}
		if len(gone)+len(come) == 0 {
			lines = append(lines, "  the same lines in another order")
		}
	}
	return lines
}

func allPlaces(lists ...[]Piece) (all []string) {
	seen := map[string]bool{}
	for _, list := range lists {
		for _, p := range list {
			if !seen[p.Place] {
				seen[p.Place] = true
				all = append(all, p.Place)
			}
		}
	}
	return all
}

func linesAt(pieces []Piece, place string) []string {
	for _, p := range pieces {
		if p.Place == place {
			return strings.Split(strings.TrimSuffix(p.Text, "\n"), "\n")
		}
	}
	return nil
}

// without returns the lines that others does not have, as often as it lacks them.
func without(lines, others []string) (rest []string) {
	count := map[string]int{}
	for _, line := range others {
		count[line]++
	}
	for _, line := range lines {
		if count[line]--; count[line] < 0 {
			rest = append(rest, line)
		}
	}
	return rest
}

// readPieces returns those of some files that are there.
func readPieces(m Machine, paths ...string) (found []Piece, err error) {
	for _, path := range paths {
		data, err := m.ReadFile(path)
		switch {
		case err == nil:
			found = append(found, Piece{path, string(data)})
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return found, nil
}

// carryOut runs a draft whose pieces are files, encoded as encode says. A file
// that is there already is left alone.
func carryOut(ctx context.Context, m Machine, d Draft, mode fs.FileMode, encode func(string) []byte) error {
	if err := runAll(ctx, m, d.First); err != nil {
		return err
	}
	for _, p := range d.Pieces {
		data := encode(p.Text)
		if old, err := m.ReadFile(p.Place); err == nil && bytes.Equal(old, data) {
			continue
		}
		if err := m.WriteFile(p.Place, data, mode); err != nil {
			return err
		}
	}
	return runAll(ctx, m, d.Then)
}

func runAll(ctx context.Context, m Machine, commands []Command) error {
	for _, c := range commands {
		if _, err := m.Run(ctx, nil, c); err != nil {
			return err
		}
	}
	return nil
}

// removeFiles removes files and reports whether one was there.
func removeFiles(m Machine, paths ...string) (bool, error) {
	some := false
	for _, path := range paths {
		err := m.Remove(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return some, err
		}
		some = some || err == nil
	}
	return some, nil
}
