package repo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"chatkeep/backup/format"
)

// What notes are about. docs/notes.md is the specification of their texts.
const (
	AboutDrill = "drill"
	AboutScrub = "scrub"
	AboutRun   = "run"
)

// textHead begins the text of every note.
type textHead struct {
	Version int `json:"version"`
	// Replaces are notes of the same writer that say nothing which this one
	// does not say, too.
	Replaces []format.Hash `json:"replaces"`
}

// encodeText returns a note's text: canonical JSON and a line feed.
func encodeText(text any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		panic("repo: text of a note: " + err.Error()) // strings, hashes, numbers and times always marshal
	}
	return b.Bytes()
}

// parseText reads what encodeText writes of a T, and nothing else.
func parseText[T any](what, text string) (*T, error) {
	var head textHead
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return nil, format.Fail(format.Malformed, what, "not the JSON of a note's text: %v", err)
	}
	if head.Version != 1 {
		return nil, format.Fail(format.NewerFormat, what, "its text is of version %d", head.Version)
	}
	t := new(T)
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return nil, format.Fail(format.Malformed, what, "not the JSON of a note's text: %v", err)
	}
	if string(encodeText(t)) != text {
		return nil, format.Fail(format.NonCanonical, what, "not the bytes that are written for its text")
	}
	return t, nil
}

// replacesOf returns the notes that a text replaces, whatever it is about.
func replacesOf(text string) []format.Hash {
	// Nearly all texts replace nothing, and some are long.
	if !strings.HasPrefix(text, `{"version":1,"replaces":["`) {
		return nil
	}
	var head textHead
	if json.Unmarshal([]byte(text), &head) != nil {
		return nil
	}
	return head.Replaces
}

// moment is a time in a note: whole seconds in UTC, from 1970 on.
type moment int64

func momentOf(t time.Time) moment { return moment(min(max(t.Unix(), 0), maxMoment)) }

func (m moment) time() time.Time { return time.Unix(int64(m), 0).UTC() }

// maxMoment is the end of the year 9999, the last that RFC 3339 can write.
const maxMoment = 253402300799

// MarshalText writes RFC 3339.
func (m moment) MarshalText() ([]byte, error) {
	return m.time().AppendFormat(nil, time.RFC3339), nil
}

// UnmarshalText reads RFC 3339.
func (m *moment) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil || t.Unix() < 0 || t.Unix() > maxMoment {
		return errors.New("a time is RFC 3339, from 1970 on")
	}
	*m = moment(t.Unix())
	return nil
}

// hashes is an ascending list of hashes, written as base64 of their bytes: hex
// would make the ledger of a large repository longer than a note can be.
type hashes []format.Hash

var errHashes = errors.New("a list of hashes is base64 of 32 bytes each, in ascending order")

// MarshalText writes base64.
func (h hashes) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, len(h)*len(format.Hash{}))
	for i := range h {
		raw = append(raw, h[i][:]...)
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads base64.
func (h *hashes) UnmarshalText(text []byte) error {
	const size = len(format.Hash{})
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw)%size != 0 {
		return errHashes
	}
	all := make(hashes, 0, len(raw)/size)
	for ; len(raw) > 0; raw = raw[size:] {
		next := format.Hash(raw[:size])
		if n := len(all); n > 0 && all[n-1].Compare(next) >= 0 {
			return errHashes
		}
		all = append(all, next)
	}
	*h = all
	return nil
}
