package meta

import (
	"cmp"
	"errors"
	"io"
	"math"
	"strings"
	"time"

	"chatkeep/providers/internal/jsonstream"
)

// form is how the files of a thread are written.
type form struct {
	route string
	clock string // the key of a message's time, in JSON
	// scan reads a file from its beginning, or, with a stretch, from there, and
	// hands its records to each until that says false. What a file says of its
	// thread goes to the thread, from the beginning alone.
	scan func(t *thread, r io.Reader, s *stretch, each func(e entry, at int64) bool) error
	// tie says what a record is, for the order of those of one time. Where it is
	// nil their order is that of the file.
	tie func(*entry) string
	// fill makes the message of a record.
	fill func(*builder, *entry)
}

// scanJSON reads a thread's object, or the elements of a stretch of its messages.
func scanJSON(t *thread, r io.Reader, s *stretch, each func(e entry, at int64) bool) error {
	if s != nil {
		j := jsonstream.NewReader(io.MultiReader(strings.NewReader("["), r), jsonstream.Limits{})
		_, err := t.form.records(j, s.first, s.records, s.before, each)
		return err
	}
	j := jsonstream.NewReader(r, jsonstream.Limits{})
	if c, err := j.Kind(); err != nil {
		return err
	} else if c != '{' {
		if head, _ := j.Peek(3); strings.HasPrefix("\ufeff", string(head)) {
			return io.ErrUnexpectedEOF // within the mark of UTF-8
		}
		return errNoThread
	}
	if err := j.Enter(); err != nil {
		return err
	}
	first, trouble := 0, error(nil)
	for {
		more, err := j.Next()
		if err != nil {
			return err
		} else if !more {
			return cmp.Or(trouble, j.End())
		}
		name := string(j.Name())
		if c, err := j.Kind(); err != nil {
			return err
		} else if name == "messages" && c == '[' {
			n, err := t.form.records(j, first, math.MaxInt, newest, each)
			if err != nil {
				return err
			}
			first += n + 1 // a second list is not the first one's continuation
			continue
		}
		v, err := j.Value()
		if j.Err() != nil {
			return err
		} else if err != nil {
			trouble = cmp.Or(trouble, err)
			continue
		}
		t.head(name, v)
	}
}

// errNoThread is what a file that is no thread's gives.
var errNoThread = errors.New("no thread of messages in it")

// newest is the rank of what has no time and nothing before it.
const newest = math.MaxInt64 - 1

// records hands on the elements of the array at hand, up to a number of them, and
// returns how many there were.
func (f *form) records(j *jsonstream.Reader, first, most int, rank int64, each func(e entry, at int64) bool) (n int, err error) {
	for v, err := range j.Records() {
		if j.Err() != nil {
			return n, err
		}
		e := entry{at: first + n, raw: v, bad: err != nil || v.Kind() != '{'} // without raw it was too large
		n++
		if ms, ok := millis(v.Get(f.clock)); ok && !e.bad {
			rank = ms
		}
		e.rank = rank
		if !each(e, j.Offset()) || n == most {
			return n, nil
		}
	}
	return n, nil
}

// earliest and latest bound times that records can tell: the years 1 to 9999.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
)

// millis is a number of milliseconds, which some write as a string.
func millis(v jsonstream.Value) (int64, bool) {
	if s, ok := v.Text(); ok {
		v = jsonstream.Value(s)
	}
	ms, ok := v.Int()
	return ms, ok && ms > earliest && ms < latest
}
