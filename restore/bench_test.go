package restore

import (
	"fmt"
	"os"
	"testing"
)

// BenchmarkRun restores a folder as phones export it: many small files and some
// large ones.
func BenchmarkRun(b *testing.B) {
	w := newWorld(b)
	total := 0
	var things []thing
	for i := range 2000 {
		size := 8 << 10
		if i%20 == 0 {
			size = 1 << 20
		}
		total += size
		things = append(things, thing{
			path: fmt.Sprintf("originals/d%d/f%d", i/200, i), content: noise(uint64(i), size), mode: 0o644, chunk: 256 << 10,
		})
	}
	s := w.backup(things...)
	dir := b.TempDir()
	b.SetBytes(int64(total))
	n := 0
	for b.Loop() {
		n++
		if _, err := Run(b.Context(), s, fmt.Sprintf("%s/%d", dir, n), Options{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		os.RemoveAll(fmt.Sprintf("%s/%d", dir, n))
		b.StartTimer()
	}
}
