package repo

import (
	"context"
	"errors"
	"slices"
	"strings"

	"chatkeep/backup/format"
)

// loadSource reads and verifies what is signed at the source. Where its newest
// authority is damaged nothing tells which heads count, and to go by an older one
// would undo what the owner decided since. The content, which proves itself, can be
// brought to safety all the same.
func (c *copier) loadSource(ctx context.Context) error {
	view, err := Load(ctx, c.from.Store, c.from.ID, c.from.Place, c.from.Memory)
	switch format.ClassOf(err) {
	case format.Flipped, format.Truncated, format.Missing:
		c.problem(keyOf(err), err)
		return nil
	}
	if err != nil {
		return err // another repository, or one that this program is too old for
	}
	if err := c.hear(ctx, view); err != nil {
		return err
	}
	c.view, c.rules, c.report.View = view, view, view
	for _, p := range view.Problems {
		if !c.o.Accept[format.ClassOf(p)] {
			c.problem(keyOf(p), p)
		}
	}
	c.report.Notes = append(c.report.Notes, view.Notes...)
	for _, chain := range view.Chains {
		for _, h := range slices.Concat(chain.Heads, chain.passed) {
			c.heads[h.Hash] = h
			c.signed[format.HeadName(h.Writer, h.Seq, h.Hash)] = true
		}
	}
	return nil
}

// hear holds the source against what its witness has seen. One that cannot be heard
// stops nobody: a copy of what is there is better than none.
func (c *copier) hear(ctx context.Context, view *View) error {
	if c.from.Testimony == nil {
		return nil
	}
	c.report.Unheard = view.Hear(ctx, c.from.Testimony, c.from.Memory)
	return ctx.Err()
}

// keyOf is the object that an error is about, or the error itself.
func keyOf(err error) string {
	var f *format.Error
	if errors.As(err, &f) && f.What != "" {
		return f.What
	}
	return err.Error()
}

// listSource lists the source, after its heads.
func (c *copier) listSource(ctx context.Context) error {
	var authorities []format.Name
	for info, err := range listed(ctx, c.from.Store, "") {
		if err != nil {
			return err
		}
		name, ok := format.ParseName(info.Key)
		if !ok {
			c.report.Foreign++
			continue
		}
		// A newer one than the view's is of what happened since. An older one that
		// the view's listing did not show is part of the whole.
		if name.Type == format.ObjectAuthority && c.view != nil && (c.view.authorities[name.Hash] || name.N < c.view.Authority.N) {
			authorities = append(authorities, name)
		}
		c.source[info.Key] = info.Size
	}
	for _, name := range authorities {
		if err := c.authority(ctx, name); err != nil {
			return err
		}
	}
	c.name()
	return nil
}

// authority verifies one statement of the owner's. Loading looked at the newest
// alone.
func (c *copier) authority(ctx context.Context, name format.Name) error {
	a, err := c.view.openEarlier(ctx, &objects{c.from.Store, c.from.Memory}, name)
	if err != nil {
		return c.stray(name.String(), err)
	}
	c.authorities[name.Hash] = a
	c.signed[name.String()] = true
	return nil
}

// stray is carry for signed objects.
func (c *copier) stray(key string, err error) error {
	var s *stray
	if errors.As(err, &s) {
		if c.o.Accept[s.failure.Class] {
			return nil
		}
		err = s.problem()
	}
	return c.carry(key, err)
}

// condemn reads the tombstones of both ends. One that is damaged is named, and
// condemns nothing: too much is copied then, which does no harm.
func (c *copier) condemn(ctx context.Context) error {
	if c.view == nil {
		return nil
	}
	for _, name := range tombstones(c.source) {
		t, err := c.tombstone(ctx, &objects{c.from.Store, c.from.Memory}, name)
		if err != nil {
			if err := c.stray(name.String(), err); err != nil {
				return err
			}
			continue
		}
		c.tombstones[name.Hash] = t
		c.signed[name.String()] = true
		c.bury(t)
	}
	for _, name := range tombstones(c.target) {
		if _, ok := c.source[name.String()]; ok {
			continue
		}
		// The target is pruned by itself. What is wrong there is for a check of it.
		t, err := c.tombstone(ctx, &objects{store: c.to}, name)
		if err != nil && format.ClassOf(err) == "" {
			return err
		}
		if err == nil {
			c.bury(t)
		}
	}
	return nil
}

// tombstones are the names of those in a listing, in order.
func tombstones(listing map[string]int64) (names []format.Name) {
	for key := range listing {
		if name, ok := format.ParseName(key); ok && name.Type == format.ObjectTombstone {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, compareNames)
	return names
}

func (c *copier) tombstone(ctx context.Context, source *objects, name format.Name) (*format.Tombstone, error) {
	return openSigned(ctx, source, name, func(object []byte) (*format.Tombstone, error) {
		return c.rules.openTombstone(name, object)
	})
}

func (c *copier) bury(t *format.Tombstone) {
	for _, h := range slices.Concat(t.Packs, t.Index, t.Manifests) {
		c.dead[h] = true
	}
}

// name collects what the heads that count and the newest authority need.
func (c *copier) name() {
	if c.view == nil {
		return
	}
	a := c.view.Authority
	need := func(key, who string) { c.needs[key] = who }
	need(format.TextName, "a person who finds it")
	need(format.KeyringName(a.Keyring.N, a.Keyring.SHA256), "every reader")
	for _, s := range a.Slots {
		need(format.SlotName(s.Name, s.SHA256), "whoever unlocks with it")
	}
	for _, w := range a.Writers {
		for _, n := range w.News {
			need(format.NewsName(w.ID, n.N, n.SHA256), "its writer")
		}
	}
	forgotten := map[format.HeadRef]bool{}
	for _, f := range c.rules.Authority.Forgotten {
		forgotten[f] = true
	}
	for _, chain := range c.view.Chains {
		for _, h := range chain.Heads {
			if forgotten[format.HeadRef{Writer: h.Writer, Seq: h.Seq, SHA256: h.Hash}] {
				continue
			}
			who := "backup " + h.Hash.String()[:8]
			if live, err := chain.Live(h); err != nil {
				c.problem(format.HeadName(h.Writer, h.Seq, h.Hash), err)
			} else {
				for _, ref := range live.Packs {
					need(format.PackName(ref.SHA256), who)
				}
				for _, ref := range live.Index {
					need(format.IndexName(ref.SHA256), who)
				}
			}
			if h.Manifest != nil {
				need(format.ManifestName(h.Manifest.SHA256), who)
			}
		}
	}
}

// listTarget lists the target and makes sure that it holds no other repository.
// It comes before the source is listed, and so may miss what another copy puts
// meanwhile: that is moved once more, and found to be there.
func (c *copier) listTarget(ctx context.Context) error {
	var unknown []format.Name
	var foreign []string
	ours := false
	for info, err := range listed(ctx, c.to, "") {
		if err != nil {
			return err
		}
		name, ok := format.ParseName(info.Key)
		if !ok {
			if len(foreign) <= maxForeignShown {
				foreign = append(foreign, info.Key)
			}
			continue
		}
		c.target[info.Key] = info.Size
		if name.Type != format.ObjectAuthority {
			continue
		}
		if c.view != nil && c.view.authorities[name.Hash] {
			ours = true
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(foreign) > 0 && !ours && len(unknown) == 0 {
		return &Occupied{"the target", &Foreign{foreign}}
	}
	c.ahead()
	return c.identify(ctx, unknown, ours)
}

// identify looks at authorities that the target has and the source does not.
func (c *copier) identify(ctx context.Context, unknown []format.Name, ours bool) error {
	var other error
	own := false
	for _, name := range unknown {
		_, err := openAuthority(ctx, &objects{store: c.to}, name, c.from.ID)
		if err != nil && format.ClassOf(err) == "" {
			return err
		}
		if err == nil {
			own = true
		} else {
			other = err
		}
	}
	if !ours && !own && other != nil {
		e := format.Fail(format.WrongRepository, "the target", "it holds another repository than %s: %w", c.from.ID, other)
		e.Cure = "choose an empty place, or an earlier copy of this repository"
		return e
	}
	if !own || c.view == nil {
		return nil
	}
	c.note("the owner changed the copy by itself: it has an authority that the source does not have")
	there, err := Load(ctx, c.to, c.from.ID, "the copy", nil)
	if err == nil && there.Ended() != nil {
		return there.Ended()
	}
	if err == nil && there.Authority.N > c.view.Authority.N {
		c.rules = there // it may have forgotten and pruned more
	}
	if err != nil && format.ClassOf(err) == "" {
		return err
	}
	return nil
}

// ahead tells of backups that went to the target alone.
func (c *copier) ahead() {
	if c.view == nil {
		return
	}
	n := 0
	for key := range c.target {
		if strings.HasPrefix(key, format.SnapshotsDir) && !c.signed[key] {
			n++
		}
	}
	if n > 0 {
		c.note("backups of the copy that are not at the source, or do not count there: %d", n)
	}
}

// limitOf bounds the objects of a type.
func limitOf(t format.ObjectType) int64 {
	switch t {
	case format.ObjectAuthority, format.ObjectHead, format.ObjectTombstone:
		return format.MaxSigned
	case format.ObjectSlot:
		return format.MaxSlotFile
	case format.ObjectKeyring:
		return format.MaxKeyring
	case format.ObjectPack:
		return format.MaxPackObject
	case format.ObjectText:
		return 1 << 20
	}
	return format.MaxObject
}
