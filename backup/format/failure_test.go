package format

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestClassesAsSpecified holds the classes against the table of the
// specification.
func TestClassesAsSpecified(t *testing.T) {
	text, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "## 14. Failure classes")
	if !ok {
		t.Fatal("the specification has no section 14")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	found := map[Class]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		class := Class(strings.Trim(cells[1], " `"))
		exit, err := strconv.Atoi(strings.TrimSpace(cells[3]))
		if err != nil {
			t.Fatalf("%s: %v", class, err)
		}
		found[class] = true
		if _, ok := classes[class]; !ok {
			t.Errorf("class %s is not in the code", class)
		}
		if got := Fail(class, "x", "y").ExitCode(); got != exit {
			t.Errorf("class %s has exit code %d, specified %d", class, got, exit)
		}
	}
	for class := range classes {
		if !found[class] {
			t.Errorf("class %s is not in the specification", class)
		}
	}
}

func TestErrorSaysWhatAndWhere(t *testing.T) {
	e := Fail(Truncated, "packs/3f/3f2a.age", "at byte %d: %w", 812, io.ErrUnexpectedEOF)
	if got := e.Error(); got != "packs/3f/3f2a.age: cut short: at byte 812: unexpected EOF" {
		t.Error(got)
	}
	if !errors.Is(e, io.ErrUnexpectedEOF) || ClassOf(fmt.Errorf("restore: %w", e)) != Truncated {
		t.Error("the chain is broken")
	}
	if got := (&Error{Class: "other"}).Error(); got != "other" {
		t.Error(got)
	}
	if ClassOf(io.EOF) != "" || ClassOf(nil) != "" {
		t.Error("a class where there is none")
	}
}

func TestErrorHints(t *testing.T) {
	e := Fail(NewerFormat, "head", "format 2")
	if e.Hint() == "" {
		t.Error("a newer format has no hint")
	}
	e.Cure = "ask the owner"
	if e.Hint() != e.Cure {
		t.Error(e.Hint())
	}
}

func TestAt(t *testing.T) {
	e := Fail(Malformed, "head", "x")
	moved := At("snapshots/1", e)
	if e.What != "head" || moved.Error() != "snapshots/1: malformed: x" || ClassOf(moved) != Malformed {
		t.Errorf("%v, %v", e, moved)
	}
	if At("x", io.EOF) != io.EOF || At("x", nil) != nil {
		t.Error("an error of another kind is changed")
	}
}
