package kit_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/kit"
)

// some is a repository that has everything.
func some() *kit.Facts {
	return &kit.Facts{
		Made: "2026-11-20 18:00:00 +01:00", Program: "chatkeep v1.2.3",
		Place: "s3://bucket/chats", Settings: []string{"--s3-endpoint s3.example.org"}, Repository: format.Sum([]byte("root")),
		Slots: []kit.Slot{
			{Name: "laptop", Kind: format.SlotRecipient, PostQuantum: new(false)},
			{Name: "passphrase", Kind: format.SlotPassphrase, PostQuantum: new(true)},
			{Name: "recovery", Kind: format.SlotRecovery, PostQuantum: new(true)},
			{Name: "token", Kind: format.SlotRecipient},
		},
		Authority: kit.Authority{Number: 3, Hash: format.Sum([]byte("authority"))},
		Head:      &kit.Head{Writer: "7c1e09ab", Number: 12, Hash: format.Sum([]byte("head")), Time: "2026-11-20 17:00:00 +01:00"},
		Witness:   "/media/usb/witness",
		Open:      "chatkeep open s3://bucket/chats --s3-endpoint s3.example.org --id " + format.Sum([]byte("root")).String(),
	}
}

// pages are both forms of a kit: the text, and what a reader sees of the HTML.
func pages(t *testing.T, f *kit.Facts, key keys.RecoveryKey) (text, seen, source string) {
	t.Helper()
	plain, err := kit.Text(f, key)
	if err != nil {
		t.Fatal(err)
	}
	page, err := kit.HTML(f, key)
	if err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(plain) || !utf8.Valid(page) {
		t.Error("a page is no UTF-8")
	}
	_, body, _ := strings.Cut(string(page), "<body>")
	seen = html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " "))
	return string(plain), seen, string(page)
}

// TestFacts has every fact on both pages.
func TestFacts(t *testing.T) {
	f, key := some(), keys.NewRecoveryKey()
	text, seen, _ := pages(t, f, key)
	id := f.Repository.String()
	for _, fact := range []string{
		f.Made, f.Program, f.Place, "--s3-endpoint s3.example.org", f.Open, "ID=" + id,
		id[:8] + " " + id[8:16] + " " + id[16:24] + " " + id[24:32], id[32:40] + " " + id[40:48] + " " + id[48:56] + " " + id[56:],
		"authority 3", f.Authority.Hash.String(), "head 12 of writer 7c1e09ab", f.Head.Time, f.Head.Hash.String(), f.Witness,
		"laptop", "token", "age or SSH key", "not post-quantum", "not known", "recovery key", "must be told", string(key), "age 1.3 or newer",
		"chatkeep restore latest --target restored", "docs/recover-by-hand.md", "SLOT=passphrase", "KEY=", "as weak as what is not",
	} {
		for name, page := range map[string]string{"text": text, "html": seen} {
			if !strings.Contains(strings.Join(strings.Fields(page), " "), fact) {
				t.Errorf("%s does not say %q", name, fact)
			}
		}
	}
}

// TestLess says what there is less of, and nothing of what there is not.
func TestLess(t *testing.T) {
	f := some()
	f.Classic, f.Head, f.Host, f.Slots, f.Witness = true, nil, "desk", f.Slots[2:3], ""
	text, seen, _ := pages(t, f, "")
	for name, page := range map[string]string{"text": text, "html": seen} {
		for _, fact := range []string{"no backup yet", "age 1.1 or newer", "machine desk", "SLOT=recovery", "classic", "no secret on this page"} {
			if !strings.Contains(page, fact) {
				t.Errorf("%s does not say %q", name, fact)
			}
		}
		for _, other := range []string{"of writer", "must be told", "KEY=", "<nil>", "THIS PAGE HAS", "witness"} {
			if strings.Contains(page, other) {
				t.Errorf("%s says %q", name, other)
			}
		}
	}
}

// TestKeyOnlyWhereAsked has the key on the page that is to have it and on no other,
// and one code more for it.
func TestKeyOnlyWhereAsked(t *testing.T) {
	key := keys.NewRecoveryKey()
	looksLike := regexp.MustCompile(`([0-9a-f]{4}-){3}`)
	text, _, page := pages(t, some(), "")
	if looksLike.MatchString(text) || looksLike.MatchString(page) || strings.Count(page, "<svg ") != 1 {
		t.Errorf("a page without the key has something like it, or %d codes", strings.Count(page, "<svg "))
	}
	text, _, page = pages(t, some(), key)
	if strings.Count(text, string(key)) != 1 || strings.Count(page, string(key)) != 1 || strings.Count(page, "<svg ") != 2 {
		t.Errorf("the key is there %d and %d times, with %d codes", strings.Count(text, string(key)), strings.Count(page, string(key)), strings.Count(page, "<svg "))
	}
}

// TestAlone asks of the HTML that it loads and runs nothing.
func TestAlone(t *testing.T) {
	_, _, page := pages(t, some(), keys.NewRecoveryKey())
	for _, bad := range []string{`(?i)<(script|link|img|iframe|object|embed|base|form|image|use)\b`, `(?i)\b(src|href|action|on[a-z]+)\s*=\s*["']`, `(?i)https?://`, `(?i)url\(`, `(?i)@import`} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}

// TestHostilePlace names a place like a piece of a page.
func TestHostilePlace(t *testing.T) {
	f := some()
	f.Place = `/media/<script>alert("a")</script>&amp;{{.Made}}`
	f.Open, f.Host = "chatkeep open '"+f.Place+"'", `<img src=x>`
	text, seen, page := pages(t, f, "")
	if strings.Contains(page, "<script") || strings.Contains(page, "<img") {
		t.Error("the place became a part of the page")
	}
	for name, page := range map[string]string{"text": text, "html": seen} {
		if strings.Count(page, f.Place) != 2 || !strings.Contains(page, f.Host) {
			t.Errorf("%s does not have the place as it is", name)
		}
	}
}

// TestWidth keeps the text to what a printer puts on a line.
func TestWidth(t *testing.T) {
	f := some()
	text, _, _ := pages(t, f, keys.NewRecoveryKey())
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line) - 1; n > 101 && !strings.Contains(line, f.Open) {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}
