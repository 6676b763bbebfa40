// Package storagetest proves the promises of the contract in package storage,
// and gives tests of other packages stores to lean on: one in memory, one that
// fails as told, one that watches over the invariants of a repository and one
// that counts.
package storagetest
