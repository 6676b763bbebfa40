package whatsapp

// evidence is what the lines of one family of headers say about the order of
// their dates. It is gathered in one pass and small.
type evidence struct {
	lines   int
	invalid [len(orders)]int // lines that are no date under an order
	odd     [len(orders)]int // dates before WhatsApp was, or far ahead
	back    [len(orders)]int // steps back in time from one line to the next
	last    [len(orders)]int64
	prev    [3]int
	changes [3]int // how often each component changed
	year    int    // the latest that a named month stands with
	upper   int    // lines with AM or PM in capitals
}

// stamp is a date and time as one number that grows with time.
func stamp(d day, t timeOfDay) int64 {
	hour, _ := t.hour24()
	return ((((int64(d.year)*12+int64(d.month))*31+int64(d.day))*24+int64(hour))*60+int64(t.minute))*60 + int64(t.second)
}

// add takes one header in. It says under which orders it steps back.
func (e *evidence) add(h *header) (back [len(orders)]bool) {
	for i, o := range orders {
		d, ok := h.date.in(o, 2100)
		if !ok {
			e.invalid[i]++
			continue
		}
		if d.year < 2009 || d.year > 2060 && h.date.year {
			e.odd[i]++
		}
		s := stamp(d, h.time)
		if s < e.last[i] {
			e.back[i]++
			back[i] = true
		}
		e.last[i] = s
	}
	if e.lines > 0 {
		for k := range e.prev {
			if h.date.n[k] != e.prev[k] {
				e.changes[k]++
			}
		}
	}
	if h.upper {
		e.upper++
	}
	if d, ok := h.date.in(dmy, 0); ok && h.date.year && h.date.month >= 0 {
		e.year = max(e.year, d.year)
	}
	e.prev = h.date.n
	e.lines++
	return back
}

// verdict is the order that a family of headers is read under.
type verdict struct {
	order   order
	assumed string // why it is a guess, or ""
	bad     int    // lines that are no date under it
}

// decide chooses the order: what is possible, then what keeps time from
// running backwards, then what lets the month change more slowly than the day,
// then what the other headers of the file use, then custom.
func (e *evidence) decide(s shape, others *order) verdict {
	best := e.possible()
	if len(best) == 1 {
		return verdict{order: best[0], bad: e.invalid[best[0]]}
	}
	best = fewest(best, func(o order) int { return e.odd[o] })
	best = fewest(best, func(o order) int { return e.back[o] })
	if len(best) == 1 {
		return verdict{order: best[0], bad: e.invalid[best[0]]}
	}
	if others != nil {
		for _, o := range best {
			if o == *others {
				return verdict{order: o}
			}
		}
	}
	if slow := fewest(best, e.haste); len(slow) == 1 && e.haste(slow[0]) < 0 {
		return verdict{order: slow[0], assumed: "the part that changes least is taken as the month"}
	}
	return verdict{order: custom(best, s, e.upper > 0), assumed: "no line tells day and month apart"}
}

// possible are the orders under which the fewest lines are no date. ydm counts
// only where nothing else will do.
func (e *evidence) possible() []order {
	best := fewest(orders[:], func(o order) int { return e.invalid[o] })
	if len(best) > 1 && best[len(best)-1] == ydm {
		best = best[:len(best)-1]
	}
	return best
}

// fewest keeps the orders with the smallest count.
func fewest(of []order, count func(order) int) []order {
	least := count(of[0])
	for _, o := range of {
		least = min(least, count(o))
	}
	var r []order
	for _, o := range of {
		if count(o) == least {
			r = append(r, o)
		}
	}
	return r
}

// haste is how much more often the month changes than the day; an order is the
// likelier the smaller it is.
func (e *evidence) haste(o order) int {
	day, month, year := 0, 1, 2
	switch o {
	case mdy:
		day, month = 1, 0
	case ymd:
		day, month, year = 2, 1, 0
	case ydm:
		day, month, year = 1, 2, 0
	}
	return e.changes[month] - e.changes[day] + max(e.changes[year]-e.changes[month], 0)
}

// custom is the order that the shape is mostly seen with: American phones
// write slashes, two digits of the year and AM or PM in capitals.
func custom(of []order, s shape, upper bool) order {
	want := dmy
	switch {
	case s.year == 'f':
		want = ymd
	case s.dateSep == '/' && s.year != 'l' && s.half == 'a' && upper:
		want = mdy
	}
	for _, o := range of {
		if o == want {
			return o
		}
	}
	return of[0]
}
