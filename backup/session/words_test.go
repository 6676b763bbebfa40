package session_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/session"
)

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 43_201_987: "41.2 MiB", 1<<20 - 1: "1.0 MiB",
		1 << 40: "1.0 TiB", math.MaxInt64: "8.0 EiB", -2048: "-2.0 KiB",
	} {
		if got := session.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1482: "1,482", -1482: "-1,482", 1_000_000: "1,000,000", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := session.Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{2100 * time.Millisecond: "2.1 s", 61 * time.Second: "1 min 1 s", 80 * time.Minute: "1 h 20 min"} {
		if got := session.Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
	if got := session.Moment(time.Time{}); got != "unknown" {
		t.Errorf("no time is %q", got)
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0B": 0, "1B": 1, "500KiB": 500 << 10, "500 KiB": 500 << 10, "1.5MiB": 3 << 19, "2g": 2 << 30, "1K": 1 << 10, "3TiB": 3 << 40, "2m": 2 << 20,
		"": -1, "5": -1, "KiB": -1, "-1KiB": -1, "1MB": -1, "1kb": -1, "NaNK": -1, "InfK": -1, "1e400K": -1, "9999999EiB": -1,
		"0x10K": -1, "1_0K": -1, "1KiBK": -1, "1 K K": -1, "1\x1bK": -1,
	} {
		got, err := session.ParseSize(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
		if err != nil && strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("the error has a control character: %q", err)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("1.5MiB")
	f.Add("1e3K")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := session.ParseSize(text); err == nil && n < 0 {
			t.Fatalf("%q is %d", text, n)
		}
	})
}
