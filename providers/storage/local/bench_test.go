package local

import (
	"crypto/rand"
	"fmt"
	"testing"
)

// BenchmarkPut compares both ways to write a pack. Run it on the file system
// in question: TMPDIR=/where go test -bench Put ./providers/storage/local
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{1 << 20, 4<<20 + 5, 16 << 20} {
		data := make([]byte, size)
		rand.Read(data)
		for _, buffered := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/buffered=%v", size, buffered), func(b *testing.B) {
				s := open1(b)
				s.buffered.Store(buffered)
				b.SetBytes(int64(size))
				for i := 0; b.Loop(); i++ {
					key := fmt.Sprintf("packs/%02x/%d", i%256, i)
					if _, err := s.Put(b.Context(), key, data); err != nil {
						b.Fatal(err)
					}
					if i >= 8 {
						s.Delete(b.Context(), fmt.Sprintf("packs/%02x/%d", (i-8)%256, i-8))
					}
				}
			})
		}
	}
}
