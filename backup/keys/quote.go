package keys

import (
	"bytes"
	"encoding/json"
)

// quote returns s as a canonical JSON string (section 1 of docs/format.md),
// which holds no line feed whatever s is.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string and a bytes.Buffer: nothing to fail
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// unquote reads a JSON string, and says whether it is the canonical one.
func unquote(text string) (s string, canonical, ok bool) {
	if err := json.Unmarshal([]byte(text), &s); err != nil || text == "null" {
		return "", false, false
	}
	return s, quote(s) == text, true
}
