package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// link is a symbolic or hard link to be made when all files are there.
type link struct {
	at     spot
	target string // of a hard link a path in the snapshot
	stat   format.Stat
	hard   bool
}

// makeLinks makes the hard links and then the symbolic ones. While there are
// none of a snapshot's own, no path of it can lead through one.
func (r *run) makeLinks(ctx context.Context) error {
	copies := map[string][]link{}
	for _, l := range r.links {
		if !l.hard {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.hardLink(l, copies); err != nil {
			return err
		}
	}
	if err := r.copyTargets(ctx, copies); err != nil {
		return err
	}
	for _, l := range r.links {
		if l.hard {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.check(l.at.path, r.symlink(l)); err != nil {
			return err
		}
	}
	return nil
}

// hardLink makes a hard link, or adds it to those that become a file.
func (r *run) hardLink(l link, copies map[string][]link) error {
	switch {
	case r.losses.has(l.target):
		return r.loseLink(l)
	case !r.comes(l.target):
		copies[l.target] = append(copies[l.target], l)
		return nil
	}
	err := r.linkTo(r.tree.find(l.target), l.at)
	if err == nil || errors.Is(err, fs.ErrExist) || fatal(l.at.path, err) != nil {
		return r.check(l.at.path, err)
	}
	copies[l.target] = append(copies[l.target], l)
	r.warnings.add("%q is a copy of %q, not a hard link: %v", l.at.path, l.target, bare(err))
	return nil
}

// loseLink notes a hard link whose file did not come back.
func (r *run) loseLink(l link) error {
	r.losses.add(l.at.path, fmt.Errorf("it is a hard link to %q: %w", l.target, r.losses.cause(l.target)))
	return nil
}

// linkTo makes a hard link at one place to the file at another.
func (r *run) linkTo(from, to spot) error {
	if err := r.tree.make(to.dir); err != nil {
		return err
	}
	if r.target.nowhere {
		r.meter.links++
		return nil
	}
	r.serial++
	temporary := r.target.temporary(r.serial)
	if r.target.resuming {
		if r.linked(from, to) {
			r.meter.links++
			return nil
		}
		_ = r.target.root.Remove(to.dir.disk() + "/" + temporary)
	}
	if err := r.target.root.Link(from.dir.disk()+"/"+from.name, to.dir.disk()+"/"+temporary); err != nil {
		return err
	}
	return r.settleLink(to, temporary)
}

// linked reports whether two places have one file already.
func (r *run) linked(one, other spot) bool {
	a, errA := r.target.root.Lstat(one.dir.disk() + "/" + one.name)
	b, errB := r.target.root.Lstat(other.dir.disk() + "/" + other.name)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// settleLink gives a link its name.
func (r *run) settleLink(at spot, temporary string) error {
	err := r.target.in(at.dir, func(h *handle) error {
		err := r.target.settle(h, temporary, at.name)
		if err != nil {
			return errors.Join(err, h.root.Remove(temporary))
		}
		return nil
	})
	if err == nil {
		r.meter.links++
	}
	return err
}

// copyTargets restores files for hard links to what was not asked for, or to
// what the target cannot link to: the first link of each becomes the file.
func (r *run) copyTargets(ctx context.Context, copies map[string][]link) error {
	if len(copies) == 0 {
		return nil
	}
	if err := r.copyFirst(ctx, copies); err != nil {
		return err
	}
	for target, links := range copies {
		first := links[0].at
		for _, l := range links[1:] {
			if r.losses.has(first.path) {
				r.losses.add(l.at.path, fmt.Errorf("it is a hard link to %q: %w", target, r.losses.cause(first.path)))
				continue
			}
			if err := r.check(l.at.path, r.linkTo(first, l.at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyFirst restores each file in the place of the first link to it.
func (r *run) copyFirst(ctx context.Context, copies map[string][]link) error {
	return r.files(ctx, func(f *filler, e repo.Entry) error {
		if links := copies[e.Path]; len(links) > 0 {
			return r.addFile(f.batch, e, links[0].at)
		}
		return nil
	})
}

// symlink makes a symbolic link, wherever it leads: nothing here follows it.
func (r *run) symlink(l link) error {
	if err := r.tree.make(l.at.dir); err != nil {
		return err
	}
	if r.target.nowhere {
		r.meter.links++
		return nil
	}
	r.serial++
	temporary, made := r.target.temporary(r.serial), false
	err := r.target.in(l.at.dir, func(h *handle) error {
		if r.target.resuming {
			if to, err := h.root.Readlink(l.at.name); err == nil && to == l.target {
				made = true
				return nil
			}
			_ = h.root.Remove(temporary)
		}
		if err := h.root.Symlink(l.target, temporary); err != nil {
			return err
		}
		if err := setTimes(h, temporary, l.stat.Mtime); err != nil {
			r.warnings.add("%q: its time could not be set: %v", l.at.path, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if made {
		r.meter.links++
		return nil
	}
	return r.settleLink(l.at, temporary)
}
