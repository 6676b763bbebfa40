package repo

import (
	"encoding/binary"

	"chatkeep/backup/format"
)

// leftover is what the journal keeps of a pack that was put and not committed: its
// epoch, eight bytes, and its record in an index.
func leftover(epoch uint64, p *format.IndexPack) []byte {
	return format.AppendIndexPack(binary.LittleEndian.AppendUint64(nil, epoch), p)
}

// leftovers are the packs that an unfinished run put and never committed. Those of an
// epoch before are none: a head of this one would make them count, and they are open
// to whom the owner has locked out meanwhile.
func (s *Session) leftovers() ([]format.IndexPack, error) {
	records, err := s.memory.Journal().Records()
	if err != nil {
		return nil, err
	}
	var packs []format.IndexPack
	for _, record := range records {
		if len(record) < 8 || binary.LittleEndian.Uint64(record) != s.key.Epoch {
			continue
		}
		for p, err := range format.ParseIndex(record[8:]) {
			if err != nil {
				break // a journal is a help, not a witness
			}
			packs = append(packs, p)
		}
	}
	return packs, nil
}
