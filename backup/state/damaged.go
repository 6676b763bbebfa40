package state

import (
	"fmt"
	"slices"
	"strings"

	"chatkeep/backup/format"
)

// Damaged returns the packs that a repair found damaged and could not mend, in
// ascending order: the store has something under their names, and nothing may
// refer to them any more.
func (r *Repository) Damaged() ([]format.Hash, error) {
	data, err := readFile(r.state("damaged"))
	if err != nil {
		return nil, err
	}
	var packs []format.Hash
	for line := range strings.Lines(string(data)) {
		h, err := format.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.state("damaged"), err)
		}
		packs = append(packs, h)
	}
	return packs, nil
}

// SetDamaged notes the packs that are damaged, all of them.
func (r *Repository) SetDamaged(packs []format.Hash) error {
	if len(packs) == 0 {
		return removeFile(r.state("damaged"))
	}
	sorted := slices.SortedFunc(slices.Values(packs), format.Hash.Compare)
	var b strings.Builder
	for _, h := range slices.Compact(sorted) {
		b.WriteString(h.String() + "\n")
	}
	return WriteFile(r.state("damaged"), []byte(b.String()))
}
