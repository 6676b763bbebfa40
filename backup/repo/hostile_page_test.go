package repo_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/format"
)

// classes are the failure classes of the format, as the page of attacks may name
// them.
var classes = []format.Class{
	format.Truncated, format.Flipped, format.Malformed, format.NonCanonical, format.WrongKind, format.WrongPlace, format.WrongRepository,
	format.Oversized, format.BadSignature, format.WrongWriter, format.Fork, format.Gap, format.Rollback, format.Missing, format.WrongKey,
}

// TestHostilePage holds docs/hostile-store.md against the tables of attacks: it has
// each of them and no other, in their order, and of each row the answer names what
// the tests get, and no more.
func TestHostilePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/hostile-store.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if strings.HasPrefix(line, "| ") && strings.TrimSpace(cells[0]) != "attack" {
			rows = append(rows, cells)
		}
	}
	all := slices.Concat(attacks, writerAttacks)
	if len(rows) != len(all) {
		t.Errorf("the page has %d rows, and there are %d attacks", len(rows), len(all))
	}
	for i, row := range rows[:min(len(rows), len(all))] {
		if len(row) != 3 {
			t.Fatalf("row %q", row)
		}
		if name := strings.TrimSpace(row[0]); name != all[i].name {
			t.Errorf("row %d is %q, and the attack %q", i+1, name, all[i].name)
			continue
		}
		if got, want := named(row[2]), all[i].answers.words(); !slices.Equal(got, want) {
			t.Errorf("%s: the page answers with %q, and the program with %q", all[i].name, got, want)
		}
	}
}

// named are the answers that a cell names.
func named(cell string) (words []string) {
	for _, class := range classes {
		if strings.Contains(cell, "`"+string(class)+"`") {
			words = append(words, string(class))
		}
	}
	for _, word := range []string{older, theirs} {
		if strings.Contains(strings.ToLower(cell), "*"+word+"*") {
			words = append(words, word)
		}
	}
	for _, code := range regexp.MustCompile(`exit code (\d+)`).FindAllStringSubmatch(cell, -1) {
		words = append(words, "exit-"+code[1])
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// words are all answers that are given.
func (s saying) words() (words []string) {
	for said := range s {
		words = append(words, strings.FieldsFunc(said, func(r rune) bool { return r == '|' || r == ' ' })...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
