package restore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// world is a repository in memory and all its keys.
type world struct {
	t      testing.TB
	store  *storagetest.Memory
	master *keys.Master
	key    *keys.Writer
	memory *state.Repository
	// packSize is the plaintext that packs aim at.
	packSize int
	packer   *repo.Packer
	session  *repo.Session
	// totals, if not nil, changes what manifests say.
	totals func(*format.Totals)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	master, err := keys.NewMaster(false)
	must(t, err)
	object, err := keys.SealRecovery(master, keys.NewRecoveryKey())
	must(t, err)
	store := storagetest.NewMemory()
	slots := []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}
	key, err := repo.Create(t.Context(), store, "here", master, slots, "test")
	must(t, err)
	d := t.TempDir()
	dirs := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}
	return &world{t: t, store: store, master: master, key: key, memory: dirs.Repository(master.Repository)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// thing is an entry to be backed up. What it says goes into the lists unchecked,
// so that a thing can be a lie.
type thing struct {
	path    string
	typ     format.EntryType // a file where 0
	content []byte
	target  string
	why     string
	mode    uint32
	mtime   time.Time
	sparse  bool
	chunk   int         // size of the file's chunks; 4 KiB where 0
	ids     []format.ID // in place of those of the content
	size    int64       // in place of the content's, where not 0
	pieces  []piece     // of a zip
	kind    format.Kind // of the packs, originals where 0 and not a record's
	hash    *format.Hash
}

// piece is a segment of a zip: raw, or a member that deflates to packed.
type piece struct {
	content []byte
	member  bool
	packed  []byte
	level   int
	longer  int64 // added to the packed size
}

var someTime = time.Unix(1600000000, 123456789)

// backup makes a snapshot of things, in the order of their paths, and opens it.
func (w *world) backup(things ...thing) *repo.Snapshot {
	w.t.Helper()
	ctx := context.Background()
	s, err := repo.Begin(ctx, w.store, w.view(), w.key, w.memory, repo.SessionOptions{PackSize: w.packSize})
	must(w.t, err)
	defer s.Close()
	w.session, w.packer = s, s.NewPacker()
	contents, stats := w.packer.NewList(ctx, "contents"), w.packer.NewList(ctx, "stats")
	totals := format.Totals{}
	things = slices.Clone(things)
	slices.SortFunc(things, func(a, b thing) int { return cmp.Compare(a.path, b.path) })
	for _, th := range things {
		item := w.item(th)
		must(w.t, contents.Append(format.AppendItem(nil, item)))
		count(&totals, item)
		if th.mtime.IsZero() {
			th.mtime = someTime
		}
		must(w.t, stats.Append(format.AppendStat(nil, &format.Stat{Mode: th.mode, Mtime: th.mtime})))
	}
	now := time.Unix(1700000000, 0).UTC()
	m := &format.Manifest{
		Source:  format.Source{Name: "n", Host: "h", Path: "/p", App: "files"},
		Started: now, Finished: now, Program: "test", Complete: true, Tags: []string{},
	}
	if m.Totals = totals; w.totals != nil {
		w.totals(&m.Totals)
	}
	m.Contents, err = contents.Close()
	must(w.t, err)
	m.Stats, err = stats.Close()
	must(w.t, err)
	must(w.t, s.Flush(ctx, w.packer))
	head, err := s.Commit(ctx, m)
	must(w.t, err)
	return w.open(w.store, head)
}

// count adds an entry to what a manifest says.
func count(t *format.Totals, i *format.Item) {
	if !strings.HasPrefix(i.Path, format.OriginalsPath) {
		return
	}
	switch i.Type {
	case format.EntryFile, format.EntryZip:
		t.Files++
		t.Bytes += i.Size
	case format.EntryHardlink:
		t.Files++
	}
}

// item stores the content of a thing and makes its entry.
func (w *world) item(th thing) *format.Item {
	i := &format.Item{Entry: format.Entry{Path: th.path, Type: cmp.Or(th.typ, format.EntryFile), Target: th.target, Why: th.why}}
	switch i.Type {
	case format.EntryFile:
		i.Size, i.Sparse = int64(len(th.content)), th.sparse
		i.Chunks = th.ids
		if th.ids == nil {
			i.Chunks = w.chunksOf(th.kindOfPack(), th.cuts()...)
		}
	case format.EntryZip:
		w.zip(i, th.pieces)
		if th.hash != nil {
			i.SHA256 = th.hash
		}
	}
	if th.size != 0 {
		i.Size = th.size
	}
	return i
}

func (w *world) zip(i *format.Item, pieces []piece) {
	h := sha256.New()
	for _, p := range pieces {
		e := format.Entry{Path: i.Path, Type: format.EntryRaw, Size: int64(len(p.content)), Chunks: w.chunks(p.content, 4<<10)}
		if p.member {
			e.Type, e.Name = format.EntryMember, "m"
		}
		if p.packed != nil {
			e.Packed, e.Level = int64(len(p.packed))+p.longer, p.level
			h.Write(p.packed)
		} else {
			h.Write(p.content)
		}
		i.Size += e.Stands()
		i.Segments = append(i.Segments, e)
	}
	sum := format.Hash(h.Sum(nil))
	i.SHA256 = &sum
}

// kindOfPack is the kind of pack that a backup puts a file into.
func (th *thing) kindOfPack() format.Kind {
	if !isOriginal(th.path) && !strings.HasPrefix(th.path, mediaFolder) {
		return format.Messages
	}
	return cmp.Or(th.kind, format.Originals)
}

// cuts are the chunks of a thing: messages are cut between records, as a backup
// does it.
func (th *thing) cuts() [][]byte {
	if th.chunk > 0 || !strings.HasPrefix(th.path, format.MessagesDir) {
		return slices.Collect(slices.Chunk(th.content, cmp.Or(th.chunk, 4<<10)))
	}
	var all [][]byte
	for rest := th.content; len(rest) > 0; {
		n := len(rest)
		if at := min(4<<10, n); at < n {
			n = at + bytes.IndexByte(rest[at:], '\n') + 1
		}
		all, rest = append(all, rest[:n]), rest[n:]
	}
	return all
}

func (w *world) chunks(content []byte, size int) []format.ID {
	return w.chunksOf(format.Originals, slices.Collect(slices.Chunk(content, size))...)
}

func (w *world) chunksOf(kind format.Kind, cuts ...[]byte) []format.ID {
	ids := []format.ID{}
	for _, c := range cuts {
		id, err := w.packer.Add(context.Background(), kind, c, repo.Hint{Stored: true})
		must(w.t, err)
		ids = append(ids, id)
	}
	return ids
}

func (w *world) view() *repo.View {
	w.t.Helper()
	v, err := repo.Load(context.Background(), w.store, w.master.Repository, "here", w.memory)
	must(w.t, err)
	must(w.t, v.Trust(nil))
	return v
}

// open opens a snapshot through any store that has its objects.
func (w *world) open(store storage.Reader, head *repo.Head) *repo.Snapshot {
	w.t.Helper()
	r, err := repo.NewReader(context.Background(), store, w.view(), w.master, nil)
	must(w.t, err)
	s, err := r.Open(context.Background(), head)
	must(w.t, err)
	return s
}

// newTarget is a directory that is not there yet, and that the test can clean
// away whatever modes were restored.
func newTarget(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "target")
	t.Cleanup(func() {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() {
				os.Chmod(path, 0o700)
			}
			return nil
		})
	})
	return dir
}

// left lists what is below a directory, by path with "/" after directories.
func left(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			rel += "/"
		}
		all = append(all, rel)
		return nil
	})
	must(t, err)
	return all
}

// wantLeft fails unless these are below a directory and nothing else.
func wantLeft(t testing.TB, dir string, want ...string) {
	t.Helper()
	got := left(t, dir)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the target has %q, want %q", got, want)
	}
}

// wantFile fails unless a file has this content.
func wantFile(t testing.TB, path string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	} else if string(got) != string(content) {
		t.Errorf("%q has %d bytes that are not the %d it should have", path, len(got), len(content))
	}
}

// noise is content that differs everywhere, from a seed.
func noise(seed uint64, size int) []byte {
	out := make([]byte, size)
	x := seed*0x9e3779b97f4a7c15 + 1
	for i := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[i] = byte(x >> 32)
	}
	return out
}

func plain(path, content string) thing {
	return thing{path: "originals/" + path, content: []byte(content), mode: 0o644}
}

func directory(path string) thing {
	return thing{path: strings.TrimSuffix("originals/"+path, "/"), typ: format.EntryDir, mode: 0o755}
}
