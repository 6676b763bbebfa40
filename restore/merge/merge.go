// Package merge makes one archive of many snapshots: every conversation once,
// with every message that any of them has.
//
// Apps export what they still have: the newest ten thousand messages, or all
// but what was deleted. So no snapshot is the archive; their union is. A message
// that several have is one, by its id. Where they say different things of it, as
// before and after an edit, the newest says what it is, and the earlier ones are
// its history. "Newest" is the order of the snapshots, and within one the export
// that reaches further.
//
// Snapshots that follow one another share nearly all their chunks, and a chunk of
// records begins and ends with a record: each is read once, however many
// snapshots name it. What is damaged in one snapshot is missing only as far as no
// other has it.
package merge

import (
	"context"
	"maps"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// Archive is what some snapshots hold together. It is used by one goroutine.
type Archive struct {
	// Lost are snapshots, or lists of them, that could not be read. What they
	// alone have is not in the archive.
	Lost []error

	snapshots     *snapshots
	conversations map[string]*Conversation // by id
	people        map[string]*chat.Participant
}

// Conversation is one conversation of all snapshots.
type Conversation struct {
	// Conversation is what the newest snapshot that has it says, with everybody
	// who takes part by any of them.
	*chat.Conversation
	// Coverage is what all exports of it claim together: the first moment and
	// the last of any.
	Coverage chat.Coverage
	// Linked are the ids of conversations that are shown as this one: see
	// [Archive.Link].
	Linked []string

	streams []stream
	claims  []chat.Coverage
	linked  []*Conversation
}

// stream is what one snapshot adds to a conversation: pieces that no newer one
// has.
type stream struct {
	snapshot int // number, from the newest
	path     string
	family   format.Hash
	pieces   []piece
}

// piece is a chunk that begins and ends with a record, as all do but those that
// were cut for their length: with them goes what follows.
type piece []format.ID

// Load looks into snapshots, given from the oldest to the newest. It reads their
// lists and no messages. seen, which may be nil, is told how many are done.
func Load(ctx context.Context, r *repo.Reader, heads []*repo.Head, seen func(done, all int)) (*Archive, error) {
	a := &Archive{
		snapshots:     &snapshots{reader: r},
		conversations: map[string]*Conversation{},
		people:        map[string]*chat.Participant{},
	}
	s := &survey{Archive: a, known: map[chunkOf]bool{}, lists: map[string]bool{}}
	for i, h := range slices.Backward(heads) {
		if err := s.snapshot(ctx, h); err != nil {
			if format.ClassOf(err) == "" {
				return nil, err
			}
			a.Lost = append(a.Lost, err)
		}
		if seen != nil {
			seen(len(heads)-i, len(heads))
		}
	}
	for _, c := range a.conversations {
		c.Participants = a.everybody(c)
		if len(c.claims) > 0 {
			c.Coverage = together(c.claims)
		}
	}
	return a, nil
}

// Conversations lists all, by platform, then title, then id. Those that are
// linked to another are part of that one.
func (a *Archive) Conversations() []*Conversation {
	part := map[string]bool{}
	for _, c := range a.conversations {
		for _, id := range c.Linked {
			part[id] = true
		}
	}
	var all []*Conversation
	for _, c := range a.conversations {
		if !part[c.ID] {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y *Conversation) int {
		return compareStrings(x.Platform, y.Platform, x.Title, y.Title, x.ID, y.ID)
	})
	return all
}

// compareStrings orders by pairs of strings, the first that differs.
func compareStrings(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		if c := strings.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}

// Person is what is known of a participant, or nil.
func (a *Archive) Person(id string) *chat.Participant { return a.people[id] }

// People lists all participants by id.
func (a *Archive) People() []*chat.Participant {
	all := make([]*chat.Participant, 0, len(a.people))
	for _, id := range slices.Sorted(maps.Keys(a.people)) {
		all = append(all, a.people[id])
	}
	return all
}

// everybody is who takes part in a conversation, with all that is known of them.
func (a *Archive) everybody(c *Conversation) []chat.Participant {
	list := make([]chat.Participant, 0, len(c.Participants))
	for _, p := range c.Participants {
		if known := a.people[p.ID]; known != nil {
			p = *known
		}
		list = append(list, p)
	}
	return list
}

// together is what several exports claim of one conversation. It is complete
// where one of them is: the others may lack what that one has. How many messages
// there are together is not theirs to say.
func together(claims []chat.Coverage) chat.Coverage {
	all := claims[0]
	for _, c := range claims[1:] {
		if all.From.IsZero() || !c.From.IsZero() && c.From.Before(all.From) {
			all.From = c.From
		}
		if c.To.After(all.To) {
			all.To = c.To
		}
		if c.Complete {
			all.Complete, all.WhyIncomplete = true, ""
		}
		all.Messages = max(all.Messages, c.Messages)
		// What one export left out another may have.
		named := max(all.MediaStored+all.MediaMissing, c.MediaStored+c.MediaMissing)
		all.MediaStored = max(all.MediaStored, c.MediaStored)
		all.MediaMissing = named - all.MediaStored
	}
	return all
}
