package runlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"chatkeep/backup/session"
)

const timeForm = "2006-01-02T15:04:05.000Z07:00"

// wire is a record as JSON. Others read it: keys are added, never renamed or
// taken away.
type wire struct {
	Type       string  `json:"type"`
	Time       string  `json:"time"`
	Level      Level   `json:"level"`
	Message    string  `json:"message"`
	Job        string  `json:"job,omitempty"`
	Run        string  `json:"run,omitempty"`
	Repository string  `json:"repository,omitempty"`
	Source     string  `json:"source,omitempty"`
	Code       *int    `json:"code,omitempty"`
	Seconds    float64 `json:"seconds,omitempty"`
	Bytes      int64   `json:"bytes,omitempty"`
}

// jsonLine writes a cleaned record as one line.
func jsonLine(r Record) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(wire{"log", r.Time.Format(timeForm), r.Level, r.Message, r.Job, r.Run, r.Repository, r.Source, r.Code, r.seconds(), r.Bytes})
	return b.Bytes(), err
}

// textLine writes a cleaned record as one line for people.
func textLine(r Record) ([]byte, error) {
	var b strings.Builder
	b.WriteString(r.Time.Format(timeForm) + " " + string(r.Level) + " ")
	if r.Job != "" {
		b.WriteString(r.Job + ": ")
	}
	b.WriteString(session.Clean(r.Message)) // its line ends, too
	for _, f := range r.fields() {
		if f.name != "job" {
			fmt.Fprintf(&b, " %s=%s", f.name, quoted(f.value))
		}
	}
	b.WriteByte('\n')
	return []byte(b.String()), nil
}

// quoted puts quotes around what would not look like one word.
func quoted(value string) string {
	if strings.ContainsAny(value, " \"=") {
		return strconv.Quote(value)
	}
	return value
}

type field struct{ name, value string }

// fields are those of a record beside its message that say something, in the
// order in which they are written.
func (r Record) fields() []field {
	all := []field{{"job", r.Job}, {"run", r.Run}, {"repository", r.Repository}, {"source", r.Source}, {name: "code"}, {name: "seconds"}, {name: "bytes"}}
	if r.Code != nil {
		all[4].value = strconv.Itoa(*r.Code)
	}
	if s := r.seconds(); s != 0 {
		all[5].value = strconv.FormatFloat(s, 'f', -1, 64)
	}
	if r.Bytes != 0 {
		all[6].value = strconv.FormatInt(r.Bytes, 10)
	}
	said := all[:0]
	for _, f := range all {
		if f.value != "" {
			said = append(said, f)
		}
	}
	return said
}

// seconds are those that it took, to the millisecond.
func (r Record) seconds() float64 { return float64(r.Took.Milliseconds()) / 1000 }
