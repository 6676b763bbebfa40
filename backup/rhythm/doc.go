// Package rhythm says when something that is done again and again is due: each
// hour, each day at three, on the first of a month. It knows calendars and the
// changes of clocks in spring and autumn, and nothing of what is done.
package rhythm
