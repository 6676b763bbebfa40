// Package repo is a repository as a protocol: it orders reads and writes of a
// store so that a crash at any moment loses nothing committed, and believes
// nothing that is not signed and hashed.
//
// The invariants, which tests break one by one:
//
//  1. A head is put after everything it names is durable, and never before.
//  2. An object is named by the hash of its bytes, and checked against it when read.
//  3. What no verified head names does not count; what one names is never
//     overwritten or deleted here; only what is damaged is, by a repair that
//     has the good bytes.
//  4. A writer refers only to packs of its own chain that exist and are not
//     condemned, before its commit and after.
//  5. A run ends well only when its head was read back.
//  6. A view older than one this machine saw at the same place is refused.
//  7. No plaintext reaches the disk.
package repo
