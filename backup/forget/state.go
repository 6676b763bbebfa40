package forget

import (
	"chatkeep/backup/record"
	"chatkeep/providers/chat"
)

// state is one record of a snapshot, and what stands for it.
type state struct {
	conversation string
	line         []byte        // with its end; of the reader's buffer
	message      *chat.Message // nil where the line is none
	canonical    bool
	places       []place // of the attachments whose bytes are there
	// whole stands for the record with the bytes of its attachments, bare for the
	// record alone. They are the same where it has none.
	whole, bare sum
	// shape stands for the record with the sizes of its attachments: where those of
	// two families have one, their bytes are worth a comparison.
	shape sum
}

// stater makes states of lines.
type stater struct {
	sums    *summer
	encoder *record.Encoder
}

func newStater(sums *summer) *stater {
	return &stater{sums, record.NewEncoder(sums, nil)}
}

// of makes the state of a line of the conversation with this id.
//
// Two states are one if the conversation, the message's id and everything it says
// are the same, and the bytes of its attachments. What only says where in an
// export it stood does not count: the pointer to the original, paths of
// attachments, whether a message that is answered was in the same export. Nor
// does a tally of reactions that does not say who reacted: it is nobody's word,
// and in a channel it never stands still. Who reacted with what does count, and
// so does every other field. A line that says more than this release understands
// counts byte for byte.
func (s *stater) of(conversation string, line []byte, f *files) (*state, error) {
	st := &state{conversation: conversation, line: line}
	r, canonical, err := record.Parse(line[:len(line)-1])
	m, isMessage := r.(*chat.Message)
	if err == nil && isMessage {
		st.message, st.canonical = m, canonical
		for i := range m.Attachments {
			a := &m.Attachments[i]
			if p, ok := f.find(a.File); a.State == chat.Stored && ok {
				p.attachment = i
				st.places = append(st.places, p)
			}
		}
	}
	s.sums.begin("record").str(conversation)
	if st.canonical {
		err = s.encoder.Message(record.Said(m))
	} else {
		_, err = s.sums.Write(line)
	}
	if err != nil {
		return nil, err
	}
	st.bare = s.sums.end()
	st.whole = st.bare
	if len(st.places) > 0 {
		s.sums.begin("with").Write(st.bare[:])
		for _, p := range st.places {
			s.sums.num(int64(p.attachment)).Write(p.sum[:])
		}
		st.whole = s.sums.end()
		s.sums.begin("shape").Write(st.bare[:])
		for _, p := range st.places {
			s.sums.num(int64(p.attachment)).num(p.size)
		}
		st.shape = s.sums.end()
	}
	return st, nil
}
