package storagetest

import (
	"testing"

	"chatkeep/providers/storage"
)

// TestCold holds a store with classes to the contract, and to what it says of
// objects in archives.
func TestCold(t *testing.T) {
	Run(t, func(*testing.T) storage.Store { return NewCold(NewMemory()) })
	Classes(t, NewCold(NewMemory()), ClassWarm, ClassCold, (*Cold).Ripen)
}
