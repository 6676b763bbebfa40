package metrics_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// strict parses OpenMetrics text of gauges by the words of its specification, and
// returns the values by name and labels. It is stricter than the formats where they
// leave a choice that is made here: one space, families in order, metadata first.
func strict(text string) (values map[string]float64, err error) {
	body, ended := strings.CutSuffix(text, "\n# EOF\n")
	if !ended && text != "# EOF\n" {
		return nil, fmt.Errorf("it does not end in # EOF")
	}
	values = map[string]float64{}
	if !ended {
		return values, nil
	}
	p := &strictParser{values: values}
	for i, line := range strings.Split(body, "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", i+1, line, err)
		}
	}
	return values, nil
}

type strictParser struct {
	values map[string]float64
	family string
	typed  bool
	said   map[string]bool
}

const (
	nameForm = `[a-zA-Z_:][a-zA-Z0-9_:]*`
	pairForm = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
)

var (
	metaLine   = regexp.MustCompile(`^# (HELP|TYPE|UNIT) (` + nameForm + `) (.+)$`)
	sampleLine = regexp.MustCompile(`^(` + nameForm + `)(\{` + pairForm + `(?:,` + pairForm + `)*\})? (-?[0-9]+(?:\.[0-9]+)?)$`)
	labelPair  = regexp.MustCompile(pairForm)
)

func (p *strictParser) line(line string) error {
	if m := metaLine.FindStringSubmatch(line); m != nil {
		return p.meta(m[1], m[2], m[3])
	}
	m := sampleLine.FindStringSubmatch(line)
	switch {
	case m == nil:
		return fmt.Errorf("neither metadata nor a sample")
	case m[1] != p.family || !p.typed:
		return fmt.Errorf("not of the family %s", p.family)
	}
	names := map[string]bool{}
	for _, pair := range labelPair.FindAllString(m[2], -1) {
		name, _, _ := strings.Cut(pair, "=")
		if names[name] {
			return fmt.Errorf("%s twice", name)
		}
		names[name] = true
	}
	if _, twice := p.values[m[1]+m[2]]; twice {
		return fmt.Errorf("a sample twice")
	}
	value, err := strconv.ParseFloat(m[3], 64)
	p.values[m[1]+m[2]] = value
	return err
}

func (p *strictParser) meta(kind, name, value string) error {
	if name != p.family {
		if name < p.family {
			return fmt.Errorf("after %s", p.family)
		}
		p.family, p.typed, p.said = name, false, map[string]bool{}
	}
	switch {
	case p.said[kind]:
		return fmt.Errorf("twice")
	case kind == "TYPE" && value != "gauge":
		return fmt.Errorf("no gauge")
	case kind == "UNIT" && !strings.HasSuffix(name, "_"+value):
		return fmt.Errorf("not the unit of its name")
	case kind == "HELP" && strings.ContainsAny(value, `"\`):
		return fmt.Errorf("what the formats do not escape alike")
	}
	p.said[kind], p.typed = true, p.typed || kind == "TYPE"
	return nil
}
