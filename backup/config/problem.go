package config

import (
	"fmt"
	"slices"
	"strings"
)

// maxProblems is how many problems of a file are told.
const maxProblems = 20

// Problem is one thing that is wrong with a file, and where.
type Problem struct {
	File         string
	Line, Column int // from 1; a column is a character
	Message      string
	Cure         string // what to write, or ""
}

// Error is "FILE:LINE:COLUMN: message".
func (p *Problem) Error() string { return p.At() + ": " + p.Message }

// At is "FILE:LINE:COLUMN".
func (p *Problem) At() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Hint tells what to write instead, or "".
func (p *Problem) Hint() string { return p.Cure }

// ExitCode is that of a command line that means nothing.
func (p *Problem) ExitCode() int { return exitUsage }

// exitUsage is the exit code of what means nothing, exitVanished that of a source
// that is not there.
const (
	exitUsage    = 64
	exitVanished = 16
)

// Problems is the error of a file that means nothing: all that is wrong with it,
// in the order of the file, up to 20.
type Problems struct {
	Each []*Problem
	More int // how many there are beyond those
}

// Lines are the problems, one a line.
func (p *Problems) Lines() []string {
	lines := make([]string, 0, len(p.Each)+1)
	for _, one := range p.Each {
		line := one.Error()
		if len(p.Each) > 1 && one.Cure != "" {
			line += "; " + one.Cure
		}
		lines = append(lines, line)
	}
	if p.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", p.Each[0].File, p.More))
	}
	return lines
}

// Error has a line for each problem.
func (p *Problems) Error() string { return strings.Join(p.Lines(), "\n") }

// Hint is what cures the problem, where there is one alone.
func (p *Problems) Hint() string {
	if len(p.Each) == 1 {
		return p.Each[0].Cure
	}
	return ""
}

// ExitCode is that of a command line that means nothing.
func (p *Problems) ExitCode() int { return exitUsage }

// problemsOf makes the error of what was found, nil where that is nothing.
func problemsOf(found []*Problem) error {
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b *Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	told := found[:min(len(found), maxProblems)]
	return &Problems{Each: told, More: len(found) - len(told)}
}
