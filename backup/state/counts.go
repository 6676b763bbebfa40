package state

import (
	"encoding/json"
	"fmt"
)

// Counts are how much a snapshot has.
type Counts struct {
	Files    int64 `json:"files"`
	Messages int64 `json:"messages"`
	Bytes    int64 `json:"bytes"`
}

// Counts returns how much this machine stored last of a source, by the name that its
// snapshots share; zero where it remembers nothing. A machine that can write and not
// read has no other way to know.
func (r *Repository) Counts(source string) (Counts, error) {
	all, err := r.allCounts()
	return all[source], err
}

// SetCounts notes, durably, how much was stored of a source. A note that cannot be
// read is begun anew.
func (r *Repository) SetCounts(source string, c Counts) error {
	release, err := turn(r.state("sources.lock"))
	if err != nil {
		return err
	}
	defer release()
	all, err := r.allCounts()
	if err != nil {
		all = map[string]Counts{}
	}
	all[source] = c
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(r.state("sources.json"), append(data, '\n'))
}

func (r *Repository) allCounts() (map[string]Counts, error) {
	path := r.state("sources.json")
	all := map[string]Counts{}
	data, err := readFile(path)
	if err != nil || data == nil {
		return all, err
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if all == nil {
		all = map[string]Counts{} // a file that says null
	}
	return all, nil
}
