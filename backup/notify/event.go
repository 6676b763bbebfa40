package notify

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what an event is about.
type Kind string

// The kinds. A run begins with Start and ends with Success, Warning, Failure or
// Recovery; Stale is no end of a run: there was none for too long.
const (
	Start    Kind = "start"
	Success  Kind = "success"
	Warning  Kind = "warning" // it went through, and something needs a look
	Failure  Kind = "failure"
	Recovery Kind = "recovery" // it went through, for the first time after a failure
	Stale    Kind = "stale"    // the newest backup is too old
)

// Event is what is told. It holds no secret and no text of a message. Texts may
// come from anywhere: what would make a second line or move a cursor, and what is
// too long, is taken out before they go anywhere.
type Event struct {
	Kind       Kind
	Job        string    // its name in the configuration; empty where it is about none
	Repository string    // its name; empty where it is about several
	Run        string    // identifies the run, at best a UUID; empty where there was none
	Host       string    // what this machine is called
	Time       time.Time // when it happened; zero is now
	// Since is when what is told of began: before Time where it is not the first
	// of its kind. Zero is unknown.
	Since    time.Time
	Summary  string // one line
	Hint     string // one line: what to do
	ExitCode int    // of the run; 0 for a success
	Duration time.Duration

	BytesStored, Files, Messages int64
}

// The most that is told of a text, in bytes. Together they stay below the 4,096
// bytes that ntfy shows as a message and the 10 kB that a ping may carry.
const (
	maxName    = 200
	maxSummary = 2000
	maxHint    = 800
)

// fit makes an event's texts fit for headers, variables and terminals.
func (e Event) fit() Event {
	for _, name := range []*string{&e.Job, &e.Repository, &e.Run, &e.Host} {
		*name = oneLine(*name, maxName)
	}
	e.Summary, e.Hint = oneLine(e.Summary, maxSummary), oneLine(e.Hint, maxHint)
	return e
}

// still reports whether it was so before.
func (e Event) still() bool { return !e.Since.IsZero() && e.Since.Before(e.Time) }

// Title is the event in a few words.
func (e Event) Title() string {
	about := e.Job
	if about == "" {
		about = "backup"
	}
	if e.Host != "" {
		about += " on " + e.Host
	}
	return "chatkeep: " + about + ": " + e.words()
}

func (e Event) words() string {
	switch e.Kind {
	case Start:
		return "started"
	case Success:
		return "done"
	case Recovery:
		return "works again"
	case Stale:
		return "no recent backup"
	}
	if e.Kind == Failure && e.still() {
		return "still failing"
	}
	if e.Kind == Failure {
		return "failed"
	}
	if e.still() {
		return "still a warning"
	}
	return "warning"
}

// Text is the event in a few lines, for people.
func (e Event) Text() string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintln(&b, label+text)
		}
	}
	line("", e.Summary)
	line("hint: ", e.Hint)
	line("job: ", e.Job)
	line("repository: ", e.Repository)
	line("host: ", e.Host)
	line("time: ", e.Time.Format(clock))
	if e.still() {
		line("since: ", e.Since.In(e.Time.Location()).Format(clock))
	}
	if e.Duration > 0 {
		line("took: ", e.Duration.Round(time.Second).String())
	}
	line("run: ", e.Run)
	return b.String()
}

const clock = "2006-01-02 15:04:05 -07:00"
