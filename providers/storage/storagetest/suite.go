package storagetest

import (
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
)

// Run proves that a store keeps the contract. open makes an empty store of
// its own for each call and cleans up after the test.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	for _, check := range conform.Checks() {
		t.Run(check.Name, func(t *testing.T) { check.Run(t, open(t)) })
	}
}
