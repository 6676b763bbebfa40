package meta

import (
	"testing"
	"testing/quick"
	"unicode/utf8"
)

// mangle writes each byte as a code point, as the downloads do.
func mangle(s string) string {
	var b []byte
	for i := range len(s) {
		b = utf8.AppendRune(b, rune(s[i]))
	}
	return string(b)
}

func TestMend(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		"caf\u00c3\u00a9":      "café",
		"\u00e2\u009d\u00a4":   "\u2764",
		"caf\u00e9":            "caf\u00e9",            // clean: no UTF-8 once more
		"\u4f60\u597d":         "\u4f60\u597d",         // clean: above U+00FF
		"\u00c3\u00a9 \u4f60":  "\u00c3\u00a9 \u4f60",  // one code point above: not treated so
		"Jos\u00c3":            "Jos\u00c3",            // cut within a letter
		"\u00f0\u009f\u0098":   "\u00f0\u009f\u0098",   // cut within an emoji
		"a\u00c3\u00a9\u00ffb": "a\u00c3\u00a9\u00ffb", // half of it is no UTF-8
	} {
		if got := mend(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestMendAll brings back every string that was treated so.
func TestMendAll(t *testing.T) {
	back := func(s string) bool { return !utf8.ValidString(s) || mend(mangle(s)) == s }
	if err := quick.Check(back, nil); err != nil {
		t.Error(err)
	}
	for r := range rune(0x3000) {
		if s := "x" + string(r) + "y"; utf8.ValidRune(r) && mend(mangle(s)) != s {
			t.Errorf("%q became %q", s, mend(mangle(s)))
		}
	}
}

func TestMendJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":["caf\u00c3\u00a9",7,"\u00e9"],"caf\u00c3\u00a9":"\u0022"}`: `{"a":["café",7,"\u00e9"],"café":"\u0022"}`,
		`["\u00c3\u00a9\u0022\n"]`:                                        "[\"é\\\"\\u000a\"]",
		`[1,"a\\"]`:                                                       `[1,"a\\"]`,
		`["\u00`:                                                          `["\u00`,
	} {
		if got := mendJSON(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func FuzzMend(f *testing.F) {
	f.Add("caf\u00c3\u00a9")
	f.Add("\xff\xc3")
	f.Fuzz(func(t *testing.T, s string) {
		if got := mend(s); got != s && (!utf8.ValidString(got) || mangle(got) != s) {
			t.Errorf("%q became %q, which does not go back", s, got)
		}
	})
}
