package repo

import (
	"chatkeep/backup/format"
	"chatkeep/backup/state"
)

// RememberSeen is Remember for somebody who looked and did not write. What is
// known of the heads of own, this machine's writer, stays as it is: only its
// own commits and an explicit acceptance may tell that a head is its own, or
// else listing the snapshots would hide that somebody else signs with its key.
// Own is zero where this machine has no writer key.
func (v *View) RememberSeen(memory Memory, own format.Hash) error {
	all, err := memory.Memories()
	if err != nil {
		return err
	}
	m := v.seen()
	if !own.IsZero() {
		delete(m.Heads, own)
		if before, ok := all[v.Place].Heads[own]; ok {
			m.Heads[own] = before
		}
	}
	return memory.Remember(v.Place, m)
}

// seen is the newest that the view shows.
func (v *View) seen() state.Memory {
	m := state.Memory{
		Authority: state.Seen{N: v.Authority.N, SHA256: v.AuthorityHash},
		Heads:     map[format.Hash]state.Seen{},
	}
	for id, chain := range v.Chains {
		if tip := chain.Tip(); tip != nil {
			m.Heads[id] = state.Seen{N: tip.Seq, SHA256: tip.Hash}
		}
	}
	return m
}
