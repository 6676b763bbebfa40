package storage

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Provider is one kind of place. It is a plain value: a build's list of them
// is written out in providers/all.
type Provider struct {
	// Name is the word for messages and documentation, as "s3".
	Name string
	// Schemes are the prefixes of a location that belong to this provider,
	// without the colon, as "s3". The provider with an empty list takes
	// locations that no other claims: plain paths.
	Schemes []string
	// Usage is a line for help: how a location is written.
	Usage string
	// Settings are what a location alone cannot say. Each becomes a flag
	// and, where Env is set, an environment variable.
	Settings []Setting
	// Secrets says where credentials belong, to whoever wrote some into a
	// location. It may be empty.
	Secrets string
	// Topics are texts about setting such a place up, which the command
	// explain shows. There may be none.
	Topics []Topic
	// Open makes a store of a location. It may check what it can without
	// writing. With create it also prepares an empty place, as a directory;
	// without, a place that does not exist is an [Error] of class NoPlace.
	Open func(ctx context.Context, location Location, create bool) (Store, error)
	// Policy writes a grant down for a location, for its owner to give to the
	// place. It asks nobody. It is nil where a place has no policies.
	Policy func(location Location, grant Grant) (Policy, error)
}

// ProviderOf finds the provider whose scheme is the longest that a location begins
// with. A location that no scheme claims is a path, and belongs to the provider
// without schemes; it reports false where there is none.
func ProviderOf(providers []Provider, location string) (found Provider, ok bool) {
	longest := -1
	for _, p := range providers {
		if len(p.Schemes) == 0 && longest < 0 {
			found, ok, longest = p, true, 0
		}
		for _, scheme := range p.Schemes {
			if len(scheme) > longest && strings.HasPrefix(location, scheme+":") {
				found, ok, longest = p, true, len(scheme)
			}
		}
	}
	return found, ok
}

// Topic is a text for people about one way to use a provider.
type Topic struct {
	Name  string // the word for it, as "google-drive"
	Title string // a line for lists
	Text  string // lines
}

// Setting is one named option of a provider.
type Setting struct {
	Name  string // the flag, as "s3-region"
	Env   string // the environment variable, or ""
	Usage string // a line for help
	Bool  bool   // takes no value
	Keeps bool   // makes objects stay, and is not for those that come and go
}

// Location names one repository's place.
type Location struct {
	// Text is the location as the user wrote it, scheme included. It may hold
	// no secret, and appears in messages.
	Text string
	// Values are the settings that were given, by name. A set Bool is "true".
	Values map[string]string
}

// Local says where on this machine the store keeps its objects, for messages
// and for the check that a backup does not swallow its own repository. A store
// may implement it.
type Local interface{ Root() string }

// Foldered is a store that keeps folders when the objects in them are gone. A store
// may implement it.
type Foldered interface {
	// RemoveFolders removes the place itself and all folders in it that hold
	// nothing. Where one holds something it stays, and those above it.
	RemoveFolders(ctx context.Context) error
}

// Clocked is a store that tells its time without a put. A store may implement it.
type Clocked interface {
	// Now is the time by the store's own clock, to about a second.
	Now(ctx context.Context) (time.Time, error)
}

// Classed is a store that can keep objects in more than one class of storage:
// some are cheaper to keep and dearer, or slower, to read. A store may implement
// it. The names of classes are the store's own.
type Classed interface {
	// PutClass is Put into a class. A class that the store does not know is an
	// error, and never another class.
	PutClass(ctx context.Context, key string, data []byte, class string) (Info, error)

	// Archives reports whether objects of a class have to be thawed before they
	// can be read. Of a class that it does not know a store says no.
	Archives(class string) bool
}

// PutClass is Put into a class, or into the store's own choice where class is "".
// A store that is no [Classed] refuses any other.
func PutClass(ctx context.Context, s Store, key string, data []byte, class string) (Info, error) {
	if class == "" {
		return s.Put(ctx, key, data)
	}
	if c, ok := s.(Classed); ok {
		return c.PutClass(ctx, key, data, class)
	}
	return Info{}, &Error{Op: "put", Key: key, Place: "this place", Cure: "leave --storage-class out",
		Err: fmt.Errorf("it has no class of storage %q, nor any other", class)}
}

// Thawer is a store that may have objects in archives. A Get of one of those is
// an [Error] of class [Archived]; Stat and List tell of it as of any other. A
// store may implement it.
type Thawer interface {
	// State tells whether an object can be read now. Info is what List told of
	// it: where that is enough, no request is made.
	State(ctx context.Context, info Info) (State, error)

	// Thaw asks for an object that State calls Frozen, and returns at once. The
	// object stays where it is; for some days it can be read. One that can be
	// read already, or that was asked for before, is no error.
	Thaw(ctx context.Context, info Info, how Thaw) (State, error)

	// ThawTime is how long a thaw takes at most, most of the time: 0 where
	// nobody knows. It reports false for a tier that the class does not have.
	ThawTime(class string, tier Tier) (time.Duration, bool)
}

// State is how far an object is from being read.
type State int

const (
	Ready   State = iota // can be read now
	Frozen               // in an archive: has to be asked for
	Thawing              // was asked for, and is not there yet
)

// Thaw says how objects are to be thawed.
type Thaw struct {
	Tier Tier
	Days int // for which they can be read then, from 1
}

// Tier is how much haste a thaw has. The more, the dearer.
type Tier string

const (
	Bulk      Tier = "Bulk"
	Standard  Tier = "Standard"
	Expedited Tier = "Expedited"
)
