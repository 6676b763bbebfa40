package whatsapp

import (
	"bufio"
	"bytes"
	"io"
)

// pieceSize is how much of a line is held at once. A header lies well within
// it; what is longer comes in pieces, so that no line is ever too long.
const pieceSize = 256 << 10

// piece is a line, or a part of one that is longer than pieceSize.
type piece struct {
	text   []byte // with its line end; valid until the next piece
	first  bool   // begins its line
	number int    // of the line, from 1
	// crlf says that the line before ended in CR LF, lf that it ended in LF
	// alone. Neither holds for the first line.
	crlf, lf bool
}

// lines reads a text line by line. Only LF ends a line: U+2028, U+0085 and
// their like are parts of a message.
type lines struct {
	r      *bufio.Reader
	number int
	inside bool // the last piece did not end its line
	end    byte // how the last line ended: 0, 'c' or 'l'
	last   byte // the last byte of the last piece
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, pieceSize)}
}

// next returns the next piece, or io.EOF at the end.
func (l *lines) next() (piece, error) {
	b, err := l.r.ReadSlice('\n')
	if len(b) == 0 {
		if err == nil || err == bufio.ErrBufferFull {
			err = io.ErrNoProgress
		}
		return piece{}, err
	}
	p := piece{text: b, first: !l.inside, crlf: l.end == 'c', lf: l.end == 'l'}
	if p.first {
		l.number++
	}
	p.number = l.number
	l.inside = b[len(b)-1] != '\n'
	if !l.inside {
		l.end = 'l'
		if len(b) > 1 && b[len(b)-2] == '\r' || len(b) == 1 && l.last == '\r' && !p.first {
			l.end = 'c'
		}
	}
	l.last = b[len(b)-1]
	if err == bufio.ErrBufferFull || err == io.EOF {
		err = nil
	}
	return p, err
}

// chomp takes the line end off.
func chomp(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}
