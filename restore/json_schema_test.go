//go:build unix

package restore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaDir = "../docs/json"

// The files of docs/json that belong to no command.
const (
	commonLines = "common"
	stderrLines = "stderr"
)

// schemaFile is a file of docs/json: which lines there are.
type schemaFile struct {
	name  string
	doc   map[string]any
	lines []*lineSchema
}

// lineSchema describes one kind of line.
type lineSchema struct {
	name   string // of the definition
	shared bool   // with other commands
	def    map[string]any
	strict *jsonschema.Schema
}

// documented are the files of docs/json by name. What is compiled of them admits no
// field that they do not name: they are what this version prints, and readers, who
// have to let more through, are those of any version.
var documented = sync.OnceValues(func() (map[string]*schemaFile, error) {
	paths, err := filepath.Glob(filepath.Join(schemaDir, "*.json"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("%s has no schema, %v", schemaDir, err)
	}
	files := map[string]*schemaFile{}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, path := range paths {
		doc, err := readSchema(path)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		files[name] = &schemaFile{name: name, doc: doc}
		tight, err := readSchema(path)
		if err != nil {
			return nil, err
		}
		tighten(tight)
		if err := compiler.AddResource(name+".json", tight); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err := f.compile(files, compiler); err != nil {
			return nil, fmt.Errorf("%s.json: %w", f.name, err)
		}
	}
	return files, nil
})

func readSchema(path string) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no object", path)
	}
	return object, nil
}

// tighten has each object refuse the fields that it does not describe, but where the
// schema says by itself what else there may be.
func tighten(schema any) {
	switch schema := schema.(type) {
	case map[string]any:
		_, hasFields := schema["properties"]
		if _, said := schema["additionalProperties"]; hasFields && !said && schema["type"] == "object" {
			schema["unevaluatedProperties"] = false
		}
		for _, one := range schema {
			tighten(one)
		}
	case []any:
		for _, one := range schema {
			tighten(one)
		}
	}
}

// compile finds the lines that a file says there are.
func (f *schemaFile) compile(files map[string]*schemaFile, compiler *jsonschema.Compiler) error {
	if _, err := compiler.Compile(f.name + ".json"); err != nil {
		return err
	}
	choices, _ := f.doc["anyOf"].([]any)
	for _, choice := range choices {
		ref, _ := choice.(map[string]any)["$ref"].(string)
		file, def := f.resolve(files, ref)
		if def == nil {
			return fmt.Errorf("%q is no line", ref)
		}
		strict, err := compiler.Compile(file.name + ".json" + ref[strings.Index(ref, "#"):])
		if err != nil {
			return err
		}
		f.lines = append(f.lines, &lineSchema{filepath.Base(ref), file != f, def, strict})
	}
	if f.name != commonLines && len(f.lines) == 0 {
		return errors.New("no lines")
	}
	return nil
}

// resolve finds a definition, "#/$defs/x" of the same file or "common.json#/$defs/x".
func (f *schemaFile) resolve(files map[string]*schemaFile, ref string) (*schemaFile, map[string]any) {
	other, at, _ := strings.Cut(ref, "#/$defs/")
	if other != "" {
		f = files[strings.TrimSuffix(other, ".json")]
	}
	if f == nil {
		return nil, nil
	}
	defs, _ := f.doc["$defs"].(map[string]any)
	def, _ := defs[at].(map[string]any)
	return f, def
}

// types are the types of lines that a definition is of.
func (l *lineSchema) types() (types []string) {
	kind, _ := l.def["properties"].(map[string]any)["type"].(map[string]any)
	if one, ok := kind["const"].(string); ok {
		return []string{one}
	}
	several, _ := kind["enum"].([]any)
	for _, one := range several {
		types = append(types, one.(string))
	}
	return types
}

// match finds the one kind of line that an object is.
func (f *schemaFile) match(object map[string]any) (*lineSchema, error) {
	var found []*lineSchema
	var wrong []error
	for _, line := range f.lines {
		if kind, _ := object["type"].(string); !slices.Contains(line.types(), kind) {
			continue
		}
		if err := line.strict.Validate(object); err != nil {
			wrong = append(wrong, err)
			continue
		}
		found = append(found, line)
	}
	text, _ := json.Marshal(object)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("%s.json has %d descriptions of %s", f.name, len(found), text)
	case len(wrong) == 0:
		return nil, fmt.Errorf("%s.json has no such type: %s", f.name, text)
	}
	return nil, fmt.Errorf("%s\n%w", text, errors.Join(wrong...))
}

// schemaOf finds the schema of a command line by the words of its command; nil where
// it names none.
func schemaOf(args []string) (*schemaFile, error) {
	files, err := documented()
	if err != nil {
		return nil, err
	}
	words := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, "-") })
	for n := min(2, len(words)); n > 0; n-- {
		name := strings.Join(words[:n], "-")
		if f := files[name]; f != nil && name != commonLines && name != stderrLines {
			return f, nil
		}
	}
	return nil, nil
}

// asDocumented holds what a command line printed against the schemas, and returns
// which kinds of lines of stdout came, as "command:definition".
func asDocumented(args []string, stdout, stderr string) (seen []string, err error) {
	f, err := schemaOf(args)
	if err != nil {
		return nil, err
	}
	out, err := objects(stdout)
	if err != nil {
		return nil, err
	}
	for _, object := range out {
		if f == nil {
			return nil, fmt.Errorf("no schema for %q", args)
		}
		line, err := f.match(object)
		if err != nil {
			return nil, err
		}
		seen = append(seen, f.name+":"+line.name)
	}
	told, err := objects(stderr)
	if err != nil {
		return nil, err
	}
	files, err := documented()
	if err != nil {
		return nil, err
	}
	for _, object := range told {
		if _, err := files[stderrLines].match(object); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// TestJSONSchemas has the schemas refuse what is not as they say.
func TestJSONSchemas(t *testing.T) {
	for name, lines := range map[string][]string{
		"stderr": {
			`{"type":"error","code":11,"class":"missing","message":"gone","hint":"chatkeep repair"}`,
			`{"type":"warning","message":"odd"}`,
		},
		"prune": {
			`{"type":"repack","packs":{"objects":1,"bytes":2},"bytes_moved":1,"bytes_stored":2,"snapshots":1,"packs_left":0}`,
		},
		"check": {
			`{"type":"problem","class":"flipped","message":"packs/3f"}`,
			`{"type":"hurt","snapshot":"` + hash + `","path":"p","kind":"file","bytes":3,"chunks_lost":1,"bytes_lost":2,"mendable":false,"objects":["x"],"dates":[{"after":"2026-11-20T18:00:00+01:00"}]}`,
		},
		"ls": {
			`{"type":"summary","snapshot":"` + hash + `","entries":1,"bytes":2}`,
		},
		"stats": {
			`{"type":"growth","month":"2026-11","snapshots":1,"packs":2,"bytes":3}`,
		},
		"parity-on": {
			`{"type":"summary","parity":true,"changed":true,"dry_run":true}`,
		},
	} {
		for _, text := range lines {
			f, line := schemaAndLine(t, name, text)
			if _, err := f.match(line()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			spoiled(line, func(what string, object map[string]any) {
				if _, err := f.match(object); err == nil {
					t.Errorf("%s: %s passes: %v", name, what, object)
				}
			})
		}
	}
}

const hash = "3f1a9b5c7d2e4f608192a3b4c5d6e7f83f1a9b5c7d2e4f608192a3b4c5d6e7f8"

func schemaAndLine(t *testing.T, name, text string) (*schemaFile, func() map[string]any) {
	t.Helper()
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	return files[name], func() (object map[string]any) {
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		return object
	}
}

// spoiled makes copies of an object that must not pass: with a field too many,
// with one of another kind, with one too few of those that are always there; and the
// same of the objects within.
func spoiled(line func() map[string]any, try func(what string, object map[string]any)) {
	change := func(what string, do func(map[string]any)) {
		object := line()
		do(object)
		try(what, object)
	}
	change("an unknown field", func(o map[string]any) { o["surprise"] = 1 })
	optional := []string{"class", "hint", "dates", "month", "dry_run"}
	for field, value := range line() {
		change(field+" of another kind", func(o map[string]any) { o[field] = map[string]any{"a": 1} })
		change(field+" that is null", func(o map[string]any) { o[field] = nil })
		if !slices.Contains(optional, field) {
			change("no "+field, func(o map[string]any) { delete(o, field) })
		}
		switch value.(type) {
		case string:
			change(field+" as a number", func(o map[string]any) { o[field] = 1 })
		case float64:
			change(field+" as text", func(o map[string]any) { o[field] = "1" })
			change(field+" below zero", func(o map[string]any) { o[field] = -1 })
			change(field+" in part", func(o map[string]any) { o[field] = 0.5 })
		case map[string]any:
			change("an unknown field in "+field, func(o map[string]any) { o[field].(map[string]any)["surprise"] = 1 })
			change("nothing in "+field, func(o map[string]any) { o[field] = map[string]any{} })
		}
	}
	change("a hash in capitals", func(o map[string]any) { o["snapshot"] = strings.ToUpper(hash) })
	change("a time without an offset", func(o map[string]any) {
		o["dates"] = []any{map[string]any{"after": "2026-11-20T18:00:00"}}
	})
	change("a class that there is none of", func(o map[string]any) { o["class"] = "odd" })
	change("a type that there is none of", func(o map[string]any) { o["type"] = "odd" })
}

// TestJSONTypes has each description stand in the list of lines, with types that say
// which one a line is of.
func TestJSONTypes(t *testing.T) {
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		for _, line := range f.lines {
			used[line.name] = used[line.name] || line.shared
			if len(line.types()) == 0 || line.def["title"] == nil || line.def["description"] == nil {
				t.Errorf("%s.json: %s has no type, title or description", name, line.name)
			}
		}
		if name != commonLines && name != stderrLines && !slices.ContainsFunc(f.lines, func(l *lineSchema) bool { return slices.Contains(l.types(), "summary") }) {
			t.Errorf("%s.json has no summary", name)
		}
		for def, schema := range f.doc["$defs"].(map[string]any) {
			_, isLine := schema.(map[string]any)["title"]
			listed := slices.ContainsFunc(f.lines, func(l *lineSchema) bool { return l.name == def })
			if name != commonLines && isLine != listed {
				t.Errorf("%s.json: %s is a line: %t, and is listed: %t", name, def, isLine, listed)
			}
		}
	}
	for def, schema := range files[commonLines].doc["$defs"].(map[string]any) {
		if _, isLine := schema.(map[string]any)["title"]; isLine && !used[def] {
			t.Errorf("common.json: no command has lines of %s", def)
		}
	}
}
