package whatsapp

// refused is a line that was not taken for a header.
type refused struct {
	line     int
	skeleton string
}

// refuse takes in a line that has no header.
func (p *profile) refuse(l piece) {
	if p.headers == 0 && p.stray.line == 0 && !isBlank(l.text) {
		p.stray = refused{l.number, skeleton(l.text)}
	}
	if !looksDated(l.text) {
		return
	}
	if p.suspects++; p.suspects == 1 {
		p.suspect = refused{l.number, skeleton(l.text)}
	}
}

// looksDated says whether a line begins as headers do: a bracket or a digit,
// and five digits or more with three separators among its first 40 bytes.
func looksDated(b []byte) bool {
	b = trimMarks(b[:min(len(b), 40)])
	if len(b) < 10 {
		return false
	}
	if _, n := digitAt(b); n == 0 && b[0] != '[' {
		return false
	}
	digits, seps := 0, 0
	for i := 0; i < len(b); {
		_, n := digitAt(b[i:])
		if n > 0 {
			digits++
		} else if n = 1; b[i] == ':' || b[i] == '.' || b[i] == '/' || b[i] == '-' {
			seps++
		}
		i += n
	}
	return digits >= 5 && seps >= 3
}

// doubt is an error where much of a file looks like headers of a form that is
// not known, so that few messages were found in it.
func (p *profile) doubt(file string) error {
	if p.suspects < 10 || p.suspects*2 < p.headers {
		return nil
	}
	return &formError{file: file, refused: p.suspect, found: p.headers, suspects: p.suspects}
}
