package jsonstream

import (
	"encoding/json"
	"testing"
)

// TestMend repairs what writers get wrong, and nothing else.
func TestMend(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"a":"x\x1Fy\x0a"}`, `{"a":"x\u001Fy\u000a"}`},
		{`{"a":"\\x1F"}`, `{"a":"\\x1F"}`},
		{`{"a":"\xZZ","b":"\q","c":"\u12"}`, `{"a":"\\xZZ","b":"\\q","c":"\\u12"}`},
		{"{\"a\":\"tab\there\nline\x00\"}", `{"a":"tab\u0009here\u000Aline\u0000"}`},
		{"{\"document_id\": chats/chat_1/stickers/sticker (3).webp\n}", "{\"document_id\": \"chats/chat_1/stickers/sticker (3).webp\"\n}"},
		{"{\"document_id\": (File not included.),\n \"b\": \"\\x01\"}", "{\"document_id\": \"(File not included.)\",\n \"b\": \"\\u0001\"}"},
		{"{\"a\": true, \"b\":null,\n\"c\": 12,\n\"d\":\"\\x01: x\n\"\n}", "{\"a\": true, \"b\":null,\n\"c\": 12,\n\"d\":\"\\u0001: x\\u000A\"\n}"},
	} {
		if got := string(mend([]byte(c.text))); got != c.want {
			t.Errorf("%s became %s, want %s", c.text, got, c.want)
		}
		if _, ok := Parse([]byte(c.text)); !ok {
			t.Errorf("%s does not parse", c.text)
		}
	}
	for _, text := range []string{`{"a":}`, `{"a" "b"}`, ``, `[1,]`, "{\"a\": b c}", `{"a":"\`} {
		if v, ok := Parse([]byte(text)); ok {
			t.Errorf("%s parses as %s", text, v)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`""`, ""}, {`"plain"`, "plain"}, {`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{`"\u00e9\ud83d\ude00!"`, "é😀!"}, {`"\ud83d x"`, "\ufffd x"}, {`"\ud83d\u0041"`, "\ufffdA"}, {`"\ude00"`, "\ufffd"},
		{"\"\xff\\n\xfe\"", "\xff\n\xfe"}, {"\"a\xc3\"", "a\xc3"},
	} {
		v, valid := Parse([]byte(c.text))
		if got, ok := v.Text(); !ok || !valid || got != c.want {
			t.Errorf("%s is %q, want %q", c.text, got, c.want)
		}
	}
	for _, text := range []string{"", "1", "null", "{}", "[]"} {
		if s, ok := Value(text).Text(); ok {
			t.Errorf("%s is the text %q", text, s)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-12": -12, "9223372036854775807": 1<<63 - 1} {
		if n, ok := Value(text).Int(); !ok || n != want {
			t.Errorf("%s is %d", text, n)
		}
	}
	for _, text := range []string{"", "1.5", "1e3", `"1"`, "9223372036854775808", "true"} {
		if n, ok := Value(text).Int(); ok {
			t.Errorf("%s is %d", text, n)
		}
	}
}

func TestCompact(t *testing.T) {
	for text, want := range map[string]string{
		"{\n \"a\" : [1,\t2 ], \"a\":\"x y\" }": `{"a":[1,2],"a":"x y"}`,
		"\"a\xff \\u0041\"":                     "\"a\xff \\u0041\"",
		"[ \"\\/\xff\" ]":                       "[\"\\/\xff\"]",
		"12":                                    "12",
	} {
		v, ok := Parse([]byte(text))
		if got := v.Compact(); !ok || got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestGet(t *testing.T) {
	v, _ := Parse([]byte(`{"a": {"b": [1, {"c": "d"}]}, "e\n": null, "a": 2}`))
	if got := v.Get("a").Get("b").Compact(); got != `[1,{"c":"d"}]` {
		t.Errorf("got %s", got)
	}
	if !v.Get("e\n").IsNull() || !v.Get("x").IsNull() || v.Get("x").Kind() != 0 || v.Get("a").IsNull() {
		t.Error("null")
	}
	n := 0
	for range v.Members() {
		n++
	}
	var seen map[string]any
	if err := json.Unmarshal(v, &seen); err != nil || n != 3 {
		t.Errorf("%d members, %v", n, err)
	}
}
