package notify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/config"
)

// defaultTimeout is that of a channel that has none set.
const defaultTimeout = 30 * time.Second

// Wrong is a channel that cannot be used as it is written.
type Wrong struct {
	Channel string
	Key     string // as in the file
	Reason  string
}

func (w *Wrong) Error() string { return fmt.Sprintf("notify.%s: %s: %s", w.Channel, w.Key, w.Reason) }

// keys are those of each type, beside those of all.
var keys = map[string][]string{
	"ping":    {"url", "url-file"},
	"ntfy":    {"url", "url-file", "token-file"},
	"webhook": {"url", "url-file", "token-file"},
	"smtp":    {"host", "tls", "from", "to", "user", "password-file", "password-command"},
	"command": {"command"},
}

// setKeys are the keys of some type that a channel has, in the file's order.
func setKeys(c config.Channel) []string {
	var set []string
	for _, key := range []struct{ name, value string }{
		{"url", c.URL}, {"url-file", c.URLFile}, {"token-file", c.TokenFile}, {"command", c.Command},
		{"host", c.Host}, {"tls", c.TLS}, {"from", c.From}, {"to", strings.Join(c.To, ",")},
		{"user", c.User}, {"password-file", c.PasswordFile}, {"password-command", c.PasswordCommand},
	} {
		if key.value != "" {
			set = append(set, key.name)
		}
	}
	return set
}

// channel makes a channel of its definition.
func (n *Notifier) channel(name string, c config.Channel) (*channel, error) {
	wrong := func(key, format string, args ...any) error {
		return &Wrong{name, key, fmt.Sprintf(format, args...)}
	}
	may, known := keys[c.Type]
	if !known {
		return nil, wrong("type", "%q is none of ping, ntfy, webhook, smtp, command", c.Type)
	}
	for _, key := range setKeys(c) {
		if !slices.Contains(may, key) {
			return nil, wrong(key, "means nothing for a channel of type %s", c.Type)
		}
	}
	told := &channel{name: name, ping: c.Type == "ping", on: c.On, jobs: c.Jobs, timeout: cmp.Or(c.Timeout, defaultTimeout)}
	if told.timeout < 0 {
		return nil, wrong("timeout", "%v is no time", c.Timeout)
	}
	if len(told.on) == 0 {
		told.on = []string{string(Failure), string(Warning), string(Recovery), string(Stale)}
	}
	for _, kind := range told.on {
		switch Kind(kind) {
		case Failure, Warning, Recovery, Stale, Success:
		default:
			return nil, wrong("on", "%q is none of failure, warning, recovery, stale, success", kind)
		}
	}
	var key string
	var err error
	told.way, key, err = n.way(c)
	if err != nil {
		return nil, wrong(key, "%v", err)
	}
	return told, nil
}

// way makes what tells a channel; where it cannot, it names the key that is wrong.
func (n *Notifier) way(c config.Channel) (way, string, error) {
	switch c.Type {
	case "smtp":
		return n.mailer(c)
	case "command":
		if strings.TrimSpace(c.Command) == "" {
			return nil, "command", errors.New("is missing")
		}
		return &script{command: c.Command, timeout: cmp.Or(c.Timeout, defaultTimeout), deps: n.deps}, "", nil
	}
	w, key, err := n.web(c)
	if err != nil {
		return nil, key, err
	}
	switch c.Type {
	case "ping":
		return &ping{w}, "", nil
	case "ntfy":
		return &ntfy{w}, "", nil
	}
	return &webhook{w}, "", nil
}

// web makes what sends requests, or names the key that is wrong.
func (n *Notifier) web(c config.Channel) (*web, string, error) {
	w := &web{url: c.URL, urlFile: c.URLFile, tokenFile: c.TokenFile, deps: n.deps, client: obedient(n.deps.HTTP)}
	switch {
	case c.URL != "" && c.URLFile != "":
		return nil, "url-file", errors.New("stands beside url: one of them says where")
	case c.URLFile != "":
		return w, "", nil
	case c.URL == "":
		return nil, "url", errors.New("is missing, and so is url-file")
	}
	u, err := parseAddress(c.URL, c.TokenFile != "")
	switch {
	case err != nil:
	case u.User != nil:
		err = errors.New("has a user or a password in it: write it to a file, and name that as url-file")
	case c.Type == "ntfy" && strings.Trim(u.Path, "/") == "":
		err = errors.New("names no topic")
	}
	return w, "url", err
}

// localhost reports whether a name is this machine's, to which a secret may go
// unencrypted: the names for which net/smtp lets it.
func localhost(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}
