package session

import (
	"path/filepath"
	"strings"

	"chatkeep/backup/config"
)

// envConfig names the configuration file; configFlag does so first.
const (
	envConfig  = "CHATKEEP_CONFIG"
	configFlag = "config"
)

// CheckConfig has the configuration file's values of a key looked at by those who
// know their form. It is called while the program is put together.
func (e *Env) CheckConfig(key string, check func(string) error) {
	if e.checks == nil {
		e.checks = map[string]func(string) error{}
	}
	e.checks[key] = check
}

// Known is what the configuration file is read against.
func (c *Call) Known() config.Known {
	k := config.Known{Home: c.Env.Home(), Stores: c.Env.Stores, Checks: map[string]func(string) error{}}
	rate := func(text string) error { _, err := parseRates(text); return err }
	size := func(text string) error { _, err := ParseSize(text); return err }
	k.Checks["limit-upload"], k.Checks["limit-download"] = rate, rate
	k.Checks["exclude-larger-than"], k.Checks["max-size"] = size, size
	k.Checks[classFlag] = func(text string) error { _, err := classesOf([]string{text}); return err }
	for key, check := range c.Env.checks {
		k.Checks[key] = check
	}
	return k
}

// ConfigPath is where the configuration file is, and whether somebody named it.
func (c *Call) ConfigPath() (path string, named bool) {
	for _, path := range []string{c.String(configFlag), c.Env.Getenv(envConfig)} {
		if path != "" {
			return path, true
		}
	}
	return filepath.Join(c.Dirs.Config, "config.toml"), false
}

// ConfigFile returns the configuration file, which is read once. One that is not
// there is empty, unless it was named: then it must be there.
func (c *Call) ConfigFile() (*config.File, error) {
	if c.file != nil {
		return c.file, nil
	}
	f, err := c.ConfigToChange()
	if _, named := c.ConfigPath(); err == nil && named && !f.There {
		c.file = nil
		return nil, Fail(ExitUsage, "chatkeep source add makes one", "there is no configuration file %s", f.Path)
	}
	return f, err
}

// ConfigToChange is ConfigFile for one who would make the file. From then on it
// need not be there.
func (c *Call) ConfigToChange() (*config.File, error) {
	if c.IsSet(configFlag) && c.String(configFlag) == "" {
		return nil, Usage("--%s is empty", configFlag)
	}
	if c.file == nil {
		path, _ := c.ConfigPath()
		f, err := config.Open(path, c.Known())
		if err != nil {
			return nil, err
		}
		c.file = f
	}
	return c.file, nil
}

// Config returns what the configuration file says.
func (c *Call) Config() (*config.Config, error) {
	f, err := c.ConfigFile()
	if err != nil {
		return nil, err
	}
	return f.Config, nil
}

// resolve puts the place in for the name of a repository, and with it what the
// configuration file says beside. Only a word can be a name: a place that is more
// than that can be opened whatever is wrong with the file.
func (c *Call) resolve(p *place) error {
	if strings.ContainsAny(p.location.Text, `/\:`) {
		return nil
	}
	conf, err := c.Config()
	if err != nil {
		return err
	}
	r, ok := conf.Repositories[p.location.Text]
	if !ok {
		return nil
	}
	p.name, p.said, p.location.Text, p.witness = p.location.Text, r, r.Place, r.Witness
	if p.id == "" {
		p.id = r.ID
	}
	return nil
}

// AsConfigured is how the configuration file would say where the opened
// repository is: with its id, and the settings and limits that count now.
func (a *Archive) AsConfigured() (config.Repository, error) {
	p, err := a.call.place()
	if err != nil {
		return config.Repository{}, err
	}
	r := p.said
	r.Place, r.ID = p.location.Text, a.ID().String()
	if root := a.Root(); root != "" {
		r.Place = root
	}
	if p.witness != r.Witness {
		r.Witness = a.WitnessAnywhere()
	}
	r.Settings = nil
	if len(p.location.Values) > 0 {
		r.Settings = p.location.Values
	}
	for flag, field := range map[string]*string{"limit-upload": &r.LimitUpload, "limit-download": &r.LimitDownload} {
		if a.call.IsSet(flag) {
			*field = a.call.String(flag)
		}
	}
	return r, nil
}
