// Package keys decides who can open a repository and who may write to it.
//
// Opening goes in three steps, each a stock age file:
//
//	slot ──unlocks──▶ master ──opens──▶ keyring ──opens──▶ packs, manifests, index
//
// A slot (Seal…, OpenSlot) is the Master behind one secret: a passphrase, a
// RecoveryKey, or an age or SSH recipient. The Master is an identity and the
// root signing key. The Keyring has an identity for each epoch.
//
// Writing needs no secret that opens anything: a machine has a Writer key file
// with which it signs heads and encrypts to the epoch.
//
// Trust runs the other way and begins with one hash. The repository's id is
// the hash of the root public key; the root signs authorities, an authority
// names slots, keyring and writers by their hashes, and writers sign heads:
//
//	id ──▶ root ──signs──▶ authority ──names──▶ writer ──signs──▶ head
//
// What the reader must do in between, for this package sees one object at a
// time: take the newest authority only (rollback, forks), open a slot or a
// keyring only if that authority names its hash, and confirm a master with
// Master.Confirm before believing its repository id.
//
// Bytes of statements are package format's, signatures are OpenSSH's, and
// files are age's. docs/format.md, sections 3 to 7, is the specification;
// testdata/vectors are part of it.
//
// Secrets do not print: every type that holds one writes "[secret]" under all
// verbs of fmt, in slog and in JSON. age's own identities do print, and are
// handed out by methods that say so. Go cannot promise to wipe memory, since
// strings and the garbage collector copy; what is wiped here is wiped to keep
// secrets from staying around for long, not as a defence against somebody who
// reads the process.
package keys
