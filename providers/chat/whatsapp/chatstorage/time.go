package chatstorage

import (
	"math"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite"
)

// epoch is where Core Data's times begin, 2001, in seconds since 1970.
const epoch = 978307200

// Years that records can have, in seconds since 2001.
const earliest, latest = -63113904000, 252423993599

// millis is a time in milliseconds since 1970, with what it is known to. The
// database keeps seconds, whole or with a fraction, whose digits beyond the
// millisecond are an artefact.
func millis(rows *sqlite.Rows, column int) (ms int64, unit chat.Precision, ok bool) {
	if !rows.IsNumber(column) {
		return 0, "", false
	}
	return millisOf(rows.Float(column))
}

func millisOf(seconds float64) (ms int64, unit chat.Precision, ok bool) {
	if !(seconds >= earliest && seconds <= latest) {
		return 0, "", false
	}
	ms = int64(math.Round(seconds*1000)) + epoch*1000
	if ms%1000 == 0 {
		return ms, chat.Second, true
	}
	return ms, chat.Millisecond, true
}

// at is the time of milliseconds since 1970.
func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
