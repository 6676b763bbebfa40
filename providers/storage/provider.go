package storage

import "context"

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
