package runlog

import (
	"strings"
	"time"
	"unicode/utf8"

	"chatkeep/backup/session"
)

// Level says who has to read a record.
type Level string

// The levels there are.
const (
	Info    Level = "info"    // nobody, unless he asks
	Warning Level = "warning" // somebody, some day
	Error   Level = "error"   // somebody, soon
)

// Record is one thing that happened. It holds names, numbers and messages as they
// were shown, no secret and no text of a message of a chat. Empty fields are not
// written.
type Record struct {
	Time    time.Time // written with the offset that it has
	Level   Level
	Message string

	Job, Run           string // the run's id
	Repository, Source string // as the configuration calls them
	Code               *int   // the exit code of what ended; nil where nothing did
	Took               time.Duration
	Bytes              int64 // that were stored
}

// What a record may hold, in bytes, so that no line is long enough to be torn or
// to fill a file alone. The names of sources have paths in them.
const (
	maxMessage = 4 << 10
	maxField   = 512
)

// cleaned is a record that is safe to show and bounded.
func (r Record) cleaned() Record {
	r.Message = bounded(r.Message, maxMessage)
	for _, field := range []*string{&r.Job, &r.Run, &r.Repository, &r.Source} {
		*field = session.Clean(bounded(*field, maxField))
	}
	return r
}

// bounded cleans each line of a text and cuts off what is beyond so many bytes.
func bounded(s string, most int) string {
	lines := strings.Split(cut(strings.TrimSpace(s), most), "\n")
	for i, line := range lines {
		lines[i] = session.Clean(line)
	}
	return cut(strings.Join(lines, "\n"), most) // escapes are longer
}

// cut cuts a text at the end of a character, and shows that it did.
func cut(s string, most int) string {
	const mark = "…"
	if len(s) <= most {
		return s
	}
	end := most - len(mark)
	for back := 0; back < utf8.UTFMax-1 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end] + mark
}
