package state

import (
	"fmt"
	"os"
	"path/filepath"

	"chatkeep/backup/format"
)

// Dirs are the folders of this machine that chatkeep uses, each already with
// "chatkeep" at its end. They are made with mode 0700 when first written to.
type Dirs struct {
	Config, Data, State, Cache string

	still bool
}

// Still are the same folders for one who only looks: nothing that could be read again
// is kept in the cache.
func (d Dirs) Still() Dirs {
	d.still = true
	return d
}

// IsStill reports whether these are the folders of one who only looks.
func (d Dirs) IsStill() bool { return d.still }

// DefaultDirs follows the XDG base directory specification, with getenv in
// place of the environment. A relative value is ignored, as XDG demands.
func DefaultDirs(getenv func(string) string) (Dirs, error) {
	home := getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	dir := func(env, fallback string) string {
		if v := getenv(env); filepath.IsAbs(v) {
			return filepath.Join(v, "chatkeep")
		}
		if home == "" {
			return ""
		}
		return filepath.Join(home, fallback, "chatkeep")
	}
	d := Dirs{
		Config: dir("XDG_CONFIG_HOME", ".config"),
		Data:   dir("XDG_DATA_HOME", ".local/share"),
		State:  dir("XDG_STATE_HOME", ".local/state"),
		Cache:  dir("XDG_CACHE_HOME", ".cache"),
	}
	for _, p := range []string{d.Config, d.Data, d.State, d.Cache} {
		if p == "" {
			return d, fmt.Errorf("no home directory: neither HOME nor the XDG_…_HOME variables are set")
		}
	}
	return d, nil
}

// DefaultRepository is where the embedded default repository lies.
func (d Dirs) DefaultRepository() string { return filepath.Join(d.Data, "repository") }

// Repository is this machine's memory of one repository.
type Repository struct {
	ID   format.Hash
	dirs Dirs
}

// Repository returns the memory of the repository with this id. Nothing is
// written until something is remembered.
func (d Dirs) Repository(id format.Hash) *Repository { return &Repository{ID: id, dirs: d} }

func (r *Repository) data(name string) string { return filepath.Join(r.dirs.Data, r.ID.String(), name) }
func (r *Repository) state(name string) string {
	return filepath.Join(r.dirs.State, r.ID.String(), name)
}
func (r *Repository) cache(name string) string {
	return filepath.Join(r.dirs.Cache, r.ID.String(), name)
}

// WriterKeyPath is where this machine's writer key for the repository lies.
func (r *Repository) WriterKeyPath() string { return r.data("writer.key") }

// PruneKeyPath is where this machine's prune key for the repository lies.
func (r *Repository) PruneKeyPath() string { return r.data("prune.key") }
