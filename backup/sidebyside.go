package backup

import (
	"cmp"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// sideBySide has workers deal with exports, by their numbers in the list, the
// largest first: a large one that is begun last keeps one core busy and the others
// waiting. A worker ends with its first error.
func sideBySide(list []found, workers int, do func(worker, i int) error) error {
	jobs := make(chan int, len(list))
	for _, i := range largestFirst(list) {
		jobs <- i
	}
	close(jobs)
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range jobs {
				if errs[w] = do(w, i); errs[w] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return cmp.Or(errs...)
}

// largestFirst orders exports by how much there is to parse.
func largestFirst(list []found) []int {
	weights, order := make([]int64, len(list)), make([]int, len(list))
	for i := range list {
		order[i], weights[i] = i, list[i].weight()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	return order
}

// weight is the size of the file that an export is recognised by, or of the zip that
// it is in. That of a whole folder is not looked for: it comes before all.
func (f *found) weight() int64 {
	info, err := os.Stat(filepath.Join(f.file(), filepath.FromSlash(f.match.Path)))
	if err != nil {
		info, err = os.Stat(f.file())
	}
	if err != nil || info.IsDir() {
		return math.MaxInt64
	}
	return info.Size()
}
