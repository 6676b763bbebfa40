package whatsapp

import "time"

// order is which component of a date is which.
type order uint8

const (
	dmy order = iota
	mdy
	ymd
	ydm // seen in converted files only: taken where nothing else is possible
)

// orders are all of them, by how common they are.
var orders = [...]order{dmy, mdy, ymd, ydm}

func (o order) String() string { return [...]string{"dmy", "mdy", "ymd", "ydm"}[o] }

// era is a calendar that says so in the header.
type era uint8

const (
	common era = iota + 1
	buddhist
	reiwa
	heisei
	showa
	minguo
)

// day is a date of the Gregorian calendar.
type day struct{ year, month, day int }

// in reads the date under an order. current is the year of a date that has
// none. It returns false for what is no date under that order.
func (d date) in(o order, current int) (day, bool) {
	var r day
	n := d.n
	switch {
	case d.month == 0: // Sep 18, 2013
		r = day{n[2], n[0], n[1]}
	case d.month == 1 && n[0] > 31: // 2013 Sep 18
		r = day{n[0], n[1], n[2]}
	case d.month == 1: // 18 Sep 2013
		r = day{n[2], n[1], n[0]}
	case o == dmy:
		r = day{n[2], n[1], n[0]}
	case o == mdy:
		r = day{n[2], n[0], n[1]}
	case o == ymd:
		r = day{n[0], n[1], n[2]}
	default:
		r = day{n[0], n[2], n[1]}
	}
	if d.month >= 0 && o != dmy {
		return r, false // the order is plain; one reading is enough
	}
	if r.month < 1 || r.month > 12 || r.day < 1 {
		return r, false
	}
	if d.era == 0 && r.year >= 1350 && r.year <= 1450 {
		return r.fromPersian()
	}
	r.year = fullYear(r.year, d.era)
	if !d.year {
		r.year = current
	}
	return r, r.day <= monthDays(r.year, r.month) && r.year >= 1970 && r.year <= 2200
}

// fullYear turns a year as written into one of the Gregorian calendar. Two
// digits are of this century; from 52 on they are Buddhist, for WhatsApp began
// in 2552 of that calendar and nobody has yet exported a chat of 2052.
func fullYear(y int, e era) int {
	switch {
	case e == reiwa:
		return 2018 + y
	case e == heisei:
		return 1988 + y
	case e == showa:
		return 1925 + y
	case e == minguo:
		return 1911 + y
	case e == buddhist && y < 100:
		return 2500 + y - 543
	case e == buddhist || y >= 2500 && y < 2700:
		return y - 543
	case y >= 100:
		return y
	case y >= 52:
		return 2500 + y - 543
	}
	return 2000 + y
}

func monthDays(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// fromPersian turns a date of the solar calendar that Iranian phones show into
// a Gregorian one. Its leap years follow the 33-year cycle, which holds from
// 1244 to 1472; 1 Farvardin 1400 was 21 March 2021.
func (d day) fromPersian() (day, bool) {
	leap := func(y int) bool { return (y*8+29)%33 < 8 }
	length := 31
	switch {
	case d.month == 12 && !leap(d.year):
		length = 29
	case d.month > 6:
		length = 30
	}
	if d.day > length {
		return d, false
	}
	days := min(d.month-1, 6)*31 + max(d.month-7, 0)*30 + d.day - 1
	for y := 1400; y < d.year; y++ {
		days += 365
		if leap(y) {
			days++
		}
	}
	for y := d.year; y < 1400; y++ {
		days -= 365
		if leap(y) {
			days--
		}
	}
	t := time.Date(2021, time.March, 21+days, 0, 0, 0, 0, time.UTC)
	return day{t.Year(), int(t.Month()), t.Day()}, true
}

// hour24 turns a time with its half of the day into hours from 0 to 23.
func (t timeOfDay) hour24() (hour int, ok bool) {
	switch {
	case t.half == am && t.hour == 12:
		return 0, true
	case t.half == pm && t.hour < 12:
		return t.hour + 12, true
	case t.half == noon && t.hour < 11: // 中午1:05
		return t.hour + 12, true
	case t.half == night && t.hour == 12: // 晚上12:05
		return 0, true
	case t.half == night && t.hour >= 5 && t.hour < 12:
		return t.hour + 12, true
	case t.hour == 24:
		return 0, true
	}
	return t.hour, t.hour < 24
}

// wall is the reading of the clock, put into UTC: for ids and for comparing.
func (d day) wall(t timeOfDay) (time.Time, bool) {
	hour, ok := t.hour24()
	return time.Date(d.year, time.Month(d.month), d.day, hour, t.minute, min(t.second, 59), 0, time.UTC), ok
}
