package record

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// fields reads one object by key. It keeps the first error; unknown keys are
// passed over.
type fields struct {
	v   *value
	err *error
}

func (f fields) get(k string) *value {
	for i := range f.v.keys {
		if f.v.keys[i] == k {
			return &f.v.list[i]
		}
	}
	return nil
}

func (f fields) fail(k, want string) {
	if *f.err == nil {
		*f.err = fmt.Errorf("%s: not %s", k, want)
	}
}

// str reads a string, from its true bytes where they stand beside it.
func (f fields) str(k string) string {
	v := f.get(k)
	if v == nil {
		return ""
	}
	if v.kind != '"' {
		f.fail(k, "a string")
		return ""
	}
	raw := f.get(k + "_b64")
	if raw == nil {
		return v.text
	}
	b, err := base64.StdEncoding.Strict().DecodeString(raw.text)
	if raw.kind != '"' || err != nil {
		f.fail(k+"_b64", "base64")
	}
	return string(b)
}

// num reads an integer that is not negative.
func (f fields) num(k string) int64 {
	v := f.get(k)
	if v == nil {
		return 0
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if v.kind != '0' || err != nil || n < 0 {
		f.fail(k, "a whole number")
		return 0
	}
	return n
}

func (f fields) int(k string) int { return int(f.num(k)) }

// millis reads a duration in milliseconds.
func (f fields) millis(k string) time.Duration {
	n := f.num(k)
	if n > int64(1<<63-1)/int64(time.Millisecond) {
		f.fail(k, "a length of time")
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

func (f fields) flag(k string) bool {
	v := f.get(k)
	if v != nil && v.kind != 't' && v.kind != 'f' {
		f.fail(k, "true or false")
	}
	return v != nil && v.kind == 't'
}

// time reads an instant. Its zone is its offset.
func (f fields) time(k string) time.Time {
	s := f.str(k)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		f.fail(k, "a time")
		return time.Time{}
	}
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	// time.Parse puts the local zone in where its offset fits; a record reads
	// the same on every machine.
	return t.In(time.FixedZone("", offset))
}

// ids reads a list of strings.
func (f fields) ids(k string) (list []string) {
	v := f.get(k)
	if v == nil {
		return nil
	}
	if v.kind != '[' {
		f.fail(k, "a list")
	}
	for i := range v.list {
		if v.list[i].kind != '"' {
			f.fail(k, "a list of strings")
		}
		list = append(list, v.list[i].text)
	}
	return list
}

// sub reads an object, if there is one.
func (f fields) sub(k string) (fields, bool) {
	v := f.get(k)
	if v == nil {
		return fields{}, false
	}
	if v.kind != '{' {
		f.fail(k, "an object")
		return fields{}, false
	}
	return fields{v, f.err}, true
}

// each reads a list of objects.
func each[T any](f fields, k string, read func(fields) T) (list []T) {
	v := f.get(k)
	if v == nil {
		return nil
	}
	if v.kind != '[' {
		f.fail(k, "a list")
	}
	for i := range v.list {
		if v.list[i].kind != '{' {
			f.fail(k, "a list of objects")
			return nil
		}
		list = append(list, read(fields{&v.list[i], f.err}))
	}
	return list
}
