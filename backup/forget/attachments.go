package forget

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// reading goes through what is carried out of one snapshot.
type reading struct {
	*streams
	take *take
	met  map[chunkOf]met
}

func (w *writing) reading(ctx context.Context, t *take, from *repo.Snapshot) (*reading, error) {
	l := w.carried.ledger
	f, err := filesOf(ctx, from, w.carried.stock, l.sums)
	if err != nil {
		return nil, err
	}
	return &reading{&streams{from, from.NewChunkReader(), f, l.states}, t, l.met}, nil
}

// each calls begin and then see with every state that is taken, once.
func (r *reading) each(ctx context.Context, begin, see func(*state) error) error {
	left := maps.Clone(r.take.states)
	family := r.snapshot.Family()
	skip := func(id format.ID) bool {
		_, wanted := r.take.chunks[id]
		_, whole := r.met[chunkOf{family, id}]
		return whole && !wanted
	}
	for e, err := range r.snapshot.Entries(ctx) {
		if err != nil {
			return err
		}
		if !isStream(e) {
			continue
		}
		err := r.streams.each(ctx, e, skip, func(_ format.ID, st *state) error {
			if _, ok := left[st.whole]; !ok {
				return nil
			}
			delete(left, st.whole)
			if err := begin(st); err != nil {
				return err
			}
			return see(st)
		}, func(format.ID) {})
		if err != nil {
			return err
		}
	}
	if len(left) > 0 {
		return format.Fail(format.Missing, "snapshot "+r.snapshot.Head.Hash.String(), "%d of its records were there a moment ago", len(left))
	}
	return nil
}

// attachments carries the bytes of what is wanted, by the paths of places. Most
// go where they were; those for whose path there are other bytes already go to a
// folder of media, and are returned with the paths that they have there.
func (w *writing) attachments(ctx context.Context, from *repo.Snapshot, f *files, wanted map[string]bool) (moved map[string]string, err error) {
	bySource := map[string][]string{}
	for _, path := range sorted(wanted) {
		source := f.source(path)
		bySource[source] = append(bySource[source], path)
	}
	moved = map[string]string{}
	carrier := w.packer.Carry(from)
	for e, err := range from.Entries(ctx) {
		if err != nil {
			return nil, err
		}
		for path, item := range pieces(e, bySource) {
			for _, to := range bySource[path] {
				if err := w.attachment(ctx, carrier, e.Stat, item, to, from.Manifest.Carried(), moved); err != nil {
					return nil, err
				}
			}
		}
	}
	return moved, nil
}

// pieces are what is wanted of an entry, by path: the file itself, or members of
// a zip as files.
func pieces(e repo.Entry, wanted map[string][]string) map[string]*format.Item {
	found := map[string]*format.Item{}
	if e.Type != format.EntryFile && e.Type != format.EntryZip {
		return found
	}
	if wanted[e.Path] != nil {
		found[e.Path] = e.Item
	}
	if e.Type == format.EntryZip {
		for name, m := range members(e.Item) {
			if wanted[name] != nil {
				found[name] = &format.Item{Entry: format.Entry{Type: format.EntryFile, Size: m.Size, Chunks: m.Chunks}}
			}
		}
	}
	return found
}

// attachment carries one file; again says that it was carried before.
func (w *writing) attachment(ctx context.Context, carrier *repo.Carrier, stat format.Stat, item *format.Item, to string, again bool, moved map[string]string) error {
	copied := *item
	copied.Segments = slices.Clone(item.Segments)
	hint := repo.Hint{Group: to[:max(0, strings.LastIndexByte(to, '/'))]}
	var err error
	if copied.Chunks, err = carrier.Chunks(ctx, item.Chunks, hint); err != nil {
		return err
	}
	for i := range copied.Segments {
		if copied.Segments[i].Chunks, err = carrier.Chunks(ctx, item.Segments[i].Chunks, hint); err != nil {
			return err
		}
	}
	path := w.free(to, &copied)
	if path != to {
		moved[to] = path
	}
	copied.Path = path
	for i := range copied.Segments {
		copied.Segments[i].Path = path
	}
	if w.entries[path] != nil {
		return nil // the same bytes are there
	}
	for i := range len(path) {
		if path[i] == '/' {
			w.folders[path[:i]] = true
		}
	}
	same := slices.Equal(slices.Collect(copied.AllChunks()), slices.Collect(item.AllChunks()))
	w.entries[path] = &entry{item: &copied, stat: stat, proved: again && same}
	w.files++
	w.bytes += copied.Size
	return nil
}

// free is the path for a file, or the first one like it at which nothing else is
// or could be.
func (w *writing) free(path string, item *format.Item) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	for n := 0; ; n++ {
		at := path
		if n > 0 {
			at = mediaPath(n, name)
		}
		if w.fits(at, item) {
			return at
		}
	}
}

func (w *writing) fits(path string, item *format.Item) bool {
	if have := w.entries[path]; have != nil {
		return slices.Equal(slices.Collect(have.item.AllChunks()), slices.Collect(item.AllChunks())) && have.item.Type == item.Type && have.item.Size == item.Size
	}
	for i := range len(path) {
		if path[i] == '/' && w.entries[path[:i]] != nil {
			return false
		}
	}
	return !w.folders[path]
}

// sorted are the keys of a map, in order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// mediaPath is a path for the nth file of a name.
func mediaPath(n int, name string) string {
	return format.MediaPath + "/" + strconv.Itoa(n) + "/" + name
}
