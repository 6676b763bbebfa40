package notify

import (
	"encoding/json"
	"time"
)

// wire is an event as JSON: the body of a webhook, the input of a command, a line
// of a log. Readers pass over keys that they do not know: keys are added, and none
// changes what it means or goes away. All stand always, except for since.
type wire struct {
	Type        string    `json:"type"`  // "event"
	Event       Kind      `json:"event"` // start, success, warning, failure, recovery, stale
	Title       string    `json:"title"`
	Summary     string    `json:"summary"`
	Hint        string    `json:"hint"`
	Job         string    `json:"job"`
	Repository  string    `json:"repository"`
	Run         string    `json:"run"`
	Host        string    `json:"host"`
	Time        time.Time `json:"time"` // RFC 3339, with the machine's offset
	Since       time.Time `json:"since,omitzero"`
	ExitCode    int       `json:"exit_code"`
	Seconds     float64   `json:"seconds"`
	BytesStored int64     `json:"bytes_stored"`
	Files       int64     `json:"files"`
	Messages    int64     `json:"messages"`
}

// MarshalJSON writes the documented form.
func (e Event) MarshalJSON() ([]byte, error) {
	e = e.fit()
	return json.Marshal(wire{
		"event", e.Kind, e.Title(), e.Summary, e.Hint, e.Job, e.Repository, e.Run, e.Host, e.Time, e.Since,
		e.ExitCode, e.Duration.Seconds(), e.BytesStored, e.Files, e.Messages,
	})
}
