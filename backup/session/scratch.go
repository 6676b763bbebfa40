package session

import (
	"context"
	"io"
	"strings"
	"time"

	"chatkeep/providers/storage"
)

// Scratch is a folder of a place for objects that come and go. Limits do not hold for
// it, and whoever made objects in it deletes them.
type Scratch struct {
	Store storage.Store

	provider storage.Provider
	location storage.Location
}

// Scratch opens a folder in the place that the flags name, which must be there. It has
// to be closed.
func (c *Call) Scratch(ctx context.Context, name string) (*Scratch, error) {
	p, err := c.place()
	if err != nil {
		return nil, err
	}
	if _, err := c.open(ctx, p, false); err != nil {
		return nil, err
	}
	for _, setting := range p.provider.Settings {
		if setting.Keeps {
			delete(p.location.Values, setting.Name)
		}
	}
	s := &Scratch{provider: p.provider, location: p.location}
	return s.Sub(ctx, name)
}

// Sub opens a folder in the folder, which has to be closed as well.
func (s *Scratch) Sub(ctx context.Context, name string) (*Scratch, error) {
	sub := &Scratch{provider: s.provider, location: s.location}
	sub.location.Text = below(s.location.Text, name)
	var err error
	sub.Store, err = s.provider.Open(ctx, sub.location, true)
	return sub, err
}

// Place is the folder, for people.
func (s *Scratch) Place() string { return s.location.Text }

// Close closes the folder and leaves it where it is.
func (s *Scratch) Close() {
	if closer, ok := s.Store.(io.Closer); ok {
		_ = closer.Close() // what was put is safe already
	}
}

// Place opens the place that the flags name, whatever is there, to look at names.
func (c *Call) Place(ctx context.Context) (storage.Reader, error) {
	p, err := c.place()
	if err != nil {
		return nil, err
	}
	return c.open(ctx, p, false)
}

// below is a location in another one. The path of a remote of rclone's may be empty.
func below(location, name string) string {
	if strings.HasSuffix(location, ":") {
		return location + name
	}
	return strings.TrimRight(location, "/") + "/" + name
}

// Remove takes the folder away, where the place has folders, once there are no objects
// in it.
func (s *Scratch) Remove(ctx context.Context) error {
	if f, ok := s.Store.(storage.Foldered); ok {
		return f.RemoveFolders(ctx)
	}
	return nil
}

// Policy writes down, for the place that the flags name, who may do what there.
func (c *Call) Policy(grant storage.Grant) (storage.Policy, error) {
	p, err := c.place()
	if err != nil {
		return storage.Policy{}, err
	}
	if p.provider.Policy == nil {
		return storage.Policy{}, Fail(ExitUsage, "who may do what in a folder is up to the owner and mode of its files", "%s takes no policies", p.location.Text)
	}
	return p.provider.Policy(p.location, grant)
}

// StoreTime is the time by the store's clock; false where it does not tell.
func (a *Archive) StoreTime(ctx context.Context) (time.Time, bool, error) {
	clock, ok := a.store.Store.(storage.Clocked)
	if !ok {
		return time.Time{}, false, nil
	}
	now, err := clock.Now(ctx)
	return now, err == nil, err
}
