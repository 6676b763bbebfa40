package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestDocumented wants every code, and every one of the exported text, in
// docs/messages.md, which has those of other apps, too.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "\nEvent codes,")
	list, _, _ = strings.Cut(list, "\n")
	documented := map[string]bool{} // of all apps
	for i, part := range strings.Split(list, "`") {
		if i%2 == 1 {
			documented[part] = true
		}
	}
	codes := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			codes[strings.Trim(lit.Value, `"`)] = true
		}
		return true
	})
	for code := range codes {
		if !documented[code] {
			t.Errorf("%s is not documented", code)
		}
	}
	events, err := os.ReadFile("../events.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(events)) {
		if code, ok := strings.CutPrefix(strings.TrimSpace(line), "["); ok && !codes[strings.TrimSuffix(code, "]")] {
			t.Errorf("the exported text has %s", code)
		}
	}
}
