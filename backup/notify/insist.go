package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pauses are between tries, where the other side asks for nothing else.
var pauses = []time.Duration{2 * time.Second, 10 * time.Second}

// patience is the longest pause that the other side can ask for. Where it asks for
// more, there is no other try.
const patience = time.Minute

// insist tells a channel, several times if need be.
func (n *Notifier) insist(ctx context.Context, c *channel, e Event) error {
	pauses := pauses
	if e.Kind == Start {
		pauses = nil
	}
	for tries := 1; ; tries++ {
		err := c.once(ctx, e)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var trouble *passing
		if !errors.As(err, &trouble) {
			return err
		}
		if len(pauses) == 0 || trouble.after > patience {
			return fmt.Errorf("%w (tries: %d)", trouble.error, tries)
		}
		if n.deps.Sleep(ctx, max(pauses[0], trouble.after)) != nil {
			return context.Cause(ctx)
		}
		pauses = pauses[1:]
	}
}

// once tells a channel once. A mistake in here must not end a backup, so that a
// panic is an error like others; what it says may be anything and is kept quiet.
func (c *channel) once(ctx context.Context, e Event) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("chatkeep broke down telling this channel")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.way.tell(ctx, e)
}

// retryAfter reads the header of that name: seconds or a date. What is in the past
// or cannot be read is 0.
func retryAfter(text string, now time.Time) time.Duration {
	const most = 365 * 24 * time.Hour
	text = strings.TrimSpace(text)
	if text != "" && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds > int(most/time.Second) {
			return most // more than fits into a number
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), most)
}
