package forget

import (
	"bytes"
	"testing"
)

// FuzzState makes states of any lines: what a writer stored is foreign. Where the
// line is a record that this release writes, its place in the export makes no
// difference; any other line counts byte for byte.
func FuzzState(f *testing.F) {
	for _, line := range []string{
		`{"type":"message","id":"1","conversation":"aa","kind":"text","text":"x","source":{"file":"originals/_chat.txt","at":"line 1"}}`,
		`{"type":"message","id":"1","kind":"media","attachments":[{"role":"image","size":3,"file":"originals/a.jpg","state":"stored"}],"source":{}}`,
		`{"type":"message","later":{},"source":{}}`, `{"type":"vote"}`, `{`, ``, "\x00",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.IndexByte(line, '\n') >= 0 {
			return
		}
		sums := newSummer()
		s := newStater(sums)
		have := &files{sums: sums, bytes: map[sum]content{}}
		have.bytes[have.path("originals/a.jpg")] = content{size: 3}
		of := func(conversation string, line []byte) *state {
			st, err := s.of(conversation, append(bytes.Clone(line), '\n'), have)
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		st := of("aa", line)
		if again := of("aa", line); again.whole != st.whole || again.bare != st.bare {
			t.Error("one line is two states")
		}
		if other := of("bb", line); other.bare == st.bare {
			t.Error("two conversations have one state")
		}
		if longer := of("aa", append(bytes.Clone(line), ' ')); !st.canonical && longer.bare == st.bare {
			t.Error("two lines that nobody understands are one state")
		}
	})
}
