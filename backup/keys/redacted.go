package keys

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden is what a secret prints as, under every verb and in every log.
const hidden = "[secret]"

// redacted is embedded in every type that holds a secret. Its methods win over
// reflection in fmt, log/slog and encoding/json, so that a key in an error, a
// debug line or a test failure does not appear there.
//
// fmt does not call methods on unexported fields of other structs. For that
// case the types here keep their secret in a kept.
type redacted struct{}

// kept holds a secret in a closure, which fmt shows as an address. A pointer
// would not do: fmt follows it where a verb does not fit, as %s for numbers.
type kept[T any] func() T

// keep returns a kept v.
func keep[T any](v T) kept[T] { return func() T { return v } }

// Format implements fmt.Formatter for all verbs.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String implements fmt.Stringer.
func (redacted) String() string { return hidden }

// GoString implements fmt.GoStringer.
func (redacted) GoString() string { return hidden }

// LogValue implements slog.LogValuer.
func (redacted) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON implements json.Marshaler. Files that hold secrets are written
// by methods that say so (File, Marshal), never by chance.
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
