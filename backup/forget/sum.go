package forget

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// sum is a hash that stands for something as long as a run lasts. Its key is the
// run's own: who writes messages cannot make two that are taken for one.
type sum [16]byte

// summer makes sums. It is used by one goroutine.
type summer struct {
	h   *blake3.Hasher
	len [8]byte
}

func newSummer() *summer {
	var key [32]byte
	rand.Read(key[:]) // never fails
	h, err := blake3.NewKeyed(key[:])
	if err != nil {
		panic("forget: " + err.Error()) // the key has the one length there is
	}
	return &summer{h: h}
}

// begin starts a sum of one kind of thing.
func (s *summer) begin(kind string) *summer {
	s.h.Reset()
	return s.str(kind)
}

// Write adds bytes as they are; str adds them with their length.
func (s *summer) Write(p []byte) (int, error) { return s.h.Write(p) }

func (s *summer) str(text string) *summer {
	binary.LittleEndian.PutUint64(s.len[:], uint64(len(text)))
	s.h.Write(s.len[:])
	s.h.WriteString(text)
	return s
}

func (s *summer) num(n int64) *summer {
	binary.LittleEndian.PutUint64(s.len[:], uint64(n))
	s.h.Write(s.len[:])
	return s
}

func (s *summer) end() (out sum) {
	var all [32]byte
	copy(out[:], s.h.Sum(all[:0]))
	return out
}
