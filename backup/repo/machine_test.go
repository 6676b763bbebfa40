package repo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/split"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// long reports whether the exhaustive variants of tests are wanted.
func long() bool { return os.Getenv("CHATKEEP_LONG") != "" }

// smallPacks makes several packs of a few short files.
var smallPacks = repo.SessionOptions{PackSize: 16 << 10}

// machine is a writer's machine: its key and what it remembers in a folder.
type machine struct {
	dir    string
	key    *keys.Writer
	memory *state.Repository
}

func newMachine(t *testing.T, key *keys.Writer) *machine {
	t.Helper()
	m := &machine{dir: tempDir(t), key: key}
	m.open()
	return m
}

func (m *machine) open() {
	dirs := state.Dirs{Config: m.dir + "/c", Data: m.dir + "/d", State: m.dir + "/s", Cache: m.dir + "/x"}
	m.memory = dirs.Repository(m.key.Repository)
}

// clone is another machine with the same key and the same memory.
func (m *machine) clone(t *testing.T) *machine {
	t.Helper()
	return m.cloneTo(t, tempDir(t))
}

func (m *machine) cloneTo(t *testing.T, dir string) *machine {
	if err := copyTree(dir, m.dir); err != nil {
		t.Error(err)
	}
	c := &machine{dir: dir, key: m.key}
	c.open()
	return c
}

// tempDir is a folder in memory where the system has one: what a machine
// remembers is synced, thousands of times in these tests.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "chatkeep-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// copyTree copies files as they are at the moment; what vanishes meanwhile is
// left out.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

// chill forgets the machine's cache.
func (m *machine) chill(t *testing.T) {
	if err := os.RemoveAll(m.dir + "/x"); err != nil {
		t.Fatal(err)
	}
}

// run is a backup of contents as the command does it: load, trust, begin, store,
// commit. Each content is a group of its own, so that packs close between them.
func (m *machine) run(ctx context.Context, store storage.Store, o repo.SessionOptions, contents ...[]byte) (*repo.Head, error) {
	return m.runAt(ctx, store, "here", o, contents...)
}

func (m *machine) runAt(ctx context.Context, store storage.Store, at string, o repo.SessionOptions, contents ...[]byte) (*repo.Head, error) {
	// As in a command, what a failed run left under way ends with it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v, err := repo.Load(ctx, store, m.key.Repository, at, m.memory)
	if err != nil {
		return nil, err
	}
	if err := v.Trust(nil); err != nil {
		return nil, err
	}
	s, err := repo.Begin(ctx, store, v, m.key, m.memory, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	defer cancel()
	return commitFiles(ctx, s, contents)
}

// commitFiles stores contents as messages and commits them as files f000, f001, ….
func commitFiles(ctx context.Context, s *repo.Session, contents [][]byte) (*repo.Head, error) {
	return commitIn(ctx, s, "messages", contents, func(p *repo.Packer, i int) *repo.Stream {
		return p.Stream(ctx, format.Messages, repo.Hint{Group: fmt.Sprint(i)}, s.Cutter(split.Text), nil)
	})
}

// commitIn stores each of some contents by a stream of its own and commits them as
// files of a folder.
func commitIn(ctx context.Context, s *repo.Session, folder string, contents [][]byte, stream func(p *repo.Packer, i int) *repo.Stream) (*repo.Head, error) {
	p := s.NewPacker()
	list, stats := p.NewList(ctx, "contents"), p.NewList(ctx, "stats")
	for i, c := range contents {
		st := stream(p, i)
		if _, err := io.Copy(st, bytes.NewReader(c)); err != nil {
			return nil, err
		}
		if err := st.Close(); err != nil {
			return nil, err
		}
		e := &format.Entry{Path: fmt.Sprintf("%s/f%03d", folder, i), Type: format.EntryFile, Size: st.Size, Chunks: st.IDs}
		if err := list.Append(format.AppendEntry(nil, e)); err != nil {
			return nil, err
		}
		if err := stats.Append(format.AppendStat(nil, &format.Stat{Mode: 0o644, Mtime: time.Unix(1, 0)})); err != nil {
			return nil, err
		}
	}
	m := manifest()
	var err error
	if m.Contents, err = list.Close(); err != nil {
		return nil, err
	}
	if m.Stats, err = stats.Close(); err != nil {
		return nil, err
	}
	if err := s.Flush(ctx, p); err != nil {
		return nil, err
	}
	return s.Commit(ctx, m)
}

// scene is a repository in memory with its owner and one machine.
type scene struct {
	store  *storagetest.Memory
	master *keys.Master
	*machine
	heads []format.Hash
	want  map[format.Hash][][]byte // contents of each snapshot
}

func newScene(t *testing.T) *scene {
	t.Helper()
	store := storagetest.NewMemory()
	w := newWorld(t, store)
	return &scene{store: store, master: w.master, machine: newMachine(t, w.key), want: map[format.Hash][][]byte{}}
}

// fork is the same scene with a store and a machine of its own.
func (s *scene) fork(t *testing.T) *scene {
	t.Helper()
	c := *s
	c.store, c.machine = s.store.Clone(), s.machine.clone(t)
	c.want = map[format.Hash][][]byte{}
	for h, contents := range s.want {
		c.want[h] = contents
	}
	return &c
}

// commit makes a snapshot that must succeed.
func (s *scene) commit(t *testing.T, contents ...[]byte) *repo.Head {
	t.Helper()
	return s.commitBy(t, s.machine, contents...)
}

func (s *scene) commitBy(t *testing.T, m *machine, contents ...[]byte) *repo.Head {
	t.Helper()
	h, err := m.run(t.Context(), s.store, smallPacks, contents...)
	if err != nil {
		t.Fatalf("a backup in peace: %v", err)
	}
	s.note(h, contents)
	return h
}

func (s *scene) note(h *repo.Head, contents [][]byte) {
	s.heads = append(s.heads, h.Hash)
	s.want[h.Hash] = contents
}

// enrol adds a writer and returns its machine.
func (s *scene) enrol(t *testing.T, label string) *machine {
	t.Helper()
	o := s.owner(t)
	key, err := o.AddWriter(label, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return newMachine(t, key)
}

func (s *scene) owner(t *testing.T) *repo.Owner {
	t.Helper()
	o, err := repo.NewOwner(t.Context(), s.store, s.load(t, nil), s.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (s *scene) load(t *testing.T, memory repo.Memory) *repo.View {
	t.Helper()
	v, err := repo.Load(t.Context(), s.store, s.master.Repository, "here", memory)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *scene) reader(t *testing.T) *repo.Reader {
	t.Helper()
	r, err := repo.NewReader(t.Context(), s.store, s.load(t, nil), s.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sound reads the whole repository with fresh eyes: every snapshot that was
// committed must be there and come back byte for byte, and a check that reads
// all finds nothing.
func (s *scene) sound(t *testing.T) *repo.CheckReport {
	t.Helper()
	r := s.reader(t)
	if err := r.View().Trust(nil); err != nil {
		t.Errorf("the repository is not in order: %v", err)
	}
	there := map[format.Hash]*repo.Head{}
	for _, h := range r.Heads() {
		there[h.Hash] = h
	}
	for hash, want := range s.want {
		if there[hash] == nil {
			t.Errorf("snapshot %s was committed, and is gone", hash)
			continue
		}
		if err := same(t.Context(), r, there[hash], want); err != nil {
			t.Errorf("snapshot %d %s: %v", there[hash].Seq, hash, err)
		}
	}
	report, err := repo.Check(t.Context(), s.store, r.View(), r, repo.CheckOptions{ReadData: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Errorf("check: %v", p)
	}
	return report
}

// same reads a snapshot and compares it.
func same(ctx context.Context, r *repo.Reader, h *repo.Head, want [][]byte) error {
	s, err := r.Open(ctx, h)
	if err != nil {
		return err
	}
	n := 0
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		if n == len(want) {
			return errors.New("more files than were stored")
		}
		data, err := io.ReadAll(s.Chunks(ctx, e.Chunks))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, want[n]) {
			return fmt.Errorf("file %d: WRONG BYTES: %d of them, not the %d stored", n, len(data), len(want[n]))
		}
		n++
	}
	if n != len(want) {
		return fmt.Errorf("WRONG BYTES: %d files, not %d", n, len(want))
	}
	for _, note := range s.Notes {
		// All of it is there, and something was missing that it could do without.
		return format.Fail(format.Missing, "", "%s", note)
	}
	return nil
}

// strayPacks counts the packs that no head holds.
func (s *scene) strayPacks(t *testing.T) int {
	t.Helper()
	held := map[string]bool{}
	for _, chain := range s.load(t, nil).Chains {
		for _, ref := range chain.Ever().Packs {
			held[format.PackName(ref.SHA256)] = true
		}
	}
	stray := 0
	for _, key := range s.store.Keys(format.PacksDir) {
		if !held[key] {
			stray++
		}
	}
	return stray
}

// end is how a breaker ends a run.
type end int

const (
	hangBefore end = iota + 1
	hangAfter
	crashBefore
	crashAfter
)

func (e end) String() string {
	return [...]string{"", "hangs before", "hangs after", "dies before", "dies after"}[e]
}

var errDead = errors.New("the process is dead")

// breaker is a store under which a run ends at the nth request: either the
// request hangs until the run is given up, or the process dies. At death it
// calls died, and nothing reaches the store any more.
type breaker struct {
	storage.Store
	nth    int
	how    end
	cancel context.CancelFunc
	died   func()

	mu   sync.Mutex
	n    int
	dead bool
	at   string // the request that was hit
}

func (b *breaker) around(ctx context.Context, what string, do func() error) error {
	b.mu.Lock()
	if b.dead {
		b.mu.Unlock()
		return errDead
	}
	b.n++
	if b.n != b.nth {
		b.mu.Unlock()
		return do()
	}
	defer b.mu.Unlock()
	b.at = what
	if b.how == hangAfter || b.how == crashAfter {
		_ = do()
	}
	if b.how == hangBefore || b.how == hangAfter {
		b.cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	b.dead = true
	if b.died != nil {
		b.died()
	}
	return errDead
}

func (b *breaker) Put(ctx context.Context, key string, data []byte) (info storage.Info, err error) {
	err = b.around(ctx, "put "+key, func() (err error) {
		info, err = b.Store.Put(ctx, key, data)
		return err
	})
	return info, err
}

func (b *breaker) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	err = b.around(ctx, "stat "+key, func() (err error) {
		info, err = b.Store.Stat(ctx, key)
		return err
	})
	return info, err
}

func (b *breaker) Get(ctx context.Context, key string, offset, length int64) (r io.ReadCloser, err error) {
	err = b.around(ctx, "get "+key, func() (err error) {
		r, err = b.Store.Get(ctx, key, offset, length)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (b *breaker) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if err := b.around(ctx, "list "+prefix, func() error { return nil }); err != nil {
			yield(storage.Info{}, err)
			return
		}
		b.Store.List(ctx, prefix)(yield)
	}
}

// tearEnd cuts the last byte off the journal.
func tearEnd(dir string) error {
	found, err := filepath.Glob(dir + "/s/*/journal")
	if err != nil || len(found) != 1 {
		return fmt.Errorf("journals %q: %w", found, err)
	}
	info, err := os.Stat(found[0])
	if err != nil {
		return err
	}
	return os.Truncate(found[0], info.Size()-1)
}
