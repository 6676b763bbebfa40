package storagetest

import (
	"fmt"
	"testing"

	"chatkeep/providers/storage"
)

// Sweep runs a scenario once without trouble, to count its requests, and then
// once more for every request and every trouble, each on a store that fresh
// makes. The scenario must leave a correct state whatever happens, and checks
// that itself; when it is done the store behind the fault holds what a crash
// would have left.
func Sweep(t *testing.T, fresh func() storage.Store, troubles []Trouble, scenario func(t *testing.T, f *Fault)) {
	calm := NewFault(fresh())
	t.Run("calm", func(t *testing.T) { scenario(t, calm) })
	for n, call := range calm.Calls() {
		for _, trouble := range troubles {
			t.Run(fmt.Sprintf("%d %s %v", n+1, call.Op, trouble), func(t *testing.T) {
				scenario(t, NewFault(fresh(), Rule{Nth: n + 1, Do: trouble}))
			})
		}
	}
}

var troubleNames = map[Trouble]string{
	FailBefore: "fails before", FailAfter: "fails after", HangBefore: "hangs before", HangAfter: "hangs after",
	GetBroken: "breaks", GetTruncated: "truncated", GetFlipped: "flipped", GetStale: "stale",
	ListOmit: "omits", ListAdd: "adds", ListRepeat: "repeats", ListReorder: "reorders", ListBroken: "list breaks",
}

func (t Trouble) String() string { return troubleNames[t] }
