package format

import "math/bits"

// Padding floors, in bytes.
const (
	floorText   = 64 << 10  // packs of messages and meta
	floorBlobs  = 256 << 10 // packs of media and originals
	floorOthers = 4 << 10   // every other sealed object
)

// Pad returns the size to which n bytes are padded: n, or floor if that is
// more, raised to the next Padmé size (Nikitin et al., "Reducing Metadata
// Leakage from Encrypted Files and Communication with PURBs", 2019), which
// adds at most 12 % and lets O(log log n) bits of the length through.
func Pad(n, floor int64) int64 {
	n = max(n, floor)
	if n < 2 {
		return n
	}
	e := bits.Len64(uint64(n)) - 1
	s := bits.Len64(uint64(e))
	mask := int64(1)<<max(e-s, 0) - 1
	return (n + mask) &^ mask
}
