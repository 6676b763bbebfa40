package backup

import (
	"context"
	"errors"
	"fmt"

	"chatkeep/backup/config"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// Levels of findings.
const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelFailure = "failure"
)

// findingLine is one thing that was looked at, and a line of doctor --json; fields are
// only added.
type findingLine struct {
	Type  string `json:"type"`
	What  string `json:"what"`
	Level string `json:"level"`
	Text  string `json:"text"`
	Cure  string `json:"cure,omitempty"`
}

// examination looks at one thing after the other and tells of each.
type examination struct {
	c       *session.Call
	conf    *config.Config // of an empty file where there is none, or none that can be read
	summary examined
	told    error // the first failure to tell
}

// examined is the summary of an examination; fields are only added.
type examined struct {
	Type     string `json:"type"`
	OK       int    `json:"ok"`
	Warnings int    `json:"warnings"`
	Failures int    `json:"failures"`
}

func newExamination(c *session.Call) *examination {
	return &examination{c: c, conf: &config.Config{}, summary: examined{Type: "summary"}}
}

// tell prints a finding.
func (x *examination) tell(what, level, text, cure string) {
	switch level {
	case levelOK:
		x.summary.OK++
	case levelWarning:
		x.summary.Warnings++
	default:
		x.summary.Failures++
	}
	x.c.Voice.Print("%-8s %s: %s", level, what, text)
	if cure != "" {
		x.c.Voice.Print("%-8s %s", "", cure)
	}
	f := findingLine{"finding", what, level, session.Clean(text), session.Clean(cure)}
	if err := x.c.Voice.Object(f); err != nil && x.told == nil {
		x.told = err
	}
}

func (x *examination) ok(what, format string, args ...any) {
	x.tell(what, levelOK, fmt.Sprintf(format, args...), "")
}

func (x *examination) warn(what, cure, format string, args ...any) {
	x.tell(what, levelWarning, fmt.Sprintf(format, args...), cure)
}

func (x *examination) fail(what, cure, format string, args ...any) {
	x.tell(what, levelFailure, fmt.Sprintf(format, args...), cure)
}

// trouble tells of an error as a failure, with the cure that it knows.
func (x *examination) trouble(what string, err error) {
	x.fail(what, session.HintOf(err), "%v", err)
}

// end tells the sum, and returns the error of an examination that found a failure.
func (x *examination) end() error {
	if x.told != nil {
		return x.told
	}
	s := x.summary
	x.c.Voice.Print("%d ok, %s, %s", s.OK, session.Plural(int64(s.Warnings), "warning", "warnings"), session.Plural(int64(s.Failures), "failure", "failures"))
	if err := x.c.Voice.Object(s); err != nil {
		return err
	}
	if s.Failures > 0 {
		return session.Fail(session.ExitFailed, "", "%s found", session.Plural(int64(s.Failures), "failure was", "failures were"))
	}
	return nil
}

// examine looks at everything that needs no secret, and with one that the
// environment gives at what that opens.
func (x *examination) examine(ctx context.Context) error {
	conf, err := x.c.Config()
	if err != nil {
		x.trouble("configuration", err)
		return nil // which repository is meant it may say
	}
	x.conf = conf
	x.files()
	a, err := x.c.Look(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && isUsage(err):
		return err
	case err != nil:
		x.trouble("repository", err)
		return nil
	}
	x.ok("repository", "%s can be reached", a.Place)
	x.repositoryFiles(a)
	x.identity(a)
	x.standing(a)
	x.foreign(ctx, a)
	x.witness(a)
	x.version()
	x.writer(ctx, a)
	x.keys(ctx, a)
	x.clock(ctx, a)
	x.space(a)
	x.locks(ctx, a)
	x.age(a)
	x.proofs(ctx, a)
	x.leftovers(ctx, a)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func isUsage(err error) bool {
	var f *session.Failure
	return errors.As(err, &f) && f.Code == session.ExitUsage
}

// identity tells whether the repository is the one that is meant.
func (x *examination) identity(a *session.Archive) {
	if a.Vouched() {
		x.ok("identity", "it is repository %s, as this machine knows it", session.Short(a.ID()))
		return
	}
	x.warn("identity", "compare it with the id that init printed: chatkeep doctor --id ID",
		"the place says that it is repository %s, and this machine never saw it there", a.ID())
}

// standing tells whether the signed statements are in order and as they were seen.
func (x *examination) standing(a *session.Archive) {
	for _, p := range a.View.Problems[:min(len(a.View.Problems), maxShown)] {
		x.trouble("state", p)
	}
	if more := len(a.View.Problems) - maxShown; more > 0 {
		x.fail("state", "chatkeep check lists them", "%d problems more", more)
	}
	for _, note := range a.View.Notes {
		x.warn("state", "", "%s", note)
	}
	if err := a.View.Trust(nil); err != nil && len(a.View.Problems) == 0 {
		x.trouble("state", err)
	} else if err == nil {
		x.ok("state", "authority %d and the heads of %s are signed and in order, and nothing that was seen before is gone",
			a.View.Authority.N, session.Plural(int64(len(a.View.Authority.Writers)), "writer", "writers"))
	}
}

// foreign warns of what lies beside the repository. Test objects are told of with
// what else was left.
func (x *examination) foreign(ctx context.Context, a *session.Archive) {
	found, err := repo.FindForeign(ctx, a.Store, isScratch)
	switch {
	case err != nil:
		x.trouble("state", err)
	case found != nil:
		x.warn("state", found.Hint(), "%v; chatkeep forget and chatkeep prune do nothing until they are gone", found)
	}
}

// witness tells whether the repository's witness could be asked, and has seen all.
func (x *examination) witness(a *session.Archive) {
	const next = "chatkeep backup, and every other command that writes, puts it there"
	switch place, lacks, err := a.Witness(); {
	case err != nil:
		x.warn("witness", session.HintOf(err), "%s", repo.Unheard(place, err))
	case lacks > 0:
		x.warn("witness", next, "the one at %s was away or holds something back: %s that are here it does not have", place,
			session.Plural(int64(lacks), "signed statement", "signed statements"))
	case place != "":
		x.ok("witness", "the one at %s has seen everything that is here", place)
	}
}

// version tells of the format. One that is too new could not have been opened.
func (x *examination) version() {
	x.ok("version", "chatkeep %s knows format %d and all that the repository requires", session.Version(), session.FormatVersion)
}

// writer tells whether this machine may back up.
func (x *examination) writer(ctx context.Context, a *session.Archive) {
	key, err := a.Key()
	switch {
	case err != nil:
		x.fail("writer", "chatkeep writer add makes another", "this machine's writer key cannot be used: %v", err)
	case key == nil && a.Behind():
		x.warn("writer", "chatkeep writer accept --id ID takes over what belongs to that one",
			"this machine has the keys or the memory of an id that the repository had before, and none of this one's")
	case key == nil && len(x.conf.Jobs) > 0:
		x.fail("writer", "chatkeep writer add enrols it", "this machine has jobs and no writer key: it only reads")
	case key == nil:
		x.ok("writer", "this machine has no writer key: it only reads")
	default:
		if err := a.View.MayWrite(ctx, a.Store, key, a.Memory); err != nil {
			x.trouble("writer", err)
			return
		}
		x.ok("writer", "this machine may write, as %s", session.Short(key.ID))
	}
}

// keys tells what opens the repository.
func (x *examination) keys(ctx context.Context, a *session.Archive) {
	kinds := map[string]int{}
	slots := a.View.Authority.Slots
	var classical []string
	for _, slot := range slots {
		kinds[slot.Kind]++
		l, err := lockOf(ctx, a, slot)
		if err != nil {
			x.trouble("keys", err)
		} else if l.isClassical() {
			classical = append(classical, slot.Name)
		}
	}
	count := func(kind, one, many string) string { return session.Plural(int64(kinds[kind]), one, many) }
	x.ok("keys", "%s: %s, %s, %s", session.Plural(int64(len(slots)), "key opens it", "keys open it"), count(format.SlotPassphrase, "passphrase", "passphrases"),
		count(format.SlotRecovery, "recovery key", "recovery keys"), count(format.SlotRecipient, "age or SSH key", "age or SSH keys"))
	if kinds[format.SlotRecovery] == 0 {
		x.warn("keys", "chatkeep key add --recovery makes one", "there is no recovery key: nothing opens it if the passphrase is forgotten or the other keys are lost")
	}
	if len(slots) == 1 {
		x.warn("keys", "chatkeep key add adds one", "there is only one key: who loses it loses everything")
	}
	if a.View.Authority.Classic || len(classical) > 0 {
		x.warn("keys", "chatkeep key list shows them; for what is copied by then nothing helps",
			"somebody who copies it today could open it with a quantum computer one day (%s)", weakBy(a.View.Authority.Classic, classical))
	}
}

// newest is the newest snapshot that counts, nil where there is none.
func newest(v *repo.View) *repo.Head {
	var last *repo.Head
	for _, chain := range v.Chains {
		for _, h := range chain.Heads {
			if h.Manifest != nil && !v.Forgotten(h) && (last == nil || h.At().After(last.At())) {
				last = h
			}
		}
	}
	return last
}
