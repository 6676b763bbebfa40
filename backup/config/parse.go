package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"chatkeep/providers/storage"
)

// Known is what a file is read against, and comes from outside of it.
type Known struct {
	// Home is the folder that "~/" stands for. It is absolute.
	Home string
	// Stores are the kinds of places. Their settings are keys of repositories.
	Stores []storage.Provider
	// Checks say what is wrong with a value whose form others know, by its key:
	// limit-upload, limit-download, storage-class, app, exclude, include, tags,
	// exclude-larger-than, max-size. A key without one may have any text.
	Checks map[string]func(string) error
}

// Parse reads the text of a file. Name is the file's, for messages and for the
// folder that relative paths are relative to. The error is a [*Problems].
func Parse(name string, data []byte, known Known) (*Config, error) {
	d := parseDocument(name, data)
	c := read(d, known)
	if err := problemsOf(d.problems); err != nil {
		return nil, err
	}
	return c, nil
}

// reader makes a config of a document.
type reader struct {
	*document
	known Known
	dir   string
}

// sections are the tables that have names in them, and those that have not, with
// the keys of each.
const (
	repositories = "repositories"
	sources      = "sources"
	jobs         = "jobs"
	channelsAt   = "notify"
	logAt        = "log"
	metricsAt    = "metrics"
)

var sections = []string{repositories, sources, jobs, channelsAt, logAt, metricsAt}

func read(d *document, known Known) *Config {
	dir, err := filepath.Abs(filepath.Dir(d.name))
	if err != nil {
		dir = filepath.Dir(d.name)
	}
	r, c := &reader{d, known, dir}, &Config{}
	own := &node{kind: aTable, keys: map[string]*node{}}
	for _, name := range d.root.order {
		if v := d.root.keys[name]; !slices.Contains(sections, name) {
			own.add(name, v)
		} else if v.kind != aTable {
			r.wrong(name, v, aTable)
			d.root.keys[name] = nil
		}
	}
	readTable(r, "", own, rootKeys(), c, sections...)
	c.Repositories = named(r, repositories, r.repository)
	c.Sources = named(r, sources, r.source)
	c.Jobs = named(r, jobs, r.job)
	c.Notify = named(r, channelsAt, r.channel)
	r.log(&c.Log)
	if n := d.root.keys[metricsAt]; n != nil {
		readTable(r, metricsAt, n, metricsKeys(), &c.Metrics)
	}
	r.refer(c)
	return c
}

// named reads the tables of a section, by their names.
func named[T any](r *reader, section string, one func(name string, n *node) T) map[string]T {
	n := r.root.keys[section]
	if n == nil || len(n.order) == 0 {
		return nil
	}
	all := map[string]T{}
	for _, name := range n.order {
		v := n.keys[name]
		if err := CheckName(name); err != nil {
			r.problem(v.key, "%s: %v", section, err)
		}
		if v.kind != aTable {
			r.wrong(section+"."+name, v, aTable)
			continue
		}
		all[name] = one(name, v)
	}
	return all
}

// maxName is the longest name, in bytes.
const maxName = 64

// CheckName says what is wrong with the name of a repository, a source, a job or
// a channel: it has letters, digits, and within "-", "_" and ".".
func CheckName(name string) error {
	fits := func(i int, r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || i > 0 && (r == '-' || r == '_' || r == '.')
	}
	for i, r := range name {
		if !fits(i, r) {
			return odd("%q is no name: names have letters, digits and, within, - _ and .", name)
		}
	}
	if name == "" || len(name) > maxName {
		return odd("a name has 1 to %d bytes", maxName)
	}
	return nil
}

// readTable reads a table's keys. Others are keys that are read elsewhere.
func readTable[T any](r *reader, what string, n *node, keys []key[T], to *T, others ...string) {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	names = append(names, others...)
	for _, name := range n.order {
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == name })
		switch {
		case i >= 0:
			keys[i].read(r, name, n.keys[name], to)
		case !slices.Contains(others, name):
			r.unknown(what, name, n.keys[name], names)
		}
	}
}

// secretWords are what keys are called that hold secrets.
var secretWords = []string{"passphrase", "password", "passwd", "secret", "token", "access-key", "api-key", "private-key", "credential"}

// unknown refuses a key that means nothing. The file is no place for secrets,
// which need not be repeated in a message either.
func (r *reader) unknown(what, name string, v *node, names []string) {
	lower := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name))
	isSecret := isKey(lower) || slices.ContainsFunc(secretWords, func(w string) bool {
		return strings.Contains(lower, w) || strings.Contains(lower, strings.ReplaceAll(w, "-", ""))
	})
	where := "at the top"
	if what != "" {
		where = "in " + what
	}
	if isSecret && (v.kind != aTable) {
		p := r.problem(v.key, "%s looks like a secret, and this file holds none", name)
		p.Cure = r.cureOf(what, lower, names)
		return
	}
	r.problem(v.key, "there is no key %s %s%s", name, where, Meant(name, names))
}

// isKey says whether a name is that of what opens something.
func isKey(name string) bool { return name == "key" || strings.HasSuffix(name, "-key") }

// cureOf tells where a secret of a table goes: where its store says, or else into
// one of the table's own keys for that.
func (r *reader) cureOf(what, name string, names []string) string {
	if strings.HasPrefix(what, repositories+".") {
		for _, p := range r.known.Stores {
			if p.Secrets != "" && strings.HasPrefix(name, p.Name) {
				return p.Secrets
			}
		}
	}
	var say []string
	for _, name := range names {
		stem := strings.TrimSuffix(strings.TrimSuffix(name, "-file"), "-command")
		if stem != name && (isKey(stem) || slices.Contains(secretWords, stem)) {
			say = append(say, name)
		}
	}
	cure := "put it into a file of its own"
	if len(say) > 0 {
		cure += ", and use " + listed(say)
	}
	return cure
}

// text takes a text that a check likes.
func (r *reader) text(name string, v *node, prove check) (string, bool) {
	if v.kind != aText {
		r.wrong(name, v, aText)
		return "", false
	}
	err := error(nil)
	got := v.text
	switch {
	case got == "":
		err = odd("is empty; leave it out")
	case strings.ContainsRune(got, 0):
		err = odd("has a zero byte in it")
	default:
		got, err = prove(r, got)
	}
	if err == nil {
		return got, true
	}
	p := r.problem(v.at, "%s: %v", name, err)
	if h, ok := err.(interface{ Hint() string }); ok {
		p.Cure = h.Hint()
	}
	return "", false
}

// wrong refuses a value of a wrong kind.
func (r *reader) wrong(name string, v *node, want kind) {
	r.problem(v.at, "%s is %s, and has to be %s", name, v.kind, want)
}

func (r *reader) repository(name string, n *node) (to Repository) {
	at := repositories + "." + name
	settings := r.settings()
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
	}
	readTable(r, at, n, repositoryKeys(), &to, names...)
	for _, s := range settings {
		if v := n.keys[s.Name]; v != nil {
			r.setting(s, v, &to)
		}
	}
	r.need(at, n, "place")
	r.one(at, n, "passphrase-file", "passphrase-command")
	p, ok := storage.ProviderOf(r.known.Stores, to.Place)
	if to.Place == "" || !ok {
		return to
	}
	for _, s := range settings {
		v := n.keys[s.Name]
		if v != nil && !slices.ContainsFunc(p.Settings, func(own storage.Setting) bool { return own.Name == s.Name }) {
			r.problem(v.key, "%s is not for %s, which is a place of %s", s.Name, to.Place, p.Name)
		}
	}
	return to
}

func (r *reader) settings() (all []storage.Setting) {
	for _, p := range r.known.Stores {
		all = append(all, p.Settings...)
	}
	return all
}

// setting takes a setting of a store. One that is false is one that is not there.
func (r *reader) setting(s storage.Setting, v *node, to *Repository) {
	value := ""
	switch {
	case s.Bool && v.kind != aTruth && v.text != "true":
		r.wrong(s.Name, v, aTruth)
	case s.Bool && v.text == "true":
		value = "true"
	case !s.Bool:
		value, _ = r.text(s.Name, v, bare)
	}
	if value == "" {
		return
	}
	if to.Settings == nil {
		to.Settings = map[string]string{}
	}
	to.Settings[s.Name] = value
}

// The defaults of sources.
const (
	defaultSettle         = 2 * time.Minute
	defaultBeforeTimeout  = time.Hour
	defaultCommandTimeout = 24 * time.Hour
)

func (r *reader) log(to *Log) {
	n := r.root.keys[logAt]
	if n == nil || len(n.order) == 0 {
		return
	}
	*to = Log{Keep: defaultLogs}
	readTable(r, logAt, n, logKeys(), to)
	r.need(logAt, n, "file")
	if to.MaxSize == "" {
		to.MaxSize = "10MiB"
	}
}

// need refuses a table without a key.
func (r *reader) need(at string, n *node, key string) {
	if n.keys[key] == nil {
		r.problem(n.at, "%s lacks %s", at, key)
	}
}

// one refuses two keys of which either will do.
func (r *reader) one(at string, n *node, a, b string) {
	if n.keys[a] != nil && n.keys[b] != nil {
		r.problem(n.keys[b].key, "%s has both %s and %s", at, a, b)
	}
}

// goesWith refuses a key that means nothing without another.
func (r *reader) goesWith(n *node, key, with string) {
	if v := n.keys[key]; v != nil && (n.keys[with] == nil || n.keys[with].kind == aTruth && n.keys[with].text != "true") {
		r.problem(v.key, "%s means nothing without %s", key, with)
	}
}

// onlyWith refuses, beside a key of a source, all of its others but some.
func (r *reader) onlyWith(n *node, beside string, may ...string) {
	if n.keys[beside] == nil {
		return
	}
	for _, k := range sourceKeys() {
		if v := n.keys[k.name]; v != nil && k.name != beside && !slices.Contains(may, k.name) {
			r.problem(v.key, "%s means nothing with %s", k.name, beside)
		}
	}
}

// refer proves that what is named is there.
func (r *reader) refer(c *Config) {
	r.bareWord(c, r.root.keys["repository"])
	for _, name := range r.names(repositories) {
		v := r.root.keys[repositories].keys[name].keys["witness"]
		r.bareWord(c, v)
		if v != nil && v.text == name {
			r.problem(v.at, "%s.%s is its own witness", repositories, name)
		}
	}
	for _, name := range r.names(jobs) {
		n := r.root.keys[jobs].keys[name]
		r.namesIn(sources, n.keys["sources"], r.names(sources))
		for _, v := range items(n.keys["repositories"]) {
			r.bareWord(c, v)
		}
	}
	for _, name := range r.names(channelsAt) {
		r.namesIn(jobs, r.root.keys[channelsAt].keys[name].keys["jobs"], r.names(jobs))
	}
}

// names are the tables that a section has, also those that are not in order.
func (r *reader) names(section string) (names []string) {
	n := r.root.keys[section]
	if n == nil {
		return nil
	}
	for _, name := range n.order {
		if n.keys[name].kind == aTable {
			names = append(names, name)
		}
	}
	return names
}

func items(v *node) []*node {
	if v != nil && v.kind == aList {
		return v.list
	}
	if v != nil {
		return []*node{v}
	}
	return nil
}

// namesIn refuses a name that a section does not have.
func (r *reader) namesIn(section string, v *node, names []string) {
	for _, one := range items(v) {
		if one.kind == aText && one.text != "" && !slices.Contains(names, one.text) {
			r.problem(one.at, "there is no %s in %s%s", one.text, section, Meant(one.text, names))
		}
	}
}

// bareWord refuses a word that names no repository: taken as a folder it would
// hide a slip of the hand.
func (r *reader) bareWord(c *Config, v *node) {
	if v == nil || v.kind != aText || v.text == "" || strings.ContainsAny(v.text, `/\:`) || v.text == "~" {
		return
	}
	names := slices.Sorted(maps.Keys(c.Repositories))
	if !slices.Contains(names, v.text) {
		p := r.problem(v.at, "there is no %s in %s%s", v.text, repositories, Meant(v.text, names))
		p.Cure = "for a folder of that name write ./" + v.text
	}
}
