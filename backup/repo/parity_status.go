package repo

import (
	"context"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// ParityStatus is what parity a repository has.
type ParityStatus struct {
	Objects int
	Bytes   int64
	Packs   int // that heads need
	Covered int // of them, whose group lacks no other pack
}

// Parity looks at the names of packs and the headers of parity.
func Parity(ctx context.Context, store storage.Reader, view *View) (s ParityStatus, err error) {
	there := map[format.Hash]bool{}
	var rows []format.Name
	for info, err := range listed(ctx, store, "") {
		if err != nil {
			return s, err
		}
		switch name, _ := format.ParseName(info.Key); name.Type {
		case format.ObjectPack:
			there[name.Hash] = true
		case format.ObjectParity:
			rows = append(rows, name)
			s.Bytes += info.Size
		}
	}
	s.Objects = len(rows)
	covered := map[format.Hash]bool{}
	for _, name := range rows {
		p, err := readParityHeader(ctx, store, name)
		if err != nil && format.ClassOf(err) == "" {
			return s, err
		}
		if err != nil {
			continue
		}
		gone := map[format.Hash]bool{}
		for _, ref := range p.Packs {
			if !there[ref.SHA256] {
				gone[ref.SHA256] = true
			}
		}
		for _, ref := range p.Packs {
			others := len(gone)
			if gone[ref.SHA256] {
				others--
			}
			if others == 0 {
				covered[ref.SHA256] = true
			}
		}
	}
	needed := map[format.Hash]bool{}
	for _, chain := range view.Chains {
		for _, h := range chain.Heads {
			if live, err := chain.Live(h); err == nil && h.Manifest != nil && !view.Forgotten(h) {
				for _, ref := range live.Packs {
					needed[ref.SHA256] = true
				}
			}
		}
	}
	s.Packs = len(needed)
	for hash := range needed {
		if covered[hash] {
			s.Covered++
		}
	}
	return s, nil
}
