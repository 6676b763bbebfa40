package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"chatkeep/backup/state"
)

// Memory is what this machine remembers of its runs, in one file. It holds names,
// times and numbers, and errors as they were shown; no secret and no text of a
// message.
type Memory struct {
	Version int              `json:"version"`
	Jobs    map[string]*Past `json:"jobs"`
}

// Past is how a job went so far.
type Past struct {
	// Began is when the last run began, and Ended when it ended: a run that began
	// and did not end was cut off.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Met is when the job was first seen.
	Met time.Time `json:"met,omitzero"`
	// Good is when the last run began that stored everything it was to store.
	Good time.Time `json:"good,omitzero"`
	// Failures counts runs in a row that did not.
	Failures int `json:"failures"`
	// Waits says why the job is due and did not begin, empty where it did.
	Waits string `json:"waits,omitempty"`
	// Stale is set once it was told that nothing good came for too long.
	Stale bool `json:"stale,omitempty"`
	// Last is the worst that happened in the last run.
	Last  Trouble                `json:"last"`
	Repos map[string]*RepoPast   `json:"repositories"`
	Srcs  map[string]*SourcePast `json:"sources"`
	Runs  []Entry                `json:"runs"` // the newest last, at most maxRuns
	Told  json.RawMessage        `json:"told,omitempty"`
}

// Trouble is what went wrong; code 0 is nothing.
type Trouble struct {
	Code    int    `json:"code"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// RepoPast is what was done to a repository beside backups, and when it last went
// well.
type RepoPast struct {
	Good    time.Time `json:"good,omitzero"` // of a run that stored everything there
	Checked time.Time `json:"checked,omitzero"`
	Pruned  time.Time `json:"pruned,omitzero"`
	Drilled time.Time `json:"drilled,omitzero"`
	Forgot  time.Time `json:"forgot,omitzero"`
	// Notes are the names of the notes there that tell of the runs until Noted.
	Notes []string  `json:"notes,omitempty"`
	Noted time.Time `json:"noted,omitzero"`
}

// SourcePast is what was stored of a source, by repository.
type SourcePast struct {
	Stored map[string]Stored `json:"stored"`
}

// Stored is what a snapshot of a source had.
type Stored struct {
	Time        time.Time `json:"time"`
	Snapshot    string    `json:"snapshot"`
	Files       int64     `json:"files"`
	Messages    int64     `json:"messages"`
	BytesRead   int64     `json:"bytes_read"`
	BytesStored int64     `json:"bytes_stored"`
	Looks       string    `json:"looks,omitempty"` // of a watched source
}

// Entry is one run in the history.
type Entry struct {
	Run         string    `json:"run"`
	Began       time.Time `json:"began"`
	Seconds     float64   `json:"seconds"`
	Code        int       `json:"code"`
	Message     string    `json:"message,omitempty"`
	Missed      int       `json:"missed,omitempty"` // times it was due before and did not run
	BytesStored int64     `json:"bytes_stored"`
}

const (
	maxRuns       = 400
	memoryVersion = 1
)

// LoadMemory reads the memory. A file that is absent is an empty one, and one that
// is torn or from a newer version an error: to forget when what ran would make
// everything due, and look like a success.
func LoadMemory(path string) (*Memory, error) {
	m := &Memory{Version: memoryVersion, Jobs: map[string]*Past{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(data, m)
	}
	if err == nil && m.Version != memoryVersion {
		err = fmt.Errorf("its version is %d, and this program knows %d", m.Version, memoryVersion)
	}
	if err != nil {
		return nil, &Unreadable{path, err}
	}
	return m, nil
}

// Unreadable is the error of a memory that cannot be used.
type Unreadable struct {
	Path string
	Err  error
}

func (e *Unreadable) Error() string {
	return fmt.Sprintf("the memory of runs, %s: %v", e.Path, e.Err)
}

func (e *Unreadable) Unwrap() error { return e.Err }

// Hint tells that it can be done without.
func (e *Unreadable) Hint() string {
	return "move it away: then every job is due, and its history is lost on this machine"
}

// Save writes the memory, durably.
func (m *Memory) Save(path string) error {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return state.WriteFile(path, append(data, '\n'))
}

// Of returns the past of a job, which is empty and written down from now on where
// there is none.
func (m *Memory) Of(name string, now time.Time) *Past {
	p := m.Jobs[name]
	if p == nil {
		p = &Past{Met: now}
		m.Jobs[name] = p
	}
	if p.Repos == nil {
		p.Repos = map[string]*RepoPast{}
	}
	if p.Srcs == nil {
		p.Srcs = map[string]*SourcePast{}
	}
	return p
}

// Repo is what was done to a repository, nothing yet where it is new.
func (p *Past) Repo(name string) *RepoPast {
	r := p.Repos[name]
	if r == nil {
		r = &RepoPast{}
		p.Repos[name] = r
	}
	return r
}

func (p *Past) source(name string) *SourcePast {
	s := p.Srcs[name]
	if s == nil {
		s = &SourcePast{}
		p.Srcs[name] = s
	}
	if s.Stored == nil {
		s.Stored = map[string]Stored{}
	}
	return s
}

// enter adds a run to the history.
func (p *Past) enter(e Entry) {
	p.Runs = append(p.Runs, e)
	if n := len(p.Runs) - maxRuns; n > 0 {
		p.Runs = append([]Entry(nil), p.Runs[n:]...)
	}
}
