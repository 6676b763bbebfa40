package repo

import (
	"chatkeep/backup/format"
	"chatkeep/backup/state"
)

// Remember notes the newest that this view shows, so that an older one is
// noticed, and that all heads in it are known: of this machine's own key, too.
// Call it with a view that is trusted.
func (v *View) Remember(memory Memory) error {
	return memory.Remember(v.Place, v.seen)
}

// RememberSeen is Remember for somebody who looked and did not write. What is
// known of the heads of own, this machine's writer, stays as it is: only its
// own commits and an explicit acceptance may tell that a head is its own, or
// else listing the snapshots would hide that somebody else signs with its key.
// Where nothing at all was remembered they are taken as they are: state that was
// lost is no crime. Own is zero where this machine has no writer key.
func (v *View) RememberSeen(memory Memory, own format.Hash) error {
	return memory.Remember(v.Place, func(before state.Memory) state.Memory {
		m := v.seen(before)
		heads, known := before.Heads[own]
		switch {
		case own.IsZero():
		case known:
			m.Heads[own] = heads
		case !v.first:
			delete(m.Heads, own)
		}
		return m
	})
}

// seen is the newest that the view shows. What was accepted as missed stays so.
func (v *View) seen(before state.Memory) state.Memory {
	m := state.Memory{
		Missed:    before.Missed.And(v.missed),
		Authority: state.Seen{N: v.Authority.N, SHA256: v.AuthorityHash},
		Heads:     map[format.Hash][]state.Seen{},
	}
	for id, chain := range v.Chains {
		for _, tip := range chain.Tips() {
			m.Heads[id] = append(m.Heads[id], state.Seen{N: tip.Seq, SHA256: tip.Hash})
		}
	}
	return m
}
