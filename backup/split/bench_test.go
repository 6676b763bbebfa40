package split

import "testing"

func BenchmarkNext(b *testing.B) {
	inputs := map[Rule][]byte{
		Text:    letters("bench", 16<<20),
		Records: records("bench", 16<<20, 512),
		SQLite:  database("bench", 4096, 16<<20),
		Fixed:   random("bench", 16<<20),
	}
	k := NewKeyed(Key{1})
	for rule := Fixed; rule <= Records; rule++ {
		b.Run(rule.String(), func(b *testing.B) {
			data := inputs[rule]
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				c := k.Cutter(rule)
				for rest := data; len(rest) > 0; {
					rest = rest[c.Next(rest, true):]
				}
			}
		})
	}
}

func BenchmarkNewKeyed(b *testing.B) {
	for b.Loop() {
		NewKeyed(Key{1})
	}
}
