package restore

import (
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"chatkeep/backup/format"
)

// TestZipSum writes a zip in pieces of any order by several workers: the sum that
// follows them is that of the whole.
func TestZipSum(t *testing.T) {
	const size = 2*sumStretch + 12345
	content := noise(1, size)
	for _, wrong := range []int{-1, 0, sumStretch - 1, size - 1} {
		z := newZipSum(format.Hash(sha256.Sum256(content)), size)
		f, err := os.Create(filepath.Join(t.TempDir(), "z"))
		must(t, err)
		defer f.Close()
		const piece = 300_007
		pieces := make(chan int, size/piece+1)
		for _, i := range rand.New(rand.NewPCG(uint64(wrong), 1)).Perm(cap(pieces)) {
			pieces <- i * piece
		}
		close(pieces)
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				for at := range pieces {
					data := content[at:min(at+piece, size)]
					if at <= wrong && wrong < at+piece {
						data = append([]byte{}, data...)
						data[wrong-at] ^= 1
					}
					if _, err := f.WriteAt(data, int64(at)); err != nil {
						t.Error(err)
					}
					if err := z.wrote(f, int64(at), int64(len(data))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if wrong != 0 {
			// Who came when another was reading left it to the next.
			must(t, z.wrote(f, size, 0))
			if z.next != len(z.left) {
				t.Errorf("%d of %d stretches were read ahead", z.next, len(z.left))
			}
		}
		if err := z.check(f); (err == nil) != (wrong < 0) || wrong >= 0 && format.ClassOf(err) != format.Flipped {
			t.Errorf("byte %d wrong: %v", wrong, err)
		}
	}
}

// TestZipSumOfHugeClaims takes little memory for what a list only claims.
func TestZipSumOfHugeClaims(t *testing.T) {
	for _, size := range []int64{0, 1, sumStretch, sumStretch + 1, math.MaxInt64} {
		z := newZipSum(format.Hash{}, size)
		left := int64(0)
		for i := range z.left {
			left += z.left[i].Load()
		}
		if left != size || len(z.left) > maxSumStretch+1 {
			t.Errorf("%d bytes: %d stretches of %d bytes", size, len(z.left), left)
		}
	}
}
