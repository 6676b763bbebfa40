package render

import "chatkeep/providers/chat"

// names tells what people are called.
type names map[string]string

func namesOf(people []*chat.Participant) names {
	n := names{}
	for _, p := range people {
		n[p.ID] = NameOf(p)
	}
	return n
}

// NameOf is what to call somebody: the name that the export shows, else an id of
// the app's.
func NameOf(p *chat.Participant) string {
	for _, name := range p.Names {
		if name.Value != "" {
			return name.Value
		}
	}
	for _, id := range p.IDs {
		if id.Value != "" {
			return id.Value
		}
	}
	return short(p.ID)
}

// of is the name of a participant's id.
func (n names) of(id string) string {
	if name, ok := n[id]; ok {
		return name
	}
	return short(id)
}

func short(id string) string { return id[:min(8, len(id))] }
