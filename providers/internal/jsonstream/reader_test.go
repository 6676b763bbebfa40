package jsonstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// walk reads all of a text into what encoding/json makes of it. Arrays and
// objects are entered to a depth, and read whole below.
func walk(r *Reader, depth int) (any, error) {
	c, err := r.Kind()
	if err != nil {
		return nil, err
	}
	if r.Depth() >= depth || c != '{' && c != '[' {
		v, err := r.Value()
		if err != nil {
			return nil, err
		}
		return tree(v), nil
	}
	if err := r.Enter(); err != nil {
		return nil, err
	}
	object, list := map[string]any{}, []any{}
	for {
		more, err := r.Next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		name := string(r.Name())
		v, err := walk(r, depth)
		if err != nil {
			return nil, err
		}
		object[name], list = v, append(list, v)
	}
	if c == '{' {
		return object, nil
	}
	return list, nil
}

// tree is a value as encoding/json would have it.
func tree(v Value) any {
	switch v.Kind() {
	case '{':
		m := map[string]any{}
		for name, member := range v.Members() {
			m[string(name)] = tree(member)
		}
		return m
	case '[':
		l := []any{}
		for e := range v.Elements() {
			l = append(l, tree(e))
		}
		return l
	case '"':
		s, _ := v.Text()
		return s
	case 't', 'f':
		return v.Kind() == 't'
	case 'n':
		return nil
	}
	return json.Number(v)
}

func reference(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

// random is a value.
func random(r *rand.Rand, depth int) any {
	n := r.IntN(8)
	if depth == 0 {
		n = r.IntN(5)
	}
	switch n {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return r.Int64() - r.Int64()
	case 3, 4:
		const runes = "ab{}[],:\"\\/\n\t\x01é😀 \u2028\ufffd"
		all := []rune(runes)
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteRune(all[r.IntN(len(all))])
		}
		return b.String()
	case 5, 6:
		m := map[string]any{}
		for range r.IntN(5) {
			m[fmt.Sprint("k", r.IntN(100), `"\`)] = random(r, depth-1)
		}
		return m
	}
	l := []any{}
	for range r.IntN(5) {
		l = append(l, random(r, depth-1))
	}
	return l
}

// TestSameAsReference reads random texts at every depth of entering.
func TestSameAsReference(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		text, err := json.Marshal(random(rnd, 4))
		if err != nil {
			t.Fatal(err)
		}
		if rnd.IntN(2) == 0 {
			var b bytes.Buffer
			json.Indent(&b, text, "\t", "  ")
			text = append([]byte("\ufeff \r\n"), b.Bytes()...)
		}
		want := reference(t, bytes.TrimPrefix(text, []byte("\ufeff")))
		for depth := range 4 {
			var src io.Reader = bytes.NewReader(text)
			if rnd.IntN(2) == 0 {
				src = iotest.OneByteReader(src)
			}
			r := NewReader(src, Limits{})
			got, err := walk(r, depth)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%q to depth %d: %v, %v", text, depth, got, err)
			}
			if err := r.End(); err != nil {
				t.Fatalf("%q: %v at the end", text, err)
			}
		}
	}
}

// list is an array of records with an object around it.
const list = `{"a": {"x": [1, "}"]}, "list": [{"n": 0, "s": "]},{"}, 7, "s", [3], {}, {"n": 5}], "z": null}`

// readList reads the records of a list.
func readList(r *Reader) (got []string, err error) {
	if err := r.Enter(); err != nil {
		return nil, err
	}
	for {
		more, err := r.Next()
		if err != nil || !more {
			return got, err
		}
		if string(r.Name()) != "list" {
			continue
		}
		for v, err := range r.Records() {
			if r.Err() != nil {
				return got, err
			}
			got = append(got, string(v))
		}
	}
}

// TestCut cuts a text at every length: what was whole is read, and then comes an
// unexpected end.
func TestCut(t *testing.T) {
	for n := range len(list) {
		r := NewReader(strings.NewReader(list[:n]), Limits{})
		got, err := readList(r)
		if err == nil {
			err = r.End()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		whole, _ := readList(NewReader(strings.NewReader(list), Limits{}))
		ends := 0
		for i, v := range whole {
			ends += strings.Index(list[ends:], v) + len(v)
			if ends < n && len(got) <= i || len(got) > i && got[i] != v {
				t.Fatalf("cut at %d: %q of %q", n, got, whole)
			}
		}
	}
	gone := errors.New("gone")
	src := io.MultiReader(strings.NewReader(list[:40]), iotest.ErrReader(gone))
	if _, err := readList(NewReader(src, Limits{})); !errors.Is(err, gone) {
		t.Errorf("a source that fails: %v", err)
	}
}

// TestBadRecord loses one record and no other.
func TestBadRecord(t *testing.T) {
	text := `{"list":[1,{"a":tru},{"b" 2},{"c":[}],"\ud800",{"c":3}]}`
	r := NewReader(strings.NewReader(text), Limits{})
	r.Enter()
	r.Next()
	bad := 0
	var good []string
	for v, err := range r.Records() {
		at := r.Offset()
		if !strings.HasPrefix(text[at:], string(v)) || len(v) == 0 {
			t.Errorf("%q is not at %d", v, at)
		}
		if err != nil {
			var e *Error
			if !errors.Is(err, ErrSyntax) || !errors.As(err, &e) || e.Offset != at {
				t.Errorf("%q: %v", v, err)
			}
			bad++
			continue
		}
		good = append(good, string(v))
	}
	if bad != 3 || strings.Join(good, " ") != `1 "\ud800" {"c":3}` {
		t.Errorf("%d bad, good %q", bad, good)
	}
}

// TestBroken stops where the text around the records is no JSON.
func TestBroken(t *testing.T) {
	for _, text := range []string{`{"a" 1}`, `{"list":[1 2]}`, `{"list":[1}`, `{1:2}`, `[}`, `{"a":}`, `{,}`, `{"a":1,,}`, `{} x`, `1 2`} {
		r := NewReader(strings.NewReader(text), Limits{})
		_, err := walk(r, 9)
		if err == nil {
			err = r.End()
		}
		if !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", text, err)
		}
		if _, again := r.Next(); again == nil && r.Depth() > 0 {
			t.Errorf("%s: goes on", text)
		}
	}
}

// TestLimits passes over what is too large, and holds little.
func TestLimits(t *testing.T) {
	long := `"` + strings.Repeat("x", 300<<10) + `"`
	deep := strings.Repeat("[", 30) + strings.Repeat("]", 30)
	text := `{"list":[` + long + `,1,` + deep + `,2]}`
	r := NewReader(strings.NewReader(text), Limits{Value: 1000, Depth: 20})
	got, err := readList(r)
	if err != nil || strings.Join(got, ",") != ",1,,2" {
		t.Errorf("%q, %v", got, err)
	}
	if cap(r.buf) > 2*bufferSize {
		t.Errorf("a buffer of %d bytes", cap(r.buf))
	}
	r = NewReader(strings.NewReader(deep), Limits{Depth: 20})
	if _, err := walk(r, 30); !errors.Is(err, ErrTooLarge) {
		t.Errorf("entered too deep: %v", err)
	}
}

// TestLeave goes out of what was not read to its end.
func TestLeave(t *testing.T) {
	r := NewReader(strings.NewReader(list), Limits{})
	r.Enter()
	r.Next()
	r.Enter()
	r.Next()
	r.Enter()
	r.Next()
	if err := r.Leave(1); err != nil || r.Depth() != 1 {
		t.Fatal(err)
	}
	if more, err := r.Next(); !more || err != nil || string(r.Name()) != "list" {
		t.Errorf("%v, %v, %s", more, err, r.Name())
	}
	if b, err := r.Peek(5); string(b) != `[{"n"` || err != nil {
		t.Errorf("peek %q, %v", b, err)
	}
	for v := range r.Records() {
		if v.Kind() == '7' {
			break
		}
	}
	if err := r.Leave(0); err != nil || r.End() != nil {
		t.Errorf("%v, %v", err, r.End())
	}
	if b, err := r.Peek(1); len(b) != 0 || err != io.EOF {
		t.Errorf("peek %q, %v at the end", b, err)
	}
}

// TestRest goes on behind a value with another reader.
func TestRest(t *testing.T) {
	r := NewReader(iotest.HalfReader(strings.NewReader(`[1, "a"] {"b": 2}`)), Limits{})
	for range r.Records() {
	}
	rest, at := r.Rest()
	r = NewReader(rest, Limits{})
	if v, err := r.Value(); at != 8 || err != nil || string(v) != `{"b": 2}` {
		t.Errorf("%s at %d, %v", v, at, err)
	}
	r = NewReader(strings.NewReader(`{"a": {"b": 1}, "c": [1`), Limits{})
	r.Enter()
	r.Next()
	for v, err := range r.Records() {
		if v != nil || !errors.Is(err, ErrSyntax) || r.Err() != nil {
			t.Errorf("records of an object: %s, %v", v, err)
		}
	}
	r.Next()
	n := 0
	for v, err := range r.Records() {
		if n++; v != nil || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(r.Err(), io.ErrUnexpectedEOF) {
			t.Errorf("a record that is cut off: %s, %v, %v", v, err, r.Err())
		}
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(list), 2)
	f.Add([]byte(`{"list":[{"a":"\x1F"},{"b":`+"\n"+`chats/x.webp`+"\n"+`},"\ud83d\ude00\u12"]}`), 1)
	f.Add([]byte("\ufeff[[[1e9,-0],{\"a\":{}}]"), 3)
	f.Fuzz(func(t *testing.T, text []byte, depth int) {
		r := NewReader(bytes.NewReader(text), Limits{Value: 200, Depth: 50})
		got, err := walk(r, depth%60)
		if err == nil {
			err = r.End()
		}
		if json.Valid(text) && err != nil && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("valid, and %v", err)
		}
		if json.Valid(text) && err == nil && !bytes.Contains(text, []byte(`\u`)) && bytes.Equal(bytes.ToValidUTF8(text, nil), text) {
			if want := reference(t, text); !reflect.DeepEqual(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		readList(NewReader(bytes.NewReader(text), Limits{}))
		if v, ok := Parse(text); ok {
			tree(v)
			v.Compact()
		}
		tree(Value(text)) // nothing promises sense, but it must not panic
	})
}

func BenchmarkReader(b *testing.B) {
	record := `{"id": 12345, "type": "message", "date": "2024-01-15T10:30:00", "from": "Alice", "text": "By the way, did you see the news?"}`
	text := []byte(`{"list":[` + strings.Repeat(record+",\n  ", 10000) + record + `]}`)
	for name, members := range map[string]bool{"values": false, "members": true} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(bytes.NewReader(text), Limits{})
				r.Enter()
				r.Next()
				for v, err := range r.Records() {
					if err != nil {
						b.Fatal(err)
					}
					if members {
						for range v.Members() {
						}
					}
				}
			}
		})
	}
}
