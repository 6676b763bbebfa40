package state

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
)

// Seen is one numbered statement as it was seen: an authority or a head.
type Seen struct {
	N      uint64      `json:"n"`
	SHA256 format.Hash `json:"sha256"`
}

// Memory is the newest that was seen of a repository at one place. The zero
// value remembers nothing.
type Memory struct {
	Authority Seen `json:"authority"`
	// Heads are, by writer, those that no other head continued: one, or
	// several in a fork.
	Heads map[format.Hash][]Seen `json:"heads"`
	// Missed is what a witness has and this place has not, and was accepted.
	Missed Missed `json:"missed,omitzero"`
}

// Missed are the newest statements of which somebody accepted that they are gone.
// Earlier ones by the same hand are accepted with them.
type Missed struct {
	Authority Seen                 `json:"authority"`
	Heads     map[format.Hash]Seen `json:"heads,omitempty"` // by writer
}

// IsZero reports whether nothing is missed.
func (m Missed) IsZero() bool { return m.Authority.N == 0 && len(m.Heads) == 0 }

// And returns what is missed of both; of two numbers the higher one counts.
func (m Missed) And(other Missed) Missed {
	both := Missed{Authority: later(m.Authority, other.Authority), Heads: maps.Clone(m.Heads)}
	for id, seen := range other.Heads {
		if both.Heads == nil {
			both.Heads = map[format.Hash]Seen{}
		}
		both.Heads[id] = later(both.Heads[id], seen)
	}
	return both
}

func later(a, b Seen) Seen {
	if b.N > a.N {
		return b
	}
	return a
}

// Empty reports whether nothing is remembered.
func (m Memory) Empty() bool { return m.Authority.N == 0 }

// Memories is what was seen of one repository, by place: a mirror that lags
// behind is no attack, a place that falls behind itself is.
type Memories map[string]Memory

// Memories reads what was seen of the repository. A file that cannot be parsed
// is an error: forgetting silently would hide a rollback.
func (r *Repository) Memories() (Memories, error) {
	data, err := readFile(r.state("memory.json"))
	if err != nil || data == nil {
		return Memories{}, err
	}
	m := Memories{}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", r.state("memory.json"), err)
	}
	return m, nil
}

// Remember notes what was seen at a place: what update makes of what was known
// of it. Somebody who lists snapshots while a backup commits must not write
// back what he read before, so that the two take turns.
func (r *Repository) Remember(place string, update func(before Memory) Memory) error {
	return r.rememberAll(func(all Memories) { all[place] = update(all[place]) })
}

// rememberAll is Remember for all places at once.
func (r *Repository) rememberAll(update func(Memories)) error {
	release, err := turn(r.state("memory.lock"))
	if err != nil {
		return err
	}
	defer release()
	all, err := r.Memories()
	if err != nil {
		return err
	}
	update(all)
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(r.state("memory.json"), append(data, '\n'))
}

// turn waits for a lock that is held for one replacement of a file.
func turn(path string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := tryLock(f)
		if ok {
			return func() { f.Close() }, nil
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// maxIntents bounds the intents that are kept; the oldest go first.
const maxIntents = 64

// Intents returns the hashes of the heads that this machine set out to put and
// did not see committed, the newest last. There may be several: a put that was
// given up can still take effect later, after another was tried.
func (r *Repository) Intents() ([]format.Hash, error) {
	data, err := readFile(r.state("intent"))
	if err != nil {
		return nil, err
	}
	var intents []format.Hash
	for line := range strings.Lines(string(data)) {
		h, err := format.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			// A torn note cannot be: WriteFile replaces whole. Somebody wrote it.
			return nil, fmt.Errorf("%s: %w", r.state("intent"), err)
		}
		intents = append(intents, h)
	}
	return intents, nil
}

// AddIntent notes, durably, the head that is about to be put.
func (r *Repository) AddIntent(head format.Hash) error {
	intents, err := r.Intents()
	if err != nil {
		return err
	}
	intents = append(intents, head)
	return r.setIntents(intents[max(0, len(intents)-maxIntents):])
}

// DropIntents forgets the intents that done says were carried out, when their
// heads are remembered as seen.
func (r *Repository) DropIntents(done func(head format.Hash) bool) error {
	intents, err := r.Intents()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(intents), done)
	if len(left) == len(intents) {
		return nil
	}
	return r.setIntents(left)
}

func (r *Repository) setIntents(intents []format.Hash) error {
	if len(intents) == 0 {
		return removeFile(r.state("intent"))
	}
	var b strings.Builder
	for _, h := range intents {
		b.WriteString(h.String() + "\n")
	}
	return WriteFile(r.state("intent"), []byte(b.String()))
}
