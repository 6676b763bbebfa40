package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// forgetting is a plan on its way to a person, and into the repository.
type forgetting struct {
	c    *session.Call
	w    *session.Writable
	r    *repo.Reader
	plan *forget.Plan
	lose bool
}

func (f *forgetting) run(ctx context.Context, hands forget.Hands) error {
	if err := f.foreign(); err != nil {
		return err
	}
	for _, note := range f.plan.Notes {
		f.c.Voice.Warn("%s", note)
	}
	if len(f.plan.Carried) > 0 && !f.lose && !f.c.DryRun() {
		if _, err := f.w.WriterKey(); err != nil {
			return err // before a long list of what will not happen
		}
	}
	if err := f.tell(); err != nil {
		return err
	}
	if !f.c.DryRun() && len(f.plan.Forgotten()) > 0 {
		if err := f.plan.Run(ctx, f.r, hands); err != nil {
			return err
		}
		if err := f.w.Reload(ctx); err != nil {
			return err
		}
	}
	return f.end()
}

// foreign refuses a store with things that are no objects, as docs/format.md has
// it: they may be of a later format, and say what must not go.
func (f *forgetting) foreign() error {
	if len(f.plan.Foreign) == 0 {
		return nil
	}
	err := fmt.Errorf("nothing is forgotten: %w", &repo.Foreign{Names: f.plan.Foreign})
	if f.c.DryRun() {
		f.c.Voice.Warn("%v", err)
		return nil
	}
	return err
}

// say tells what a real run does as it goes, and what a dry run would do as what
// was asked for.
func (f *forgetting) say(text string, args ...any) {
	if f.c.DryRun() {
		f.c.Voice.Print(text, args...)
	} else {
		f.c.Voice.Say(text, args...)
	}
}

// judged is a snapshot as forget --json prints it; fields are only added.
type judged struct {
	Type    string      `json:"type"`
	ID      format.Hash `json:"id"`
	Time    string      `json:"time,omitempty"`
	Source  string      `json:"source"`
	Host    string      `json:"host"`
	Tags    []string    `json:"tags"`
	Action  string      `json:"action"` // keep or forget
	Reasons []string    `json:"reasons"`
	Error   string      `json:"error,omitempty"`
}

func (f *forgetting) tell() error {
	for _, s := range f.plan.Snapshots {
		if slices.Equal(s.Reasons, []string{"not named"}) || slices.Equal(s.Reasons, []string{"not asked about"}) {
			continue
		}
		one := judged{Type: "snapshot", ID: s.Head.Hash, Time: session.Time(s.Head.At()), Source: s.Source.Name, Host: s.Source.Host,
			Tags: []string{}, Action: "keep", Reasons: some(s.Reasons)}
		if s.Forgotten() {
			one.Action = "forget"
		}
		if s.Manifest != nil {
			one.Tags = some(s.Manifest.Tags)
		}
		if s.Damage != nil {
			one.Error = s.Damage.Error()
		}
		why := ""
		if len(s.Reasons) > 0 {
			why = "  (" + strings.Join(s.Reasons, ", ") + ")"
		}
		f.say("%-6s  %s  %s  %s%s", one.Action, session.Short(one.ID), session.Moment(s.Head.At()), s.Source, why)
		if err := f.c.Voice.Object(one); err != nil {
			return err
		}
	}
	for _, c := range f.plan.Carried {
		for _, one := range c.Conversations {
			if err := f.conversation(c.Source, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// carriedChat is a conversation as forget --json prints what is carried of it,
// or lost; fields are only added.
type carriedChat struct {
	Type         string         `json:"type"` // carry or lose
	Source       string         `json:"source"`
	Host         string         `json:"host"`
	Conversation string         `json:"conversation"`
	App          string         `json:"app"`
	Title        string         `json:"title"`
	Messages     int            `json:"messages"`
	First        string         `json:"first,omitempty"`
	Last         string         `json:"last,omitempty"`
	Attachments  []carriedMedia `json:"attachments"`
}

type carriedMedia struct {
	Name string `json:"name"`
	Size int64  `json:"bytes"`
}

func (f *forgetting) conversation(source forget.Source, c *forget.Conversation) error {
	one := carriedChat{
		Type: "carry", Source: source.Name, Host: source.Host, Conversation: c.ID, App: c.Platform, Title: c.Title,
		Messages: c.Messages, Attachments: []carriedMedia{},
	}
	if f.lose {
		one.Type = "lose"
	}
	span := ""
	if !c.From.IsZero() {
		one.First, one.Last = c.From.Format(time.RFC3339), c.To.Format(time.RFC3339)
		span = " · " + one.First[:10] + " to " + one.Last[:10]
	}
	title := c.Title
	if title == "" {
		title = c.ID
	}
	f.say("%-6s  %s: %s · %s%s", one.Type, c.Platform, title, session.Plural(int64(c.Messages), "message", "messages"), span)
	for _, a := range c.Attachments {
		one.Attachments = append(one.Attachments, carriedMedia{a.Name, a.Size})
	}
	shown(c.Attachments,
		func(a forget.Attachment) { f.say("        %s, %s", a.Name, session.Size(a.Size)) },
		func(n int) { f.say("        and %s more attachments", session.Count(int64(n))) })
	return f.c.Voice.Object(one)
}

// forgotten is the summary of forget --json; fields are only added.
type forgotten struct {
	Type        string        `json:"type"`
	Kept        int           `json:"kept"`
	Forgotten   int           `json:"forgotten"`
	Damaged     int           `json:"damaged"`
	Messages    int           `json:"messages"` // carried or, with --lose-messages, lost
	Attachments int           `json:"attachments"`
	Bytes       int64         `json:"bytes"`
	Lost        bool          `json:"lost"`
	Carried     []format.Hash `json:"carried"` // the snapshots that took them
	Ever        int           `json:"ever"`    // snapshots forgotten so far
	Most        int           `json:"most"`    // that a repository can forget
	DryRun      bool          `json:"dry_run,omitempty"`
}

func (f *forgetting) end() error {
	sum := forgotten{Type: "summary", Carried: []format.Hash{}, Lost: f.lose, Most: format.MaxForgotten, DryRun: f.c.DryRun()}
	sum.Forgotten = len(f.plan.Forgotten())
	sum.Kept = len(f.plan.Snapshots) - sum.Forgotten
	sum.Ever = len(f.w.View.Authority.Forgotten)
	for _, c := range f.plan.Carried {
		n, size := c.Attachments()
		sum.Messages, sum.Attachments, sum.Bytes = sum.Messages+c.Messages(), sum.Attachments+n, sum.Bytes+size
		if c.Snapshot != nil {
			sum.Carried = append(sum.Carried, c.Snapshot.Hash)
			f.c.Voice.Say("carried into snapshot %s of %s", session.Short(c.Snapshot.Hash), c.Source)
		}
	}
	verb, fate := "forgot", "carried"
	if sum.DryRun {
		verb, fate = "would forget", "would be carried"
	}
	if f.lose {
		fate = strings.Replace(fate, "carried", "lost", 1)
	}
	text := fmt.Sprintf("%s %s, kept %s", verb, session.Plural(int64(sum.Forgotten), "snapshot", "snapshots"), session.Count(int64(sum.Kept)))
	if sum.Messages > 0 {
		text += fmt.Sprintf(" · %s %s, with %s, %s", session.Plural(int64(sum.Messages), "message", "messages"), fate,
			session.Plural(int64(sum.Attachments), "attachment", "attachments"), session.Size(sum.Bytes))
	}
	f.say("%s", text)
	if sum.Ever > sum.Most/10*9 {
		f.c.Voice.Warn("%s snapshots are forgotten, of %s that a repository can forget in its life: go on in a new one before long",
			session.Count(int64(sum.Ever)), session.Count(int64(sum.Most)))
	}
	if err := f.c.Voice.Object(sum); err != nil {
		return err
	}
	return f.damage()
}

// damage is the error of snapshots that cannot be read, and stay.
func (f *forgetting) damage() error {
	damaged := f.plan.Damaged()
	if len(damaged) == 0 {
		return nil
	}
	var ids []string
	for _, s := range damaged[:min(len(damaged), maxShown)] {
		ids = append(ids, session.Short(s.Head.Hash))
	}
	return session.Fail(session.ExitDamaged, "chatkeep check tells what is wrong; --lose-messages forgets them with what they alone hold",
		"%s and stayed: %s", session.Plural(int64(len(damaged)), "snapshot is damaged", "snapshots are damaged"), strings.Join(ids, ", "))
}
