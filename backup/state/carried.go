package state

import (
	"encoding/json"
	"fmt"

	"chatkeep/backup/format"
)

// Carried is a snapshot of another repository that this machine carried into this
// one.
type Carried struct {
	Head format.Hash `json:"head"` // here
	Lost int64       `json:"lost"` // files that were damaged there
}

// Carried returns what was carried into the repository, by the heads of the
// snapshots that it was made of. A machine that can write and not read has no
// other way to know; one that lost this carries again, which stores little anew.
func (r *Repository) Carried() (map[format.Hash]Carried, error) {
	path := r.state("carried.json")
	all := map[format.Hash]Carried{}
	data, err := readFile(path)
	if err != nil || data == nil {
		return all, err
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// AddCarried notes, durably, what was carried.
func (r *Repository) AddCarried(from format.Hash, c Carried) error {
	release, err := turn(r.state("carried.lock"))
	if err != nil {
		return err
	}
	defer release()
	all, err := r.Carried()
	if err != nil {
		return err
	}
	all[from] = c
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(r.state("carried.json"), append(data, '\n'))
}
