package ranged

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// words say a range as the header does: n bytes from a place on, or all where n is
// negative.
func words(from, n int64) string {
	switch {
	case n >= 0:
		return fmt.Sprintf("bytes=%d-%d", from, from+n-1)
	case from > 0:
		return fmt.Sprintf("bytes=%d-", from)
	}
	return ""
}

// accept holds an answer against what was asked for, and learns from it where the end
// is and which state of the object this is.
func (r *reader) accept(a *Answer) error {
	size, err := strconv.ParseInt(a.Header.Get("Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return errors.New("the answer does not tell its length")
	}
	etag := a.Header.Get("Etag")
	if r.etag != "" && etag != r.etag {
		return errors.New("the object was replaced while it was read")
	}
	if words(r.at, r.left) != "" {
		if err := r.acceptRange(a, size); err != nil {
			return err
		}
	}
	switch {
	case r.left < 0:
		r.left = size
	case size < r.left:
		return fmt.Errorf("%d bytes from %d on, of %d: %w", r.left, r.at, r.at+size, ErrRange)
	case size > r.left:
		return errors.New("the answer is longer than what was asked for")
	}
	r.etag = etag
	return nil
}

// acceptRange wants that the answer is the range that was asked for.
func (r *reader) acceptRange(a *Answer, size int64) error {
	switch {
	case a.Status == http.StatusOK && size == 0:
		return ErrRange // ranges of empty objects are not looked at
	case a.Status != http.StatusPartialContent:
		return errors.New("the answer is not for the range that was asked for: ranges are ignored")
	case !strings.HasPrefix(a.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", r.at)):
		return errors.New("the answer is another range than the one asked for")
	}
	return nil
}
