// Package kit writes the recovery kit: one page for the safe, which says where a
// repository is, what opens it, and how to get everything back, with chatkeep and
// without. It is pure: facts in, a page out.
package kit

import (
	"bytes"
	_ "embed"
	htmltemplate "html/template"
	"slices"
	"strings"
	"text/template"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// The pages, and the script that is on both.
var (
	//go:embed page.txt
	textPage string
	//go:embed page.html
	htmlPage string
	//go:embed recover.sh
	recoverScript string
)

// Facts is what a kit says of a repository. Texts are one line each, for people.
type Facts struct {
	Made, Program string
	// Place is the location, without credentials; Settings say with it which
	// server that is, each as a flag.
	Place    string
	Settings []string
	// Host is the machine that has the folder, "" for another kind of place.
	Host string
	// Witness is the place that has seen the newest state, "" without one.
	Witness    string
	Repository format.Hash
	Classic    bool
	Slots      []Slot // at least one
	Authority  Authority
	Head       *Head // nil before the first backup
	// Open is the command line that opens the repository on a new machine.
	Open string
}

// Slot is a way to unlock the repository.
type Slot struct {
	Name, Kind string
	// PostQuantum tells whether it withstands a quantum computer; nil is for what
	// nobody here knows, as that of a plugin.
	PostQuantum *bool
}

// Authority is the newest one known.
type Authority struct {
	Number uint64
	Hash   format.Hash
}

// Head is the newest one known.
type Head struct {
	Writer string // as commands take it
	Number uint64
	Hash   format.Hash
	Time   string
}

// What says in words what opens the slot.
func (s Slot) What() string {
	switch s.Kind {
	case format.SlotRecovery:
		return "recovery key"
	case format.SlotRecipient:
		return "age or SSH key"
	}
	return s.Kind
}

// Strength says in words what becomes of the slot with a quantum computer.
func (s Slot) Strength() string {
	switch {
	case s.PostQuantum == nil:
		return "post-quantum or not: not known"
	case *s.PostQuantum:
		return "post-quantum"
	}
	return "not post-quantum"
}

// page is what the templates see.
type page struct {
	*Facts
	RecoveryKey string
	Codes       []code
}

// Text writes the kit as plain text, in lines of 101 characters at most, but for
// a location that is longer. Key is empty where the page has no secret.
func Text(f *Facts, key keys.RecoveryKey) ([]byte, error) {
	t, err := template.New("page.txt").Parse(textPage)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, &page{Facts: f, RecoveryKey: string(key)})
	return out.Bytes(), err
}

// HTML writes the kit as one file to print, with QR codes, that needs nothing
// beside it. Key is empty where the page has no secret.
func HTML(f *Facts, key keys.RecoveryKey) ([]byte, error) {
	t, err := htmltemplate.New("page.html").Parse(htmlPage)
	if err != nil {
		return nil, err
	}
	p := &page{Facts: f, RecoveryKey: string(key)}
	if p.Codes, err = codesOf(f, key); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, p)
	return out.Bytes(), err
}

// About says what the page is, in two lines.
func (p *page) About() string {
	const what = "An encrypted backup of chat history, made by chatkeep.\n"
	if p.RecoveryKey != "" {
		return what + "THIS PAGE HAS THE RECOVERY KEY: whoever holds it can read everything."
	}
	return what + "There is no secret on this page. A recovery key is shown once, when it is made."
}

// IDLines is the repository's id as a person types it: eights, so that it does not
// look like a recovery key.
func (p *page) IDLines() []string {
	id := p.Repository.String()
	var lines []string
	for ; id != ""; id = id[32:] {
		lines = append(lines, id[:8]+" "+id[8:16]+" "+id[16:24]+" "+id[24:32])
	}
	return lines
}

// Recipients reports whether there are slots that anybody could have made.
func (p *page) Recipients() bool {
	return slices.ContainsFunc(p.Slots, func(s Slot) bool { return s.Kind == format.SlotRecipient })
}

// Keys says what the slots lead to.
func (p *page) Keys() string {
	weak := slices.ContainsFunc(p.Slots, func(s Slot) bool { return s.PostQuantum != nil && !*s.PostQuantum })
	switch {
	case p.Classic:
		return "The keys behind it are classic: a quantum computer could open a copy one day."
	case weak:
		return "The keys behind it are post-quantum; the whole is as weak as what is not."
	}
	return "The keys behind it are post-quantum."
}

// MinAge is the first version of age that reads such a repository.
func (f *Facts) MinAge() string {
	if f.Classic {
		return "1.1"
	}
	return "1.3"
}

// Age names the age that is needed.
func (p *page) Age() string { return "age " + p.MinAge() + " or newer" }

// Slot is the slot that the script opens unless told otherwise.
func (p *page) Slot() string {
	for _, kind := range []string{format.SlotPassphrase, format.SlotRecovery} {
		if i := slices.IndexFunc(p.Slots, func(s Slot) bool { return s.Kind == kind }); i >= 0 {
			return p.Slots[i].Name
		}
	}
	return p.Slots[0].Name
}

// Script is the way back with stock tools.
func (p *page) Script() (string, error) {
	t, err := template.New("recover.sh").Parse(recoverScript)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, p)
	return strings.TrimSuffix(out.String(), "\n"), err
}
