// Package harden keeps what this process knows to itself: from a memory dump that
// a crash leaves on disk, from other programs of the same user, and from the
// programs that it starts.
//
// It does what the system allows, and fails at nothing: a machine on which a limit
// cannot be set is one on which it was not promised.
package harden
