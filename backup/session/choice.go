package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choose asks a person which of several things something is, by name or by number.
// It returns "" where nobody is there or nobody knows.
func (c *Call) Choose(ctx context.Context, what string, choices []string) string {
	t, err := c.Env.Terminal()
	if err != nil {
		return ""
	}
	defer t.Close()
	numbered := make([]string, len(choices))
	for i, choice := range choices {
		numbered[i] = fmt.Sprintf("%d %s", i+1, choice)
	}
	prompt := fmt.Sprintf("%s: %s, or nothing to leave it", what, strings.Join(numbered, ", "))
	for range 3 {
		answer, err := t.Line(ctx, prompt)
		answer = strings.TrimSpace(answer)
		if err != nil || answer == "" {
			return ""
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(choices) {
			return choices[n-1]
		}
		if i := slices.IndexFunc(choices, func(c string) bool { return strings.EqualFold(c, answer) }); i >= 0 {
			return choices[i]
		}
	}
	return ""
}
