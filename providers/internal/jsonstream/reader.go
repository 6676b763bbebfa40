// Package jsonstream reads JSON exports that are larger than memory.
//
// Such an export is a few objects around arrays of many records. A [Reader]
// walks the objects and gives each record whole, as a [Value]:
//
//	{"name": "Anna", "messages": [{…}, {…}, …]}
//	Enter    Next            Next Enter Next Next …
//
// Next moves to the next member or element of the object or array that was
// entered last; then Value reads it, Enter opens it, or nothing is done and it
// is passed over. Where a value ends is told by its brackets and quotes alone:
// what is wrong inside of one costs that one and no other.
//
// Exports are not always JSON to the letter. What their writers are known to
// get wrong is mended in the values that need it: escapes that JSON lacks (as
// \x1F), control characters, text without quotes (see mend). Strings that are no
// UTF-8 keep their bytes. Keys twice in an object are given twice.
package jsonstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Limits bound what one value may make a reader hold. A zero field takes its
// value from [DefaultLimits].
type Limits struct {
	Value int // bytes
	Depth int // arrays and objects within each other
}

// DefaultLimits are far beyond what apps write for one message.
var DefaultLimits = Limits{Value: 16 << 20, Depth: 200}

// ErrTooLarge is what a value beyond the limits gives. The reader is behind it
// then, and goes on.
var ErrTooLarge = errors.New("larger than a record may be")

// ErrSyntax is what text that is no JSON gives.
var ErrSyntax = errors.New("no JSON")

// Error is trouble at a place.
type Error struct {
	Offset int64 // in bytes from where the reader began
	Err    error // ErrTooLarge, ErrSyntax, io.ErrUnexpectedEOF, or the source's own
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %v", e.Offset, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// bufferSize is how much is read ahead, in bytes.
const bufferSize = 128 << 10

// Reader walks one JSON text.
type Reader struct {
	src    io.Reader
	limits Limits

	buf  []byte
	pos  int   // of the next byte in buf
	hold int   // what stands before may leave buf; -1 is pos
	base int64 // offset of buf[0]
	err  error // why nothing more comes, from src

	open   []byte // the brackets of what was entered
	fresh  bool   // nothing of the innermost was read yet
	atHand bool   // a value begins at pos
	at     int64  // offset of the value at hand, or of the last
	name   []byte
	broken error // the text cannot be followed further
}

// NewReader returns a reader of the one value in src.
func NewReader(src io.Reader, limits Limits) *Reader {
	if limits.Value == 0 {
		limits.Value = DefaultLimits.Value
	}
	if limits.Depth == 0 {
		limits.Depth = DefaultLimits.Depth
	}
	r := &Reader{src: src, limits: limits, buf: make([]byte, 0, bufferSize), hold: -1, atHand: true}
	if b, _ := r.Peek(3); bytes.HasPrefix(b, []byte("\ufeff")) {
		r.pos += 3
	}
	return r
}

// Depth is how many objects and arrays are entered.
func (r *Reader) Depth() int { return len(r.open) }

// Offset is where the value at hand begins, or, if it was read, where it began,
// in bytes from where the reader began.
func (r *Reader) Offset() int64 { return r.at }

// Name is the name of the member that Next moved to, valid until the next call.
func (r *Reader) Name() []byte { return r.name }

// Peek returns up to n of the bytes that come next, fewer at the end only. They
// are valid until the next call, and read later all the same.
func (r *Reader) Peek(n int) ([]byte, error) {
	for len(r.buf)-r.pos < n && r.fill() {
	}
	b := r.buf[r.pos:]
	if len(b) < n {
		return b, r.err
	}
	return b[:n], nil
}

// Kind is the first byte of the value at hand: one of { [ " t f n, a digit, or
// -. Of what is no JSON it is any other.
func (r *Reader) Kind() (byte, error) {
	if r.broken != nil {
		return 0, r.broken
	}
	if !r.atHand {
		return 0, r.fail(ErrSyntax)
	}
	c, err := r.next()
	r.at = r.base + int64(r.pos)
	return c, err
}

// Enter opens the object or array at hand.
func (r *Reader) Enter() error {
	c, err := r.Kind()
	if err != nil {
		return err
	}
	if c != '{' && c != '[' {
		return r.fail(ErrSyntax)
	}
	if len(r.open) >= r.limits.Depth {
		return r.fail(ErrTooLarge)
	}
	r.pos++
	r.open = append(r.open, c)
	r.fresh, r.atHand = true, false
	return nil
}

// Next moves to the next member or element of what was entered last. A value at
// hand is passed over. False without an error is the end of it, and the one
// around it is the innermost then.
func (r *Reader) Next() (bool, error) {
	if r.atHand {
		if err := r.Skip(); err != nil && r.broken != nil {
			return false, err
		}
	}
	if r.broken != nil {
		return false, r.broken
	}
	if len(r.open) == 0 {
		return false, nil
	}
	c, err := r.next()
	if err != nil {
		return false, err
	}
	if c == ',' && !r.fresh {
		r.pos++
		if c, err = r.next(); err != nil {
			return false, err
		}
	} else if !r.fresh && c != '}' && c != ']' {
		return false, r.fail(ErrSyntax)
	}
	r.fresh = false
	if c == '}' || c == ']' {
		return false, r.close(c)
	}
	if r.open[len(r.open)-1] == '{' {
		if err := r.member(c); err != nil {
			return false, err
		}
		if _, err = r.next(); err != nil {
			return false, err
		}
	}
	r.atHand, r.at = true, r.base+int64(r.pos)
	return true, nil
}

// close leaves the innermost at its bracket.
func (r *Reader) close(c byte) error {
	if r.open[len(r.open)-1] != c-2 { // in ASCII, as in { and }
		return r.fail(ErrSyntax)
	}
	r.pos++
	r.open = r.open[:len(r.open)-1]
	return nil
}

// Leave passes over what is left of what was entered last, until depth of them
// are still entered.
func (r *Reader) Leave(depth int) error {
	for len(r.open) > depth {
		if _, err := r.Next(); err != nil {
			return err
		}
	}
	return nil
}

// member reads a name and its colon.
func (r *Reader) member(c byte) error {
	if c != '"' {
		return r.fail(ErrSyntax)
	}
	raw, err := r.take(true)
	if err != nil {
		return r.fail(err)
	}
	r.name = append(r.name[:0], Value(raw).Bytes()...)
	if c, err = r.next(); err != nil {
		return err
	}
	if c != ':' {
		return r.fail(ErrSyntax)
	}
	r.pos++
	return nil
}

// Records yields what is in the array at hand, each valid until the next. An error
// stands in the place of one value, as [Reader.Value] gives it, or is the last
// because nothing can be read behind it; then Err has it too. Who stops before the
// end is still within the array.
func (r *Reader) Records() iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		if c, err := r.Kind(); err == nil && c != '[' {
			if err = r.Skip(); err == nil {
				err = &Error{r.at, ErrSyntax}
			}
			yield(nil, err)
			return
		}
		err := r.Enter()
		for err == nil {
			more, nextErr := r.Next()
			if err = nextErr; err != nil || !more {
				break
			}
			v, valueErr := r.Value()
			if err = r.broken; err == nil && !yield(v, valueErr) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// Err is why the text cannot be followed further, or nil.
func (r *Reader) Err() error { return r.broken }

// Rest is the text behind what was read, and its offset. The reader cannot be used
// any more.
func (r *Reader) Rest() (io.Reader, int64) {
	return io.MultiReader(bytes.NewReader(r.buf[r.pos:]), r.src), r.base + int64(r.pos)
}

// Skip passes over the value at hand, however large it is.
func (r *Reader) Skip() error {
	_, err := r.whole(false)
	return err
}

// Value reads the value at hand, which is valid until the next call. Of one that
// is no JSON it returns the bytes as they are, with an error that matches
// [ErrSyntax]; one beyond the limits gives [ErrTooLarge]. After both the reader
// goes on.
func (r *Reader) Value() (Value, error) {
	raw, err := r.whole(true)
	if err != nil {
		return nil, err
	}
	if isValid(raw) {
		return raw, nil
	}
	if mended := mend(raw); isValid(mended) {
		return mended, nil
	}
	return raw, &Error{r.at, ErrSyntax}
}

// whole reads the value at hand as it is, or passes over it.
func (r *Reader) whole(keep bool) ([]byte, error) {
	c, err := r.Kind()
	if err != nil {
		return nil, err
	}
	if c == ',' || c == ':' || c == '}' || c == ']' {
		return nil, r.fail(ErrSyntax)
	}
	r.atHand = false
	raw, err := r.take(keep)
	if errors.Is(err, ErrTooLarge) {
		return nil, &Error{r.at, err}
	} else if err != nil {
		return nil, r.fail(err)
	}
	return raw, nil
}

// take reads what begins at pos. To keep it is to hold it in buf, and what is
// beyond the limits then is passed over, and ErrTooLarge.
func (r *Reader) take(keep bool) ([]byte, error) {
	var s scan
	if keep {
		r.hold = r.pos
	}
	defer func() { r.hold = -1 }()
	for {
		n, done := s.feed(r.buf[r.pos:])
		r.pos += n
		if r.hold >= 0 && (r.pos-r.hold > r.limits.Value || s.deepest > r.limits.Depth) {
			r.hold = -1
		}
		if !done && !r.fill() {
			if !s.ends() || len(r.open) > 0 || r.err != io.EOF {
				return nil, r.end()
			}
			done = true
		}
		switch {
		case done && r.hold >= 0:
			return r.buf[r.hold:r.pos:r.pos], nil
		case done && keep:
			return nil, ErrTooLarge
		case done:
			return nil, nil
		}
	}
}

// next is the next byte that is no space, which stays unread.
func (r *Reader) next() (byte, error) {
	if !r.skipSpace() {
		return 0, r.fail(r.end())
	}
	return r.buf[r.pos], nil
}

// skipSpace says whether anything else follows.
func (r *Reader) skipSpace() bool {
	for {
		for ; r.pos < len(r.buf); r.pos++ {
			switch r.buf[r.pos] {
			case ' ', '\n', '\r', '\t':
			default:
				return true
			}
		}
		if !r.fill() {
			return false
		}
	}
}

// End says whether the value, read whole, is followed by nothing but space.
func (r *Reader) End() error {
	switch {
	case r.broken != nil:
		return r.broken
	case len(r.open) > 0 || r.atHand || r.skipSpace():
		return r.fail(ErrSyntax)
	case r.err != io.EOF:
		return r.fail(r.err)
	}
	return nil
}

// end is why there is nothing more to read.
func (r *Reader) end() error {
	if r.err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return r.err
}

// fail makes an error the reader's last word.
func (r *Reader) fail(err error) error {
	if r.broken == nil {
		r.broken = &Error{r.base + int64(r.pos), err}
	}
	return r.broken
}

// fill reads on and says whether there was more.
func (r *Reader) fill() bool {
	if r.err != nil {
		return false
	}
	from := r.pos
	if r.hold >= 0 {
		from = r.hold
	}
	if from > 0 {
		r.base += int64(from)
		r.buf = r.buf[:copy(r.buf, r.buf[from:])]
		r.pos -= from
		if r.hold >= 0 {
			r.hold = 0
		}
	}
	if len(r.buf) == cap(r.buf) {
		r.buf = append(make([]byte, 0, 2*cap(r.buf)), r.buf...)
	}
	for range 100 {
		n, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		r.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	r.err = io.ErrNoProgress
	return false
}
