package forget

import (
	"context"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// ledger is what is known of one source so far: the states that stay, and the
// chunks that need not be read again.
type ledger struct {
	sums   *summer
	states *stater
	held   map[sum]struct{}
	met    map[chunkOf]met
	twins  *twins
}

func newLedger() *ledger {
	sums := newSummer()
	return &ledger{sums: sums, states: newStater(sums), held: map[sum]struct{}{}, met: map[chunkOf]met{}}
}

// hold notes that a state stays. With the bytes of its attachments it stands for
// the same record without them as well.
func (l *ledger) hold(st *state) { l.held[st.whole], l.held[st.bare] = struct{}{}, struct{}{} }

func (l *ledger) holds(st *state) bool {
	_, ok := l.held[st.whole]
	return ok
}

// read goes through the records of a snapshot, save for chunks that were met in
// another one with the same bytes for every attachment.
func (l *ledger) read(ctx context.Context, r *streams, see func(e repo.Entry, id format.ID, st *state) error) error {
	family := r.snapshot.Family()
	for e, err := range r.snapshot.Entries(ctx) {
		if err != nil {
			return err
		}
		if !isStream(e) {
			continue
		}
		var now []attached
		skip := func(id format.ID) bool {
			m, ok := l.met[chunkOf{family, id}]
			for _, a := range m.files {
				p, _ := r.files.find(a.file)
				ok = ok && p.sum == a.bytes
			}
			return ok
		}
		err = r.each(ctx, e, skip, func(id format.ID, st *state) error {
			if st.message != nil {
				for i := range st.message.Attachments {
					if name := st.message.Attachments[i].File; name != "" {
						p, _ := r.files.find(name)
						now = append(now, attached{name, p.sum})
					}
				}
			}
			return see(e, id, st)
		}, func(id format.ID) {
			l.met[chunkOf{family, id}] = met{now}
			now = nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
