package restore

// A pack holds the pages of a database and the lines of a chat as thousands of
// small chunks, most of which stand side by side in their file, too. Writing
// each by itself costs more than fetching it.
const (
	gatherChunk = 32 << 10 // chunks of at most this many bytes are gathered
	gatherBytes = 256 << 10
)

// gather is chunks of one file that are written together.
type gather struct {
	file   *file
	offset int64
	data   []byte
	refs   int
}

// fits reports whether a chunk goes behind what is there.
func (g *gather) fits(f *file, offset int64, size int) bool {
	return g.refs > 0 && g.file == f && g.offset+int64(len(g.data)) == offset && len(g.data)+size <= gatherBytes
}

// put takes one chunk, whose id was checked, to one of its places, and finishes
// the file where that was the last. A small one may stay in memory until the next
// put or flush. It returns only errors that end the restore.
func (w *worker) put(f *file, offset int64, data []byte) error {
	if f.whole {
		w.meter.chunks.Add(1)
		return w.putWhole(f, data)
	}
	g := &w.gather
	if len(data) > gatherChunk {
		return w.putRun(f, offset, data, 1)
	}
	if !g.fits(f, offset, len(data)) {
		if err := w.flush(); err != nil {
			return err
		}
		g.file, g.offset = f, offset
	}
	if g.data == nil {
		g.data = make([]byte, 0, gatherBytes)
	}
	g.data = append(g.data, data...)
	g.refs++
	return nil
}

// flush writes what was gathered.
func (w *worker) flush() error {
	g := &w.gather
	if g.refs == 0 {
		return nil
	}
	err := w.putRun(g.file, g.offset, g.data, g.refs)
	g.file, g.data, g.refs = nil, g.data[:0], 0
	return err
}
