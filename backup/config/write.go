package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// quote writes a text in TOML. What is no UTF-8 stays as it is, so that whoever
// reads it refuses it.
func quote(text string) string {
	if !utf8.ValidString(text) {
		return `"` + text + `"`
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func quoteSome(text string) string {
	if text == "" {
		return ""
	}
	return quote(text)
}

func quoteList(list []string) string {
	if len(list) == 0 {
		return ""
	}
	var quoted []string
	for _, text := range list {
		quoted = append(quoted, quote(text))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// formatSpan writes a length of time as rhythm.ParseSpan reads it, "" for none.
func formatSpan(d time.Duration) string {
	text := ""
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			text += fmt.Sprintf("%d%s", n, unit.name)
			d -= n * unit.length
		}
	}
	return text
}

// listed is "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// bareName writes a name as a key.
func bareName(name string) string {
	for _, r := range name {
		if !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return quote(name)
		}
	}
	return name
}

// Line is one line of a config, written anew.
type Line struct {
	Path  []string // of its key; of a table's header, the table
	Table bool
	Text  string // in TOML
	// Hidden is a value that may hold a secret, to be shown as set.
	Hidden bool
}

// Key is the line's key, as it stands in the file.
func (l Line) Key() string { return bareName(l.Path[len(l.Path)-1]) }

// Value is what the line says: a text, a number, true or false, or a list or a map
// of such. Of a table's header it is nil.
func (l Line) Value() any {
	var all map[string]any
	if l.Table || toml.Unmarshal([]byte(l.Text), &all) != nil {
		return nil
	}
	return all[l.Path[len(l.Path)-1]]
}

// Lines writes a config anew: what was said, what Parse filled in, paths in full,
// and no comments. Parse makes the same config of it.
func (c *Config) Lines() (lines []Line) {
	lines = linesOf(nil, rootKeys(), c)
	lines = append(lines, section(repositories, c.Repositories, func(at []string, r Repository) []Line {
		return append(linesOf(at, repositoryKeys(), &r), settingLines(at, r.Settings)...)
	})...)
	lines = append(lines, section(sources, c.Sources, func(at []string, s Source) []Line { return linesOf(at, sourceKeys(), &s) })...)
	lines = append(lines, section(jobs, c.Jobs, func(at []string, j Job) []Line { return linesOf(at, jobKeys(), &j) })...)
	lines = append(lines, section(channelsAt, c.Notify, func(at []string, n Channel) []Line { return linesOf(at, notifyKeys(), &n) })...)
	if c.Log != (Log{}) {
		lines = append(append(lines, header(logAt)), linesOf([]string{logAt}, logKeys(), &c.Log)...)
	}
	if c.Metrics != (Metrics{}) {
		lines = append(append(lines, header(metricsAt)), linesOf([]string{metricsAt}, metricsKeys(), &c.Metrics)...)
	}
	return lines
}

// Text is Lines in one.
func (c *Config) Text() string {
	var b strings.Builder
	for _, l := range c.Lines() {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

func header(path ...string) Line {
	var names []string
	for _, name := range path {
		names = append(names, bareName(name))
	}
	return Line{Path: path, Table: true, Text: "[" + strings.Join(names, ".") + "]"}
}

func section[T any](name string, all map[string]T, one func(at []string, t T) []Line) (lines []Line) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		lines = append(append(lines, header(name, key)), one([]string{name, key}, all[key])...)
	}
	return lines
}

func linesOf[T any](at []string, keys []key[T], from *T) (lines []Line) {
	for _, k := range keys {
		if value := k.write(from); value != "" {
			lines = append(lines, lineOf(at, k.name, value, k.hide))
		}
	}
	return lines
}

func lineOf(at []string, name, value string, hide bool) Line {
	return Line{Path: append(at[:len(at):len(at)], name), Text: bareName(name) + " = " + value, Hidden: hide}
}

// settingLines are those of a store's settings. Of one that is true or false the
// text "true" means the same.
func settingLines(at []string, settings map[string]string) (lines []Line) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		lines = append(lines, lineOf(at, name, quote(settings[name]), false))
	}
	return lines
}

// inline writes a table in braces, "" for an empty one.
func inline[T any](keys []key[T], from *T) string {
	var pairs []string
	for _, l := range linesOf(nil, keys, from) {
		pairs = append(pairs, l.Text)
	}
	if len(pairs) == 0 {
		return ""
	}
	return "{ " + strings.Join(pairs, ", ") + " }"
}
