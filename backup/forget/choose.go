package forget

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
)

// name marks the snapshots with these ids, and keeps all others.
func (p *Plan) name(ids []format.Hash) error {
	for _, s := range p.Snapshots {
		// Who names one has looked: whatever stays may stand for it.
		s.settled = true
		if !slices.Contains(ids, s.Head.Hash) {
			s.Reasons = []string{"not named"}
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(p.Snapshots, func(s *Snapshot) bool { return s.Head.Hash == id }) {
			return fmt.Errorf("there is no snapshot %s", id)
		}
	}
	return nil
}

// group is what a policy judges at once.
type group struct {
	key    string
	family format.Hash
}

// judge asks the policy about each group. Groups are apart by the family of
// writers, so that a stolen key can only be in the way of its own.
func (p *Plan) judge(r *repo.Reader, stock *repo.Stock) error {
	q := p.request
	spared, times := p.settle(r.View(), stock)
	groups := map[group][]*Snapshot{}
	newest := p.newestCarried()
	for _, s := range p.Snapshots {
		switch {
		case s.Manifest == nil:
			s.refuse("it cannot be read")
		case s.Manifest.Carried():
			// Older ones go when a newer one holds what they do: see weighing.
			s.Reasons = []string{"it holds what forgotten ones had"}
			if newest[s.Source] != s {
				s.Reasons = []string{"an older carried one"}
			}
		case q.Filter != nil && !q.Filter(s.Manifest):
			s.Reasons = []string{"not asked about"}
		default:
			g := group{q.GroupBy(s.Manifest), r.View().Chains[s.Head.Writer].Writer.Dedup}
			groups[g] = append(groups[g], s)
		}
	}
	for _, list := range groups {
		slices.SortStableFunc(list, func(a, b *Snapshot) int { return times[a.Head.Hash].Compare(times[b.Head.Hash]) })
		judged := make([]retention.Snapshot, len(list))
		for i, s := range list {
			judged[i] = retention.Snapshot{Time: times[s.Head.Hash], Complete: s.Manifest.Complete, Tags: s.Manifest.Tags, Spared: spared[s.Head.Hash]}
		}
		for i, reasons := range q.Policy.Apply(judged, q.Zone) {
			list[i].Reasons = reasons
		}
	}
	return p.notAll()
}

// settle says of every snapshot why it is too young to be judged, or at what
// time it stands among the others. What is young has no part in that either: a
// head that is dated before those it continues would else take them along.
func (p *Plan) settle(v *repo.View, stock *repo.Stock) (spared map[format.Hash]string, times map[format.Hash]time.Time) {
	q := p.request
	now := retention.Now(stock.Newest, q.Here)
	spared, times = map[format.Hash]string{}, map[format.Hash]time.Time{}
	for _, chain := range v.Chains {
		var settled []*repo.Head
		for _, h := range chain.Heads {
			if why := retention.Spared(stock.Arrived(h), h.Time, now, q.Grace, q.Zone); why != "" {
				spared[h.Hash] = why
			} else {
				settled = append(settled, h)
			}
		}
		for i, t := range repo.Times(settled) {
			times[settled[i].Hash] = t
		}
	}
	for _, s := range p.Snapshots {
		s.settled = spared[s.Head.Hash] == ""
	}
	return spared, times
}

// newestCarried finds the newest carried snapshot of each source.
func (p *Plan) newestCarried() map[Source]*Snapshot {
	newest := map[Source]*Snapshot{}
	for _, s := range p.Snapshots {
		if s.Manifest != nil && s.Manifest.Carried() {
			newest[s.Source] = s
		}
	}
	return newest
}

// notAll refuses a plan that leaves nothing of a source, unless told.
func (p *Plan) notAll() error {
	if p.request.All {
		return nil
	}
	stays := map[Source]bool{}
	for _, s := range p.Snapshots {
		if !s.Forgotten() && s.Manifest != nil && !s.Manifest.Carried() {
			stays[s.Source] = true
		}
	}
	for _, s := range p.Snapshots {
		if s.Forgotten() && !stays[s.Source] {
			return &Last{s.Source}
		}
	}
	return nil
}

// GroupBy makes the function of a Request from words: source, host, tags.
func GroupBy(words []string) (func(*format.Manifest) string, error) {
	for _, word := range words {
		if !slices.Contains([]string{"source", "host", "tags", ""}, word) {
			return nil, fmt.Errorf("%q is none of source, host, tags", word)
		}
	}
	return func(m *format.Manifest) string {
		key := ""
		for _, word := range words {
			switch word {
			case "source":
				key += fmt.Sprintf("%q ", m.Source.Name)
			case "host":
				key += fmt.Sprintf("%q ", m.Source.Host)
			case "tags":
				key += fmt.Sprintf("%q ", slices.Sorted(slices.Values(m.Tags)))
			}
		}
		return key
	}, nil
}

// compareSources orders sources for people.
func compareSources(a, b Source) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host))
}
