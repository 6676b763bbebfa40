package restore

import "time"

// pace is how fast requests were so far.
type pace struct {
	requests int64
	bytes    int64
	took     time.Duration // all of them, one after another
	shortest time.Duration // about what a request takes that brings little
}

func (p *pace) add(bytes int64, took time.Duration) {
	if p.requests == 0 || took < p.shortest {
		p.shortest = took
	}
	p.requests++
	p.bytes += bytes
	p.took += took
}

// bandwidth is the bytes a second that came once a request was answered, or 0
// where nothing can be said. It is that of one connection at a time.
func (p *pace) bandwidth() int64 {
	waiting := time.Duration(p.requests) * p.shortest
	// Where all requests took as long, waiting explains all of it.
	moving := max(p.took-waiting, p.took/10)
	if moving <= 0 {
		return 0
	}
	return int64(float64(p.bytes) / moving.Seconds())
}

// estimate is how long reads take at this pace, some at a time, at so many bytes
// a second.
func (p *pace) estimate(requests, bytes, bandwidth int64, atATime int) time.Duration {
	waiting := time.Duration(requests) * p.shortest / time.Duration(max(1, atATime))
	if bandwidth <= 0 {
		return waiting
	}
	return waiting + time.Duration(float64(bytes)/float64(bandwidth)*float64(time.Second))
}
