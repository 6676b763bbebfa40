package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// Witness is a second place that gets a copy of a repository's signed statements:
// of authorities and heads, under the names that they have in the repository. Who
// has seen nothing of the repository yet asks it what others saw. It can hold back
// what it has, and forge nothing.
type Witness struct {
	Place string // for people
	Store storage.Store
	// Patience is how long it may take to answer, or to take a statement; a minute
	// where it is 0.
	Patience time.Duration
}

// Patience is how long a witness may take to open, to answer, or to take a
// statement, where nothing else is said.
const Patience = time.Minute

func (w *Witness) patience() time.Duration {
	if w.Patience > 0 {
		return w.Patience
	}
	return Patience
}

// Bounded asks something, and does not wait for it longer than patience, even where
// it heeds no context, as a file on a server that is gone. Without a witness
// everything goes on.
func Bounded[T any](ctx context.Context, patience time.Duration, ask func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, silence(patience))
	defer cancel()
	type answer struct {
		t   T
		err error
	}
	came := make(chan answer, 1)
	go func() {
		t, err := ask(ctx)
		came <- answer{t, err}
	}()
	select {
	case a := <-came:
		if a.err != nil && ctx.Err() != nil {
			a.err = context.Cause(ctx)
		}
		return a.t, a.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

func silence(patience time.Duration) error { return fmt.Errorf("no answer within %s", patience) }

// Unheard says what it means that a witness cannot be heard.
func Unheard(place string, err error) string {
	return fmt.Sprintf("the witness at %s cannot be asked (%v): whether this is the newest state is not known", place, err)
}

// Testimony is what a witness has seen: the names of the statements that it has.
type Testimony struct {
	witness *Witness
	names   []format.Name
	has     map[format.Name]bool
}

// Ask asks a witness for all that it has seen. That must come before the repository
// is looked at: whatever the witness has by then was in the repository before.
func (w *Witness) Ask(ctx context.Context) (*Testimony, error) {
	names, err := Bounded(ctx, w.patience(), func(ctx context.Context) ([]format.Name, error) {
		authorities, err := list(ctx, w.Store, format.AuthorityDir)
		if err != nil {
			return nil, err
		}
		heads, err := list(ctx, w.Store, format.SnapshotsDir)
		return slices.Concat(authorities, heads), err
	})
	if err != nil {
		return nil, err
	}
	t := &Testimony{witness: w, names: names, has: map[format.Name]bool{}}
	for _, name := range names {
		t.has[name] = true
	}
	return t, nil
}

// Empty reports whether the witness has seen nothing at all.
func (t *Testimony) Empty() bool { return len(t.names) == 0 }

// Lacks counts the newest authorities and the heads that count here and that the
// witness does not have: it was away, or holds them back.
func (t *Testimony) Lacks(v *View) int {
	n := 0
	for _, hash := range v.newest {
		if !t.has[format.Name{Type: format.ObjectAuthority, N: v.Authority.N, Hash: hash}] {
			n++
		}
	}
	for _, chain := range v.Chains {
		for _, h := range chain.Heads {
			if !t.has[h.name()] {
				n++
			}
		}
	}
	return n
}

// Unsure reports whether this may be an old state and nobody would know: this
// machine remembers nothing of the repository, and no witness of it has spoken.
func (v *View) Unsure() bool { return v.first && !v.heard }

// maxDoubted is how many statements of a witness are looked at that count for
// nothing.
const maxDoubted = 256

// Hear holds the view against what a witness has seen, as Compare does against what
// this machine has: whatever the owner or a writer has signed and the store does not
// show is a problem, save what the machine remembers to be accepted. What nobody
// entitled has signed is a note. The error says why nothing can be told; the
// view is what it was, or has problems that are sure.
func (v *View) Hear(ctx context.Context, t *Testimony, memory Memory) error {
	h := &hearing{v: v, t: t, source: &objects{t.witness.Store, memory}, rules: v.Authority}
	if memory != nil {
		all, err := memory.Memories()
		if err != nil {
			return err
		}
		h.accepted = all[v.Place].Missed
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.witness.patience(), silence(t.witness.patience()))
	defer cancel()
	if err := h.all(ctx); err != nil {
		return err
	}
	if t.Empty() {
		return nil
	}
	v.heard = true
	v.unsay(neverSeen)
	if h.odd > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("the witness at %s has %d statements that count for nothing, as %v", t.witness.Place, h.odd, h.oddity))
	}
	return nil
}

// hearing is one witness being heard.
type hearing struct {
	v        *View
	t        *Testimony
	source   *objects // of the witness
	accepted state.Missed
	rules    *format.Authority // the newest of both places
	doubted  int               // statements that were looked at and count for nothing
	odd      int               // all that count for nothing
	oddity   error             // the first of these
}

// all looks at what the store does not show: of the owner and of each writer the
// newest that they signed.
func (h *hearing) all(ctx context.Context) error {
	authorities, heads := h.unseen()
	a, name, err := h.owner(ctx, authorities)
	if err != nil {
		return err
	}
	if a != nil {
		h.authority(a, name)
	}
	for _, w := range h.rules.Writers {
		if w.Role != format.RoleWriter {
			continue // it signs no heads
		}
		if err := h.writer(ctx, w, heads[w.ID]); err != nil {
			return err
		}
		delete(heads, w.ID)
	}
	for _, names := range heads {
		h.doubt(format.Fail(format.WrongWriter, names[0].String(), "the authority names no such writer"), len(names))
	}
	return nil
}

// unseen are the statements of the witness that the store does not show: those that
// are the owner's by their names, and those of each writer.
func (h *hearing) unseen() (authorities []format.Name, heads map[format.Hash][]format.Name) {
	heads = map[format.Hash][]format.Name{}
	for _, name := range h.t.names {
		switch {
		case h.v.shown[name]:
		case name.Type == format.ObjectAuthority:
			authorities = append(authorities, name)
		default:
			heads[name.Writer] = append(heads[name.Writer], name)
		}
	}
	return authorities, heads
}

// doubt counts statements that nobody entitled has signed, or that are damaged.
func (h *hearing) doubt(err error, n int) {
	h.odd += n
	if h.oddity == nil {
		h.oddity = err
	}
}

// doubtful opens the newest of some statements, in ascending order, that can be
// opened, and returns which that was; -1 where it is none.
func doubtful[T any](ctx context.Context, h *hearing, names []format.Name, open func(name format.Name, object []byte) (T, error)) (t T, at int, err error) {
	for at = len(names) - 1; at >= 0; at-- {
		if h.doubted == maxDoubted {
			return t, at, fmt.Errorf("%d of its statements and more count for nothing, as %w", maxDoubted, h.oddity)
		}
		name := names[at]
		t, err = Bounded(ctx, h.t.witness.patience(), func(ctx context.Context) (T, error) {
			return openSigned(ctx, h.source, name, func(object []byte) (T, error) { return open(name, object) })
		})
		if err == nil {
			return t, at, nil
		}
		switch format.ClassOf(err) {
		case "", format.NewerFormat, format.UnknownRequirement:
			return t, at, err // the newest may be one that this program does not know
		}
		h.doubted++
		h.doubt(err, 1)
	}
	return t, at, nil
}

// owner finds the newest of some authorities that the repository's owner signed,
// nil where there is none. It refuses a witness that has authorities and none of
// this repository's.
func (h *hearing) owner(ctx context.Context, unseen []format.Name) (*format.Authority, format.Name, error) {
	a, at, err := doubtful(ctx, h, unseen, func(name format.Name, object []byte) (*format.Authority, error) {
		a, err := keys.OpenAuthority(name.String(), object, h.v.ID)
		if next := h.v.Authority.Successor; err != nil && !next.IsZero() && name.N > h.v.Authority.N {
			// Its root says that this one may follow. That it has, the store hides.
			if after, ok := keys.OpenAuthority(name.String(), object, next); ok == nil {
				return after, nil
			}
		}
		return a, err
	})
	if err == nil && at >= 0 {
		return a, unseen[at], nil
	}
	known := func(name format.Name) bool { return name.Type == format.ObjectAuthority && h.v.shown[name] }
	if err == nil && !h.t.Empty() && !slices.ContainsFunc(h.t.names, known) {
		err = errors.New("it has no authority of this repository, and may be the witness of another")
	}
	return nil, format.Name{}, err
}

// authority tells of one of the owner's that is not here.
func (h *hearing) authority(a *format.Authority, name format.Name) {
	if a.N > h.rules.N {
		h.rules = a
	}
	h.withheld(name, h.accepted.Authority, fmt.Sprintf("the witness at %s has this authority, and the newest here is number %d%s",
		h.t.witness.Place, h.v.Authority.N, h.endings(a)))
	h.v.missed.Authority = state.Seen{N: a.N, SHA256: name.Hash}
}

// endings tells of writers and of a root that an authority ends and the view does not.
func (h *hearing) endings(a *format.Authority) (text string) {
	if !a.Successor.IsZero() || a.Repository != h.v.ID {
		text = "; the repository has another root since"
	}
	for _, w := range a.Writers {
		chain := h.v.Chains[w.ID]
		if w.Ended != nil && chain != nil && chain.Writer.Ended == nil {
			text += fmt.Sprintf("; it ends writer %s", w.ID.String()[:8])
		}
	}
	return text
}

// writer looks at heads of a writer. Of one that was ended none counts after the
// last good head, and before that one there is nothing to miss.
func (h *hearing) writer(ctx context.Context, w format.AuthorityWriter, names []format.Name) error {
	if end := w.Ended; end != nil {
		ended := h.v.shown[format.Name{Type: format.ObjectHead, Writer: w.ID, N: end.Seq, Hash: end.SHA256}]
		names = slices.DeleteFunc(names, func(n format.Name) bool { return ended || n.N > end.Seq })
	}
	if len(names) == 0 {
		return nil
	}
	key, err := keys.ParsePublicKey(w.Key)
	if err != nil {
		return err
	}
	head, at, err := doubtful(ctx, h, names, func(name format.Name, object []byte) (*format.Head, error) {
		return keys.OpenHead(name.String(), object, h.rules.Label(), key)
	})
	if err != nil || at < 0 {
		return err
	}
	h.withheld(names[at], h.accepted.Heads[w.ID], h.aboutHead(head, at))
	if h.v.missed.Heads == nil {
		h.v.missed.Heads = map[format.Hash]state.Seen{}
	}
	h.v.missed.Heads[w.ID] = state.Seen{N: head.Seq, SHA256: names[at].Hash}
	return nil
}

// aboutHead tells of a head that is not here, and of the number of earlier ones.
func (h *hearing) aboutHead(head *format.Head, earlier int) string {
	when, last, fork := "at a time that is not known", uint64(0), ""
	if !head.Time.IsZero() {
		when = head.Time.UTC().Format(time.RFC3339)
	}
	if chain := h.v.Chains[head.Writer]; chain != nil {
		last = chain.Last()
		if slices.ContainsFunc(chain.Heads, func(other *Head) bool { return other.Seq == head.Seq }) {
			fork = ", where another has its number"
		}
	}
	text := fmt.Sprintf("the witness at %s has seen backup %d of writer %s, made %s", h.t.witness.Place, head.Seq, head.Writer.String()[:8], when)
	if earlier > 0 {
		text += fmt.Sprintf(", and %d before it", earlier)
	}
	return text + fmt.Sprintf("; the last one here is number %d%s", last, fork)
}

// withheld notes a statement that the store does not show as a problem, unless it,
// or a later one, was accepted as gone.
func (h *hearing) withheld(name format.Name, accepted state.Seen, about string) {
	if name.N < accepted.N || name.Hash == accepted.SHA256 {
		return
	}
	e := format.Fail(format.Rollback, name.String(), "%s", about)
	e.Cure = "an older copy was put back, the store hides something newer, or this is a copy that lags behind; --accept rollback goes on with what is there"
	h.v.Problems = append(h.v.Problems, e)
}
