package metrics

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"chatkeep/backup/session"
)

// Family is a metric with its samples, a gauge: the one type that both formats
// have and that fits what may rise and fall.
type Family struct {
	Name string // a metric's name, which ends in the unit
	Help string // one line without quotes and backslashes
	Unit string // seconds, bytes, or none
	// Samples have the same labels, and each other values for them. Of several
	// that look the same once they are cleaned, the first is written: a collector
	// takes no file in which there are two.
	Samples []Sample
}

// Sample is a value.
type Sample struct {
	Labels []Label
	Value  float64
}

// Label is a name and a value, which may be any text.
type Label struct{ Name, Value string }

// Text writes the families, sorted by name, and none that has no sample.
func Text(families []Family) []byte {
	families = slices.Clone(families)
	slices.SortFunc(families, func(a, b Family) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	for _, f := range families {
		if len(f.Samples) > 0 {
			f.write(&b)
		}
	}
	b.WriteString("# EOF\n")
	return b.Bytes()
}

func (f Family) write(b *bytes.Buffer) {
	b.WriteString("# HELP " + f.Name + " " + f.Help + "\n")
	b.WriteString("# TYPE " + f.Name + " gauge\n")
	if f.Unit != "" {
		b.WriteString("# UNIT " + f.Name + " " + f.Unit + "\n")
	}
	written := map[string]bool{}
	for _, s := range f.Samples {
		series := f.Name + labels(s.Labels)
		if !written[series] {
			written[series] = true
			b.WriteString(series + " " + strconv.FormatFloat(s.Value, 'f', -1, 64) + "\n")
		}
	}
}

// labels writes labels with their braces, and nothing for none.
func labels(all []Label) string {
	if len(all) == 0 {
		return ""
	}
	pairs := make([]string, len(all))
	for i, l := range all {
		pairs[i] = l.Name + `="` + escaped.Replace(session.Clean(l.Value)) + `"`
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// escaped is what both formats escape alike; line ends are cleaned before.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
