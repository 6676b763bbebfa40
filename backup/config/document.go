package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// kind is what a value of the file is.
type kind string

const (
	aTable kind = "a table"
	aList  kind = "a list"
	aText  kind = "text"
	aWhole kind = "a number"
	aTruth kind = "true or false"
	aOther kind = "something else"
)

// node is a value of the file, and where it stands.
type node struct {
	kind kind
	key  int // where its key begins, in bytes
	at   int // where it begins; of a table its key
	text string
	list []*node

	keys   map[string]*node
	order  []string // of keys
	header bool     // a table with a [header] of its own
	closed bool     // a table in braces
}

// expression is one header, or one key with its value, at the top level of the
// file.
type expression struct {
	path       []string // from the root
	start, end int      // in bytes; the line's end is not part of it
	header     bool
}

// document is a file taken apart.
type document struct {
	name        string
	data        []byte
	root        *node
	expressions []expression
	problems    []*Problem
}

// maxFile is the longest file that is read, in bytes.
const maxFile = 1 << 20

// parseDocument takes a file apart. What it finds wrong is in problems; after
// those of the syntax the rest of the file is not looked at.
func parseDocument(name string, data []byte) *document {
	d := &document{name: name, data: data, root: &node{kind: aTable, keys: map[string]*node{}}}
	if len(data) > maxFile {
		d.problem(0, "the file has more than %d bytes", maxFile)
		return d
	}
	var p unstable.Parser
	p.Reset(data)
	table, path := d.root, []string(nil)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind == unstable.KeyValue {
			d.pair(e, table, path)
			continue
		}
		table, path = d.open(e)
	}
	d.proveSyntax(p.Error())
	return d
}

// proveSyntax asks the library for what is wrong with the whole: it knows more
// rules than are told apart here.
func (d *document) proveSyntax(first error) {
	var all map[string]any
	err := toml.Unmarshal(d.data, &all)
	if first == nil && (err == nil || len(d.problems) > 0) {
		return
	}
	var odd *toml.DecodeError
	if !errors.As(err, &odd) {
		if err == nil {
			err = first
		}
		d.problem(0, "%s", err)
		return
	}
	line, column := odd.Position()
	d.problem(d.offset(line, column), "%s", strings.TrimPrefix(odd.Error(), "toml: "))
}

// problem notes something wrong at an offset.
func (d *document) problem(at int, format string, args ...any) *Problem {
	p := &Problem{File: d.name, Message: fmt.Sprintf(format, args...)}
	p.Line, p.Column = d.position(at)
	d.problems = append(d.problems, p)
	return p
}

// position is the line and the character in it of an offset, both from 1.
func (d *document) position(at int) (line, column int) {
	lead := d.data[:min(at, len(d.data))]
	start := bytes.LastIndexByte(lead, '\n') + 1
	return bytes.Count(lead, []byte{'\n'}) + 1, utf8.RuneCount(lead[start:]) + 1
}

// offset is the reverse, for a column in bytes.
func (d *document) offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		at += bytes.IndexByte(d.data[at:], '\n') + 1
	}
	return min(at+column-1, len(d.data))
}

// open begins the table of a header.
func (d *document) open(e *unstable.Node) (*node, []string) {
	table, path, at := d.root, []string(nil), 0
	var last *node
	for it := e.Key(); it.Next(); {
		key := it.Node()
		name := string(key.Data)
		at = int(key.Raw.Offset)
		path = append(path, name)
		last = d.child(table, name, at)
		table = last
	}
	start := d.lineStart(at)
	end := d.lineEnd(at)
	d.expressions = append(d.expressions, expression{path, start, end, true})
	switch {
	case e.Kind == unstable.ArrayTable:
		d.problem(at, "%s is written with one pair of brackets", strings.Join(path, "."))
	case last.header:
		line, _ := d.position(last.at)
		d.problem(at, "the table %s is there twice, first in line %d", strings.Join(path, "."), line)
	default:
		last.header, last.at = true, at
	}
	return table, path
}

// child is the table within a table, which is made if need be. Where there is
// another value the table stands for itself.
func (d *document) child(table *node, name string, at int) *node {
	c, ok := table.keys[name]
	switch {
	case !ok:
		c = &node{kind: aTable, key: at, at: at, keys: map[string]*node{}}
		table.add(name, c)
	case c.kind != aTable || c.closed:
		line, _ := d.position(c.key)
		d.problem(at, "%s has a value already, in line %d", name, line)
		return &node{kind: aTable, key: at, at: at, keys: map[string]*node{}}
	}
	return c
}

func (n *node) add(name string, c *node) {
	n.keys[name] = c
	n.order = append(n.order, name)
}

// pair takes a key and its value at the top level.
func (d *document) pair(e *unstable.Node, table *node, path []string) {
	path = append(path[:len(path):len(path)], d.put(e, table)...)
	d.expressions = append(d.expressions, expression{
		path: path, start: int(e.Raw.Offset), end: int(e.Raw.Offset + e.Raw.Length),
	})
}

// put puts a key's value into a table, and returns the key.
func (d *document) put(e *unstable.Node, table *node) (path []string) {
	name, at, after := "", 0, 0
	for it := e.Key(); it.Next(); {
		if len(path) > 0 {
			table = d.child(table, name, at)
		}
		key := it.Node()
		name, at = string(key.Data), int(key.Raw.Offset)
		after = at + int(key.Raw.Length)
		path = append(path, name)
	}
	v := d.value(e.Value(), d.valueStart(after))
	v.key = at
	if v.kind == aTable {
		v.at = at
	}
	if first, ok := table.keys[name]; ok {
		line, _ := d.position(first.key)
		d.problem(at, "%s is set twice, first in line %d", name, line)
		return path
	}
	table.add(name, v)
	return path
}

// valueStart finds the value behind a key.
func (d *document) valueStart(after int) int {
	return after + len(d.data[after:]) - len(bytes.TrimLeft(d.data[after:], " \t="))
}

// value takes a value. The library does not tell where lists begin, and so they
// are given.
func (d *document) value(e *unstable.Node, at int) *node {
	if e.Raw.Length > 0 {
		at = int(e.Raw.Offset)
	}
	n := &node{at: at, key: at, text: string(e.Data)}
	switch e.Kind {
	case unstable.String:
		n.kind = aText
	case unstable.Integer:
		n.kind = aWhole
	case unstable.Bool:
		n.kind = aTruth
	case unstable.Array:
		n.kind = aList
		for it := e.Children(); it.Next(); {
			n.list = append(n.list, d.value(it.Node(), at))
		}
	case unstable.InlineTable:
		n.kind, n.keys = aTable, map[string]*node{}
		for it := e.Children(); it.Next(); {
			d.put(it.Node(), n)
		}
		n.close()
	default:
		n.kind = aOther
	}
	return n
}

// close shuts a table in braces: nothing may be added to it elsewhere.
func (n *node) close() {
	n.closed = true
	for _, c := range n.keys {
		if c.kind == aTable {
			c.close()
		}
	}
}

func (d *document) lineStart(at int) int { return bytes.LastIndexByte(d.data[:at], '\n') + 1 }

// lineEnd is where the line's text ends, its comment included.
func (d *document) lineEnd(at int) int {
	end := len(d.data)
	if i := bytes.IndexByte(d.data[at:], '\n'); i >= 0 {
		end = at + i
	}
	return end - len(d.data[at:end]) + len(bytes.TrimSuffix(d.data[at:end], []byte("\r")))
}

// find goes down from the root, nil where there is nothing.
func (d *document) find(path ...string) *node {
	n := d.root
	for _, name := range path {
		if n = n.keys[name]; n == nil {
			return nil
		}
	}
	return n
}
