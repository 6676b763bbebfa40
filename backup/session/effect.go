package session

import "chatkeep/providers/storage"

// byDefault is where a value is from that nobody gave.
const byDefault = "default"

// Effect is what a command would go by.
type Effect struct {
	Name   string // of the repository in the configuration file, or ""
	Values []Value
}

// Value is a value that counts, and where it is from: a flag, a variable of the
// environment, "FILE:LINE", or "default".
type Value struct {
	Key, Text, From string
	Hidden          bool // it may be a secret, and Text is empty
}

// InEffect works out which repository a command would open that got these flags,
// and how.
func (c *Call) InEffect() (*Effect, error) {
	p, err := c.place()
	if err != nil {
		return nil, err
	}
	e := &Effect{Name: p.name}
	add := func(key, text, from string) {
		if text != "" {
			e.Values = append(e.Values, Value{Key: key, Text: text, From: from})
		}
	}
	which := p.location.Text
	if p.name != "" {
		which = p.name
	}
	add("repository", which, c.whence("repo", envRepository, "repository"))
	if p.name != "" {
		add("place", p.location.Text, c.said(p.name, "place"))
	}
	add("id", p.id, c.whence("id", "", "repositories", p.name, "id"))
	add(witnessFlag, p.witness, c.whence(witnessFlag, envWitness, "repositories", p.name, witnessFlag))
	for _, s := range p.provider.Settings {
		add(s.Name, p.location.Values[s.Name], c.whenceSetting(s, p.name))
	}
	for _, limit := range []struct{ flag, said string }{{"limit-upload", p.said.LimitUpload}, {"limit-download", p.said.LimitDownload}} {
		if c.IsSet(limit.flag) {
			limit.said = c.String(limit.flag)
		}
		add(limit.flag, limit.said, c.whence(limit.flag, "", "repositories", p.name, limit.flag))
	}
	c.addPassphrase(e, p)
	return e, nil
}

// whence is where the value of a flag is from.
func (c *Call) whence(flag, env string, path ...string) string {
	switch {
	case c.IsSet(flag):
		return "--" + flag
	case env != "" && c.Env.Getenv(env) != "":
		return env
	}
	return c.at(path...)
}

func (c *Call) whenceSetting(s storage.Setting, name string) string {
	return c.whence(s.Name, s.Env, "repositories", name, s.Name)
}

func (c *Call) said(name, key string) string { return c.at("repositories", name, key) }

// at is where the configuration file says something.
func (c *Call) at(path ...string) string {
	if c.file != nil {
		if at := c.file.At(path...); at != "" {
			return at
		}
	}
	return byDefault
}

// addPassphrase tells which source of the passphrase comes first.
func (c *Call) addPassphrase(e *Effect, p place) {
	env := func(name string) bool { return c.Env.Getenv(name) != "" }
	var v Value
	switch {
	case env(envFile):
		v = Value{Key: "passphrase-file", Text: c.Env.Getenv(envFile), From: envFile}
	case env(envCommand):
		v = Value{Key: "passphrase-command", From: envCommand, Hidden: true}
	case c.Env.credential() != "":
		v = Value{Key: "passphrase-file", Text: c.Env.credential(), From: envSystemd}
	case env(envPassphrase):
		v = Value{Key: "passphrase", From: envPassphrase, Hidden: true}
	case p.said.PassphraseFile != "":
		v = Value{Key: "passphrase-file", Text: p.said.PassphraseFile, From: c.said(p.name, "passphrase-file")}
	case p.said.PassphraseCommand != "":
		v = Value{Key: "passphrase-command", From: c.said(p.name, "passphrase-command"), Hidden: true}
	default:
		return
	}
	e.Values = append(e.Values, v)
}
