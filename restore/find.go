package restore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// Filter says which snapshots count. The zero value takes all.
type Filter struct {
	Source, Host string
	Tags         []string // all of them
}

func (f Filter) empty() bool { return f.Source == "" && f.Host == "" && len(f.Tags) == 0 }

// takes reports whether a snapshot with this manifest counts.
func (f Filter) takes(m *format.Manifest) bool {
	for _, tag := range f.Tags {
		if !slices.Contains(m.Tags, tag) {
			return false
		}
	}
	return (f.Source == "" || m.Source.Name == f.Source) && (f.Host == "" || m.Source.Host == f.Host)
}

// Find returns the snapshot of a name: the beginning of its id, "latest",
// "latest~2" for the second before, or a time, which means the newest that is
// not after it. An empty name is the latest. The latest are those of writers
// that still write; where there is none, of all. A carried snapshot, which holds
// what forgotten ones had, goes by its id alone.
func Find(ctx context.Context, r *repo.Reader, name string, f Filter) (*repo.Head, error) {
	if name == "" {
		name = "latest"
	}
	if back, ok := parseLatest(name); ok {
		return latest(ctx, r, f, time.Time{}, back)
	}
	if until, ok := parseTime(name); ok {
		return latest(ctx, r, f, until, 0)
	}
	var hashes []format.Hash
	heads := r.Heads()
	for _, h := range heads {
		hashes = append(hashes, h.Hash)
	}
	hash, err := session.Pick("snapshot", name, hashes)
	if err != nil {
		return nil, err
	}
	return heads[slices.Index(hashes, hash)], nil
}

// maxBack bounds how far before the latest a snapshot may be asked for.
const maxBack = 1 << 30

// parseLatest reads "latest" and "latest~N".
func parseLatest(name string) (back int, ok bool) {
	rest, ok := strings.CutPrefix(name, "latest")
	if !ok || rest == "" {
		return 0, ok
	}
	number, ok := strings.CutPrefix(rest, "~")
	n, err := strconv.ParseUint(number, 10, 31)
	return int(n), ok && err == nil && n < maxBack
}

// parseTime reads a time as people write it, in the local zone where it names
// none, up to the end of what it leaves open: a date is the whole day.
func parseTime(text string) (until time.Time, ok bool) {
	_, until, ok = parseSpan(text)
	return until, ok
}

// parseSpan reads a time as parseTime does, and returns the first moment of what
// it leaves open, too.
func parseSpan(text string) (first, last time.Time, ok bool) {
	for layout, rest := range map[string]time.Duration{
		time.RFC3339: time.Second, "2006-01-02T15:04:05": time.Second, "2006-01-02 15:04:05": time.Second,
		"2006-01-02T15:04": time.Minute, "2006-01-02 15:04": time.Minute,
	} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, t.Add(rest - time.Nanosecond), true
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		// Not 24 hours: days on which the clocks change have others.
		return t, t.AddDate(0, 0, 1).Add(-time.Nanosecond), true
	}
	return time.Time{}, time.Time{}, false
}

// latest returns the newest snapshot up to a time, zero for any, or one that is
// some steps before.
func latest(ctx context.Context, r *repo.Reader, f Filter, until time.Time, back int) (*repo.Head, error) {
	heads := r.Heads()
	live := slices.DeleteFunc(slices.Clone(heads), func(h *repo.Head) bool { return ended(r.View(), h.Writer) })
	for _, some := range [][]*repo.Head{live, heads} {
		h, seen, err := walkBack(ctx, r, some, f, until, back)
		if err != nil || h != nil {
			return h, err
		}
		if seen > 0 {
			return nil, session.Fail(session.ExitFailed, "chatkeep snapshots lists them", "there are no more than %d such snapshots", seen)
		}
	}
	if len(heads) == 0 {
		return nil, session.Fail(session.ExitFailed, "chatkeep backup PATH makes one", "the repository has no snapshots")
	}
	return nil, session.Fail(session.ExitFailed, "chatkeep snapshots lists them", "no snapshot fits")
}

// walkBack goes through heads from the newest, and counts those that fit.
func walkBack(ctx context.Context, r *repo.Reader, heads []*repo.Head, f Filter, until time.Time, back int) (*repo.Head, int, error) {
	seen := 0
	for _, h := range slices.Backward(heads) {
		if !until.IsZero() && (h.At().IsZero() || h.At().After(until)) {
			continue
		}
		m, err := r.Manifest(ctx, h)
		switch {
		case err != nil && format.ClassOf(err) != "" && f.empty():
			// It counts, for all that is known: whoever wants it will see.
		case err != nil:
			return nil, seen, err
		case m.Carried() || !f.takes(m):
			continue
		}
		if seen == back {
			return h, seen, nil
		}
		seen++
	}
	return nil, seen, nil
}

func ended(v *repo.View, writer format.Hash) bool {
	for i := range v.Authority.Writers {
		if v.Authority.Writers[i].ID == writer {
			return v.Authority.Writers[i].Ended != nil
		}
	}
	return true
}
