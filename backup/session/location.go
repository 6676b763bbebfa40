package session

import (
	"context"
	"io"
	"strings"

	"chatkeep/backup/config"
	"chatkeep/providers/storage"
)

// place is where a repository is to be.
type place struct {
	provider storage.Provider
	location storage.Location
	byChance bool   // nobody named it: the embedded default
	id       string // of the repository to expect there, as the user gave it
	witness  string // of the repository, as --witness takes it, or ""

	name string            // in the configuration file, or ""
	said config.Repository // what that says of it, beside the place
}

// place works out which place the flags, the environment or the configuration file
// name.
func (c *Call) place() (place, error) {
	p := place{id: c.id()}
	p.location.Text = c.String("repo")
	if c.elsewhere {
		p.location.Text = c.there
	}
	if p.location.Text == "" {
		p.location.Text = c.Env.Getenv(envRepository)
	}
	if p.location.Text == "" {
		if c.IsSet("repo") {
			return p, Usage("--repo is empty")
		}
		conf, err := c.Config()
		if err != nil {
			return p, err
		}
		p.location.Text = conf.Repository
	}
	if p.location.Text == "" {
		p.location.Text, p.byChance = c.Dirs.DefaultRepository(), true
	}
	if err := c.locate(&p, ""); err != nil {
		return p, err
	}
	return p, c.nameWitness(&p)
}

// id is the repository's id that the user gave, or "". It may come from paper, in
// groups and in capitals.
func (c *Call) id() string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(c.String("id")))
}

// Location is the place that the call is about, as text.
func (c *Call) Location() (string, error) {
	p, err := c.place()
	return p.location.Text, err
}

// locate finds out whose a place is, which may be named as the configuration file
// names it, and its settings: the flags of these that have a prefix.
func (c *Call) locate(p *place, prefix string) error {
	if err := c.resolve(p); err != nil {
		return err
	}
	var ok bool
	p.provider, ok = storage.ProviderOf(c.Env.Stores, p.location.Text)
	whose := "the repository's place"
	if prefix == witnessPrefix {
		whose = "the witness's place"
	}
	if err := bare(whose, p.location.Text, p.provider); err != nil {
		return err
	}
	if !ok {
		return Usage("no kind of place is known for %q", p.location.Text)
	}
	p.location.Values = c.settings(p, prefix)
	for name, value := range p.location.Values {
		if err := bare("--"+prefix+name, addressOf(name, value), p.provider); err != nil {
			return err
		}
	}
	return nil
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

// settings collects what was given for a place: flags first, then the environment,
// then the configuration file.
func (c *Call) settings(p *place, prefix string) map[string]string {
	values := map[string]string{}
	for _, s := range p.provider.Settings {
		switch flag := prefix + s.Name; {
		case s.Bool && c.IsSet(flag):
			if c.Bool(flag) {
				values[s.Name] = "true"
			}
		case c.IsSet(flag):
			values[s.Name] = c.String(flag)
		case s.Env != "" && c.Env.Getenv(s.Env) != "":
			value := c.Env.Getenv(s.Env)
			if s.Bool && (value == "0" || strings.EqualFold(value, "false")) {
				continue
			}
			if s.Bool {
				value = "true"
			}
			values[s.Name] = value
		case p.said.Settings[s.Name] != "":
			values[s.Name] = p.said.Settings[s.Name]
		}
	}
	return values
}

// open opens the store, within the limits that were asked for.
func (c *Call) open(ctx context.Context, p place, create bool) (*traffic, error) {
	up, err := c.rates("limit-upload", p.said.LimitUpload)
	if err != nil {
		return nil, err
	}
	down, err := c.rates("limit-download", p.said.LimitDownload)
	if err != nil {
		return nil, err
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

// rates is the limit that a flag gives, or else the configuration file.
func (c *Call) rates(flag, said string) (rates, error) {
	text := c.String(flag)
	if text == "" && c.IsSet(flag) {
		return rates{}, Usage("--%s is empty", flag)
	}
	if text == "" {
		text = said
	}
	r, err := parseRates(text)
	if err != nil {
		return r, Usage("--%s: %v", flag, err)
	}
	return r, nil
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
