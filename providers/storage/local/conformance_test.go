package local

import (
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
	"chatkeep/providers/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open1(t) })
}

func TestExclusive(t *testing.T) {
	conform.Exclusive(t, open1(t), 40)
}
