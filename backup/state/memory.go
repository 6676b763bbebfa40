package state

import (
	"encoding/json"
	"fmt"

	"chatkeep/backup/format"
)

// Seen is one numbered statement as it was seen: an authority or a head.
type Seen struct {
	N      uint64      `json:"n"`
	SHA256 format.Hash `json:"sha256"`
}

// Memory is the newest that was seen of a repository at one place. The zero
// value remembers nothing.
type Memory struct {
	Authority Seen                 `json:"authority"`
	Heads     map[format.Hash]Seen `json:"heads"`
}

// Empty reports whether nothing is remembered.
func (m Memory) Empty() bool { return m.Authority.N == 0 }

// Memories is what was seen of one repository, by place: a mirror that lags
// behind is no attack, a place that falls behind itself is.
type Memories map[string]Memory

// Memories reads what was seen of the repository. A file that cannot be parsed
// is an error: forgetting silently would hide a rollback.
func (r *Repository) Memories() (Memories, error) {
	data, err := readFile(r.state("memory.json"))
	if err != nil || data == nil {
		return Memories{}, err
	}
	m := Memories{}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", r.state("memory.json"), err)
	}
	return m, nil
}

// Remember notes what was seen at a place.
func (r *Repository) Remember(place string, m Memory) error {
	all, err := r.Memories()
	if err != nil {
		return err
	}
	all[place] = m
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(r.state("memory.json"), append(data, '\n'))
}

// Intent returns the hash of the head that this machine last set out to put
// and did not see committed, or false.
func (r *Repository) Intent() (format.Hash, bool, error) {
	data, err := readFile(r.state("intent"))
	if err != nil || data == nil {
		return format.Hash{}, false, err
	}
	h, err := format.ParseHash(string(data))
	if err != nil {
		// A torn note cannot be: WriteFile replaces whole. Somebody wrote it.
		return format.Hash{}, false, fmt.Errorf("%s: %w", r.state("intent"), err)
	}
	return h, true, nil
}

// SetIntent notes, durably, the head that is about to be put.
func (r *Repository) SetIntent(head format.Hash) error {
	return WriteFile(r.state("intent"), []byte(head.String()))
}

// ClearIntent forgets the intent, when the head is remembered as seen.
func (r *Repository) ClearIntent() error { return removeFile(r.state("intent")) }
