package whatsapp

import "unicode/utf8"

// readDate reads three components: numbers, a named month, or a year with its
// era before it ("R4") or behind it ("2565 BE").
func (h *header) readDate(c *cursor) bool {
	h.date.month = -1
	h.date.year = true
	for k := range 3 {
		at := c.i
		if k > 0 && !h.dateSep(c, k) || !h.component(c, k) {
			c.i = at
			return k == 2 && h.noYear()
		}
	}
	h.suffix(c)
	return true
}

// noYear accepts a day and a named month without a year.
func (h *header) noYear() bool {
	h.date.year = false
	return h.date.month >= 0
}

// component reads the k-th component of a date.
func (h *header) component(c *cursor, k int) bool {
	n, width, zero := c.number()
	if width > 0 {
		h.date.n[k] = n
		h.note(k, width, zero)
		return width != 3
	}
	if c.done() || h.date.month >= 0 && k < 2 {
		return false
	}
	var buf [wordLimit]byte
	w := c.word(&buf)
	if e := eras[w]; e != 0 {
		c.spaces()
		if n, width, _ = c.number(); width == 0 {
			return false
		}
		h.setEra(e)
		h.date.n[k] = n
		return true
	}
	if m := months[w]; m != 0 && h.date.month < 0 && k < 2 {
		h.date.n[k], h.date.month = m, int8(k)
		h.shape.dateSep = 'n'
		return true
	}
	return false
}

// note keeps what a number's width says of the shape.
func (h *header) note(k, width int, zero bool) {
	if width == 4 {
		h.shape.year = 'l'
		if k == 0 {
			h.shape.year = 'f'
		}
		return
	}
	if width > 2 || width == 2 && !zero {
		return
	}
	pad := uint8(bare)
	if zero && width == 2 {
		pad = padded
	}
	if k == 2 && h.shape.year != 'f' {
		return // a two-digit year is always padded
	}
	if h.shape.pad != padUnknown && h.shape.pad != pad {
		pad = both
	}
	h.shape.pad = pad
}

// dateSep reads the separator before the k-th component.
func (h *header) dateSep(c *cursor, k int) bool {
	sep := byte(0)
	switch b := c.peek(); {
	case b == '/' || b == '-' || b == '.':
		sep = b
		c.i++
		if b == '.' {
			c.spaces() // "2022. 3. 18."
		}
	case b == ' ' || b == ',' || b >= utf8.RuneSelf || b >= 'a' && b <= 'z':
		if sep = c.wordSep(); sep == 0 {
			return false
		}
	}
	switch {
	case sep == 0:
		return false
	case h.shape.dateSep == 'n':
		return true
	case k == 1:
		h.shape.dateSep = sep
		return true
	}
	return h.shape.dateSep == sep
}

// wordSep reads 年 月 년 월, U+2011, or what stands around a named month: space,
// comma, "de".
func (c *cursor) wordSep() byte {
	r, n := utf8.DecodeRune(c.b[c.i:])
	switch r {
	case '年', '月', '년', '월':
		c.i += n
		c.spaces()
		return 'c'
	case '‑', '‐':
		c.i += n
		return '-'
	}
	c.byte(',')
	if !c.spaces() {
		return 0
	}
	at := c.i
	var buf [wordLimit]byte
	switch c.word(&buf) {
	case "de", "of", "del", "d":
		c.spaces()
	default:
		c.i = at
	}
	return 'n'
}

// suffix reads what closes a date: 日 or 일.
func (h *header) suffix(c *cursor) {
	if r, n := utf8.DecodeRune(c.b[c.i:]); r == '日' || r == '일' {
		c.i += n
	}
	at := c.i
	c.spaces()
	var buf [wordLimit]byte
	if e := eras[c.word(&buf)]; e != 0 {
		h.setEra(e)
		return
	}
	c.i = at
}

// plausible says whether the header's numbers can be a date and a time at all,
// under any order.
func (h *header) plausible() bool {
	t := h.time
	if t.minute > 59 || t.second > 60 || t.hour > 24 {
		return false
	}
	if h.shape.dateSep == 'n' && h.date.month < 0 {
		return false // numbers with spaces between are no date
	}
	for _, o := range orders {
		if _, ok := h.date.in(o, 2020); ok {
			return true
		}
	}
	return false
}
