package session

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"chatkeep/backup/config"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// Meet opens and unlocks a repository that this machine may see for the first time.
// Before a secret has opened it, nothing of it is kept here, not even a cache. Then
// it is remembered as by every command that reads, save in a dry run.
func (c *Call) Meet(ctx context.Context) (*Archive, *repo.Reader, error) {
	p, err := c.place()
	if err != nil {
		return nil, nil, err
	}
	store, err := c.open(ctx, p, false)
	if err != nil {
		return nil, nil, err
	}
	a, err := c.identified(ctx, p, store)
	if err != nil {
		return nil, nil, err
	}
	if err := a.askWitness(ctx, false); err != nil {
		return nil, nil, err
	}
	if a.View, err = repo.Load(ctx, store, a.Memory.ID, a.name, nil); err != nil {
		return nil, nil, a.named(err)
	}
	r, err := a.met(ctx)
	return a, r, err
}

// met unlocks what was opened without a memory, and holds it against that.
func (a *Archive) met(ctx context.Context) (*repo.Reader, error) {
	if err := a.View.Ended(); err != nil && !a.accepts(format.WrongRepository) {
		return nil, err // before a secret of another root is asked for
	}
	master, err := a.unlock(ctx)
	if err != nil {
		return nil, err
	}
	keep := a.Memory
	if a.call.DryRun() {
		keep = nil
	}
	r, err := repo.NewReader(ctx, a.Store, a.View, master, keep)
	if err != nil {
		return nil, err
	}
	a.told = master.Repository
	if err := a.View.Compare(a.Memory); err != nil {
		return nil, err
	}
	if err := a.hearWitness(ctx, a.call.Dirs.Still().Repository(a.Memory.ID)); err != nil {
		return nil, err
	}
	if err := a.judge(); err != nil {
		return nil, err
	}
	if err := a.follow(ctx); err != nil {
		return nil, err
	}
	a.tellNotes()
	if keep == nil {
		return r, nil
	}
	return r, a.remember()
}

// accepts reports whether the person lives with problems of a class.
func (a *Archive) accepts(class format.Class) bool {
	accept, err := a.call.accepted()
	return err == nil && accept[class]
}

// Adopted is what the configuration file has to say of a repository now.
type Adopted struct {
	Name    string // of the repository, or ""
	Default bool   // commands go there that are not told another
	Other   string // where they go instead, or ""
	File    string // that was written, or in a dry run would be; or ""
}

// Adopt writes the repository, which was unlocked, into the configuration file. It
// becomes the one for commands that are not told any, unless there is one. Where
// there is, and no name is given, nothing is written.
func (a *Archive) Adopt(name string) (Adopted, error) {
	f, err := a.call.ConfigToChange()
	if err != nil {
		return Adopted{}, err
	}
	r, err := a.AsConfigured()
	if err != nil {
		return Adopted{}, err
	}
	known, ok, err := a.adopted(f.Config, r)
	if err != nil || ok && (name == "" || name == known.Name) {
		return known, err
	}
	if name == "" {
		if known.Other != "" {
			return known, nil
		}
		name = freeName(f.Config)
	}
	change, err := f.AddRepository(name, r)
	if err == nil && !a.call.DryRun() {
		err = change.Write()
	}
	return Adopted{Name: name, Default: f.Config.Repository == "", Other: f.Config.Repository, File: f.Path}, err
}

// adopted is what the configuration file says as it is, and whether it, or that
// this is the embedded default, makes the repository known.
func (a *Archive) adopted(conf *config.Config, r config.Repository) (Adopted, bool, error) {
	know := Adopted{Other: conf.Repository}
	embedded := a.call.Dirs.DefaultRepository()
	if _, had, err := a.call.Dirs.Place(embedded); err != nil {
		return know, false, err
	} else if had && know.Other == "" {
		know.Other = embedded
	}
	for _, name := range slices.Sorted(maps.Keys(conf.Repositories)) {
		one := conf.Repositories[name]
		if one.Place == r.Place && maps.Equal(one.Settings, r.Settings) && (one.ID == "" || one.ID == r.ID) {
			know.Name = name
			break
		}
	}
	if know.Other != "" && (know.Other == know.Name || know.Other == r.Place) {
		know.Default, know.Other = true, ""
	}
	return know, know.Name != "" || know.Default, nil
}

// freeName is a name for a repository that nobody named.
func freeName(conf *config.Config) string {
	const name = "archive"
	free := name
	for n := 2; ; n++ {
		if _, taken := conf.Repositories[free]; !taken {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}
