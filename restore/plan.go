package restore

import (
	"context"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// Plan is what a restore into an empty target would take.
type Plan struct {
	Files, Dirs, Links int64
	Bytes              int64 // of the files
	// Needed is what the restore asks of the store once the snapshot is open. The
	// plan itself has done the part of it that tells what is needed: it read the
	// snapshot's lists, and the messages where these decide.
	Needed Traffic
	Read   Traffic // of Needed, by the plan
	// Kinds are the parts of Needed that are contents, by the kinds of packs.
	Kinds [format.Kinds]repo.Cost

	// Lost are entries that could not come back, as the list or the index says.
	Lost []Loss

	pace    pace
	workers int
}

// Estimate is about how long the restore takes on a line of so many bytes a
// second, 0 for one as fast as that which the plan was read over; and the
// bandwidth that was reckoned with, 0 where none is known.
func (p *Plan) Estimate(bandwidth int64) (took time.Duration, with int64) {
	if bandwidth <= 0 {
		bandwidth = p.pace.bandwidth()
	}
	return p.pace.estimate(p.Needed.Requests, p.Needed.Bytes, bandwidth, p.workers), bandwidth
}

// Prepare finds out what [Run] with the same options would do in an empty
// target, and fetches no pack of contents for it, save those of messages where
// these decide what comes back.
func Prepare(ctx context.Context, s *repo.Snapshot, o Options) (*Plan, error) {
	r := newRun(s, o)
	names := systemRules()
	if o.SafeNames {
		names = names.safe()
	}
	r.tree = newTree(nil, names, &r.warnings, r.beside())
	r.costs = &costs{packs: map[int]bool{}}
	if err := r.choose(ctx); err != nil {
		return nil, err
	}
	if err := r.plan(ctx); err != nil {
		return nil, err
	}
	p := &Plan{
		Files: r.meter.totalFiles, Bytes: r.meter.totalBytes, Dirs: int64(len(r.tree.made)), Links: r.meter.links,
		Kinds: r.costs.kinds, Lost: r.losses.sorted(), workers: r.workers(),
	}
	p.Read, p.pace = r.line.counted()
	p.Needed = p.Read
	for _, c := range p.Kinds {
		p.Needed.Requests += c.Requests
		p.Needed.Bytes += c.Bytes
	}
	p.Needed.Objects = r.costs.objects(r)
	return p, nil
}

// plan goes the way of all, and writes nothing.
func (r *run) plan(ctx context.Context) error {
	if err := r.files(ctx, r.add); err != nil {
		return err
	}
	if r.media && r.listing == nil {
		if err := r.files(ctx, r.addMedia); err != nil {
			return err
		}
	}
	if r.listing != nil {
		return r.listing
	}
	copies := map[string][]link{}
	for _, l := range r.links {
		if l.hard && !r.comes(l.target) {
			copies[l.target] = append(copies[l.target], l)
		}
		r.meter.links++
		_ = r.tree.make(l.at.dir) // nothing is written
	}
	r.meter.links -= int64(len(copies)) // the first of each becomes a file
	if len(copies) == 0 {
		return nil
	}
	return r.copyFirst(ctx, copies)
}

// costs counts what batches take to read.
type costs struct {
	kinds [format.Kinds]repo.Cost
	packs map[int]bool
}

// objects counts the packs of what is to be read and of what was.
func (c *costs) objects(r *run) int64 {
	names := map[string]bool{}
	for key := range r.line.objects {
		names[key] = true
	}
	for pack := range c.packs {
		names[format.PackName(r.snapshot.Index().Packs()[pack].Pack)] = true
	}
	return int64(len(names))
}

// count adds what a batch takes, as its workers would go about it: whoever is
// free takes the next job, and in turn is as good a guess as any.
func (c *costs) count(r *run, b *batch) {
	index := r.snapshot.Index()
	var readers []*repo.ChunkCosts
	for range r.workers() {
		readers = append(readers, r.snapshot.NewChunkCosts())
	}
	for i, j := range b.jobs() {
		reader := readers[i%len(readers)]
		if j.members == nil {
			c.pack(r, reader, j.pack, j.refs)
			continue
		}
		for k := range j.members {
			for _, id := range j.members[k].ids {
				if at, ok := index.Find(id); ok {
					c.chunk(r, reader, at)
				}
			}
		}
	}
}

// pack adds what chunks of one pack take.
func (c *costs) pack(r *run, reader *repo.ChunkCosts, pack int, refs []ref) {
	sortRefs(refs)
	if r.sparsely(pack, refs) {
		for _, ref := range refs {
			c.chunk(r, reader, repo.Place{Pack: pack, Frame: int(ref.frame), Member: int(ref.member)})
		}
		return
	}
	p := &r.snapshot.Index().Packs()[pack]
	c.packs[pack] = true
	c.kinds[p.Kind].Add(repo.Cost{Requests: 1, Bytes: p.Size})
}

// chunk adds what one chunk takes to the kind of its pack.
func (c *costs) chunk(r *run, reader *repo.ChunkCosts, at repo.Place) {
	c.packs[at.Pack] = true
	before := reader.Total
	reader.Chunk(at)
	c.kinds[r.snapshot.Index().Packs()[at.Pack].Kind].Add(repo.Cost{
		Requests: reader.Total.Requests - before.Requests, Bytes: reader.Total.Bytes - before.Bytes})
}
