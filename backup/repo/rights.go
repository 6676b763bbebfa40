package repo

import (
	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Role is a part that a machine plays, by what it asks of a store.
type Role string

// The roles. A machine that reads as well as it writes has the rights of both.
const (
	RoleWriter Role = "writer" // backs up
	RoleReader Role = "reader" // lists, checks, restores; changes nothing
	RolePruner Role = "pruner" // condemns and deletes; reads no pack
	RoleLocker Role = "locker" // makes locks longer; reads no pack and puts nothing
)

// Rights are the least that a role needs of a store, beside listing names; nil for
// one that there is not. A writer's own folders are those of its id, or of any
// writer where the id is zero.
//
// A writer reads no packs, not even its own: it cannot open them. Index objects
// are named by their hash alone, so that it may get those of others, which it
// cannot open either. Parity is put by writers, and read by a pruner, who deletes
// what is left of it. Who makes locks longer is none who deletes: it can keep, and
// nothing else.
func Rights(role Role, writer format.Hash) []storage.Right {
	own := ""
	if !writer.IsZero() {
		own = writer.String() + "/"
	}
	switch role {
	case RoleWriter:
		return []storage.Right{
			{Prefix: format.AuthorityDir, Get: true},
			{Prefix: format.WritersDir + own, Get: true},
			{Prefix: format.SnapshotsDir, Get: true},
			{Prefix: format.SnapshotsDir + own, Create: true},
			{Prefix: format.IndexDir, Get: true, Create: true},
			{Prefix: format.PruneDir, Get: true},
			{Prefix: format.PacksDir, Create: true},
			{Prefix: format.ManifestsDir, Create: true},
			{Prefix: format.NotesDir + own, Create: true},
			{Prefix: format.ParityDir, Create: true},
		}
	case RoleReader:
		return []storage.Right{{Get: true, Locked: true}}
	case RolePruner:
		return []storage.Right{
			{Prefix: format.AuthorityDir, Get: true},
			{Prefix: format.SnapshotsDir, Get: true},
			{Prefix: format.PruneDir, Get: true, Create: true},
			{Prefix: format.ParityDir, Get: true, Delete: true},
			{Prefix: format.PacksDir, Delete: true},
			{Prefix: format.IndexDir, Delete: true},
			{Prefix: format.ManifestsDir, Delete: true},
		}
	case RoleLocker:
		return []storage.Right{
			{Prefix: format.AuthorityDir, Get: true},
			{Prefix: format.SnapshotsDir, Get: true},
			{Prefix: format.PruneDir, Get: true},
			{Prefix: format.ParityDir, Get: true},
			{Lock: true},
		}
	}
	return nil
}
