package config

import (
	"slices"
	"strings"
	"time"
)

func (r *reader) source(name string, n *node) (to Source) {
	at := sources + "." + name
	readTable(r, at, n, sourceKeys(), &to)
	if n.keys["path"] == nil && n.keys["command"] == nil {
		r.problem(n.at, "%s lacks path or command", at)
	}
	r.one(at, n, "path", "command")
	r.one(at, n, "key-file", "key-command")
	r.goesWith(n, "settle", "watch")
	r.goesWith(n, "before-timeout", "before")
	r.goesWith(n, "command-timeout", "command")
	r.onlyWith(n, "command", "path", "command-timeout", "tags", "host")
	to.fill()
	return to
}

// fill puts in what is meant where nothing was said.
func (s *Source) fill() {
	if s.Watch && s.Settle == 0 {
		s.Settle = defaultSettle
	}
	if s.Before != "" && s.BeforeTimeout == 0 {
		s.BeforeTimeout = defaultBeforeTimeout
	}
	if s.Command != "" && s.CommandTimeout == 0 {
		s.CommandTimeout = defaultCommandTimeout
	}
}

// defaultRetryFor is how long a job tries again.
const defaultRetryFor = 30 * time.Minute

func (r *reader) job(name string, n *node) Job {
	to := Job{Retries: defaultRetries, OnBattery: PowerRun, Metered: PowerRun, LowPriority: true}
	readTable(r, jobs+"."+name, n, jobKeys(), &to)
	if to.RetryFor == 0 {
		to.RetryFor = defaultRetryFor
	}
	if to.MaxAge == 0 && !to.Every.Never() {
		to.MaxAge = 2*longest(to.Every) + to.RandomDelay + time.Hour
	}
	return to
}

// longest is the longest time between two times of a rhythm.
func longest(every interface{ Next(time.Time) time.Time }) (most time.Duration) {
	t := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 13 { // months of all lengths
		next := every.Next(t)
		most = max(most, next.Sub(t))
		t = next
	}
	return most
}

// defaultTimeout is how long a notification may take.
const defaultTimeout = 30 * time.Second

func (r *reader) channel(name string, n *node) (to Channel) {
	at := channelsAt + "." + name
	readTable(r, at, n, notifyKeys(), &to)
	r.need(at, n, "type")
	r.one(at, n, "url", "url-file")
	r.one(at, n, "password-file", "password-command")
	for _, c := range channels {
		if c.name == to.Type {
			r.fits(at, n, c.name, append([]string{"type", "on", "jobs", "timeout"}, c.may...), c.needs)
		}
	}
	if len(to.On) == 0 {
		to.On = []string{"failure", "warning", "recovery", "stale"}
	}
	if to.Type == "smtp" && to.TLS == "" {
		to.TLS = "starttls"
	}
	if to.Timeout == 0 {
		to.Timeout = defaultTimeout
	}
	return to
}

// fits proves that a channel has the keys of its type.
func (r *reader) fits(at string, n *node, kind string, may []string, needs [][]string) {
	for _, name := range n.order {
		known := slices.ContainsFunc(notifyKeys(), func(k key[Channel]) bool { return k.name == name })
		if known && !slices.Contains(may, name) {
			r.problem(n.keys[name].key, "%s is not for %s, which takes %s", name, kind, listed(may))
		}
	}
	for _, one := range needs {
		if !slices.ContainsFunc(one, func(key string) bool { return len(items(n.keys[key])) > 0 }) {
			r.problem(n.at, "%s is %s and lacks %s", at, kind, strings.Join(one, " or "))
		}
	}
}
