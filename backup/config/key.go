package config

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"chatkeep/backup/rhythm"
)

// key is one key of a table that is read into a T. The same list of keys reads
// the file, writes it, and makes its schema.
type key[T any] struct {
	name   string
	about  string // a line for the schema
	schema schema
	read   func(r *reader, name string, v *node, to *T)
	write  func(from *T) string // the value in TOML, "" to leave it out
	hide   bool                 // a secret may stand in it: it is not shown
}

// check says what is wrong with a text, and may make another one of it.
type check func(r *reader, text string) (string, error)

// as is a check by name of those that the caller gives.
func as(name string) check {
	return func(r *reader, text string) (string, error) {
		if prove := r.known.Checks[name]; prove != nil {
			return text, prove(text)
		}
		return text, nil
	}
}

func plain(_ *reader, text string) (string, error) { return text, nil }

// text is a key with a text.
func text[T any](name, about string, field func(*T) *string, prove check) key[T] {
	return key[T]{
		name: name, about: about, schema: schema{"type": "string", "minLength": 1},
		read: func(r *reader, name string, v *node, to *T) {
			if got, ok := r.text(name, v, prove); ok {
				*field(to) = got
			}
		},
		write: func(from *T) string { return quoteSome(*field(from)) },
	}
}

// command is a key with a command line, in which secrets happen to stand.
func command[T any](name, about string, field func(*T) *string) key[T] {
	k := text(name, about, field, plain)
	k.hide = true
	return k
}

// word is a key with one of a few words.
func word[T any, S ~string](name, about string, field func(*T) *S, words ...string) key[T] {
	return key[T]{
		name: name, about: about, schema: schema{"enum": words},
		read: func(r *reader, name string, v *node, to *T) {
			if got, ok := r.text(name, v, oneOf(words)); ok {
				*field(to) = S(got)
			}
		},
		write: func(from *T) string { return quoteSome(string(*field(from))) },
	}
}

func oneOf(words []string) check {
	return func(_ *reader, text string) (string, error) {
		if slices.Contains(words, text) {
			return text, nil
		}
		return "", fmt.Errorf("%q is none of %s%s", text, listed(words), Meant(text, words))
	}
}

// texts is a key with a list of texts, or with one.
func texts[T any](name, about string, field func(*T) *[]string, prove check) key[T] {
	one := schema{"type": "string", "minLength": 1}
	return key[T]{
		name: name, about: about, schema: schema{"oneOf": []schema{one, {"type": "array", "items": one}}},
		read: func(r *reader, name string, v *node, to *T) {
			list := []*node{v}
			if v.kind == aList {
				list = v.list
			}
			for _, one := range list {
				if got, ok := r.text(name, one, prove); ok {
					*field(to) = append(*field(to), got)
				}
			}
		},
		write: func(from *T) string { return quoteList(*field(from)) },
	}
}

// words is a list of some of a few words.
func words[T any](name, about string, field func(*T) *[]string, words ...string) key[T] {
	k := texts(name, about, field, oneOf(words))
	one := schema{"enum": words}
	k.schema = schema{"oneOf": []schema{one, {"type": "array", "items": one}}}
	return k
}

// truth is a key that is true or false. Unsaid is what it is where it is not
// there.
func truth[T any](name, about string, unsaid bool, field func(*T) *bool) key[T] {
	return key[T]{
		name: name, about: about, schema: schema{"type": "boolean"},
		read: func(r *reader, name string, v *node, to *T) {
			if v.kind != aTruth {
				r.wrong(name, v, aTruth)
				return
			}
			*field(to) = v.text == "true"
		},
		write: func(from *T) string {
			if *field(from) == unsaid {
				return ""
			}
			return strconv.FormatBool(*field(from))
		},
	}
}

// maxCount bounds every number of the file.
const maxCount = 1_000_000

// count is a key with a whole number. Unsaid is what it is where it is not there.
func count[T any](name, about string, least, unsaid int, field func(*T) *int) key[T] {
	return key[T]{
		name: name, about: about, schema: schema{"type": "integer", "minimum": least, "maximum": maxCount},
		read: func(r *reader, name string, v *node, to *T) {
			if v.kind != aWhole {
				r.wrong(name, v, aWhole)
				return
			}
			n, err := strconv.ParseInt(v.text, 0, 64)
			if err != nil || n < int64(least) || n > maxCount {
				r.problem(v.at, "%s: %s is not between %d and %d", name, v.text, least, maxCount)
				return
			}
			*field(to) = int(n)
		},
		write: func(from *T) string {
			if *field(from) == unsaid {
				return ""
			}
			return strconv.Itoa(*field(from))
		},
	}
}

// span is a key with a length of time.
func span[T any](name, about string, field func(*T) *time.Duration) key[T] {
	return key[T]{
		name: name, about: about + ", as 90s, 30m, 26h, 7d or 1d12h",
		schema: schema{"type": "string", "pattern": "^([0-9]{1,6}[smhdw])+$"},
		read: func(r *reader, name string, v *node, to *T) {
			_, _ = r.text(name, v, func(_ *reader, text string) (string, error) {
				d, err := rhythm.ParseSpan(text)
				*field(to) = d
				return text, err
			})
		},
		write: func(from *T) string { return quoteSome(formatSpan(*field(from))) },
	}
}

// beat is a key with a rhythm.
func beat[T any](name, about string, field func(*T) *rhythm.Rhythm) key[T] {
	return key[T]{
		name: name, about: about + ": never, 6h, hourly, hour at :20, daily, day at 03:00, monday at 03:00, 1st at 03:00",
		schema: schema{"type": "string", "minLength": 1},
		read: func(r *reader, name string, v *node, to *T) {
			_, _ = r.text(name, v, func(_ *reader, text string) (string, error) {
				beat, err := rhythm.Parse(text)
				*field(to) = beat
				return text, err
			})
		},
		write: func(from *T) string {
			if *field(from) == (rhythm.Rhythm{}) {
				return ""
			}
			return quote(field(from).String())
		},
	}
}

// within is a key with a table of its own.
func within[T, S any](name, about string, keys []key[S], field func(*T) *S) key[T] {
	return key[T]{
		name: name, about: about, schema: tableSchema(keys, nil),
		read: func(r *reader, name string, v *node, to *T) {
			if v.kind != aTable {
				r.wrong(name, v, aTable)
				return
			}
			readTable(r, name, v, keys, field(to))
		},
		write: func(from *T) string { return inline(keys, field(from)) },
	}
}
