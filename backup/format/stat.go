package format

import (
	"strconv"
	"time"
)

// Stat is one line of stats: what of an entry changes with every export.
type Stat struct {
	Mode  uint32    // permission bits and set-id, set-group and sticky bits, as chmod takes them: at most 0o7777
	Mtime time.Time // to the nanosecond; seconds from 1970 are below 2^53 either way
}

// AppendStat appends the line of s. Times out of bounds are brought to the
// nearest that can be written.
func AppendStat(dst []byte, s *Stat) []byte {
	sec, nsec := s.Mtime.Unix(), int64(s.Mtime.Nanosecond())
	switch {
	case sec > maxNumber:
		sec, nsec = maxNumber, 0
	case sec < -maxNumber:
		sec, nsec = -maxNumber, 0
	}
	dst = append(dst, `{"mode":"`...)
	for shift := 9; shift >= 0; shift -= 3 {
		dst = append(dst, '0'+byte(s.Mode>>shift&7))
	}
	dst = append(dst, `","mtime":"`...)
	// The text is one decimal number, so that half a second before 1970 is
	// -0.5, where the clock counts -1 and 500,000,000.
	if sec < 0 {
		dst = append(dst, '-')
		sec = -sec
		if nsec > 0 {
			sec, nsec = sec-1, 1e9-nsec
		}
	}
	dst = strconv.AppendInt(dst, sec, 10)
	dst = append(dst, '.')
	for unit := int64(1e8); unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(nsec/unit%10))
	}
	return append(dst, "\"}\n"...)
}

// ParseStat reads one line of stats with its line feed.
func ParseStat(line []byte) (Stat, error) {
	c := cursor{data: line, what: "stat"}
	if len(line) > MaxLine {
		c.fail(Oversized, "a line of %d bytes, and %d is the limit", len(line), MaxLine)
		return Stat{}, c.err
	}
	var s Stat
	c.lit(`{"mode":"`)
	for range 4 {
		s.Mode = s.Mode<<3 | c.digit('7')
	}
	c.lit(`","mtime":"`)
	s.Mtime = c.mtime()
	c.lit("\"}\n")
	c.end()
	if c.err != nil {
		return Stat{}, c.err
	}
	return s, nil
}

// digit reads one digit.
func (c *cursor) digit(most byte) uint32 {
	if c.err != nil {
		return 0
	}
	if c.pos >= len(c.data) || c.data[c.pos] < '0' || c.data[c.pos] > most {
		c.shape("a digit up to " + string(most))
		return 0
	}
	c.pos++
	return uint32(c.data[c.pos-1] - '0')
}

// mtime reads seconds and nine digits of nanoseconds.
func (c *cursor) mtime() time.Time {
	negative := c.opt("-")
	sec := c.int()
	c.lit(".")
	nsec := int64(0)
	for range 9 {
		nsec = nsec*10 + int64(c.digit('9'))
	}
	if negative {
		if sec == 0 && nsec == 0 {
			c.shape("zero without a sign")
		}
		sec, nsec = -sec, -nsec
	}
	if sec == maxNumber && nsec > 0 || sec == -maxNumber && nsec < 0 {
		c.fail(Malformed, "a time of 2^53 seconds or more")
	}
	if c.err != nil {
		return time.Time{}
	}
	return time.Unix(sec, nsec).UTC()
}
