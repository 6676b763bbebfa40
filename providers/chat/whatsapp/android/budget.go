package android

// budget bounds what is read for one message besides its text, in bytes: a record has
// at most 16 MiB, in which a byte may take seven. Real messages stay far below.
type budget struct {
	left    int
	refused bool
}

const (
	maxParts = 1 << 20
	partCost = 128 // what a row costs besides what is in it
)

// take reports whether n bytes more may be kept. No budget is no bound.
func (b *budget) take(n int) bool {
	if b == nil {
		return true
	}
	if n += partCost; n > b.left {
		b.refused = true
		return false
	}
	b.left -= n
	return true
}
