package chat

import (
	"testing"
	"time"
)

func TestMinute(t *testing.T) {
	for _, want := range []string{"2021-05-18T21:04", "1999-12-31T23:59", "0001-01-01T00:00", "9999-10-09T07:30"} {
		at, err := time.Parse("2006-01-02T15:04", want)
		if err != nil {
			t.Fatal(err)
		}
		if got := minute(at); got != want {
			t.Errorf("%s is written as %s", want, got)
		}
	}
	if far := time.Date(12021, 1, 1, 0, 0, 0, 0, time.UTC); minute(far) != far.Format("2006-01-02T15:04") {
		t.Errorf("a far year is written as %s", minute(far))
	}
}

// TestMessageIDs pins ids: every archive written so far holds them.
func TestMessageIDs(t *testing.T) {
	var ids MessageIDs
	at := time.Date(2021, 5, 18, 21, 4, 30, 0, time.UTC)
	first := ids.Next(at, "Anna", Text, "ok")
	second := ids.Next(at.Add(20*time.Second), "Anna", Text, "\u200eok\r\n")
	if first != "548de73cc1132e3ec6dac3aba9a20277" || second != "aaeec62d264c6875cab3d5411d8ead20" {
		t.Errorf("ids %s and %s", first, second)
	}
	var again MessageIDs
	if got := again.Next(at.Add(29*time.Second), "Anna", Text, " ok "); got != first {
		t.Error("spaces and seconds change the id")
	}
	for name, got := range map[string]string{
		"minute": again.Next(at.Add(30*time.Second), "Anna", Text, "ok"),
		"sender": again.Next(at, "Bo", Text, "ok"),
		"kind":   again.Next(at, "Anna", Media, "ok"),
		"text":   again.Next(at, "Anna", Text, "ko"),
	} {
		if got == first || len(got) != idLength {
			t.Errorf("another %s: %s", name, got)
		}
	}
}

func TestNormalText(t *testing.T) {
	for in, want := range map[string]string{
		" a ": "a", "a\r\nb": "a\nb", "a\u202fb\u00a0c": "a b c", "\u202a+1\u202c": "+1", "é": "é", "a\rb": "a\rb", "\ufeffx": "x",
	} {
		if got := NormalText(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := NormalTitle("  a \n b\u00a0c "); got != "a b c" {
		t.Errorf("title %q", got)
	}
}
