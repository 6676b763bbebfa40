package meta

import (
	_ "embed" // for the table
	"strings"
	"unicode"
)

//go:embed notices.txt
var noticesText string

// notice is one text that the apps write.
type notice struct {
	code  string
	named bool     // it begins with who did it
	parts []string // in this order, with anything between
	open  bool     // anything may follow
}

// notices are all of them, by whether they begin with who did it.
var notices = parseNotices(noticesText)

func parseNotices(table string) (list []notice) {
	code := ""
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			code = strings.Trim(line, "[]")
		default:
			n := notice{code: code}
			line, n.named = strings.CutPrefix(line, "@ ")
			line, n.open = strings.CutSuffix(line, "…")
			n.parts = strings.Split(line, "…")
			list = append(list, n)
		}
	}
	return list
}

// you is how the apps call the owner of an account at the head of a notice.
var you = []string{"you ", "du ", "vous ", "tu ", "tú ", "você ", "hai ", "je "}

// maxNotice is how long the head of a notice is, in bytes, that is looked at.
const maxNotice = 512

// noticeOf is the code of what an app wrote, or "", and what stands where the
// table has its last "…". A person's text counts only where it begins with that
// person's own name, or as one who speaks of the owner.
func noticeOf(content, sender string) (code, rest string) {
	if content == "" || len(content) > maxNotice {
		return "", ""
	}
	whole := strings.TrimSpace(content)
	folded := strings.ToLower(whole)
	if len(folded) != len(whole) {
		whole = folded // places in one are not those in the other
	}
	whole, folded = strings.TrimSuffix(whole, "."), strings.TrimSuffix(folded, ".")
	who := strings.ToLower(sender) + " "
	at := 0
	if who != " " && strings.HasPrefix(folded, who) {
		at = len(who)
	} else {
		for _, y := range you {
			if strings.HasPrefix(folded, y) {
				at = len(y)
				break
			}
		}
	}
	for _, n := range notices {
		from := 0
		if n.named {
			if from = at; at == 0 {
				continue
			}
		}
		if place, ok := n.in(folded[from:]); ok {
			rest = whole[from+place.from : from+place.to]
			if n.code == "reacted" && !isEmoji(rest) {
				continue
			}
			return n.code, rest
		}
	}
	return "", ""
}

// span is a run of a text.
type span struct{ from, to int }

// in finds a notice in folded text, and what stands where it has "…".
func (n *notice) in(s string) (gap span, ok bool) {
	first := n.parts[0]
	if !strings.HasPrefix(s, first) {
		return gap, false
	}
	end := len(first)
	gap = span{end, len(s)}
	for i, part := range n.parts[1:] {
		k := strings.Index(s[end:], part)
		if last := i == len(n.parts)-2; last && !n.open {
			k = len(s) - len(part) - end
			if k < 0 || !strings.HasSuffix(s, part) {
				return gap, false
			}
		}
		if k < 0 {
			return gap, false
		}
		gap = span{end, end + k}
		end += k + len(part)
	}
	if n.open {
		if len(n.parts) == 1 {
			gap = span{end, len(s)}
		}
		return gap, true
	}
	return gap, end == len(s)
}

// isEmoji says whether a short text has no letters.
func isEmoji(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, unicode.IsLetter)
}
