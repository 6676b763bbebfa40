package config_test

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"chatkeep/backup/config"
)

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// example is the file that docs/config.md shows.
func example(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(page(t), "<!-- example -->\n```toml\n")
	text, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatal("docs/config.md has no example")
	}
	return text
}

// schemaOf makes the schema of a file, and what it says as JSON would.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := config.Schema(known().Stores)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, text string) any {
	t.Helper()
	var all map[string]any
	if err := toml.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSchema holds files against the schema, and against what reads them.
func TestSchema(t *testing.T) {
	s := compiled(t)
	for name, text := range map[string]string{"the example": example(t), "whole": whole, "empty": ""} {
		if _, err := config.Parse(file, []byte(text), known()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{
		"repositry = 'a'", "repository = ''", "jobs = 3", "[sources.a]\npth = '/a'", "[sources.a]\npath = 5", "[sources.a]\napp = 'x'", "[sources.a]\npath = '/a'\ncommand = 'b'",
		"[sources.'a/b']\npath = '/a'", "[jobs.a]\nretries = -1", "[jobs.a]\nkeep = { lst = 1 }", "[jobs.a]\nrandom-delay = '2'", "[jobs.a]\nmetered = 'stop'",
		"[notify.a]\ntype = 'ntfy'", "[notify.a]\ntype = 'pign'\nurl = 'https://a'", "[notify.a]\ntype = 'ping'\nurl = 'https://a'\non = ['faliure']",
		"[repositories.a]\nplace = 's3://b'\ns3-endpont = 'a'", "[repositories.a]\nplace = 's3://b'\npassphrase = 'a'",
	} {
		if err := s.Validate(asJSON(t, text)); err == nil {
			t.Errorf("the schema likes %q", text)
		}
		if _, err := config.Parse(file, []byte(text), known()); err == nil {
			t.Errorf("Parse likes %q", text)
		}
	}
}

// kebab is the key of a field: URLFile is url-file.
func kebab(field string) string {
	var b strings.Builder
	runes := []rune(field)
	for i, r := range runes {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestEveryKey walks the fields of a config: each has its key in the schema, and
// each key of the schema its field; and the page explains them all.
func TestEveryKey(t *testing.T) {
	data, err := config.Schema(nil)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	explained := page(t)
	var walk func(at string, typ reflect.Type, schema map[string]any)
	walk = func(at string, typ reflect.Type, schema map[string]any) {
		properties := schema["properties"].(map[string]any)
		have := map[string]bool{}
		for f := range typ.Fields() {
			if f.Name == "Settings" {
				continue // their keys are the stores'
			}
			key := kebab(f.Name)
			have[key] = true
			one, ok := properties[key].(map[string]any)
			if !ok {
				t.Errorf("%s.%s: the schema has no %s", at, f.Name, key)
				continue
			}
			switch {
			case f.Type.Kind() == reflect.Map:
				walk(at+"."+key, f.Type.Elem(), one["additionalProperties"].(map[string]any))
			case f.Type.Kind() == reflect.Struct && one["properties"] != nil:
				walk(at+"."+key, f.Type, one)
			case one["description"] == "" || !strings.Contains(explained, "`"+key+"`"):
				t.Errorf("%s.%s is not explained", at, key)
			}
		}
		for key := range properties {
			if !have[key] {
				t.Errorf("%s: no field for %s", at, key)
			}
		}
	}
	walk("config", reflect.TypeFor[config.Config](), doc.(map[string]any))
}
