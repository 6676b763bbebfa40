package repo

import (
	"testing"
	"time"

	"chatkeep/backup/format"
)

// TestNewest finds the newest head of several writers: by time, in which one wrong
// time of the store's does not count beyond its head, and else by name.
func TestNewest(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 20, 10, minute, 0, 0, time.UTC) }
	chain := func(writer byte, minutes ...int) *Chain {
		c := &Chain{}
		for i, m := range minutes {
			h := &format.Head{Writer: format.Hash{writer}, Seq: uint64(i + 1)}
			if m >= 0 {
				h.Time = at(m)
			}
			c.Heads = append(c.Heads, &Head{Hash: format.Hash{writer, byte(i)}, Head: h})
		}
		return c
	}
	for name, c := range map[string]struct {
		chains []*Chain
		writer byte
		seq    uint64
	}{
		"one":               {[]*Chain{chain(1, 1, 2, 3)}, 1, 3},
		"the later":         {[]*Chain{chain(1, 1, 9), chain(2, 8)}, 1, 2},
		"an empty one":      {[]*Chain{chain(1), chain(2, 8)}, 2, 1},
		"a wrong time":      {[]*Chain{chain(1, 59, 2), chain(2, 8)}, 2, 1},
		"the same time":     {[]*Chain{chain(1, 1, 8), chain(2, 8)}, 2, 1},
		"twice in a chain":  {[]*Chain{chain(1, 8, 8)}, 1, 2},
		"no time at all":    {[]*Chain{chain(1, -1, -1)}, 1, 2},
		"no time after one": {[]*Chain{chain(1, 9, -1), chain(2, 8)}, 1, 2},
	} {
		v := &View{Chains: map[format.Hash]*Chain{}}
		for i, chain := range c.chains {
			v.Chains[format.Hash{byte(i + 1)}] = chain
		}
		if h := v.Newest(); h == nil || h.Writer != (format.Hash{c.writer}) || h.Seq != c.seq {
			t.Errorf("%s: %+v, want head %d of writer %d", name, h, c.seq, c.writer)
		}
	}
	if h := (&View{Chains: map[format.Hash]*Chain{{1}: chain(1)}}).Newest(); h != nil {
		t.Errorf("of nothing: %+v", h)
	}
}
