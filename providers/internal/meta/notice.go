package meta

import (
	_ "embed" // for the table
	"strings"
	"unicode"

	"chatkeep/providers/internal/phrasebook"
)

//go:embed notices.txt
var noticesText string

// notice is one text that the apps write.
type notice struct {
	code  string
	parts []string // in this order, with anything between
	open  bool     // anything may follow
}

// notices are all of them: those that begin with who did it, and the others by
// their first word.
var named, unnamed = parseNotices(noticesText)

func parseNotices(table string) (named []notice, unnamed map[string][]notice) {
	unnamed = map[string][]notice{}
	for code, phrase := range phrasebook.Entries(table) {
		n := notice{code: code}
		phrase, by := strings.CutPrefix(phrase, "@ ")
		first, _, _ := strings.Cut(phrase, " ")
		phrase, n.open = strings.CutSuffix(phrase, "…")
		n.parts = strings.Split(phrase, "…")
		if by {
			named = append(named, n)
		} else {
			unnamed[first] = append(unnamed[first], n)
		}
	}
	return named, unnamed
}

// you is how the apps call the owner of an account at the head of a notice.
var you = map[string]bool{"you": true, "du": true, "vous": true, "tu": true, "tú": true, "você": true, "hai": true, "je": true}

// maxNotice is how long a notice may be, in bytes.
const maxNotice = 512

// noticeOf is the code of what an app wrote, or "", and what stands where the
// table has its last "…". A person's text counts only where it begins with that
// person's own name, or as one who speaks of the owner.
func noticeOf(content, sender string) (code, rest string) {
	if content == "" || len(content) > maxNotice {
		return "", ""
	}
	text := strings.TrimSuffix(strings.TrimSpace(content), ".")
	first, after, _ := strings.Cut(text, " ")
	if len(first) > 16 {
		first = ""
	}
	first = strings.ToLower(first)
	if after2, ok := strings.CutPrefix(text, sender+" "); ok && sender != "" {
		if code, rest = find(named, after2); code != "" {
			return code, rest
		}
	} else if you[first] {
		if code, rest = find(named, after); code != "" {
			return code, rest
		}
	}
	return find(unnamed[first], text)
}

// find is the first of some notices that a text is.
func find(list []notice, text string) (code, rest string) {
	if len(list) == 0 {
		return "", ""
	}
	folded := strings.ToLower(text)
	if len(folded) != len(text) {
		text = folded // places in one are not those in the other
	}
	for i := range list {
		gap, ok := list[i].in(folded)
		if !ok {
			continue
		}
		if rest = text[gap.from:gap.to]; list[i].code != "reacted" || isEmoji(rest) {
			return list[i].code, rest
		}
	}
	return "", ""
}

// span is a run of a text.
type span struct{ from, to int }

// in finds a notice in folded text, and what stands where it has its last "…",
// or behind it.
func (n *notice) in(s string) (gap span, ok bool) {
	if !strings.HasPrefix(s, n.parts[0]) {
		return gap, false
	}
	end := len(n.parts[0])
	gap = span{end, len(s)}
	for i, part := range n.parts[1:] {
		k := strings.Index(s[end:], part)
		if i == len(n.parts)-2 && !n.open {
			k = len(s) - len(part) - end // it ends the text
		}
		if k < 0 || s[end+k:end+k+len(part)] != part {
			return gap, false
		}
		gap = span{end, end + k}
		end += k + len(part)
	}
	return gap, n.open || end == len(s)
}

// isEmoji says whether a short text has no letters.
func isEmoji(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, unicode.IsLetter)
}
