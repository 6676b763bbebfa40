package whatsapp

import (
	"bytes"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// callEnd is where the name of a call ends and its length or outcome begins, or
// -1.
func callEnd(b []byte) int {
	b = b[:min(len(b), wordLimit)]
	for i, c := range b {
		switch {
		case c == ',' || c == '.':
			return i
		case c == 0xd8 && bytes.HasPrefix(b[i:], []byte("،")), c == 0xef && bytes.HasPrefix(b[i:], []byte("，")):
			return i
		}
	}
	return -1
}

// callTail says whether what follows "Voice call" is the app's: a length, an
// outcome, or an invitation to call back.
func callTail(b []byte) bool {
	b = bytes.TrimLeft(b, ",.،， ")
	if markLen(b) > 0 {
		return true
	}
	d, outcome := callOutcome(b)
	return known.code(b) == "call-back" || d > 0 || outcome == "declined" || outcome == "missed"
}

// callOutcome reads ", 5 min", ", 1 hr 2 min", ", No answer".
func callOutcome(b []byte) (time.Duration, string) {
	c := cursor{b: bytes.TrimLeft(b, ",.،，")}
	var d time.Duration
	for range 3 {
		c.spaces()
		n, width, _ := c.number()
		if width == 0 {
			break
		}
		c.spaces()
		var buf [wordLimit]byte
		unit, ok := units[c.word(&buf)]
		if !ok {
			break
		}
		d += time.Duration(n) * unit
	}
	if d > 0 {
		return d, "answered"
	}
	switch known.code(bytes.TrimLeft(b, ",.،， ")) {
	case "call-answer-none":
		return 0, "missed"
	case "call-declined":
		return 0, "declined"
	}
	return 0, ""
}

// units are the words for lengths of time in calls.
var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"sek": time.Second, "seg": time.Second, "с": time.Second, "сек": time.Second, "秒": time.Second, "초": time.Second, "sn": time.Second, "dtk": time.Second,
	"min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute, "minuti": time.Minute,
	"minuten": time.Minute, "minutos": time.Minute, "мин": time.Minute, "分": time.Minute, "分鐘": time.Minute, "分钟": time.Minute, "분": time.Minute, "dk": time.Minute, "mnt": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour, "std": time.Hour,
	"ч": time.Hour, "час": time.Hour, "時間": time.Hour, "小時": time.Hour, "小时": time.Hour, "시간": time.Hour, "sa": time.Hour, "jam": time.Hour, "hod": time.Hour, "u": time.Hour,
}

const (
	mapsURL       = "https://maps.google.com/?q="
	foursquareURL = "https://foursquare.com/v/"
)

// parsePlace reads "location: https://maps.google.com/?q=lat,long" in any
// language, "Name (address): https://foursquare.com/v/id", and the same on
// three lines.
func parsePlace(b []byte) *chat.Location {
	if !bytes.Contains(b, []byte("https://")) {
		return nil
	}
	if i := bytes.Index(b, []byte(mapsURL)); i >= 0 {
		return mapsPlace(b, i)
	}
	i := bytes.Index(b, []byte(foursquareURL))
	if i < 0 {
		return nil
	}
	url := bytes.TrimRight(b[i:], " \r\n")
	if bytes.ContainsAny(url, " \n") || i == 0 || i > 1024 {
		return nil
	}
	p := &chat.Location{URL: string(url)}
	head := string(b[:i])
	switch {
	case strings.HasSuffix(head, "\n"):
		name, address, _ := strings.Cut(strings.TrimRight(head, "\r\n"), "\n")
		p.Name, p.Address = strings.TrimRight(name, "\r"), address
	case strings.HasSuffix(head, ": "):
		head = strings.TrimSuffix(head, ": ")
		name, address, ok := cutLast(head, " (")
		if !ok || !strings.HasSuffix(address, ")") {
			name, address = head, ""
		}
		p.Name, p.Address = name, strings.TrimSuffix(address, ")")
	default:
		return nil // a link in a sentence
	}
	return p
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// mapsPlace reads a label, a colon and a link to a map.
func mapsPlace(b []byte, i int) *chat.Location {
	head := bytes.TrimRight(b[:i], " \r\n")
	colon := bytes.HasSuffix(head, []byte(":")) || bytes.HasSuffix(head, []byte("："))
	if i > 0 && !colon || len(head) > phraseLimit {
		return nil
	}
	q := string(bytes.TrimRight(b[i+len(mapsURL):], " \r\n"))
	lat, long, ok := strings.Cut(q, ",")
	if !ok || !isDegrees(lat) || !isDegrees(long) {
		return nil
	}
	return &chat.Location{Latitude: lat, Longitude: long, URL: mapsURL + q}
}

func isDegrees(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if s == "" || len(s) > 24 || s[0] == '.' {
		return false
	}
	dot := false
	for i := range len(s) {
		switch {
		case s[i] >= '0' && s[i] <= '9':
		case s[i] == '.' && !dot:
			dot = true
		default:
			return false
		}
	}
	return true
}

// pollLimit is the most options of a poll that are read.
const pollLimit = 64

// parsePoll reads
//
//	POLL:
//	question
//	OPTION: text (n votes)
//
// in any language: the first line a known word with a colon, or one behind a
// mark; every option the same word, and a count in parentheses.
func parsePoll(c bodyContext, b []byte) *chat.Poll {
	head, rest, ok := bytes.Cut(b, []byte("\n"))
	if !ok || len(head) > phraseLimit {
		return nil
	}
	var f folded
	word := f.fold(chomp(head))
	label := strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(string(word), ":"), "："), " ")
	if label == string(word) || known.phrase[label] != "poll" && !c.app {
		return nil
	}
	p := &chat.Poll{}
	option := ""
	var question []string
	for line := range bytes.Lines(rest) {
		line = chomp(line)
		o, w, ok := parseOption(line)
		switch {
		case ok && (option == "" || option == w) && len(p.Options) < pollLimit:
			option = w
			p.Options = append(p.Options, o)
		case option == "":
			question = append(question, string(line))
		case len(bytes.TrimSpace(line)) > 0:
			return nil
		}
	}
	if len(p.Options) == 0 || len(question) == 0 {
		return nil
	}
	p.Question = strings.Trim(strings.Join(question, "\n"), "\n")
	return p
}

// parseOption reads "OPTION: text (n votes)".
func parseOption(line []byte) (o chat.PollOption, word string, ok bool) {
	for markLen(line) > 0 {
		line = line[markLen(line):]
	}
	w, rest, ok := strings.Cut(string(line), ": ")
	if !ok || w == "" || len(w) > wordLimit {
		return o, "", false
	}
	text, votes, ok := cutLast(rest, "(")
	if !ok || !strings.HasSuffix(votes, ")") {
		return o, "", false
	}
	c := cursor{b: []byte(votes)}
	n, width, _ := c.number()
	if width == 0 {
		return o, "", false
	}
	return chat.PollOption{Text: strings.TrimRight(text, " "), Votes: n}, w, true
}
