package restore

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claim is one thing that the threat model says: an item of a list, a row of a table,
// or a paragraph.
type claim struct {
	line int
	text string
}

// claims takes a page apart. What stands before the first section says what the page
// is about; headings, the heads of tables, and lines that lead into a list or a table
// by a colon claim nothing on their own.
func claims(page string) (all []claim) {
	sections := false
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			sections = sections || strings.HasPrefix(line, "## ")
		case !sections, line == "", strings.HasPrefix(line, "|--"), strings.HasSuffix(line, ":"):
		case i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|--"):
		case regexp.MustCompile(`^\*\*[^*]+\*\*$`).MatchString(line): // the title of a list
		default:
			all = append(all, claim{i + 1, line})
		}
	}
	return all
}

var (
	namedTest   = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9]*(?:/[a-zA-Z0-9_ -]+)?`)
	namedScript = regexp.MustCompile(`\b[a-z0-9]+\.txtar\b`)
)

// settled says what is missing where a claim has neither a test nor the words.
func (c *claim) settled(tests map[string]bool) (missing []string) {
	found := false
	for _, name := range append(namedTest.FindAllString(c.text, -1), namedScript.FindAllString(c.text, -1)...) {
		base, _, _ := strings.Cut(name, "/")
		if !tests[base] {
			missing = append(missing, name)
		}
		found = true
	}
	if !found && !strings.Contains(strings.ToLower(c.text), "not defended") {
		missing = append(missing, "neither a test nor \"not defended\"")
	}
	return missing
}

// testsOfTheTree are the names of all tests and scripts.
func testsOfTheTree(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9]*)\(t \*testing\.T\)`)
	must(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return fs.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			names[filepath.Base(path)] = true
		case strings.HasSuffix(path, "_test.go"):
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, found := range function.FindAllSubmatch(source, -1) {
				names[string(found[1])] = true
			}
		}
		return nil
	}))
	return names
}

// TestThreatPage holds each claim of docs/threat-model.md against the tree: it names
// tests that there are, or says that it is not defended.
func TestThreatPage(t *testing.T) {
	page, err := os.ReadFile("../docs/threat-model.md")
	must(t, err)
	tests, all := testsOfTheTree(t), claims(string(page))
	if len(tests) < 500 || len(all) < 50 {
		t.Fatalf("%d tests and %d claims: this test looks in the wrong place", len(tests), len(all))
	}
	for _, c := range all {
		for _, missing := range c.settled(tests) {
			t.Errorf("line %d: %s: %.90s", c.line, missing, c.text)
		}
	}
	attacks, err := os.ReadFile("../docs/hostile-store.md")
	must(t, err)
	for _, name := range namedTest.FindAllString(string(attacks), -1) {
		if !tests[name] {
			t.Errorf("docs/hostile-store.md: there is no %s", name)
		}
	}
}

// TestThreatPageCatches has a page with claims that nothing proves.
func TestThreatPageCatches(t *testing.T) {
	page := "intro\n\n## s\n\nlead:\n\n- proved (TestThere)\n- proved by x.txtar\n- proved by nobody\n- proved by (TestGone)\n- not defended\n\n" +
		"| a | b |\n|---|---|\n| c | d (TestThere/part) |\n| e | f |\n\nA paragraph.\n"
	var bad []string
	for _, c := range claims(page) {
		if len(c.settled(map[string]bool{"TestThere": true, "x.txtar": true})) > 0 {
			bad = append(bad, c.text)
		}
	}
	if got := strings.Join(bad, "; "); got != "- proved by nobody; - proved by (TestGone); | e | f |; A paragraph." {
		t.Errorf("caught %q", got)
	}
}
