package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// patient is a small repository with what is known of it while it is whole: the
// expectations of the tests come from that, and from nothing that looks at damage.
type patient struct {
	*world
	memory *storagetest.Memory
	dir    string // of the machine's state, to copy
	heads  []*healthy
}

// healthy is a snapshot when all of it was there.
type healthy struct {
	id       format.Hash
	head     string // key
	manifest string
	source   format.Source
	lists    map[string]bool // packs of both lists
	files    map[string]*healthyFile
}

// healthyFile is a file with the packs and the bytes of its chunks.
type healthyFile struct {
	chunks [][]byte
	packs  []string
}

// remains is what is left of it without some packs.
func (f *healthyFile) remains(gone map[string]bool) (data []byte, whole bool) {
	whole = true
	for i, chunk := range f.chunks {
		if gone[f.packs[i]] {
			whole = false
			continue
		}
		data = append(data, chunk...)
	}
	return data, whole
}

func whatsappText(seed uint64, messages int) string {
	r := rand.New(rand.NewPCG(seed, 7))
	var b strings.Builder
	at := time.Date(2019, 3, 12, 10, 11, 0, 0, time.UTC)
	for i := range messages {
		at = at.Add(time.Duration(r.IntN(500)) * time.Minute)
		fmt.Fprintf(&b, "%s - %s: message %d of %x\n", at.Format("02/01/2006, 15:04"), []string{"Anna", "Ben"}[i%2], i, r.Uint64())
	}
	return b.String()
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	store := storagetest.NewMemory()
	p := &patient{world: newWorld(t, store), memory: store}
	p.dir = t.TempDir()
	p.world.memory = p.machine(p.dir)
	src := t.TempDir()
	write := func(name, text string) {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(src, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(src, name), []byte(text), 0o600))
	}
	noise := make([]byte, 150<<10)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	write("WhatsApp Chat with Anna.txt", whatsappText(1, 4000))
	write("pictures/a.jpg", "\xff\xd8\xff\xe0"+string(noise[:100<<10]))
	write("pictures/b.jpg", "\xff\xd8\xff\xe0"+string(noise[100<<10:]))
	p.backup(src)
	write("WhatsApp Chat with Anna.txt", whatsappText(1, 4000)+"01/02/2026, 10:00 - Anna: one more\n")
	write("notes.txt", strings.Repeat("a line of text\n", 5000))
	p.backup(src)
	p.learn()
	return p
}

func (p *patient) machine(dir string) *state.Repository {
	dirs := state.Dirs{Config: dir + "/c", Data: dir + "/d", State: dir + "/s", Cache: dir + "/x"}
	return dirs.Repository(p.master.Repository)
}

func (p *patient) backup(dir string) {
	p.t.Helper()
	s, err := repo.Begin(p.ctx, p.store, p.view(), p.key, p.world.memory, repo.SessionOptions{PackSize: 48 << 10})
	must(p.t, err)
	defer s.Close()
	_, err = backup.Run(p.ctx, backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}}, s, backup.Options{Program: "test"})
	must(p.t, err)
}

func (p *patient) learn() {
	// With its memory: this machine has read the repository once.
	r, err := repo.NewReader(p.ctx, p.store, p.view(), p.master, p.world.memory)
	must(p.t, err)
	for _, h := range r.Heads() {
		s, err := r.Open(p.ctx, h)
		must(p.t, err)
		k := &healthy{id: h.Hash, head: format.HeadName(h.Writer, h.Seq, h.Hash), manifest: format.ManifestName(h.Manifest.SHA256),
			source: s.Manifest.Source, lists: map[string]bool{}, files: map[string]*healthyFile{}}
		pack := func(id format.ID) string {
			at, _ := s.Index().Find(id)
			return format.PackName(s.Index().Packs()[at.Pack].Pack)
		}
		for _, id := range append(slices.Clone(s.Manifest.Contents.Chunks), s.Manifest.Stats.Chunks...) {
			k.lists[pack(id)] = true
		}
		for e, err := range s.Entries(p.ctx) {
			must(p.t, err)
			f := &healthyFile{}
			for id := range e.AllChunks() {
				data, err := io.ReadAll(s.Chunks(p.ctx, []format.ID{id}))
				must(p.t, err)
				f.chunks, f.packs = append(f.chunks, data), append(f.packs, pack(id))
			}
			k.files[e.Path] = f
		}
		p.heads = append(p.heads, k)
	}
}

// without is the repository and the machine with some objects gone; the machine
// has lost its cache, too, unless it is to keep it.
func (p *patient) without(t *testing.T, cache bool, keys ...string) *patient {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "chatkeep-test-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.CopyFS(dir, os.DirFS(p.dir)))
	if !cache {
		must(t, os.RemoveAll(dir+"/x"))
	}
	c := &patient{world: &world{t, p.ctx, nil, p.master, p.key, nil}, memory: p.memory.Clone(), dir: dir, heads: p.heads}
	c.store = c.memory
	c.world.memory = c.machine(dir)
	for _, key := range keys {
		c.memory.Tamper(key, nil)
	}
	return c
}

// acceptAll lets a repair go on in spite of what is lost.
var acceptAll = map[format.Class]bool{format.Rollback: true, format.Gap: true, format.Missing: true, format.Flipped: true, format.Truncated: true}

// repair does what the command does, as far as it gets, and returns the last
// look at it.
func (p *patient) repair(ctx context.Context, store storage.Store, mirrors ...repo.Mirror) (*repo.CheckReport, *repo.Reader, error) {
	id := p.master.Repository
	mended, err := repo.Mend(ctx, store, id, repo.MendOptions{Place: "here", Memory: p.world.memory, Mirrors: mirrors})
	if err != nil {
		return nil, nil, err
	}
	r, err := p.reader(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	if err := p.world.memory.SetDamaged(nil); err != nil {
		return nil, nil, err
	}
	o := repo.CheckOptions{Known: mended.Left}
	report, remains, err := repo.Examine(ctx, store, r.View(), r, o)
	if err != nil {
		return nil, nil, err
	}
	begin := func(ctx context.Context) (*repo.Session, error) {
		return repo.Begin(ctx, store, r.View(), p.key, p.world.memory, repo.SessionOptions{})
	}
	if bare := remains.Unindexed(); len(bare) > 0 {
		s, err := begin(ctx)
		if err != nil {
			return nil, nil, err
		}
		_, err = s.Reindex(ctx, bare)
		s.Close()
		if err != nil {
			return nil, nil, err
		}
	}
	_, err = backup.RepairSnapshots(ctx, remains, report.Hurt, backup.RepairOptions{Begin: begin, Own: p.key.Dedup, Program: "test"})
	if err != nil {
		return nil, nil, err
	}
	if r, err = p.reader(ctx, store); err != nil {
		return nil, nil, err
	}
	report, err = repo.Check(ctx, store, r.View(), r, o)
	return report, r, err
}

func (p *patient) reader(ctx context.Context, store storage.Reader) (*repo.Reader, error) {
	v, err := repo.Survey(ctx, store, p.master.Repository, "here", p.world.memory)
	if err != nil {
		return nil, err
	}
	if err := v.Trust(acceptAll); err != nil {
		return nil, err
	}
	return repo.NewReader(ctx, store, v, p.master, p.world.memory)
}

// wantNamed asks of a check that it names what is gone, and of each snapshot the
// entries that it hurts, and no others.
func (p *patient) wantNamed(gone map[string]bool) {
	p.t.Helper()
	r, err := p.reader(p.ctx, p.store)
	if err != nil {
		p.wantNamedKeyless(gone, err)
		return
	}
	hurt := map[format.Hash]map[string]bool{}
	report, err := repo.Check(p.ctx, p.store, r.View(), r, repo.CheckOptions{Hurt: func(e *repo.Exam, r *repo.Remnant) error {
		if hurt[e.Head.Hash] == nil {
			hurt[e.Head.Hash] = map[string]bool{}
		}
		hurt[e.Head.Hash][r.Path] = true
		return nil
	}})
	must(p.t, err)
	var said strings.Builder
	for _, problem := range report.Problems {
		fmt.Fprintln(&said, problem)
	}
	p.wantNames(said.String()+strings.Join(report.Notes, "\n"), gone)
	for _, h := range p.heads {
		if gone[h.head] || gone[h.manifest] && !p.cached(h.manifest) {
			continue
		}
		want := map[string]bool{}
		for path, f := range h.files {
			if _, whole := f.remains(gone); !whole && !h.unlisted(gone) {
				want[path] = true
			}
		}
		if got := hurt[h.id]; len(got) != len(want) || !slices.Equal(sortedKeys(got), sortedKeys(want)) {
			p.t.Errorf("without %v: snapshot %s has hurt entries %v, want %v", sortedKeys(gone), h.id, sortedKeys(got), sortedKeys(want))
		}
		i := slices.IndexFunc(report.Hurt, func(o *repo.Hurt) bool { return o.Head.Hash == h.id })
		if told := i >= 0 && report.Hurt[i].Lists > 0; told != h.unlisted(gone) {
			p.t.Errorf("without %v: snapshot %s: that its lists are hurt is told as %v", sortedKeys(gone), h.id, told)
		}
	}
}

// wantNamedKeyless asks it of a check that has no key, since what the key takes
// is gone; err is what that met. Without an authority there is nothing to go by.
func (p *patient) wantNamedKeyless(gone map[string]bool, err error) {
	p.t.Helper()
	v, broken := repo.Survey(p.ctx, p.store, p.master.Repository, "here", p.world.memory)
	if broken != nil {
		if !p.lacks(gone, format.ObjectAuthority) {
			p.t.Errorf("without %v: %v", sortedKeys(gone), broken)
		}
		return
	}
	report, broken := repo.Check(p.ctx, p.store, v, nil, repo.CheckOptions{})
	must(p.t, broken)
	said := err.Error()
	for _, problem := range report.Problems {
		said += "\n" + problem.Error()
	}
	p.wantNames(said, gone)
	for _, h := range p.heads {
		told := slices.ContainsFunc(report.Hurt, func(o *repo.Hurt) bool { return o.Head.Hash == h.id })
		if want := gone[h.manifest] || len(h.packs(gone)) > 0; want && !told && !gone[h.head] {
			p.t.Errorf("without %v: that snapshot %s is hurt is not told", sortedKeys(gone), h.id)
		}
	}
}

// lacks reports whether an object of this type is gone.
func (p *patient) lacks(gone map[string]bool, t format.ObjectType) bool {
	for key := range gone {
		if name, _ := format.ParseName(key); name.Type == t {
			return true
		}
	}
	return false
}

// packs are those of a snapshot that are gone.
func (h *healthy) packs(gone map[string]bool) (keys []string) {
	for key := range gone {
		used := h.lists[key]
		for _, f := range h.files {
			used = used || slices.Contains(f.packs, key)
		}
		if used {
			keys = append(keys, key)
		}
	}
	return keys
}

func (p *patient) cached(key string) bool {
	name, _ := format.ParseName(key)
	return p.world.memory.CachedObject(name.Hash) != nil
}

// wantNames asks that a text names everything that is gone. A head that only
// others tell of is named by them.
func (p *patient) wantNames(text string, gone map[string]bool) {
	p.t.Helper()
	heads := 0
	for key := range gone {
		name, _ := format.ParseName(key)
		if name.Type == format.ObjectHead && !strings.Contains(text, name.Hash.String()) {
			heads++
			if heads < len(gone) {
				continue // what the newest one continued, it alone could name
			}
		}
		if p.lacks(gone, format.ObjectHead) && (name.Type == format.ObjectPack || name.Type == format.ObjectManifest || name.Type == format.ObjectIndex) {
			continue // the head that named it may be the one that is gone
		}
		if !strings.Contains(text, key) && !strings.Contains(text, name.Hash.String()) && name.Type != format.ObjectAuthority {
			p.t.Errorf("without %v: nothing names %s:\n%s", sortedKeys(gone), key, text)
		}
	}
}

func (h *healthy) unlisted(gone map[string]bool) bool {
	for key := range h.lists {
		if gone[key] {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// contents reads every snapshot as users do: by source, then by path, all the
// bytes that any snapshot gives under it.
func contents(ctx context.Context, r *repo.Reader) map[format.Source]map[string][][]byte {
	all := map[format.Source]map[string][][]byte{}
	for _, h := range r.Heads() {
		s, err := r.Open(ctx, h)
		if err != nil {
			continue
		}
		files := all[s.Manifest.Source]
		if files == nil {
			files = map[string][][]byte{}
			all[s.Manifest.Source] = files
		}
		reader := s.NewChunkReader()
		for e, err := range s.Entries(ctx) {
			if err != nil {
				break
			}
			var data []byte
			for id := range e.AllChunks() {
				chunk, err := reader.Chunk(ctx, id)
				if err != nil {
					data = nil
					break
				}
				data = append(data, chunk...)
			}
			files[e.Path] = append(files[e.Path], data)
		}
	}
	return all
}

// wantGiven asks that a repaired repository gives all that the packs that are
// left allow.
func (p *patient) wantGiven(r *repo.Reader, gone map[string]bool) {
	p.t.Helper()
	given := contents(p.ctx, r)
	for _, h := range p.heads {
		if h.unlisted(gone) || gone[h.manifest] && !p.cached(h.manifest) {
			continue
		}
		for path, f := range h.files {
			want, whole := f.remains(gone)
			if !whole && !strings.HasPrefix(path, "messages/") || len(want) == 0 {
				continue
			}
			if !slices.ContainsFunc(given[h.source][path], func(data []byte) bool { return bytes.Equal(data, want) }) {
				p.t.Errorf("without %v: nothing gives the %d bytes of %s in snapshot %s (whole: %v)", sortedKeys(gone), len(want), path, h.id, whole)
			}
		}
	}
}

// losses are all sets of one object that may be gone, and of two; a short run
// takes some of the latter, and those that a lost head's number is at stake in.
func (p *patient) losses() (sets []map[string]bool) {
	keys := p.memory.Keys("")
	r := rand.New(rand.NewPCG(3, 4))
	share := 40
	if os.Getenv("CHATKEEP_LONG") != "" {
		share = 1
	}
	for i, a := range keys {
		sets = append(sets, map[string]bool{a: true})
		for _, b := range keys[i+1:] {
			if r.IntN(share) == 0 || strings.HasPrefix(a, "index/") && strings.HasPrefix(b, "snapshots/") {
				sets = append(sets, map[string]bool{a: true, b: true})
			}
		}
	}
	return sets
}

// TestLosses takes away each object of a repository and pairs of them. A check
// names what is hurt, a repair gives back everything that is left, and a second
// one changes nothing.
func TestLosses(t *testing.T) {
	p := newPatient(t)
	for _, gone := range p.losses() {
		for _, cache := range []bool{false, true} {
			if cache && len(gone) > 1 && os.Getenv("CHATKEEP_LONG") == "" {
				continue
			}
			c := p.without(t, cache, sortedKeys(gone)...)
			c.wantNamed(gone)
			report, r, err := c.repair(c.ctx, c.store)
			if err == nil && len(gone) == 1 && c.lacks(gone, format.ObjectIndex) && len(report.Problems) > 0 {
				t.Errorf("without %v: a written index leaves %v", sortedKeys(gone), report.Problems)
			}
			var strange *repo.Strange
			if errors.As(err, &strange) && !cache && c.lacks(gone, format.ObjectHead) {
				// With its newest head this machine lost what tells that the one
				// before is its own: writer accept.
				v, err := repo.Survey(c.ctx, c.store, c.master.Repository, "here", c.world.memory)
				must(t, err)
				must(t, v.Remember(c.world.memory))
				_, r, err = c.repair(c.ctx, c.store)
				must(t, err)
			}
			if err != nil && !cache && (c.lacks(gone, format.ObjectAuthority) || c.lacks(gone, format.ObjectKeyring)) {
				continue // nobody can read anything any more
			}
			if strange == nil {
				must(t, err)
			}
			c.wantGiven(r, gone)
			before := c.memory.Keys("")
			if _, _, err := c.repair(c.ctx, c.store); err != nil || !slices.Equal(before, c.memory.Keys("")) {
				t.Errorf("without %v: a second repair changes something (%v)", sortedKeys(gone), err)
			}
		}
	}
}

// TestMirror takes away and damages objects, several at once, of a repository
// that has a copy: everything is put back, byte for byte, by who has no key and
// remembers nothing.
func TestMirror(t *testing.T) {
	p := newPatient(t)
	r := rand.New(rand.NewPCG(5, 6))
	keys := p.memory.Keys("")
	for n := range len(keys) + 8 {
		c := p.without(t, false)
		for i, key := range keys {
			if i != n && (n < len(keys) || r.IntN(3) == 0) {
				continue
			}
			data := c.memory.Bytes(key)
			switch r.IntN(3) {
			case 0:
				c.memory.Tamper(key, nil)
			case 1:
				data[r.IntN(len(data))] ^= 4
				c.memory.Tamper(key, data)
			case 2:
				c.memory.Tamper(key, data[:r.IntN(len(data))])
			}
		}
		dry := c.memory.Clone()
		o := repo.MendOptions{Place: "here", Mirrors: []repo.Mirror{{Name: "copy", Store: p.memory}}, DryRun: true}
		_, err := repo.Mend(c.ctx, c.store, c.master.Repository, o)
		must(t, err)
		wantSameObjects(t, c.memory, dry)
		o.DryRun = false
		report, err := repo.Mend(c.ctx, c.store, c.master.Repository, o)
		if err != nil || len(report.Left) > 0 {
			t.Errorf("%v, left: %v", err, report.Left)
		}
		wantSameObjects(t, c.memory, p.memory)
	}
}

// wantSame asks that two stores hold the same.
func wantSameObjects(t *testing.T, a, b *storagetest.Memory) {
	t.Helper()
	if !slices.Equal(a.Keys(""), b.Keys("")) {
		t.Errorf("other objects: %v, want %v", a.Keys(""), b.Keys(""))
		return
	}
	for _, key := range a.Keys("") {
		if !bytes.Equal(a.Bytes(key), b.Bytes(key)) {
			t.Errorf("%s has other bytes", key)
		}
	}
}

// TestMendInterrupted fails each operation of the store while a damaged
// repository is mended. What is whole stays whole, and the next run ends it; the
// copy may be gone by then where an object had been taken away already.
func TestMendInterrupted(t *testing.T) {
	p := newPatient(t)
	var bad []string
	for _, key := range p.memory.Keys("") {
		if strings.HasPrefix(key, "packs/") || strings.HasPrefix(key, "index/") || strings.HasPrefix(key, "snapshots/") {
			bad = append(bad, key)
		}
	}
	bad = []string{bad[0], bad[len(bad)/2], bad[len(bad)-1]}
	hurt := func() *patient {
		c := p.without(t, false, bad[0])
		for _, key := range bad[1:] {
			data := c.memory.Bytes(key)
			data[len(data)/2] ^= 1
			c.memory.Tamper(key, data)
		}
		return c
	}
	for _, trouble := range []storagetest.Trouble{storagetest.FailBefore, storagetest.FailAfter} {
		for n := 1; ; n++ {
			c := hurt()
			f := storagetest.NewFault(c.memory, storagetest.Rule{Nth: n, Do: trouble})
			o := repo.MendOptions{Place: "here", Memory: c.world.memory, Mirrors: []repo.Mirror{{Name: "copy", Store: p.memory}}}
			_, err := repo.Mend(c.ctx, f, c.master.Repository, o)
			if len(f.Calls()) < n {
				must(t, err)
				break
			}
			for _, key := range p.memory.Keys("") {
				if !slices.Contains(bad, key) && !bytes.Equal(c.memory.Bytes(key), p.memory.Bytes(key)) {
					t.Errorf("operation %d: %s was whole, and is not", n, key)
				}
				if name, _ := format.ParseName(key); key != bad[0] && c.memory.Bytes(key) == nil && c.world.memory.Rescued(name.Hash) == nil {
					t.Errorf("operation %d: %s is nowhere", n, key)
				}
			}
			report, err := repo.Mend(c.ctx, c.store, c.master.Repository, o)
			if err != nil || len(report.Left) > 0 {
				t.Errorf("operation %d: the next run: %v, %v", n, err, report.Left)
			}
			wantSameObjects(t, c.memory, p.memory)
		}
	}
}

// TestRepairInterrupted fails each operation of the store while snapshots are
// made of what remains. The next run gives all of it.
func TestRepairInterrupted(t *testing.T) {
	p := newPatient(t)
	var gone string
	for path, f := range p.heads[0].files {
		if strings.HasPrefix(path, "messages/") {
			gone = f.packs[len(f.packs)/2]
		}
	}
	lost := map[string]bool{gone: true}
	step := 7
	if os.Getenv("CHATKEEP_LONG") != "" {
		step = 1
	}
	for n := 1; ; n += step {
		c := p.without(t, true, gone)
		f := storagetest.NewFault(c.memory, storagetest.Rule{Nth: n, Do: storagetest.FailAfter})
		before := c.memory.Keys("")
		_, _, err := c.repair(c.ctx, f)
		for _, key := range before {
			if !bytes.Equal(c.memory.Bytes(key), p.memory.Bytes(key)) {
				t.Errorf("operation %d: %s was whole, and is not", n, key)
			}
		}
		_, r, again := c.repair(c.ctx, c.store)
		must(t, again)
		c.wantGiven(r, lost)
		if len(f.Calls()) < n {
			must(t, err)
			break
		}
	}
}

// TestDamagedRemains flips bytes in packs that nobody else has: what their
// intact parts hold is given back, and of messages all that is in whole chunks.
func TestDamagedRemains(t *testing.T) {
	p := newPatient(t)
	for _, key := range p.memory.Keys("packs/") {
		c := p.without(t, false)
		data := c.memory.Bytes(key)
		cut := len(data) - len(data)/3
		c.memory.Tamper(key, data[:cut])
		report, r, err := c.repair(c.ctx, c.store)
		must(t, err)
		if len(report.Problems) == 0 {
			t.Errorf("%s is cut short, and nobody says so", key)
		}
		c.wantGiven(r, map[string]bool{key: true})
	}
}
