package session

import (
	"context"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// A store's traffic passes through whether it has classes and archives or not;
// what has none has nothing to thaw.
var (
	_ storage.Classed = (*traffic)(nil)
	_ storage.Thawer  = (*traffic)(nil)
)

// PutClass implements [storage.Classed], and fails where the store does not.
func (l *traffic) PutClass(ctx context.Context, key string, data []byte, class string) (storage.Info, error) {
	l.requests.Add(1)
	if strings.HasPrefix(key, format.AuthorityDir) || strings.HasPrefix(key, format.SnapshotsDir) {
		l.stated.Store(true)
	}
	if err := l.up.take(ctx, len(data)); err != nil {
		return storage.Info{}, err
	}
	return storage.PutClass(ctx, l.Store, key, data, class)
}

// Archives implements [storage.Classed].
func (l *traffic) Archives(class string) bool {
	c, ok := l.Store.(storage.Classed)
	return ok && c.Archives(class)
}

// State implements [storage.Thawer].
func (l *traffic) State(ctx context.Context, info storage.Info) (storage.State, error) {
	t, ok := l.Store.(storage.Thawer)
	if !ok {
		return storage.Ready, nil
	}
	return t.State(ctx, info)
}

// Thaw implements [storage.Thawer].
func (l *traffic) Thaw(ctx context.Context, info storage.Info, how storage.Thaw) (storage.State, error) {
	t, ok := l.Store.(storage.Thawer)
	if !ok {
		return storage.Ready, nil
	}
	l.requests.Add(1)
	return t.Thaw(ctx, info, how)
}

// ThawTime implements [storage.Thawer].
func (l *traffic) ThawTime(class string, tier storage.Tier) (time.Duration, bool) {
	t, ok := l.Store.(storage.Thawer)
	if !ok {
		return 0, true
	}
	return t.ThawTime(class, tier)
}

// Thawer returns what brings objects of this repository back from archives, nil
// where its store has none.
func (a *Archive) Thawer() storage.Thawer {
	if _, ok := a.store.Store.(storage.Thawer); ok {
		return a.store
	}
	return nil
}

// Classes are the classes of storage that packs go into, by kind.
type Classes = [format.Kinds]string

const classFlag = "storage-class"

// Classes reads --storage-class, or else what the configuration file says of the
// repository.
func (c *Call) Classes() (Classes, error) {
	texts := c.StringSlice(classFlag)
	if len(texts) == 0 {
		p, err := c.place()
		if err != nil {
			return Classes{}, err
		}
		texts = p.said.StorageClass
	}
	return classesOf(texts)
}

// classesOf reads KIND=CLASS, of which there may be several with commas between,
// or a class alone, which is that of media and originals.
func classesOf(texts []string) (Classes, error) {
	var classes Classes
	for _, text := range texts {
		for one := range strings.SplitSeq(text, ",") {
			kinds, class, err := parseClass(one)
			if err != nil {
				return classes, err
			}
			for _, k := range kinds {
				if classes[k] != "" && classes[k] != class {
					return classes, Usage("--%s: %s cannot go into both %s and %s", classFlag, k, classes[k], class)
				}
				classes[k] = class
			}
		}
	}
	return classes, nil
}

// parseClass reads "kind=class", or a class alone.
func parseClass(text string) (kinds []format.Kind, class string, err error) {
	kind, class, named := strings.Cut(text, "=")
	if !named {
		kinds, class = []format.Kind{format.Media, format.Originals}, text
	} else if k, err := format.ParseKind(kind); err == nil {
		kinds = []format.Kind{k}
	} else {
		return nil, "", Usage("--%s: %q is none of messages, media, originals, meta", classFlag, kind)
	}
	if !validClass(class) {
		return nil, "", Usage("--%s: %q names no class; write originals=GLACIER, say", classFlag, text)
	}
	return kinds, class, nil
}

// maxClass is the longest name of a class, in bytes.
const maxClass = 64

// validClass reports whether a store may have a class of this name.
func validClass(class string) bool {
	for _, r := range class {
		if !(r == '_' || r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z') {
			return false
		}
	}
	return class != "" && len(class) <= maxClass
}

// CheckClasses refuses classes that the store does not have, or that would take
// away what every command reads.
func (w *Writable) CheckClasses(classes Classes) error {
	if classes == (Classes{}) {
		return nil
	}
	if _, ok := w.store.Store.(storage.Classed); !ok {
		return Usage("--%s: %s has no classes of storage", classFlag, w.Place)
	}
	if class := classes[format.Meta]; w.store.Archives(class) {
		return Fail(ExitUsage, "the lists are small; leave them in a class that is always at hand",
			"--%s: with the lists of files in %s, not even ls would work before a thaw", classFlag, class)
	}
	if class := classes[format.Messages]; w.store.Archives(class) {
		w.call.Voice.Warn("messages go into %s: chats, export and the like have to wait for a thaw, which restore --with messages --thaw asks for", class)
	}
	return nil
}
