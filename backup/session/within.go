package session

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// Result is how a command line ended that the program gave itself.
type Result struct {
	Code     int
	Message  string // of the error
	Hint     string
	Warnings []string
	Output   []string        // lines of programs that it started
	Summary  json.RawMessage // the last object on stdout, nil where there is none
}

// Within runs a command line of the program, without its name in front. It speaks
// JSON, to nobody but the caller, and nobody is there whom it could ask.
func (c *Call) Within(ctx context.Context, args []string) Result {
	var out, err bytes.Buffer
	env := *c.Env
	env.Stdin, env.Stdout, env.Stderr = strings.NewReader(""), &out, &err
	env.Terminal = func() (Terminal, error) { return nil, errNobody }
	line := slices.Insert(slices.Clone(args), 1, "--json")
	r := Result{Code: c.Env.Program(ctx, &env, line)}
	r.Summary = lastObject(out.Bytes())
	r.listen(&err)
	return r
}

// lastObject is the last line that is a JSON object.
func lastObject(out []byte) json.RawMessage {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	last := lines[len(lines)-1]
	if !json.Valid(last) || !bytes.HasPrefix(last, []byte("{")) {
		return nil
	}
	return last
}

// listen takes what a command said beside its output.
func (r *Result) listen(said *bytes.Buffer) {
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, said.Len()+1)
	for lines.Scan() {
		var object struct{ Type, Message, Hint string }
		if json.Unmarshal(lines.Bytes(), &object) != nil {
			continue // of a program that it started
		}
		switch object.Type {
		case "error":
			r.Message, r.Hint = object.Message, object.Hint
		case "warning":
			r.Warnings = append(r.Warnings, object.Message)
		case "output":
			r.Output = append(r.Output, object.Message)
		}
	}
}
