package job

import (
	"context"
	"encoding/json"
)

// The exit codes that a run decides by; the others only say that a step failed.
const (
	codeOK          = 0
	codeFailed      = 1
	codeIncomplete  = 3 // done, but something could not be read
	codeUnreachable = 13
	codeLogin       = 14
	codeStale       = 15
	codeShrunk      = 16
	codeInterrupted = 130
)

// Ended is how a command line ended.
type Ended struct {
	Code     int
	Message  string // of the error; empty where there is none
	Hint     string
	Warnings []string
	Output   []string        // lines of commands that it ran
	Summary  json.RawMessage // the last object on stdout, nil without one
}

// Do runs one command line of the program, without its name in front, with --json
// added, and waits for its end. A cancelled context ends it with code 130.
type Do func(ctx context.Context, args []string) Ended

// good reports whether what the step is for was done. A source that shrank is told,
// and stored.
func (e Ended) good() bool {
	return e.Code == codeOK || e.Code == codeIncomplete || e.Code == codeShrunk && e.stored().Snapshot != ""
}

// stored is what of the summary of a backup is remembered.
type stored struct {
	Snapshot    string  `json:"snapshot"`
	Files       int64   `json:"files"`
	Messages    int64   `json:"messages"`
	BytesRead   int64   `json:"bytes_read"`
	BytesStored int64   `json:"bytes_stored"`
	Seconds     float64 `json:"seconds"`
}

// stored reads the summary of a backup; absent fields are zero.
func (e Ended) stored() (s stored) {
	_ = json.Unmarshal(e.Summary, &s) // a summary that is none says nothing
	return s
}
