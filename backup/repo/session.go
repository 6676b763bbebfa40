package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/split"
	"chatkeep/providers/storage"
)

const (
	checkpointPacks = 64
	checkpointAfter = 15 * time.Minute
	// bestBudget is how much new text and database content of an increment is
	// compressed at the best level, at about 40 MB/s a core.
	bestBudget = 64 << 20
)

// Session is one run of a writer: it takes chunks through its packers and ends
// in a commit. It holds this machine's lock for the repository.
type Session struct {
	store    storage.Store
	view     *View
	key      *keys.Writer
	secrets  keys.Secrets
	cutter   *split.Keyed
	memory   Memory
	chain    *Chain
	packSize int
	classes  [format.Kinds]string
	now      func() time.Time

	plaintexts, objects *buffers
	open                [format.Kinds]openPack
	uploads             chan struct{} // tickets
	pending             sync.WaitGroup
	release             func()
	increment           bool
	without             map[format.Hash]bool // packs that are taken for absent
	replaces            *format.Hash         // by the next snapshot
	parity              *parity              // nil where none is wanted

	mu        sync.Mutex
	known     table
	packs     []*pack
	indexes   map[format.Hash]format.Ref
	failed    error
	fresh     int // packs put since the last head
	lastHead  time.Time
	storeTime time.Time
	stats     Stats
	notes     []string

	best struct {
		mu         sync.Mutex
		left       int // bytes
		compressor *format.Compressor
	}

	commit sync.Mutex // one head at a time
	tips   []*Head    // what the next head continues
}

// pack is a pack that this run may refer to.
type pack struct {
	format.IndexPack
	index format.Hash // the index object that covers it, zero before there is one
	used  bool        // the snapshot in the making refers to it
	done  bool        // durable
	// claims is how many chunks this run took for it.
	claims int
}

// Stats counts what a session stored.
type Stats struct {
	Chunks      int64 // new ones
	BytesNew    int64 // of new chunks, before compression
	BytesStored int64 // of new objects
	Packs       int64
}

// SessionOptions tune a session. The zero value is good.
type SessionOptions struct {
	PackSize int              // plaintext, in bytes; DefaultPackSize where 0
	Uploads  int              // puts at once; 2 where 0
	Best     int              // bytes of an increment to compress at the best level; 64 MiB where 0, none where negative
	Now      func() time.Time // the clock: for checkpoints, and to compare the store's with
	// Without are packs that the run does without: what is in them and needed is
	// stored anew.
	Without map[format.Hash]bool
	// Classes are the classes of storage that packs go into, by kind; "" is the
	// store's own choice. A store without classes refuses any.
	Classes [format.Kinds]string
}

// Begin starts a run of the writer that key belongs to. The view must be
// trusted. Where the repository has begun an epoch that the key does not know of,
// the session goes by the news of it; the key itself stays as it is. End it with
// Close.
func Begin(ctx context.Context, store storage.Store, view *View, key *keys.Writer, memory Memory, o SessionOptions) (*Session, error) {
	s := &Session{
		store: store, view: view, key: key, secrets: key.Secrets(), memory: memory,
		packSize: o.PackSize, now: o.Now, without: o.Without, classes: o.Classes,
	}
	if s.packSize == 0 {
		s.packSize = DefaultPackSize
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Uploads == 0 {
		o.Uploads = 2
	}
	s.best.left = o.Best
	if o.Best == 0 {
		s.best.left = bestBudget
	}
	s.uploads = make(chan struct{}, o.Uploads)
	s.plaintexts = &buffers{size: s.packSize + s.packSize/16}
	s.objects = &buffers{size: s.packSize + s.packSize/16}
	s.cutter = split.NewKeyed(split.Key(s.secrets.CutKey()))
	s.lastHead = s.now()
	s.indexes = map[format.Hash]format.Ref{}
	own, err := view.mayWrite(key)
	if err != nil {
		return nil, err
	}
	s.chain = view.Chains[own.ID]
	if err := s.startParity(); err != nil {
		return nil, err
	}
	release, err := memory.Lock()
	if err != nil {
		return nil, err
	}
	s.release = release
	if s.key, err = view.caughtUp(ctx, &objects{store, memory}, key, own); err == nil {
		err = s.load(ctx)
	}
	if err != nil {
		release()
		return nil, err
	}
	return s, nil
}

// Close ends the session and gives the lock back. Before a commit it leaves what
// was put to the journal. It waits for puts that are under way: to give up a run
// whose store hangs, cancel its context first.
func (s *Session) Close() {
	s.pending.Wait()
	s.release()
}

// Cutter returns the cutter for a rule, keyed for this writer.
func (s *Session) Cutter(rule split.Rule) *split.Cutter { return s.cutter.Cutter(rule) }

// Replace begins the snapshot after a commit, one that stands for another: the
// same contents in other packs. What was referred to so far does not count for
// it.
func (s *Session) Replace(h *Head) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.packs {
		p.used = false
	}
	s.replaces = &h.Hash
}

// Stats returns what was stored so far.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Notes are for people, like the view's: what was unusual since Begin. The view
// has been told of by then.
func (s *Session) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

func (s *Session) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, text)
}

// newPack gives a number to a pack that is being filled.
func (s *Session) newPack() (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return 0, s.failed
	}
	s.packs = append(s.packs, &pack{})
	return uint32(len(s.packs) - 1), nil
}

// claim asks for a chunk and, where it is not known, notes that it goes into a
// pack. Two workers that meet the same new chunk store it once.
func (s *Session) claim(id format.ID, number uint32) (known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known.put(id, place{pack: number}) {
		s.packs[number].used = true
		s.packs[number].claims++
		return false
	}
	p, _ := s.known.get(id)
	s.packs[p.pack].used = true
	return true
}

// refer is claim without a pack to put it in.
func (s *Session) refer(id format.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.known.get(id)
	if ok {
		s.packs[p.pack].used = true
	}
	return ok
}

// settle moves claims of chunks from a frame in the making to the pack that it
// has gone into.
func (s *Session) settle(from, to uint32, members []format.Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range members {
		s.known.find(m.ID).place.pack = to + 1
	}
	s.packs[from].claims -= len(members)
	s.packs[to].claims += len(members)
	s.packs[to].used = true
	if s.packs[from].claims == 0 {
		s.packs[from].used = false
	}
}

func (s *Session) countNew(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Chunks++
	s.stats.BytesNew += int64(n)
}

// compressBest compresses a frame of an increment at the best level, where that
// saves a tenth, as long as there are few; it reports false for the mass. The
// level's tables take 32 MiB, so that all packers share one.
func (s *Session) compressBest(dst, raw []byte) ([]byte, bool) {
	if !s.increment {
		return dst, false
	}
	s.best.mu.Lock()
	defer s.best.mu.Unlock()
	if s.best.left < len(raw) {
		return dst, false
	}
	s.best.left -= len(raw)
	if s.best.compressor == nil {
		s.best.compressor = format.NewCompressor(zstd.SpeedBestCompression)
	}
	return s.best.compressor.Append(dst, raw), true
}

// finish seals a full pack, for which there is a ticket, and puts it in the
// background.
func (s *Session) finish(ctx context.Context, f sealing) error {
	plaintext := f.builder.Close()
	object, hash, err := seal(s.objects.get(), plaintext, s.key.EpochRecipient()...)
	s.plaintexts.put(plaintext)
	if err != nil {
		<-s.uploads
		return s.fail(err)
	}
	record := format.IndexPack{Pack: hash, Size: int64(len(object)), Kind: f.kind, FirstFrame: f.builder.FirstFrame(), Frames: f.builder.Frames()}
	s.pending.Go(func() {
		err := s.upload(ctx, f.number, record, object)
		s.objects.put(object)
		<-s.uploads
		if err != nil {
			s.fail(err)
		}
	})
	return nil
}

func (s *Session) upload(ctx context.Context, number uint32, record format.IndexPack, object []byte) error {
	if err := s.putClass(ctx, format.PackName(record.Pack), object, s.classes[record.Kind]); err != nil {
		return err
	}
	s.addParity(ctx, record.Pack, object)
	s.mu.Lock()
	p := s.packs[number]
	p.IndexPack, p.done = record, true
	s.fresh++
	s.stats.Packs++
	due := s.fresh >= checkpointPacks || s.now().Sub(s.lastHead) >= checkpointAfter
	err := s.memory.Journal().Append(leftover(s.key.Epoch, &record))
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("noting a pack that was put: %w", err)
	}
	if due {
		return s.checkpoint(ctx)
	}
	return nil
}

// put creates an object that everything else depends on: it is never in an
// archive.
func (s *Session) put(ctx context.Context, name string, object []byte) error {
	return s.putClass(ctx, name, object, "")
}

// putClass creates an object in a class of storage.
func (s *Session) putClass(ctx context.Context, name string, object []byte, class string) error {
	info, err := create(ctx, s.store, name, object, class)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.BytesStored += int64(len(object))
	if info.Time.After(s.storeTime) {
		s.storeTime = info.Time
	}
	return nil
}

// create puts an object. One that is there under the hash of these very bytes
// came from a try that did more than it said; its size tells that it is whole.
// Credentials that may not look take the store's word for it.
func create(ctx context.Context, store storage.Store, name string, object []byte, class string) (storage.Info, error) {
	info, err := storage.PutClass(ctx, store, name, object, class)
	if errors.Is(err, fs.ErrExist) {
		info, err = store.Stat(ctx, name)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return storage.Info{Key: name, Size: int64(len(object))}, nil
		case err == nil && info.Size != int64(len(object)):
			err = format.Fail(format.Truncated, name, "the store has %d of its %d bytes", info.Size, len(object))
		}
	}
	return info, err
}

// fail notes the first failure; everything after it returns that one.
func (s *Session) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
	return s.failed
}
