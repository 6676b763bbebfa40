package session

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestHoldsSecret refuses places that would put a secret into messages.
func TestHoldsSecret(t *testing.T) {
	for address, want := range map[string]bool{
		"s3:https://KEY:SECRET@host/b": true, "s3:https://KEY@host:9000/b": true, "s3://bucket/p?X-Amz-Signature=1": true,
		"s3://bucket/prefix": false, "s3:https://host:9000/b": false, "s3://bucket/me@home": false, "https://host": false,
		"https://a:b@host": true,
	} {
		if got := holdsSecret(address); got != want {
			t.Errorf("%s: %t, want %t", address, got, want)
		}
	}
}

// TestJSONLine keeps what a terminal acts on out of a line, and its meaning in.
func TestJSONLine(t *testing.T) {
	const hostile = "a\u202eb\u009b31mc\x7f\u2066\u00e9"
	line, err := jsonLine(map[string]string{"name": hostile})
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(strings.TrimSuffix(string(line), "\n"), unsafeRune) {
		t.Errorf("%q goes to a terminal", line)
	}
	var back map[string]string
	if err := json.Unmarshal(line, &back); err != nil || back["name"] != hostile {
		t.Errorf("%q comes back as %q (%v)", hostile, back["name"], err)
	}
}
