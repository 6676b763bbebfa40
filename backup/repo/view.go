package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// View is a repository's signed statements as one listing showed them. All of
// them are verified; what failed is in Problems.
type View struct {
	ID            format.Hash
	Place         string
	Authority     *format.Authority
	AuthorityHash format.Hash
	Chains        map[format.Hash]*Chain // by writer, for every writer the authority names
	newest        []format.Hash          // the authorities with the highest number: several in a fork
	statements    []*format.Authority    // those, in the same order
	authorities   map[format.Hash]bool   // all that the store shows
	shown         map[format.Name]bool   // the names of all authorities and heads that the store shows
	forgotten     map[format.HeadRef]bool
	missed        state.Missed // what a witness has and the store does not show
	heard         bool         // a witness that knows the repository has spoken
	// first says that nothing of the repository was remembered.
	first bool
	// strangers says that there are heads of writers that the authority does not
	// name.
	strangers bool
	accepted  map[format.Class]bool
	// ended is what says that another root has followed, nil where none has.
	ended *format.Error
	// unsound is why the view goes by an authority that may not be the newest; it
	// is for looking at damage alone, and never trusted. Lenient allows it.
	unsound error
	lenient bool
	// Problems are what is wrong, each of a named class. They are no reason to
	// stop for everybody: see Trust.
	Problems []error
	// Notes are for people: nothing is wrong, but something is unusual.
	Notes []string
}

// Memory is where a view's newest is remembered. It may be nil.
type Memory = *state.Repository

// NoRepository is the error of a place that holds none.
type NoRepository struct{ Place string }

func (e *NoRepository) Error() string { return "no repository at " + e.Place }

// Hint tells how to get one.
func (e *NoRepository) Hint() string {
	return "chatkeep init creates one; check the spelling and, on a disk, that it is mounted"
}

// ExitCode is 10.
func (e *NoRepository) ExitCode() int { return 10 }

// Load reads and verifies the signed statements of the repository with this id.
// It returns an error only where there is nothing to show; a damaged or
// suspicious repository gives a view with problems.
func Load(ctx context.Context, store storage.Reader, id format.Hash, place string, memory Memory) (*View, error) {
	return loadTwice(ctx, store, &View{ID: id, Place: place}, memory)
}

// Survey is Load for those who look at damage. Where the newest authority is
// damaged it goes by the one before; nobody may trust such a view.
func Survey(ctx context.Context, store storage.Reader, id format.Hash, place string, memory Memory) (*View, error) {
	return loadTwice(ctx, store, &View{ID: id, Place: place, lenient: true}, memory)
}

func loadTwice(ctx context.Context, store storage.Reader, of *View, memory Memory) (*View, error) {
	v, err := load(ctx, store, of, memory)
	if err == nil && v.torn() {
		// A listing is no snapshot of the store: it can have a head that was put
		// while it ran, and not the one before. The next listing has both.
		return load(ctx, store, of, memory)
	}
	return v, err
}

// torn reports whether something that should be there is not: a head, or the
// authority that names a head's writer.
func (v *View) torn() bool {
	return v.strangers || slices.ContainsFunc(v.Problems, func(p error) bool {
		class := format.ClassOf(p)
		return class == format.Gap || class == format.Rollback || class == format.Missing
	})
}

func load(ctx context.Context, store storage.Reader, of *View, memory Memory) (*View, error) {
	v := &View{ID: of.ID, Place: of.Place, lenient: of.lenient, Chains: map[format.Hash]*Chain{}}
	source := &objects{store, memory}
	if err := v.loadAuthority(ctx, source); err != nil {
		return nil, err
	}
	if err := v.loadHeads(ctx, source); err != nil {
		return nil, err
	}
	v.stand()
	v.checkWitnesses()
	if memory == nil {
		return v, nil
	}
	return v, v.Compare(memory)
}

// Trust returns the first problem whose class is not accepted, joined with
// what to do, and notes what is accepted for what a session finds later. A fork,
// of heads or of authorities, is a note and no problem: nothing is lost by one,
// and backups go on. Only a change of the authority has to wait until the owner
// joined the two, see NewOwner.
func (v *View) Trust(accept map[format.Class]bool) error {
	v.accepted = accept
	if v.unsound != nil {
		return v.unsound
	}
	return v.untrusted(v.Problems)
}

// untrusted returns the first problem whose class Trust was not told to accept.
func (v *View) untrusted(problems []error) error {
	for _, p := range problems {
		if class := format.ClassOf(p); !v.accepted[class] {
			return p
		}
	}
	return nil
}

// Compare holds the view against what was seen before. Heads are immutable and
// never deleted, so whatever was seen must still be there. Load does so unless it
// gets no memory. Another time is for a machine that remembers more by then.
func (v *View) Compare(memory Memory) error {
	all, err := memory.Memories()
	if err != nil {
		return err
	}
	here, known := all[v.Place]
	v.unsay(neverSeen)
	if v.first = len(all) == 0; v.first {
		v.Notes = append(v.Notes, neverSeen)
	}
	if known {
		v.Problems = append(v.Problems, v.behind(here)...)
	}
	for place, m := range all {
		if place != v.Place && len(v.behind(m)) > 0 {
			v.Notes = append(v.Notes, fmt.Sprintf("this copy is behind the one at %s", place))
		}
	}
	return nil
}

// neverSeen is the note of a view that nothing is known to be newer than.
const neverSeen = "this machine never saw this repository: that it is the newest state cannot be told"

func (v *View) unsay(note string) {
	v.Notes = slices.DeleteFunc(v.Notes, func(said string) bool { return said == note })
}

func (v *View) behind(m state.Memory) []error {
	var problems []error
	if a := m.Authority; v.Authority.N < a.N || v.Authority.N == a.N && !slices.Contains(v.newest, a.SHA256) {
		problems = append(problems, rollback(format.AuthorityName(a.N, a.SHA256), "this machine"))
	}
	for id, heads := range m.Heads {
		for _, seen := range heads {
			if chain := v.Chains[id]; chain == nil || !chain.has(seen.N, seen.SHA256) {
				problems = append(problems, rollback(format.HeadName(id, seen.N, seen.SHA256), "this machine"))
			}
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return compareText(a, b) })
	return problems
}

func rollback(what, who string) error {
	e := format.Fail(format.Rollback, what, "%s has seen it here, and it is gone", who)
	e.Cure = "an older copy was put back, or the store hides newer backups; --accept rollback goes on with what is there"
	return e
}

// checkWitnesses asks of every head whether the authority that its writer knew
// and the heads of other writers that it saw are there.
func (v *View) checkWitnesses() {
	for _, chain := range v.Chains {
		for _, h := range chain.Heads {
			if !v.authorities[h.Authority] {
				v.Problems = append(v.Problems, rollback("authority "+h.Authority.String(), "the writer of a head"))
			}
			for _, seen := range h.Seen {
				other := v.Chains[seen.Writer]
				if other != nil && !other.has(seen.Seq, seen.SHA256) {
					v.Problems = append(v.Problems, rollback(format.HeadName(seen.Writer, seen.Seq, seen.SHA256), "another writer"))
				}
			}
		}
	}
	slices.SortFunc(v.Problems, func(a, b error) int { return compareText(a, b) })
	v.Problems = slices.CompactFunc(v.Problems, func(a, b error) bool { return a.Error() == b.Error() })
}

func compareText(a, b error) int {
	switch x, y := a.Error(), b.Error(); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// problem sorts an error into those that a view can carry and those that end
// its loading, such as a dead network.
func (v *View) problem(err error) error {
	var s *stray
	if errors.As(err, &s) {
		err = s.problem()
	}
	if format.ClassOf(err) != "" {
		v.Problems = append(v.Problems, err)
		return nil
	}
	return err
}
