package chatstorage

import "slices"

// blockSize is how many refs a block of a pile has room for at most.
const blockSize = 4096

// pile takes refs one by one. There may be millions in hundreds of piles, so that
// room to spare and copies would cost as much as they do.
type pile struct {
	blocks [][]ref
	n      int
}

func (p *pile) add(r ref) {
	k := len(p.blocks) - 1
	if k < 0 || len(p.blocks[k]) == cap(p.blocks[k]) {
		p.blocks = append(p.blocks, make([]ref, 0, min(max(p.n, 4), blockSize)))
		k++
	}
	p.blocks[k] = append(p.blocks[k], r)
	p.n++
}

// take is all of them, which the pile has no longer.
func (p *pile) take() []ref {
	all := slices.Concat(p.blocks...)
	*p = pile{}
	return all
}
