package backup

import (
	"context"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/backup/state"
)

// reencryption is copy --reencrypt at work.
type reencryption struct {
	c       *session.Call
	from    *session.Archive
	reader  *repo.Reader
	to      *session.Writable
	before  map[format.Hash]state.Carried
	carrier Carrier
	done    reencrypted
	far     int64 // bytes of the snapshots that are done
	total   int64
}

// chosen is a snapshot that is to be carried.
type chosen struct {
	head     *repo.Head
	manifest *format.Manifest
}

// reencrypted is the last line of copy --reencrypt --json; fields are only added.
type reencrypted struct {
	Type        string      `json:"type"`
	Repository  format.Hash `json:"repository"` // TO's
	From        string      `json:"from"`
	To          string      `json:"to"`
	Snapshots   int         `json:"snapshots"`
	Present     int         `json:"present"`
	Files       int64       `json:"files"`
	Bytes       int64       `json:"bytes"`
	BytesNew    int64       `json:"bytes_new"`
	BytesStored int64       `json:"bytes_stored"`
	Problems    int         `json:"problems"`
	Requests    int64       `json:"requests"`
	Seconds     float64     `json:"seconds"`
	DryRun      bool        `json:"dry_run,omitempty"`
}

// carried is a snapshot that was carried over, or would be.
type carried struct {
	Type     string       `json:"type"`
	ID       *format.Hash `json:"id,omitempty"` // absent in a dry run
	Of       format.Hash  `json:"of"`
	Source   string       `json:"source"`
	Host     string       `json:"host"`
	Started  string       `json:"started"`
	Finished string       `json:"finished"`
	Complete bool         `json:"complete"`
	Files    int64        `json:"files"`
	Bytes    int64        `json:"bytes"`
	BytesNew int64        `json:"bytes_new"`
}

func reencrypt(ctx context.Context, c *session.Call, ends *session.Ends) error {
	if err := only(c, "without", "verify", "parallel"); err != nil {
		return err
	}
	started := c.Env.Clock.Now()
	r := &reencryption{c: c, carrier: Carrier{Program: "chatkeep " + session.Version()}}
	if err := r.open(ctx, ends); err != nil {
		return err
	}
	list, err := r.choose(ctx)
	if err != nil {
		return err
	}
	for _, one := range list {
		r.total += one.manifest.Totals.Bytes
	}
	for _, one := range list {
		if err := r.one(ctx, one); err != nil {
			return err
		}
		r.far += one.manifest.Totals.Bytes
	}
	r.done.Requests = r.from.Requests() + r.to.Requests()
	took := c.Env.Clock.Now().Sub(started)
	r.done.Seconds = took.Seconds()
	return r.tell(took)
}

// open opens both ends: FROM with a key to read, TO with this machine's to write.
func (r *reencryption) open(ctx context.Context, ends *session.Ends) error {
	var err error
	if r.to, err = ends.Writable(ctx); err != nil {
		return err
	}
	if _, err := r.to.WriterKey(); err != nil {
		return err
	}
	if r.from, err = ends.Archive(ctx); err != nil {
		return err
	}
	if r.from.ID() == r.to.ID() {
		return session.Fail(session.ExitUsage, "chatkeep copy without --reencrypt makes one of the other", "FROM and TO are the same repository")
	}
	if r.reader, err = r.from.Reader(ctx); err != nil {
		return err
	}
	r.before, err = r.to.Memory.Carried()
	r.done = reencrypted{Type: "summary", Repository: r.to.ID(), From: r.from.Place, To: r.to.Place, DryRun: r.c.DryRun()}
	return err
}

// choose picks the snapshots that are wanted and not there, the oldest first. One
// whose manifest is damaged is a problem.
func (r *reencryption) choose(ctx context.Context) (list []chosen, err error) {
	heads := r.reader.Heads()
	named, err := r.named(heads)
	if err != nil {
		return nil, err
	}
	filter, met := filterOf(r.c), false
	for _, h := range heads {
		if len(named) > 0 && !slices.Contains(named, h.Hash) {
			continue
		}
		m, err := r.reader.Manifest(ctx, h)
		if format.ClassOf(err) != "" {
			met = true // for all that can be read
			if err := r.problem(err); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if !filter.takes(m) {
			continue
		}
		met = true
		if was, ok := r.before[h.Hash]; ok && r.has(was.Head) && (was.Lost == 0 || len(named) == 0) {
			r.done.Present++
			continue
		}
		list = append(list, chosen{h, m})
	}
	if !met && !filter.empty() {
		r.c.Voice.Warn("no snapshot of FROM fits, so that nothing is carried; chatkeep snapshots lists them")
	}
	return list, nil
}

// named are the snapshots of --snapshot.
func (r *reencryption) named(heads []*repo.Head) (named []format.Hash, err error) {
	var all []format.Hash
	for _, h := range heads {
		all = append(all, h.Hash)
	}
	for _, name := range r.c.StringSlice("snapshot") {
		if name == "latest" && len(all) > 0 {
			named = append(named, all[len(all)-1])
			continue
		}
		hash, err := session.Pick("snapshot", name, all)
		if err != nil {
			return nil, err
		}
		named = append(named, hash)
	}
	return named, nil
}

// has reports whether a head that was carried is still there.
func (r *reencryption) has(hash format.Hash) bool {
	for _, chain := range r.to.View.Chains {
		if chain.Find(hash) != nil {
			return true
		}
	}
	return false
}

// one carries a snapshot.
func (r *reencryption) one(ctx context.Context, one chosen) error {
	m := one.manifest
	line := carried{
		Type: "snapshot", Of: one.head.Hash, Source: m.Source.Name, Host: m.Source.Host,
		Started: session.Time(m.Started), Finished: session.Time(m.Finished),
		Complete: m.Complete, Files: m.Totals.Files, Bytes: m.Totals.Bytes,
	}
	r.done.Snapshots++
	if r.done.DryRun {
		r.done.Files += line.Files
		r.done.Bytes += line.Bytes
		r.c.Voice.Print("would carry %s of %s: %s, %s", session.Short(one.head.Hash), m.Source.Name,
			session.Plural(line.Files, "file", "files"), session.Size(line.Bytes))
		return r.c.Voice.Object(line)
	}
	report, err := r.carry(ctx, one)
	if err != nil {
		if format.ClassOf(err) == "" || report != nil {
			return err
		}
		r.done.Snapshots-- // nothing of it can be read
		return r.problem(err)
	}
	for _, lost := range report.Lost {
		if err := r.problem(lost); err != nil {
			return err
		}
	}
	for _, note := range report.Notes {
		r.c.Voice.Say("note: %s", note)
		if err := r.c.Voice.Object(finding{Type: "note", Message: note}); err != nil {
			return err
		}
	}
	line.ID, line.Complete = &report.Snapshot, m.Complete && len(report.Lost) == 0
	line.Files, line.Bytes, line.BytesNew = report.Files, report.Bytes, report.BytesNew
	r.done.Files += report.Files
	r.done.Bytes += report.Bytes
	r.done.BytesNew += report.BytesNew
	r.done.BytesStored += report.BytesStored
	r.c.Voice.Say("%s of %s is now %s: %s, %s, %s new", session.Short(one.head.Hash), m.Source.Name, session.Short(report.Snapshot),
		session.Plural(report.Files, "file", "files"), session.Size(report.Bytes), session.Size(report.BytesNew))
	return r.c.Voice.Object(line)
}

// carry makes the snapshot. The report is nil where the source's cannot even be
// opened.
func (r *reencryption) carry(ctx context.Context, one chosen) (*CarryReport, error) {
	from, err := r.reader.Open(ctx, one.head)
	if err != nil {
		return nil, err
	}
	for _, err := range from.Entries(ctx) {
		if err != nil {
			return nil, err // not even the beginning of its list is there
		}
		break
	}
	s, _, err := r.to.Begin(ctx, repo.SessionOptions{})
	if err != nil {
		return &CarryReport{}, err
	}
	defer s.Close()
	r.carrier.Progress = func(p Progress) { r.c.Voice.Progress(r.far+p.Bytes, r.total, p.Path) }
	report, err := r.carrier.Carry(ctx, from, s)
	if err != nil {
		return report, err
	}
	return report, r.to.Memory.AddCarried(one.head.Hash, state.Carried{Head: report.Snapshot, Lost: int64(len(report.Lost))})
}

func (r *reencryption) problem(err error) error {
	r.done.Problems++
	r.c.Voice.Print("%s", err)
	return r.c.Voice.Object(finding{"problem", string(format.ClassOf(err)), err.Error()})
}

// tell says how it went.
func (r *reencryption) tell(took time.Duration) error {
	if !r.done.DryRun {
		r.c.Voice.Say("carried %s, %s, %s new; %s there already · %s", session.Plural(int64(r.done.Snapshots), "snapshot", "snapshots"),
			session.Size(r.done.Bytes), session.Size(r.done.BytesNew), session.Count(int64(r.done.Present)), session.Span(took))
	}
	if err := r.c.Voice.Object(r.done); err != nil {
		return err
	}
	if r.done.Problems > 0 {
		return session.Fail(session.ExitDamaged, "everything else is carried; once FROM is whole again, --snapshot ID carries such a snapshot anew",
			"FROM has %s", session.Plural(int64(r.done.Problems), "problem", "problems"))
	}
	return nil
}
