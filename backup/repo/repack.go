package repo

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// A pack goes when nothing in it is needed. One in which a little is needed is
// taken apart: each snapshot that needs it is committed once more, with the same
// contents and without that pack, and then the owner forgets the snapshot that it
// stands for. What is still needed of the pack goes into a new one on the way.
// Until the owner's statement there are two of each, which does no harm; a run
// that is interrupted is gone on with by the next.

// minAlive is the share of a pack's chunks, by bytes, below which it is worth
// taking apart, in percent.
const minAlive = 60

// RepackOptions say how much to repack.
type RepackOptions struct {
	// Max is how many bytes of chunks to store anew at most.
	Max int64
	// DryRun only says what would be gained.
	DryRun  bool
	Session SessionOptions
	// Progress, if set, is called with snapshots done of snapshots to do.
	Progress func(done, total int)
}

// RepackReport is what a repack did.
type RepackReport struct {
	Packs  Tally // that nothing will need any more
	Moved  int64 // bytes of chunks that were, or are to be, stored anew
	Stored int64 // bytes of new objects
	// Replaced are the snapshots that others stand for now. The owner is to
	// forget them, and then they can be pruned.
	Replaced []*Head
	Left     int // packs worth it, and beyond Max
}

// Repack takes packs apart in which little is needed any more: those of this
// writer and of the ones it took over from. Those of others are theirs to repack.
// It reads all lists of all snapshots and keeps 40 bytes of memory a chunk.
func Repack(ctx context.Context, store storage.Store, r *Reader, key *keys.Writer, memory Memory, o RepackOptions) (*RepackReport, error) {
	p := &repacker{r: r, key: key, o: o, report: &RepackReport{}, packs: map[format.Hash]*occupancy{}}
	heads, err := p.snapshots()
	if err != nil {
		return p.report, err
	}
	for _, h := range heads {
		if err := p.measure(ctx, h); err != nil {
			return p.report, err
		}
	}
	without := p.choose()
	var todo []*Head
	for _, h := range heads {
		if live, err := p.live(h); err != nil {
			return p.report, err
		} else if slices.ContainsFunc(live.Packs, func(ref format.Ref) bool { return without[ref.SHA256] }) {
			todo = append(todo, h)
		}
	}
	if o.DryRun || len(todo) == 0 {
		return p.report, nil
	}
	return p.report, p.rewrite(ctx, store, memory, todo, without)
}

// repacker is one repack at work.
type repacker struct {
	r      *Reader
	key    *keys.Writer
	o      RepackOptions
	report *RepackReport
	packs  map[format.Hash]*occupancy
	seen   map[format.ID]bool
	each   func() // called for each chunk; nil for nobody
}

// occupancy is how much of a pack is needed.
type occupancy struct {
	pack        format.Hash
	size        int64 // of the object
	alive, full int64 // bytes of chunks
}

func (o *occupancy) percent() int64 { return o.alive * 100 / max(o.full, 1) }

func (p *repacker) live(h *Head) (format.LiveSet, error) { return p.r.view.Chains[h.Writer].Live(h) }

// snapshots are those whose chunks have the ids that this writer gives them,
// oldest first. What another one stands for already is only to be forgotten.
func (p *repacker) snapshots() ([]*Head, error) {
	var mine []*Head
	replaced := map[format.Hash]bool{}
	for _, h := range p.r.Heads() {
		if p.r.view.Chains[h.Writer].Writer.Dedup != p.key.Dedup {
			continue
		}
		mine = append(mine, h)
		if h.Replaces != nil {
			replaced[*h.Replaces] = true
		}
	}
	return slices.DeleteFunc(mine, func(h *Head) bool {
		if replaced[h.Hash] {
			p.report.Replaced = append(p.report.Replaced, h)
		}
		return replaced[h.Hash]
	}), nil
}

// measure counts what a snapshot needs of each pack.
func (p *repacker) measure(ctx context.Context, h *Head) error {
	s, err := p.r.Open(ctx, h)
	if err != nil {
		return err
	}
	if p.seen == nil {
		p.seen = map[format.ID]bool{}
	}
	for i := range s.index.packs {
		pack := &s.index.packs[i]
		if p.packs[pack.Pack] == nil {
			p.packs[pack.Pack] = &occupancy{pack: pack.Pack, size: pack.Size, full: bytesOf(pack)}
		}
	}
	return s.everyChunk(ctx, func(_ string, id format.ID) error {
		at, ok := s.index.Find(id)
		if !ok {
			return format.Fail(format.Missing, "chunk "+id.String(), "no pack of the snapshot has it")
		}
		if !p.seen[id] {
			p.seen[id] = true
			pack := &s.index.packs[at.Pack]
			p.packs[pack.Pack].alive += int64(pack.Frames[at.Frame].Members[at.Member].Size)
		}
		return nil
	})
}

func bytesOf(pack *format.IndexPack) (n int64) {
	for i := range pack.Frames {
		for _, m := range pack.Frames[i].Members {
			n += int64(m.Size)
		}
	}
	return n
}

// choose picks the packs to take apart, those first in which the least is needed.
func (p *repacker) choose() map[format.Hash]bool {
	all := slices.SortedFunc(maps.Values(p.packs), func(a, b *occupancy) int {
		return cmp.Or(cmp.Compare(a.percent(), b.percent()), a.pack.Compare(b.pack))
	})
	chosen := map[format.Hash]bool{}
	for _, o := range all {
		switch {
		case o.percent() >= minAlive:
		case p.report.Moved+o.alive > p.o.Max:
			p.report.Left++
		default:
			chosen[o.pack] = true
			p.report.Moved += o.alive
			p.report.Packs.add(o.size)
		}
	}
	return chosen
}

// rewrite commits snapshots once more, without some packs.
func (p *repacker) rewrite(ctx context.Context, store storage.Store, memory Memory, heads []*Head, without map[format.Hash]bool) error {
	o := p.o.Session
	o.Without = without
	session, err := Begin(ctx, store, p.r.view, p.key, memory, o)
	if err != nil {
		return err
	}
	defer session.Close()
	for i, h := range heads {
		if p.o.Progress != nil {
			p.o.Progress(i, len(heads))
		}
		if err := p.again(ctx, session, h); err != nil {
			return err
		}
		p.report.Replaced = append(p.report.Replaced, h)
		p.report.Stored = session.Stats().BytesStored
	}
	return nil
}

// again commits one snapshot once more. Its lists have the ids that they had, for
// every chunk does.
func (p *repacker) again(ctx context.Context, session *Session, h *Head) error {
	from, err := p.r.Open(ctx, h)
	if err != nil {
		return err
	}
	session.Replace(h)
	if err := p.carry(ctx, session, from, func(format.ID) bool { return true }); err != nil {
		return err
	}
	m := *from.Manifest
	_, err = session.Commit(ctx, &m)
	return err
}

// messages stores the messages of a snapshot anew, and commits nothing.
func (p *repacker) messages(ctx context.Context, session *Session, h *Head) error {
	from, err := p.r.Open(ctx, h)
	if err != nil {
		return err
	}
	return p.carry(ctx, session, from, func(id format.ID) bool {
		at, ok := from.index.Find(id)
		return ok && from.index.packs[at.Pack].Kind == format.Messages
	})
}

// carry stores those chunks of a snapshot anew that are wanted and in no pack that
// may be referred to.
func (p *repacker) carry(ctx context.Context, session *Session, from *Snapshot, wanted func(format.ID) bool) error {
	packer := session.NewPacker()
	carrier := packer.Carry(from)
	err := from.everyChunk(ctx, func(group string, id format.ID) error {
		if p.each != nil {
			p.each()
		}
		if !wanted(id) {
			return nil
		}
		_, err := carrier.chunk(ctx, id, Hint{Group: group})
		return err
	})
	if err != nil {
		return err
	}
	return session.Flush(ctx, packer)
}

// everyChunk calls fn for every chunk that the snapshot refers to: of its lists,
// on all levels, and of its entries, with the group whose chunks may share
// frames. A chunk may come several times.
func (s *Snapshot) everyChunk(ctx context.Context, fn func(group string, id format.ID) error) error {
	for _, list := range []*format.List{&s.Manifest.Contents, &s.Manifest.Stats} {
		if err := s.listChunks(ctx, list, fn); err != nil {
			return err
		}
	}
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		group := path.Dir(e.Path)
		if strings.HasPrefix(e.Path, format.MessagesDir) {
			group = e.Path // conversations stay apart
		}
		for id := range e.AllChunks() {
			if err := fn(group, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// listChunks calls fn for the chunks of a list, level by level. A level has a
// five-hundredth of the chunks of the one below.
func (s *Snapshot) listChunks(ctx context.Context, l *format.List, fn func(group string, id format.ID) error) error {
	ids := l.Chunks
	for depth := l.Depth; ; depth-- {
		for _, id := range ids {
			if err := fn("lists", id); err != nil {
				return err
			}
		}
		if depth == 0 {
			return nil
		}
		lower, err := collect(idLines(&chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idSlice(ids)}))
		if err != nil {
			return err
		}
		ids = lower
	}
}
