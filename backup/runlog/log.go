package runlog

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
)

// Around is what a log finds around the process.
type Around struct {
	Stderr io.Writer
	Getenv func(string) string
	// JSON asks for the records as JSON lines on stderr, as --log-json does.
	JSON bool
	// Journal is the socket of systemd's journal; JournalSocket where it is empty.
	Journal string
}

// Log is where records go: to all of its targets, or to none. It may be used by
// several goroutines.
type Log struct {
	mu       sync.Mutex
	targets  []*target
	onStderr bool
}

// target is one of them.
type target struct {
	name  string // for messages
	write func(Record) error
	lost  int // records since the last that was written
	told  bool
}

// defaultMax is the size of a file where nothing is said of it, in bytes.
const defaultMax = 10 << 20

// Open makes a log of what the configuration and the command line ask for. Nothing
// is written yet: the only error is that of a size that is none.
//
// Where stderr is a stream of systemd's journal, records go to the journal with
// their fields, unless JSON lines are asked for: they end up there anyway.
func Open(c config.Log, around Around) (*Log, error) {
	l := &Log{}
	if c.File != "" {
		f, err := newFile(c)
		if err != nil {
			return nil, err
		}
		form := textLine
		if c.JSON {
			form = jsonLine
		}
		l.add("the log file", lines(form, f.append))
	}
	switch {
	case around.JSON:
		l.onStderr = true
		l.add("the log on stderr", lines(jsonLine, func(line []byte) error {
			_, err := around.Stderr.Write(line)
			return err
		}))
	case isJournal(around.Stderr, around.Getenv(journalStream)):
		l.onStderr = true
		l.add("systemd's journal", journal{around.Journal}.send)
	}
	return l, nil
}

func newFile(c config.Log) (*file, error) {
	f := &file{path: c.File, max: defaultMax, keep: c.Keep}
	if c.MaxSize == "" {
		return f, nil
	}
	most, err := session.ParseSize(c.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("the size of the log file: %w", err)
	}
	f.max = most
	return f, nil
}

func (l *Log) add(name string, write func(Record) error) {
	l.targets = append(l.targets, &target{name: name, write: write})
}

// lines is a target that takes whole lines.
func lines(form func(Record) ([]byte, error), write func([]byte) error) func(Record) error {
	return func(r Record) error {
		line, err := form(r)
		if err != nil {
			return err
		}
		return write(line)
	}
}

// OnStderr reports whether whoever reads stderr gets the records, so that the same
// need not be said there a second time.
func (l *Log) OnStderr() bool { return l.onStderr }

// Write writes a record to each target. The error of a target comes once, as a
// *Lost, and is one to warn of: the run goes on. Later records are tried all the
// same, and the first that can be written again says how many are missing.
func (l *Log) Write(r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r = r.cleaned()
	var news []error
	for _, t := range l.targets {
		err := t.put(r)
		if err != nil && !t.told {
			t.told = true
			news = append(news, &Lost{t.name, err})
		}
	}
	return errors.Join(news...)
}

// put writes a record, and before it what is to be said of those that are missing.
func (t *target) put(r Record) error {
	if t.lost > 0 {
		gap := Record{Time: r.Time, Level: Warning, Message: session.Plural(int64(t.lost), "record", "records") + " before this one could not be written"}
		if err := t.write(gap); err != nil {
			t.lost++
			return err
		}
		t.lost = 0
	}
	err := t.write(r)
	if err != nil {
		t.lost++
	}
	return err
}

// Lost is the error of a target that takes no records.
type Lost struct {
	Target string
	Err    error
}

func (e *Lost) Error() string { return fmt.Sprintf("%s cannot be written: %v", e.Target, e.Err) }

func (e *Lost) Unwrap() error { return e.Err }
