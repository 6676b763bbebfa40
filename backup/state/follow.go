package state

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"chatkeep/backup/format"
)

// Known reports whether this machine has anything of the repository but what it could
// read again.
func (r *Repository) Known() bool {
	for _, path := range []string{r.state("memory.json"), r.WriterKeyPath(), r.PruneKeyPath()} {
		if _, err := os.Lstat(path); err == nil {
			return true
		}
	}
	return false
}

// Follow takes over what this machine remembers of the same repository under an id
// that it had before: all but its keys, which say themselves whose they are. What is
// there under the present id stays, and is brought together with it. Own is this
// machine's writer, of whose heads those are known that were known before. It returns
// [*Busy] while the machine writes.
func (r *Repository) Follow(from *Repository, own format.Hash) error {
	if _, err := os.Lstat(from.state("")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	release, err := from.Lock()
	if err != nil {
		return err
	}
	err = r.takeOver(from, own)
	release() // an open file cannot be removed everywhere
	if err != nil {
		return err
	}
	// What is left nobody asks for any more.
	_ = errors.Join(os.RemoveAll(from.state("")), os.RemoveAll(from.cache("")))
	return nil
}

// takeOver moves the files of another state folder.
func (r *Repository) takeOver(from *Repository, own format.Hash) error {
	list, err := os.ReadDir(from.state(""))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.state(""), 0o700); err != nil {
		return err
	}
	if err := r.takeMemories(from, own); err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() == "lock" || strings.HasSuffix(e.Name(), ".lock") || e.Name() == "memory.json" {
			continue
		}
		if _, err := os.Lstat(r.state(e.Name())); err == nil {
			continue
		}
		if err := os.Rename(from.state(e.Name()), r.state(e.Name())); err != nil {
			return err
		}
	}
	r.takeTables(from)
	return syncDir(r.state(""))
}

// takeTables moves the tables of another cache, of which one is what this machine
// knows of when what was read. One that cannot be moved is begun anew.
func (r *Repository) takeTables(from *Repository) {
	list, _ := os.ReadDir(from.cache(""))
	_ = os.MkdirAll(r.cache(""), 0o700)
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), tablePrefix) {
			continue
		}
		if _, err := os.Lstat(r.cache(e.Name())); errors.Is(err, fs.ErrNotExist) {
			_ = os.Rename(from.cache(e.Name()), r.cache(e.Name()))
		}
	}
}

// takeMemories brings two memories together, by place: the newer authority, and of
// each writer the newer heads, save of this machine's own.
func (r *Repository) takeMemories(from *Repository, own format.Hash) error {
	before, err := from.Memories()
	if err != nil || len(before) == 0 {
		return err
	}
	err = r.rememberAll(func(all Memories) {
		for place, m := range before {
			all[place] = together(all[place], m, own)
		}
	})
	if err != nil {
		return err
	}
	return removeFile(from.state("memory.json"))
}

func together(now, before Memory, own format.Hash) Memory {
	m := before
	if now.Authority.N > m.Authority.N {
		m.Authority = now.Authority
	}
	m.Missed = before.Missed.And(now.Missed)
	m.Heads = map[format.Hash][]Seen{}
	for _, heads := range []map[format.Hash][]Seen{before.Heads, now.Heads} {
		for id, list := range heads {
			if _, known := before.Heads[own]; id == own && known {
				list = before.Heads[own]
			}
			if newest(list) >= newest(m.Heads[id]) {
				m.Heads[id] = list
			}
		}
	}
	return m
}

func newest(list []Seen) (n uint64) {
	for _, s := range list {
		n = max(n, s.N)
	}
	return n
}
