package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func keyJoinCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "join", Usage: "make one of what two owners made of the repository at once",
		Description: "When two people change the repository at the same moment, as by adding a key here and\n" +
			"ending a machine there, both changes are kept, and backups go on; nobody can make\n" +
			"another change until this joins them. What either ended has ended, and what either\n" +
			"keeps is kept: keys, machines, snapshots. Take away again what should not be there.\n\n" +
			"Where one of them rotated the keys, its keys count, and the secret of the other side\n" +
			"may be asked for as well: what only that one knows would be lost.\n\n" +
			"  chatkeep key join --dry-run\n" +
			"  chatkeep key join",
		Flags: env.KeyFlags(session.OtherSecretFlag(), session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			w, err := c.OpenStore(ctx)
			if err != nil {
				return err
			}
			sum := sidesJoined{Type: "summary", Verb: "join", N: w.View.Authority.N, Epoch: w.View.Authority.Epoch,
				Keys: slotNames(w.View.Authority.Slots), Renamed: []renamed{}, Gone: []string{}, DryRun: c.DryRun()}
			if len(w.View.Sides()) == 0 {
				c.Voice.Say("nothing to join: nobody else changed the repository at the same time")
				return c.Voice.Object(sum)
			}
			j, err := w.Join(ctx)
			if err != nil {
				return err
			}
			return joinSides(ctx, c, w, j, sum)
		}),
	}
}

// sidesJoined is the summary of key join --json; fields are only added.
type sidesJoined struct {
	Type    string    `json:"type"`
	Verb    string    `json:"verb"`
	N       uint64    `json:"n"` // of the newest authority afterwards
	Sides   int       `json:"sides"`
	Epoch   uint64    `json:"epoch"`
	Keys    []string  `json:"keys"`
	Renamed []renamed `json:"renamed"`
	Gone    []string  `json:"gone"`
	DryRun  bool      `json:"dry_run,omitempty"`
}

type renamed struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// side is a line about one of the authorities that are joined. Lists are of what it
// has and another side has not.
type side struct {
	Type      string        `json:"type"`
	Authority format.Hash   `json:"authority"`
	Time      string        `json:"time,omitempty"`
	Epoch     uint64        `json:"epoch"`
	Keys      []string      `json:"keys"`
	Writers   []format.Hash `json:"writers"`
	Ended     []format.Hash `json:"ended"`
	Forgotten []format.Hash `json:"forgotten"`
}

func joinSides(ctx context.Context, c *session.Call, w *session.Writable, j *repo.Join, sum sidesJoined) error {
	sum.N, sum.Sides, sum.Epoch, sum.Keys, sum.Gone = sum.N+1, len(j.Sides()), j.Epoch(), slotNames(j.Slots()), slotNames(j.Gone)
	for _, r := range j.Renamed {
		sum.Renamed = append(sum.Renamed, renamed{r.From, r.Slot.Name})
	}
	say := c.Voice.Say
	if sum.DryRun {
		say = c.Voice.Print
	}
	for _, s := range j.Sides() {
		if err := tellSide(ctx, c, w, j, s, say); err != nil {
			return err
		}
	}
	if sum.DryRun {
		tellJoined(say, sum, "would join")
		return c.Voice.Object(sum)
	}
	if err := w.Unchanged(ctx); err != nil {
		return err
	}
	o, err := j.Owner(ctx)
	if err != nil {
		return err
	}
	if err := o.Commit(ctx); err != nil {
		return &Doubtful{err}
	}
	if err := w.Reload(ctx); err != nil {
		return &Doubtful{err}
	}
	tellJoined(say, sum, "joined")
	return c.Voice.Object(sum)
}

func tellJoined(say func(string, ...any), sum sidesJoined, verb string) {
	say("%s %d authorities into authority %d of epoch %d, with the keys %s", verb, sum.Sides, sum.N, sum.Epoch, strings.Join(sum.Keys, ", "))
	for _, r := range sum.Renamed {
		say("two keys were called %s: one is %s now", r.From, r.To)
	}
	if len(sum.Gone) > 0 {
		say("gone, since another side has rotated the keys: %s", strings.Join(sum.Gone, ", "))
	}
}

// tellSide says what one side has that not every side has.
func tellSide(ctx context.Context, c *session.Call, w *session.Writable, j *repo.Join, s repo.Side, say func(string, ...any)) error {
	var at time.Time
	if info, err := w.Store.Stat(ctx, s.Object()); err == nil {
		at = info.Time
	}
	line := side{Type: "side", Authority: s.Hash, Time: session.Time(at), Epoch: s.Epoch, Writers: []format.Hash{}, Ended: []format.Hash{}, Forgotten: []format.Hash{}}
	line.Keys = slotNames(onlyHere(j, s.Slots, func(a *format.Authority, slot format.Slot) bool { return slices.Contains(a.Slots, slot) }))
	for _, one := range onlyHere(j, s.Writers, enrolledBy) {
		line.Writers = append(line.Writers, one.ID)
	}
	for _, one := range onlyHere(j, s.Writers, endedBy) {
		if one.Ended != nil {
			line.Ended = append(line.Ended, one.ID)
		}
	}
	for _, ref := range onlyHere(j, s.Forgotten, forgottenBy) {
		line.Forgotten = append(line.Forgotten, ref.SHA256)
	}
	say("authority %s of %s, epoch %d: %s", session.Short(s.Hash), session.Moment(at), s.Epoch, line.words(labelsOf(j.Keyring())))
	return c.Voice.Object(line)
}

func enrolledBy(a *format.Authority, one format.AuthorityWriter) bool {
	return slices.ContainsFunc(a.Writers, func(w format.AuthorityWriter) bool { return w.ID == one.ID })
}

func endedBy(a *format.Authority, one format.AuthorityWriter) bool {
	return slices.ContainsFunc(a.Writers, func(w format.AuthorityWriter) bool { return w.ID == one.ID && w.Ended != nil })
}

func forgottenBy(a *format.Authority, ref format.HeadRef) bool {
	_, ok := slices.BinarySearchFunc(a.Forgotten, ref, format.HeadRef.Compare)
	return ok
}

// onlyHere are those of a side's things that not every side has.
func onlyHere[T any](j *repo.Join, things []T, has func(*format.Authority, T) bool) []T {
	var only []T
	for _, thing := range things {
		if slices.ContainsFunc(j.Sides(), func(s repo.Side) bool { return !has(s.Authority, thing) }) {
			only = append(only, thing)
		}
	}
	return only
}

// words say what is only here.
func (s *side) words(label func(format.Hash) string) string {
	var parts []string
	for _, name := range s.Keys {
		parts = append(parts, "key "+name)
	}
	for _, id := range s.Writers {
		parts = append(parts, fmt.Sprintf("machine %s %s", session.Short(id), label(id)))
	}
	for _, id := range s.Ended {
		parts = append(parts, fmt.Sprintf("ended %s %s", session.Short(id), label(id)))
	}
	if n := len(s.Forgotten); n > 0 {
		parts = append(parts, "forgot "+session.Plural(int64(n), "snapshot", "snapshots")+", which the join brings back")
	}
	if len(parts) == 0 {
		return "nothing that the others have not"
	}
	return "only here " + strings.Join(parts, ", ")
}

func slotNames(slots []format.Slot) []string {
	names := []string{}
	for _, s := range slots {
		names = append(names, s.Name)
	}
	return names
}
