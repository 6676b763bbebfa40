package meta

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// stamp is a time as a page shows it: a reading of some clock, in the words of
// the account's language.
type stamp struct {
	wall    time.Time // in UTC's clothes
	seconds bool      // they are known
}

// months are what pages call them, by the folded beginnings that tell them apart.
var months = monthTable(`
1 jan january januar januari janv janvier ene enero gen gennaio janeiro styczeń stycznia sty oca ocak
2 feb february februar februari févr février fév feb febrero febbraio fev fevereiro lut lutego şub şubat
3 mar march märz mär mrt maart mars marzo março mar marca mart
4 apr april avr avril abr abril aprile kwi kwietnia nis nisan
5 may mai mei maj maggio mag mayo maio maja mayıs
6 jun june juni juin junio giugno giu junho cze czerwca haz haziran
7 jul july juli juil juillet julio luglio lug julho lip lipca tem temmuz
8 aug august augustus août aoû ago agosto sie sierpnia ağu ağustos augusti
9 sep sept september septembre septiembre settembre set setembro wrz września eyl eylül
10 oct okt october oktober octobre octubre ottobre ott out outubro paź października eki ekim
11 nov november novembre noviembre novembro lis listopada kas kasım
12 dec dez dic déc december dezember décembre diciembre dicembre dezembro gru grudnia ara aralık des desember`)

func monthTable(text string) map[string]time.Month {
	table := map[string]time.Month{}
	month := time.Month(0)
	for word := range strings.FieldsSeq(text) {
		if word[0] >= '0' && word[0] <= '9' {
			month++
			continue
		}
		table[word] = month
	}
	return table
}

// fillers are the words that stand in a time and say nothing.
var fillers = map[string]bool{
	"at": true, "um": true, "à": true, "a": true, "las": true, "la": true, "alle": true, "ore": true, "às": true, "om": true,
	"kl": true, "o": true, "de": true, "del": true, "uhr": true, "klo": true, "saat": true,
}

// maxStamp is how long a time is at most, in bytes.
const maxStamp = 48

// stampParser reads one time.
type stampParser struct {
	numbers [8]struct{ value, digits int }
	n       int
	month   time.Month
	clock   int // which number begins the hours, or -1
	seconds bool
	half    byte // 'a', 'p', or 0 for a clock of 24 hours
	sep     byte // between the numbers of a date without a name of a month
}

// parseStamp reads a text that is a time and nothing else: "Oct 19, 2019, 2:37
// PM", "Oct 19, 2019 at 2:37 PM", "19 Oct 2019, 14:37", "2019-10-19 14:37:05",
// "19.10.2019, 14:37". Of "10/19/2019" order tells, "dmy" or "mdy", which number
// is the day; without it, that is no time.
func parseStamp(s, order string) (stamp, bool) {
	if len(s) > maxStamp {
		return stamp{}, false
	}
	p := stampParser{clock: -1}
	if !p.tokens(s) {
		return stamp{}, false
	}
	return p.stamp(order)
}

// tokens takes the text apart.
func (p *stampParser) tokens(s string) bool {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r >= '0' && r <= '9':
			n := p.number(s[i:])
			if n == 0 {
				return false
			}
			i += n
		case unicode.IsLetter(r):
			n := 0
			for j, c := range s[i:] {
				if !unicode.IsLetter(c) {
					break
				}
				n = j + utf8.RuneLen(c)
			}
			if !p.word(strings.ToLower(s[i : i+n])) {
				return false
			}
			i += n
		case r == ' ' || r == ',' || r == '.' || r == '\u00a0' || r == '\u202f' || r == '/' || r == '-' || r == ':':
			i += size
		default:
			return false
		}
	}
	return p.n > 0
}

// number reads a number, and which sign follows it.
func (p *stampParser) number(s string) (length int) {
	value := 0
	for length < len(s) && length < 5 && s[length] >= '0' && s[length] <= '9' {
		value = value*10 + int(s[length]-'0')
		length++
	}
	if length > 4 || p.n == len(p.numbers) {
		return 0
	}
	p.numbers[p.n].value, p.numbers[p.n].digits = value, length
	p.n++
	if length == len(s) || length+1 == len(s) || s[length+1] < '0' || s[length+1] > '9' {
		return length
	}
	switch c := s[length]; {
	case c == ':' && p.clock < 0:
		p.clock = p.n - 1
	case c == ':' && p.clock == p.n-2 && !p.seconds:
		p.seconds = true
	case c == ':':
		return 0
	case c == '/' || c == '-' || c == '.':
		if p.sep != 0 && p.sep != c || p.clock >= 0 && p.clock >= p.n-3 && p.n > p.clock+1 && p.sep == 0 {
			return 0
		}
		p.sep = c
	}
	return length
}

// word takes a word in, and says whether it can stand in a time.
func (p *stampParser) word(w string) bool {
	if m, ok := months[w]; ok && p.month == 0 {
		p.month = m
		return true
	}
	switch {
	case (w == "am" || w == "pm") && p.half == 0 && p.clock >= 0:
		p.half = w[0]
		return true
	case w == "a" && p.half == 0 && p.clock >= 0, w == "p" && p.half == 0 && p.clock >= 0:
		p.half = w[0] // of "p. m."
		return true
	case w == "m" && p.half != 0:
		return true
	}
	return fillers[w]
}

// stamp makes a time of what was found.
func (p *stampParser) stamp(order string) (t stamp, ok bool) {
	width := 2
	if p.seconds {
		width = 3
	}
	if p.clock < 0 || p.clock+width > p.n {
		return t, false
	}
	var date []int
	year := 0
	for i := range p.n {
		if i >= p.clock && i < p.clock+width {
			continue
		}
		if p.numbers[i].digits == 4 && year == 0 {
			year = p.numbers[i].value
			if len(date) == 0 && p.month == 0 {
				order = "ymd"
			}
			continue
		}
		date = append(date, p.numbers[i].value)
	}
	month, day, ok := p.date(date, order)
	if !ok || year < 1990 {
		return t, false
	}
	hour, minute, second := p.numbers[p.clock].value, p.numbers[p.clock+1].value, 0
	if p.seconds {
		second = p.numbers[p.clock+2].value
	}
	if p.half != 0 {
		if hour < 1 || hour > 12 {
			return t, false
		}
		hour %= 12
		if p.half == 'p' {
			hour += 12
		}
	}
	t = stamp{time.Date(year, month, day, hour, minute, second, 0, time.UTC), p.seconds}
	return t, hour < 24 && minute < 60 && second < 61 && t.wall.Day() == day
}

// date finds month and day among the numbers beside the year.
func (p *stampParser) date(n []int, order string) (month time.Month, day int, ok bool) {
	if p.month != 0 {
		if len(n) != 1 || n[0] < 1 || n[0] > 31 {
			return 0, 0, false
		}
		return p.month, n[0], true
	}
	if len(n) != 2 || p.sep == 0 {
		return 0, 0, false
	}
	if p.sep == '.' {
		order = "dmy"
	}
	switch order {
	case "dmy":
		n[0], n[1] = n[1], n[0]
	case "mdy", "ymd":
	default:
		return 0, 0, false
	}
	return time.Month(n[0]), n[1], n[0] >= 1 && n[0] <= 12 && n[1] >= 1 && n[1] <= 31
}
