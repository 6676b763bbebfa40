//go:build unix

package restore_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chatkeep/providers/storage"
)

const jsonPage = "../docs/json.md"

// TestJSONPage holds the tables of docs/json.md against the schemas: a section has a
// table for each line that its command has alone, with all fields of the schema, of
// which kind they are and what they mean, and no others.
func TestJSONPage(t *testing.T) {
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	sections := sectionsOf(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		section, ok := sections[headingOf(name)]
		if !ok {
			t.Errorf("docs/json.md has no section %q", headingOf(name))
			continue
		}
		for _, line := range files[name].lines {
			if mention := "`" + line.types()[0] + "`"; !strings.Contains(section, mention) {
				t.Errorf("docs/json.md, section %q, does not name %s", headingOf(name), mention)
			}
		}
		has, want := tablesOf(section), tablesFor(files, files[name])
		for title := range maps.Keys(has) {
			if want[title] == nil {
				t.Errorf("docs/json.md, section %q: %s.json has no line %q", headingOf(name), name, title)
			}
		}
		for title, rows := range want {
			compareTables(t, fmt.Sprintf("docs/json.md, section %q, table %q", headingOf(name), title), has[title], rows)
		}
	}
}

func compareTables(t *testing.T, where string, has, want map[string]string) {
	t.Helper()
	for field, row := range want {
		if has[field] != row {
			t.Errorf("%s: %q is %q, and the schema says %q", where, field, has[field], row)
		}
	}
	for field := range has {
		if _, ok := want[field]; !ok {
			t.Errorf("%s: the schema has no %q", where, field)
		}
	}
}

// headingOf is the heading of the section that a schema has in docs/json.md.
func headingOf(name string) string {
	switch name {
	case commonLines:
		return "Lines of several commands"
	case stderrLines:
		return "Lines on stderr"
	}
	return strings.ReplaceAll(name, "-", " ")
}

// sectionsOf parts docs/json.md at its headings.
func sectionsOf(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(jsonPage)
	if err != nil {
		t.Fatal(err)
	}
	sections, heading := map[string]string{}, ""
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			heading = strings.TrimSpace(text)
			sections[heading] = ""
			continue
		}
		sections[heading] += line
	}
	return sections
}

// tableOf splits a section into its tables, by their titles: the rest of each row by
// the name of the field, that of the head by "".
func tablesOf(section string) map[string]map[string]string {
	tables := map[string]map[string]string{}
	var table map[string]string
	for line := range strings.Lines(section) {
		cells := strings.SplitN(strings.Trim(line, "|\n"), " | ", 2)
		switch {
		case !strings.HasPrefix(line, "| "):
			if !strings.HasPrefix(line, "|-") {
				table = nil
			}
		case table == nil:
			table = map[string]string{"": strings.TrimSpace(strings.TrimLeft(cells[1], "|"))}
			tables[strings.TrimSpace(cells[0])] = table
		default:
			table[strings.Trim(cells[0], " `")] = strings.TrimSpace(cells[1])
		}
	}
	return tables
}

// tablesFor are the tables that a schema asks for. A line without fields of its own
// is described on another page.
func tablesFor(files map[string]*schemaFile, f *schemaFile) map[string]map[string]string {
	tables := map[string]map[string]string{}
	for _, def := range f.doc["$defs"].(map[string]any) {
		def := def.(map[string]any)
		title, isLine := def["title"].(string)
		rows := map[string]string{}
		addRows(rows, files, f, def, "")
		if isLine && len(rows) > 0 {
			rows[""], _ = def["description"].(string)
			tables[title] = rows
		}
	}
	return tables
}

// addRows adds a row for each field of an object, and for those of the objects in it.
func addRows(rows map[string]string, files map[string]*schemaFile, f *schemaFile, def map[string]any, above string) {
	fields, _ := def["properties"].(map[string]any)
	for field, schema := range fields {
		schema := schema.(map[string]any)
		if field == "type" && above == "" {
			continue
		}
		kind, file, within := kindOf(files, f, schema)
		rows[above+field] = fmt.Sprintf("%s | %v", kind, schema["description"])
		if strings.HasPrefix(kind, "list") {
			field += "[]"
		}
		if within != nil {
			addRows(rows, files, file, within, above+field+".")
		}
	}
}

// kindOf says of which kind a value is, as docs/json.md calls it; of an object, or a
// list of such, also which.
func kindOf(files map[string]*schemaFile, f *schemaFile, schema map[string]any) (kind string, file *schemaFile, within map[string]any) {
	if ref, ok := schema["$ref"].(string); ok {
		file, def := f.resolve(files, ref)
		if def["properties"] != nil {
			return "object", file, def
		}
		return filepath.Base(ref), nil, nil
	}
	if items, ok := schema["items"].(map[string]any); ok {
		kind, file, within := kindOf(files, f, items)
		if within != nil {
			kind = "objects"
		}
		return "list of " + kind, file, within
	}
	if words, ok := schema["enum"].([]any); ok {
		return orList(words), nil, nil
	}
	if schema["const"] == true {
		return "`true`", nil, nil
	}
	if schema["additionalProperties"] != nil {
		return "counts by name", nil, nil
	}
	kind, _ = schema["type"].(string)
	if kind == "string" {
		kind = "text"
	}
	if kind == "" {
		kind = "any value"
	}
	return kind, nil, nil
}

// orList is "`a`, `b` or `c`". The empty word is not named.
func orList(words []any) string {
	var named []string
	for _, word := range words {
		if word != "" {
			named = append(named, fmt.Sprintf("`%v`", word))
		}
	}
	last := len(named) - 1
	if last == 0 {
		return named[0]
	}
	return strings.Join(named[:last], ", ") + " or " + named[last]
}

// TestJSONAbsent has each description say when a field is absent, if it can be.
func TestJSONAbsent(t *testing.T) {
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range files {
		for at, def := range f.doc["$defs"].(map[string]any) {
			def := def.(map[string]any)
			fields, _ := def["properties"].(map[string]any)
			required, _ := def["required"].([]any)
			for field, schema := range fields {
				about, _ := schema.(map[string]any)["description"].(string)
				if strings.Contains(about, "absent") == slices.Contains(required, any(field)) {
					t.Errorf("%s.json, %s: %s is required: %t, and about it is said: %q", name, at, field, slices.Contains(required, any(field)), about)
				}
			}
		}
	}
}

// TestJSONFields has the code know each field of the schemas: a word that is misspelt
// in one that can be absent would never be missed.
func TestJSONFields(t *testing.T) {
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]bool{}
	tag := regexp.MustCompile("`json:\"([a-z0-9_]+)[,\"]")
	for _, dir := range []string{"../backup", "../backup/session", "../backup/runlog", "."} {
		sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(sources) == 0 {
			t.Fatalf("%s: %d sources, %v", dir, len(sources), err)
		}
		for _, path := range sources {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range tag.FindAllSubmatch(data, -1) {
				tags[string(found[1])] = true
			}
		}
	}
	for name, f := range files {
		for at, def := range f.doc["$defs"].(map[string]any) {
			fields, _ := def.(map[string]any)["properties"].(map[string]any)
			for field := range fields {
				if !tags[field] {
					t.Errorf("%s.json, %s: nothing in the code is called %s", name, at, field)
				}
			}
		}
	}
}

// TestJSONClasses has the schemas know all kinds of trouble.
func TestJSONClasses(t *testing.T) {
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	_, class := files[stderrLines].resolve(files, "common.json#/$defs/class")
	known, _ := class["enum"].([]any)
	source, err := os.ReadFile("../backup/format/failure.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, found := range regexp.MustCompile(`Class = "([a-z-]+)"`).FindAllSubmatch(source, -1) {
		all = append(all, string(found[1]))
	}
	for class := storage.NoPlace; class <= storage.Archived; class++ {
		all = append(all, class.String())
	}
	for _, name := range all {
		if !slices.Contains(known, any(name)) {
			t.Errorf("common.json does not know the class %s", name)
		}
	}
	if len(known) != len(all) {
		t.Errorf("common.json has %d classes, and there are %d", len(known), len(all))
	}
}

// TestJSONCommands walks all commands of the program: each has a schema, a section in
// docs/json.md, and a run in a script that ends well, and no schema is of a command that
// there is none of.
func TestJSONCommands(t *testing.T) {
	files, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	var script []byte
	for _, name := range []string{"testdata/script/json.txtar", lockScript} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		script = append(script, text...)
	}
	sections := sectionsOf(t)
	commands := commandNames(t)
	for _, name := range commands {
		words := strings.ReplaceAll(name, "-", " ")
		if files[name] == nil {
			t.Errorf("docs/json has no schema of chatkeep %s", words)
		}
		if _, ok := sections[words]; !ok {
			t.Errorf("docs/json.md has no section %q", words)
		}
		if !regexp.MustCompile(`(?m)^exits 0 chatkeep ` + words + ` (.* )?--json( |$)`).Match(script) {
			t.Errorf("no script runs chatkeep %s with --json", words)
		}
	}
	for name := range files {
		if name != commonLines && name != stderrLines && !slices.Contains(commands, name) {
			t.Errorf("docs/json/%s.json is of no command", name)
		}
	}
}

// commandNames are the commands that the program writes manual pages of: all that are
// not groups of others.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	dir := t.TempDir()
	man := exec.Command(filepath.Join(built(t), "chatkeep"), "man", dir)
	man.Env = []string{"HOME=" + t.TempDir()}
	if out, err := man.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pages, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name, ok := strings.CutPrefix(strings.TrimSuffix(page.Name(), ".1"), "chatkeep-"); ok {
			names = append(names, name)
		}
	}
	if len(names) < 20 {
		t.Fatalf("%d commands: %q", len(names), names)
	}
	return names
}
