// Package phrasebook reads tables of what apps write themselves in many
// languages. A line "[code]" begins the phrases that mean this code, one a line;
// empty lines and those that begin with "#" are for people.
package phrasebook

import (
	"iter"
	"strings"
)

// Entries yields the phrases of a table with the code they stand under.
func Entries(table string) iter.Seq2[string, string] {
	return func(yield func(code, phrase string) bool) {
		code := ""
		for line := range strings.Lines(table) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case line == "" || line[0] == '#':
			case line[0] == '[':
				code = strings.Trim(line, "[]")
			case !yield(code, line):
				return
			}
		}
	}
}
