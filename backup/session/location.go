package session

import (
	"context"
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
	if p.provider, ok = providerOf(c.Env.Stores, p.location.Text); !ok {
		scheme, _, _ := strings.Cut(p.location.Text, ":")
		return p, Usage("no kind of place is known for %q", scheme+":…")
	}
	p.location.Values = c.settings(p.provider)
	if len(p.provider.Schemes) > 0 && holdsSecret(p.location.Text) {
		return p, Fail(ExitUsage, "credentials belong in the environment or in a profile, as AWS_ACCESS_KEY_ID",
			"the place holds a user name, a password or a query: it would be shown in messages and logs")
	}
	for name, value := range p.location.Values {
		if strings.Contains(value, "://") && holdsSecret(value) {
			return p, Fail(ExitUsage, "credentials belong in the environment or in a profile, as AWS_ACCESS_KEY_ID",
				"--%s holds a user name, a password or a query: it would be shown in messages and logs", name)
		}
	}
	return p, nil
}

// holdsSecret reports whether an address has what secrets are written in: a part
// before an @, or a query.
func holdsSecret(address string) bool {
	_, rest, ok := strings.Cut(address, "//")
	if !ok {
		rest = address
	}
	host, _, _ := strings.Cut(rest, "/")
	return strings.ContainsAny(host, "@") || strings.Contains(rest, "?")
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
