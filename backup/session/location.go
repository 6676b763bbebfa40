package session

import (
	"context"
	"io"
	"strings"

	"chatkeep/providers/storage"
)

// place is where a repository is to be.
type place struct {
	provider storage.Provider
	location storage.Location
	byChance bool // nobody named it: the embedded default
}

// place works out which place the flags and the environment name.
func (c *Call) place() (place, error) {
	p := place{}
	p.location.Text = c.String("repo")
	if p.location.Text == "" {
		p.location.Text = c.Env.Getenv(envRepository)
	}
	if p.location.Text == "" {
		if c.IsSet("repo") {
			return p, Usage("--repo is empty")
		}
		p.location.Text, p.byChance = c.Dirs.DefaultRepository(), true
	}
	var ok bool
	p.provider, ok = providerOf(c.Env.Stores, p.location.Text)
	if err := bare("the repository's place", p.location.Text, p.provider); err != nil {
		return p, err
	}
	if !ok {
		return p, Usage("no kind of place is known for %q", p.location.Text)
	}
	p.location.Values = c.settings(p.provider)
	for name, value := range p.location.Values {
		if err := bare("--"+name, addressOf(name, value), p.provider); err != nil {
			return p, err
		}
	}
	return p, nil
}

// bare refuses an address with a part that secrets are written in. From here on
// addresses are shown in messages, and remembered.
func bare(what, address string, provider storage.Provider) error {
	shown := storage.Redact(address)
	if shown == address {
		return nil
	}
	hint := provider.Secrets
	if hint == "" {
		hint = "an address goes without credentials: those for s3 are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
	}
	return Fail(ExitUsage, hint, "%s has a user name, a password, options or a query beside %s", what, shown)
}

// addressOf is the address in the value of a setting, or "". That of an endpoint
// may be a host alone.
func addressOf(name, value string) string {
	switch {
	case strings.Contains(value, "://"):
		return value
	case strings.HasSuffix(name, "endpoint"):
		return "https://" + value
	}
	return ""
}

// providerOf finds the provider whose scheme is the longest that the location
// begins with. A location that no scheme claims is a path.
func providerOf(providers []storage.Provider, location string) (found storage.Provider, ok bool) {
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

// settings collects what was given for a provider: flags first, then the
// environment.
func (c *Call) settings(p storage.Provider) map[string]string {
	values := map[string]string{}
	for _, s := range p.Settings {
		switch {
		case s.Bool && c.IsSet(s.Name):
			if c.Bool(s.Name) {
				values[s.Name] = "true"
			}
		case c.IsSet(s.Name):
			values[s.Name] = c.String(s.Name)
		case s.Env != "" && c.Env.Getenv(s.Env) != "":
			value := c.Env.Getenv(s.Env)
			if s.Bool && (value == "0" || strings.EqualFold(value, "false")) {
				continue
			}
			if s.Bool {
				value = "true"
			}
			values[s.Name] = value
		}
	}
	return values
}

// open opens the store, within the limits that were asked for.
func (c *Call) open(ctx context.Context, p place, create bool) (*traffic, error) {
	up, err := c.Size("limit-upload")
	if err != nil {
		return nil, err
	}
	down, err := c.Size("limit-download")
	if err != nil {
		return nil, err
	}
	if up == 0 && c.IsSet("limit-upload") || down == 0 && c.IsSet("limit-download") {
		return nil, Usage("a limit of nothing would never end")
	}
	store, err := p.provider.Open(ctx, p.location, create)
	if err != nil {
		return nil, err
	}
	if closer, ok := store.(io.Closer); ok {
		c.closers = append(c.closers, closer)
	}
	return limit(store, c.Env.Clock, up, down), nil
}

// nameOf is what this machine remembers a place by. A path counts as the store
// resolved it, or every working folder would have its own repository at "repo".
// An endpoint is part of where something is; two servers have a bucket of one
// name.
func (p place) nameOf(store *traffic) string {
	if root := store.root(); root != "" {
		return root
	}
	name := p.location.Text
	for _, s := range p.provider.Settings {
		if value := p.location.Values[s.Name]; value != "" && strings.HasSuffix(s.Name, "endpoint") {
			name += " at " + value
		}
	}
	return name
}

// root is where on this machine the store is, or "".
func (l *traffic) root() string {
	if local, ok := l.Store.(storage.Local); ok {
		return local.Root()
	}
	return ""
}
