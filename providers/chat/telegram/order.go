package telegram

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// The app writes the oldest message first. A list that begins with the newest,
// as other programs make them, is read more than once: for the order, and then
// for as many of its messages at a time as may be held.

// batchSize is how many bytes of messages are held to be put in order.
const batchSize = 32 << 20

// rank is a record's place in the order.
type rank struct {
	key   int64 // its number, or its time
	index int   // in the list
	size  int
}

// reversed yields the messages of a list from its end.
func (e *export) reversed(ctx context.Context, m *maker, s *stream, yield func(*chat.Message, error) bool) error {
	ranks, end := e.rank(ctx, m, s)
	if end != nil && s.Err() == nil {
		return end // the reader has had enough
	}
	for len(ranks) > 0 {
		n, size := 0, 0
		for n < len(ranks) && (n == 0 || size+ranks[n].size <= batchSize) {
			size += ranks[n].size
			n++
		}
		s, err := e.beside(m.dialog.offset)
		if err != nil {
			return err
		}
		if err := e.batch(ctx, m, s, ranks[:n], yield); err != nil {
			return err
		}
		ranks = ranks[n:]
	}
	return end
}

// rank reads the order of a list. What has neither number nor time stays beside
// its neighbour. An error is why the list was not read to its end.
func (e *export) rank(ctx context.Context, m *maker, s *stream) (ranks []rank, err error) {
	var last int64
	index := -1
	for v, err := range s.Records() {
		index++
		if s.Err() != nil {
			break
		}
		if index%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			if n, ok := v.Get("id").Int(); ok {
				last = n
			} else if at, ok := m.clock.read(v.Get("date_unixtime"), v.Get("date")); ok {
				last = at.at.Unix()
			}
		}
		ranks = append(ranks, rank{last, index, len(v)})
	}
	slices.SortFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(b.index, a.index))
	})
	m.clock = newClock(e.options.Zone)
	return ranks, s.Err()
}

// batch yields the records of some ranks, in their order.
func (e *export) batch(ctx context.Context, m *maker, s *stream, ranks []rank, yield func(*chat.Message, error) bool) error {
	place := make(map[int]int, len(ranks))
	for i, r := range ranks {
		place[r.index] = i
	}
	values, faults := make([]jsonstream.Value, len(ranks)), make([]error, len(ranks))
	index := -1
	for v, err := range s.Records() {
		if index++; s.Err() != nil {
			break
		}
		if index%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if i, ok := place[index]; ok {
			values[i], faults[i] = bytes.Clone(v), err
			if delete(place, index); len(place) == 0 {
				break
			}
		}
	}
	if len(place) > 0 {
		return errors.New("it changed while it was read")
	}
	for i, r := range ranks {
		if err := e.give(m, r.index, values[i], faults[i], yield); err != nil {
			return err
		}
	}
	return nil
}
