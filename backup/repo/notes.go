package repo

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// What reading the notes of one writer may cost. Whoever has its key, or leave
// to create objects, can put any number of them.
const (
	maxNotes      = 1000      // notes that no other takes the place of
	maxNoteBytes  = 256 << 20 // of them, as stored
	maxNoteObject = 20 << 20  // one note as stored
	maxBadNotes   = 20        // that are named
)

// maxAhead is how far in the future a note's time may be: clocks differ.
const maxAhead = 24 * time.Hour

// Note is a verified note.
type Note struct {
	Hash format.Hash
	*format.Note
	// Dated is when it was put: by the storage's clock where that tells, else
	// by its writer's.
	Dated time.Time
	// Replaces are the notes that it replaces and that are still there.
	Replaces []format.Hash
}

// Notes yields the notes of writers that the authority names and has not ended,
// writer by writer, the newest first. A note that a newer one of its writer
// replaces is left out, and not even read where the storage tells times.
//
// A note that is damaged, forged, foreign or dated in the future is an error of
// a class, after which the sequence goes on: notes are extras, and a bad one is
// no reason to stop. Any other error ends it. One note is in memory at a time,
// 16 MiB of text at most.
func (r *Reader) Notes(ctx context.Context, now time.Time) iter.Seq2[*Note, error] {
	return func(yield func(*Note, error) bool) {
		n := &noteReader{r: r, ctx: ctx, now: now, yield: yield}
		byWriter, err := n.list()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, w := range r.view.Authority.Writers {
			infos := byWriter[w.ID]
			delete(byWriter, w.ID)
			if w.Ended != nil || w.Role != format.RoleWriter {
				continue // when a key was stolen nobody can tell from its notes
			}
			if !n.writer(&w, infos) {
				return
			}
		}
		for _, id := range slices.SortedFunc(maps.Keys(byWriter), format.Hash.Compare) {
			bad := format.Fail(format.WrongWriter, format.NotesDir+id.String(), "the authority names no such writer")
			if !n.bad(bad) {
				return
			}
		}
		if n.unnamed > 0 {
			yield(nil, format.Fail(format.Malformed, format.NotesDir, "%d more notes that do not count", n.unnamed))
		}
	}
}

// noteReader is one run through the notes.
type noteReader struct {
	r              *Reader
	ctx            context.Context
	now            time.Time
	yield          func(*Note, error) bool
	named, unnamed int
}

type listedNote struct {
	name format.Name
	info storage.Info
}

// list lists the notes by writer, newest first.
func (n *noteReader) list() (map[format.Hash][]listedNote, error) {
	byWriter := map[format.Hash][]listedNote{}
	for info, err := range listed(n.ctx, n.r.store, format.NotesDir) {
		if err != nil {
			return nil, err
		}
		if name, ok := format.ParseName(info.Key); ok {
			byWriter[name.Writer] = append(byWriter[name.Writer], listedNote{name, info})
		}
	}
	for _, all := range byWriter {
		slices.SortFunc(all, func(a, b listedNote) int {
			if c := b.info.Time.Compare(a.info.Time); c != 0 {
				return c
			}
			return a.name.Hash.Compare(b.name.Hash)
		})
	}
	return byWriter, nil
}

// writer yields the notes of one writer; false ends the run.
func (n *noteReader) writer(w *format.AuthorityWriter, all []listedNote) bool {
	key, err := keys.ParsePublicKey(w.Key)
	if err != nil {
		return n.bad(format.At("writer "+w.ID.String(), err))
	}
	replaced, there := map[format.Hash]bool{}, make(map[format.Hash]bool, len(all))
	for _, one := range all {
		there[one.name.Hash] = true
	}
	read, size := 0, int64(0)
	for i, one := range all {
		if replaced[one.name.Hash] {
			continue
		}
		if read++; read > maxNotes || size+one.info.Size > maxNoteBytes {
			return n.bad(format.Fail(format.Oversized, format.NotesDir+w.ID.String(), "more notes than are read: the %d oldest are left out", len(all)-i))
		}
		size += one.info.Size
		note, err := n.open(one, key)
		switch {
		case err == nil:
			for _, h := range replacesOf(note.Text) {
				if there[h] && h != note.Hash {
					replaced[h] = true
					note.Replaces = append(note.Replaces, h)
				}
			}
			if !n.yield(note, nil) {
				return false
			}
		case format.ClassOf(err) == "":
			n.yield(nil, err)
			return false
		case !n.bad(err):
			return false
		}
	}
	return true
}

// bad yields what is wrong with a note, as long as there are few.
func (n *noteReader) bad(err error) bool {
	if n.named++; n.named > maxBadNotes {
		n.unnamed++
		return true
	}
	return n.yield(nil, err)
}

// open reads and verifies one note.
func (n *noteReader) open(one listedNote, key keys.PublicKey) (*Note, error) {
	name := one.name.String()
	note, err := cached(n.ctx, n.r.source, one.name, maxNoteObject, func(object []byte) (*format.Note, error) {
		data, err := openSealed(name, object, format.TypeNote, n.r.view.Label(), format.MaxNote, n.r.identities()...)
		if err != nil {
			return nil, err
		}
		return keys.OpenNote(name, data, n.r.view.Label(), key)
	})
	if err != nil {
		return nil, err
	}
	dated := noteTime(one.info.Time, note.Time)
	if dated.After(n.now.Add(maxAhead)) {
		return nil, format.Fail(format.Malformed, name, "it is dated %s, which is in the future", dated.Format(time.RFC3339))
	}
	return &Note{Hash: one.name.Hash, Note: note, Dated: dated}, nil
}
