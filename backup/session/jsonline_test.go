package session

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSONLine keeps what a terminal acts on out of a line, and its meaning in.
func TestJSONLine(t *testing.T) {
	hostile := "a\u00e9\u200d"
	for _, r := range []rune{0, '\n', 0x1b, 0x7f, 0x80, 0x9b, 0x9f, 0x61c, 0x200e, 0x200f, 0x2028, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff} {
		hostile += string(r)
	}
	line, err := jsonLine(map[string]string{"name": hostile})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(line), "\u00e9\u200d") {
		t.Errorf("%q: what is harmless is to stay", line)
	}
	if strings.ContainsFunc(strings.TrimSuffix(string(line), "\n"), unsafeRune) {
		t.Errorf("%q goes to a terminal", line)
	}
	var back map[string]string
	if err := json.Unmarshal(line, &back); err != nil || back["name"] != hostile {
		t.Errorf("%q comes back as %q (%v)", hostile, back["name"], err)
	}
}
