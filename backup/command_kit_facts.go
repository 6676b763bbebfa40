package backup

import (
	"context"
	"maps"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/kit"
	"chatkeep/backup/session"
)

// factsOf collects what a kit says of a repository whose id somebody vouches for.
func factsOf(ctx context.Context, c *session.Call, a *session.Archive) (*kit.Facts, error) {
	at, err := a.AsConfigured()
	if err != nil {
		return nil, err
	}
	f := &kit.Facts{
		Made: session.Moment(c.Env.Clock.Now()), Program: "chatkeep " + session.Version(),
		Place: session.Clean(at.Place), Repository: a.ID(), Classic: a.View.Authority.Classic,
		Authority: kit.Authority{Number: a.View.Authority.N, Hash: a.View.AuthorityHash},
	}
	if a.Root() != "" {
		f.Host = session.Clean(session.Label(""))
	}
	open := []string{"chatkeep", "open", at.Place}
	for _, name := range slices.Sorted(maps.Keys(at.Settings)) {
		words := []string{"--" + name, at.Settings[name]}
		open = append(open, words...)
		f.Settings = append(f.Settings, session.Clean(shellLine(words)))
	}
	open = append(open, "--id", a.ID().String())
	if witness := a.WitnessAnywhere(); witness != "" {
		f.Witness = session.Clean(witness)
		open = append(open, "--witness", witness)
	}
	f.Open = session.Clean(shellLine(open))
	if h := a.View.Newest(); h != nil {
		f.Head = &kit.Head{Writer: session.Short(h.Writer), Number: h.Seq, Hash: h.Hash, Time: session.Moment(h.At())}
	}
	for _, slot := range a.View.Authority.Slots {
		l, err := lockOf(ctx, a, slot)
		if err != nil {
			return nil, err
		}
		f.Slots = append(f.Slots, kit.Slot{Name: slot.Name, Kind: slot.Kind, PostQuantum: l.PostQuantum})
	}
	return f, nil
}

// kitSummary is what kit --json prints; fields are only added.
type kitSummary struct {
	Type       string      `json:"type"`
	Repository format.Hash `json:"repository"`
	Place      string      `json:"place"`
	Open       string      `json:"open"`
	Made       string      `json:"made"`
	Program    string      `json:"program"`
	Classical  bool        `json:"classical"`
	Age        string      `json:"age"`
	Keys       []kitKey    `json:"keys"`
	Authority  kitState    `json:"authority"`
	Head       *kitHead    `json:"head,omitempty"`
	Witness    string      `json:"witness,omitempty"`
	File       string      `json:"file,omitempty"`
}

// kitState is the newest authority.
type kitState struct {
	Number uint64      `json:"number"`
	SHA256 format.Hash `json:"sha256"`
}

// kitKey is a slot.
type kitKey struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	PostQuantum *bool  `json:"post_quantum,omitempty"`
	NeedsID     bool   `json:"needs_id"`
}

// kitHead is the newest head.
type kitHead struct {
	Writer   format.Hash `json:"writer"`
	Sequence uint64      `json:"sequence"`
	SHA256   format.Hash `json:"sha256"`
	Time     string      `json:"time,omitempty"`
}

func kitSummaryOf(c *session.Call, a *session.Archive, f *kit.Facts, path string) kitSummary {
	s := kitSummary{
		Type: "summary", Repository: f.Repository, Place: a.Place, Open: f.Open, Made: session.Time(c.Env.Clock.Now()), Program: f.Program,
		Classical: f.Classic, Age: f.MinAge(), Authority: kitState{f.Authority.Number, f.Authority.Hash}, Witness: f.Witness, File: path,
	}
	for _, slot := range f.Slots {
		s.Keys = append(s.Keys, kitKey{slot.Name, slot.Kind, slot.PostQuantum, slot.Kind == format.SlotRecipient})
		s.Classical = s.Classical || slot.PostQuantum != nil && !*slot.PostQuantum
	}
	if h := a.View.Newest(); h != nil {
		s.Head = &kitHead{h.Writer, h.Seq, h.Hash, session.Time(h.At())}
	}
	return s
}
