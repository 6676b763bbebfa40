package rclone

import (
	"bytes"
	"strings"
	"sync"
)

// tail keeps the end of what a child prints.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - maxTail; over > 0 {
		t.text = bytes.Clone(t.text[over:])
	}
	return len(p), nil
}

// last is the last lines, cleaned, in one.
func (t *tail) last() string {
	const lines = 3
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for line := range strings.Lines(string(t.text)) {
		if strings.TrimSpace(line) != "" && !strings.Contains(line, " NOTICE: ") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return clean(strings.Join(all, "; "))
}
