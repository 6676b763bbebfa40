package state

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"chatkeep/backup/format"
)

// Place returns which repository was last seen at a location, or false.
func (d Dirs) Place(location string) (format.Hash, bool, error) {
	places, err := d.places()
	if err != nil {
		return format.Hash{}, false, err
	}
	id, ok := places[location]
	return id, ok, nil
}

// Anywhere reports whether this machine ever saw a repository anywhere.
func (d Dirs) Anywhere() (bool, error) {
	places, err := d.places()
	return len(places) > 0, err
}

// SetPlace remembers which repository is at a location.
func (d Dirs) SetPlace(location string, id format.Hash) error {
	release, err := turn(filepath.Join(d.State, "places.lock"))
	if err != nil {
		return err
	}
	defer release()
	places, err := d.places()
	if err != nil {
		return err
	}
	if places[location] == id {
		return nil
	}
	places[location] = id
	data, err := json.MarshalIndent(places, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(d.placesPath(), append(data, '\n'))
}

func (d Dirs) placesPath() string { return filepath.Join(d.State, "places.json") }

func (d Dirs) places() (map[string]format.Hash, error) {
	places := map[string]format.Hash{}
	data, err := readFile(d.placesPath())
	if err != nil || data == nil {
		return places, err
	}
	if err := json.Unmarshal(data, &places); err != nil {
		return nil, fmt.Errorf("%s: %w", d.placesPath(), err)
	}
	return places, nil
}
