package notify

import (
	"fmt"
	"net"
)

// maxTalk is how much a server may say, in bytes.
const maxTalk = 1 << 20

// bounded is a connection to a server that must not talk for ever: answers are
// gathered in memory.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("it said more than %d bytes", maxTalk)
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
