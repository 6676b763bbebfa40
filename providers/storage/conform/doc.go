// Package conform holds a store against the contract of package storage: one list
// of checks for tests, which run them on each kind of place, and for people, who
// run them on their own place.
//
// A check is written for a [T], which a *testing.T is, and wants an empty store. All
// that it asks of one is what the contract promises; how fast a place is, and what
// it costs, is no part of that.
package conform
