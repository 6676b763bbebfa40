// Package state is what this machine remembers about repositories: the writer
// key, the newest authority and heads it saw, the intent of a commit, the packs
// of an unfinished run, caches. Losing it costs time or one unnoticed rollback,
// never data; the writer key alone is secret.
//
//	config/chatkeep/config.toml
//	data/chatkeep/<repository>/writer.key
//	state/chatkeep/<repository>/memory.json     newest authority and heads seen, by place
//	state/chatkeep/<repository>/memory.lock     held while memory.json is replaced
//	state/chatkeep/<repository>/intent          hashes of heads about to be put
//	state/chatkeep/<repository>/journal         packs put since the last commit
//	state/chatkeep/<repository>/carried.json     what was carried into it from another one
//	state/chatkeep/<repository>/sources.json     how much was stored last of each source
//	state/chatkeep/<repository>/lock
//	state/chatkeep/places.json                  which repository was seen where
//	state/chatkeep/places.lock                  held while places.json is replaced
//	cache/chatkeep/<repository>/                heads and index objects as stored; encrypted tables
//
// Every file is replaced whole: written beside, synced, renamed.
package state
