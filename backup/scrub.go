package backup

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/rhythm"
	"chatkeep/backup/session"
)

// scrub keeps the ledger of a check: which packs were read when. With a promise
// it also chooses the packs that a check reads.
type scrub struct {
	c       *session.Call
	a       *session.Archive
	within  time.Duration // 0 without a promise
	budget  int64         // 0 for what the promise takes
	ledger  *repo.Ledger
	kept    bool // this machine can keep a ledger
	started time.Time
	packs   []format.Ref // that something names
	sizes   map[format.Hash]int64
	read    int64 // bytes of packs
	reads   int
}

// newScrub opens the ledger for a check and hooks it into the check's options.
func newScrub(ctx context.Context, c *session.Call, a *session.Archive, reader *repo.Reader, o *repo.CheckOptions) (*scrub, error) {
	s := &scrub{c: c, a: a, started: c.Env.Clock.Now()}
	if text := c.String("every-byte-within"); text != "" {
		var err error
		if s.within, err = rhythm.ParseSpan(text); err != nil {
			return nil, session.Usage("--every-byte-within: %v", err)
		}
		if s.budget, err = c.Size("budget"); err != nil {
			return nil, err
		}
		if s.budget == 0 && c.IsSet("budget") {
			return nil, session.Usage("--budget of nothing reads nothing")
		}
		o.ReadData = true
		o.Choose = func(packs []format.Ref) map[format.Hash]bool { return s.choose(ctx, reader, packs) }
	}
	if !o.ReadData {
		return s, nil
	}
	var err error
	s.ledger, err = a.Ledger()
	s.kept = err == nil
	if !s.kept && s.within > 0 {
		c.Voice.Warn("what is read is remembered nowhere, so the packs are drawn by lot: %v", err)
	}
	o.Read = s.note
	return s, nil
}

// note records that a pack was read.
func (s *scrub) note(pack format.Hash, decoded bool, err error) {
	method := repo.HashRead
	switch {
	case err != nil:
		method = repo.Damaged
	case decoded:
		method = repo.Decoded
	}
	s.ledger.Record(pack, method, s.started)
	s.reads++
	s.read += s.sizes[pack]
}

// choose picks the packs of this run. Where no ledger is kept the lot decides
// alone: who could put notes would else decide for ever what is not read.
func (s *scrub) choose(ctx context.Context, reader *repo.Reader, packs []format.Ref) map[format.Hash]bool {
	s.packs, s.sizes = packs, map[format.Hash]int64{}
	for _, p := range packs {
		s.sizes[p.SHA256] = p.Size
	}
	s.ledger.Meet(packs, s.started)
	if s.kept && reader != nil {
		problems, err := s.ledger.HearAll(ctx, reader, s.a.PlaceName(), s.started)
		for _, p := range problems {
			s.c.Voice.Warn("a note does not count: %v", p)
		}
		if err != nil {
			s.c.Voice.Warn("the notes in the repository could not be read: %v", err)
		}
	}
	budget := s.ledger.Promise(packs, s.within, s.budget, s.started).Budget
	return s.ledger.Pick(packs, budget, s.started, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
}

// keep keeps the ledger on this machine.
func (s *scrub) keep() error {
	if s.ledger == nil || !s.kept {
		return nil
	}
	return s.a.SaveLedger(s.ledger)
}

// finish notes what was read and says whether the promise is kept. The error is
// that it is not.
func (s *scrub) finish(ctx context.Context) error {
	if s.ledger == nil {
		return nil
	}
	now := s.started
	if s.kept && s.within > 0 {
		now = s.put(ctx)
		s.ledger.Settle(s.started, now)
		s.ledger.Ran(now)
	}
	if err := s.keep(); err != nil {
		s.c.Voice.Warn("this machine does not remember what was read: %v", err)
	}
	if s.within == 0 {
		return nil
	}
	return s.tell(s.ledger.Promise(s.packs, s.within, s.budget, now))
}

// badNotes adds to a check's notes what is wrong with the notes in the repository.
// They are extras: a bad one is no damage.
func badNotes(ctx context.Context, c *session.Call, reader *repo.Reader, report *repo.CheckReport) error {
	if reader == nil {
		return nil
	}
	for _, err := range reader.Notes(ctx, c.Env.Clock.Now()) {
		switch class := format.ClassOf(err); {
		case err == nil, class == format.Flipped, class == format.Truncated, class == format.Missing:
			// Damage to any object is a problem that the check has told of.
		case class == "" && ctx.Err() != nil:
			return err
		case class == "":
			report.Notes = append(report.Notes, "the notes in the repository could not be read: "+err.Error())
		default:
			report.Notes = append(report.Notes, "a note does not count: "+err.Error())
		}
	}
	return nil
}

// maxSkew is how far the storage's clock may be off: what it dated further ahead
// would be believed by nobody, this machine included.
const maxSkew = 24 * time.Hour

// put notes in the repository what was read, and returns the time by the
// storage's clock if that tells one.
func (s *scrub) put(ctx context.Context) time.Time {
	noter, err := s.a.Noter(ctx)
	if err == nil {
		var at time.Time
		if at, err = noter.NoteScrub(ctx, s.ledger, s.a.PlaceName()); err == nil && at.Sub(s.started).Abs() < maxSkew {
			return at
		} else if err == nil {
			s.c.Voice.Warn("by the store's clock it is %s: what was read is dated by this machine's", session.Moment(at))
			return s.started
		}
	}
	s.c.Voice.Warn("that it was read could not be noted in the repository: %v", err)
	return s.started
}

// scrubbed is what check --json tells of a promise; fields are only added.
type scrubbed struct {
	Type      string `json:"type"`
	Within    int64  `json:"within_seconds"`
	Interval  int64  `json:"interval_seconds"`
	Budget    int64  `json:"bytes_budget"`
	Needed    int64  `json:"bytes_needed"`
	Packs     int    `json:"packs"`
	Read      int    `json:"packs_read"`
	ReadBytes int64  `json:"bytes_read"`
	Bytes     int64  `json:"bytes"`
	Overdue   int64  `json:"bytes_overdue"`
	Never     int64  `json:"bytes_never_read"`
	Oldest    string `json:"oldest,omitempty"`
	Kept      bool   `json:"ledger"`
	Holds     bool   `json:"holds"`
}

func (s *scrub) tell(p repo.Promise) error {
	one := scrubbed{
		Type: "scrub", Within: int64(p.Within.Seconds()), Interval: int64(p.Interval.Seconds()), Budget: p.Budget, Needed: p.Needed,
		Packs: p.Packs, Read: s.reads, ReadBytes: s.read, Bytes: p.Total, Overdue: p.Overdue, Never: p.NeverRead,
		Oldest: session.Time(p.Oldest), Kept: s.kept, Holds: s.kept && p.Holds && p.Overdue == 0,
	}
	if err := s.c.Voice.Object(one); err != nil {
		return err
	}
	s.c.Voice.Print("read %s of %s, %s of %s", session.Plural(int64(s.reads), "pack", "packs"), session.Count(int64(p.Packs)),
		session.Size(s.read), session.Size(p.Total))
	if !s.kept {
		return nil // nobody can tell what other runs read
	}
	text := s.c.String("every-byte-within")
	switch {
	case p.NeverRead > 0:
		s.c.Voice.Print("%s were never read by this machine", session.Size(p.NeverRead))
	case !p.Oldest.IsZero():
		s.c.Voice.Print("every byte was read since %s", session.Moment(p.Oldest))
	}
	switch {
	case p.Interval > p.Within:
		s.c.Voice.Warn("with a run every %s nothing is read within %s: run it more often", session.Span(p.Interval), text)
	case !p.Holds:
		s.c.Voice.Warn("with %s a run and a run every %s, %s cannot be read within %s: --budget %s would do",
			session.Size(p.Budget), session.Span(p.Interval), session.Size(p.Total), text, budgetOf(p.Needed))
	}
	if p.Overdue > 0 {
		return session.Fail(session.ExitStale, "run it more often, or with a larger --budget",
			"%s, %s, were not read and found whole within %s", session.Plural(int64(p.OverduePacks), "pack", "packs"), session.Size(p.Overdue), text)
	}
	if p.Holds {
		s.c.Voice.Print("with %s a run and a run every %s, every byte is read within %s", session.Size(p.Budget), session.Span(p.Interval), text)
	}
	return nil
}

// budgetOf writes a size that the flag takes, and not less than it is.
func budgetOf(n int64) string {
	return strconv.FormatInt(n/(1<<20)+1, 10) + "MiB"
}
