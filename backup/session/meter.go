package session

import (
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

const (
	meterEvery   = 100 * time.Millisecond
	defaultWidth = 80
)

// meter draws one line over itself. A nil meter draws nothing.
type meter struct {
	out     io.Writer
	now     func() time.Time
	width   int
	started time.Time
	base    int64 // done when it started
	drawn   time.Time
	visible bool
}

// update shows how much is done, written as write does.
func (m *meter) update(done, total int64, now string, write func(int64) string) {
	t := m.now()
	if m.started.IsZero() || done < m.base {
		m.started, m.base = t, done
	}
	if m.visible && t.Sub(m.drawn) < meterEvery {
		return
	}
	m.drawn, m.visible = t, true
	fmt.Fprintf(m.out, "\r\x1b[K%s", cut(m.line(t, done, total, now, write), m.width-1))
}

// line says how much, how fast, how long still, and what.
func (m *meter) line(t time.Time, done, total int64, now string, write func(int64) string) string {
	line := write(done)
	if total > 0 {
		line = fmt.Sprintf("%3d%%  %s of %s", min(100, int64(float64(done)/float64(total)*100)), write(done), write(total))
	}
	// The first second says little about the rate.
	if took := t.Sub(m.started); took >= time.Second && done > m.base {
		rate := float64(done-m.base) / took.Seconds()
		if rate >= 1 {
			line += fmt.Sprintf("  %s/s", write(int64(rate)))
		}
		if total > done {
			line += "  " + Span(time.Duration(float64(total-done)/rate)*time.Second) + " left"
		}
	}
	if now != "" {
		line += "  " + Clean(now)
	}
	return line
}

func (m *meter) clear() {
	if m != nil && m.visible {
		m.visible = false
		_, _ = io.WriteString(m.out, "\r\x1b[K")
	}
}

// cut shortens a line to a number of characters. Wide characters may still run
// over; the next draw then leaves a line behind, which does no harm.
func cut(line string, width int) string {
	if utf8.RuneCountInString(line) <= width || width < 2 {
		return line
	}
	runes := []rune(line)
	return string(runes[:width-1]) + "…"
}

func widthOf(stream any) int {
	if f, ok := stream.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return defaultWidth
}
