package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
)

// scratchPrefix is how the folders of tests of the storage begin.
const scratchPrefix = "chatkeep-doctor-"

// scratchName matches the folder of one test: the prefix and the random text that
// newScratch makes.
var scratchName = regexp.MustCompile(`^` + scratchPrefix + `[a-z2-7]{26}/`)

// isScratch reports whether an object is one of a test of the storage.
func isScratch(key string) bool { return scratchName.MatchString(key) }

func newScratch() string { return scratchPrefix + strings.ToLower(rand.Text()) }

// cleaning is how long the removal of test objects may take after an interruption.
const cleaning = 2 * time.Minute

// storage holds the place against the promises of the contract.
func (x *examination) storage(ctx context.Context) (err error) {
	s, err := x.c.Scratch(ctx, newScratch())
	if err != nil {
		return err
	}
	defer func() {
		if left := x.clean(ctx, s); left != nil && err == nil {
			err = left
		}
		s.Close()
	}()
	if err := x.probe(ctx, s); err != nil {
		return err
	}
	if err := sweepScratch(ctx, x.c); err != nil {
		return err
	}
	checks := conform.Checks()
	for i, check := range checks {
		x.c.Voice.Steps(int64(i), int64(len(checks)), check.Name)
		if err := x.hold(ctx, check, s); err != nil {
			return err
		}
	}
	return nil
}

// hold runs one check in a folder of its own, for it wants an empty store.
func (x *examination) hold(ctx context.Context, check conform.Check, in *session.Scratch) error {
	what := wordOf(check)
	s, err := in.Sub(ctx, what)
	if err != nil {
		return err
	}
	defer s.Close()
	err = conform.Hold(ctx, check, s.Store)
	var broken *conform.Broken
	switch {
	case errors.As(err, &broken):
		x.fail(what, "a repository relies on it: use another place, or another kind of access to this one", "not kept: %s (%v)", check.Promise, broken)
	case err != nil:
		return err
	default:
		x.ok(what, "%s", check.Promise)
	}
	return conform.Empty(ctx, s.Store)
}

// probe puts and deletes one object: credentials that may not do both cannot test, and
// leave nothing behind when they find out.
func (x *examination) probe(ctx context.Context, s *session.Scratch) error {
	info, err := s.Store.Put(ctx, "probe", []byte("chatkeep doctor storage was here\n"))
	if err == nil {
		err = s.Store.Delete(ctx, "probe")
	}
	var refused *storage.Error
	if errors.As(err, &refused) && errors.Is(err, fs.ErrPermission) {
		told := *refused
		told.Cure = "test with credentials that may put, get, list and delete; it is right that those of a writer may not"
		return &told
	}
	if err != nil {
		return err
	}
	if info.Time.IsZero() {
		x.warn("store-time", "chatkeep prune then needs --machine-clock", "the store does not tell its time")
	} else {
		x.skew(x.c.Env.Clock.Now().Sub(info.Time))
	}
	return nil
}

// wordOf names a check in one word, and the folder that it works in.
func wordOf(check conform.Check) string { return strings.ReplaceAll(check.Name, " ", "-") }

// empty deletes all test objects. The folder of each check is looked into by itself: a
// key in it may be as long as keys can be, and is then none of the folder above.
func empty(ctx context.Context, s *session.Scratch) error {
	for _, check := range conform.Checks() {
		in, err := s.Sub(ctx, wordOf(check))
		if err == nil {
			err = conform.Empty(ctx, in.Store)
			in.Close()
		}
		if err != nil {
			return err
		}
	}
	return conform.Empty(ctx, s.Store)
}

// clean removes the test objects, also where the context has ended.
func (x *examination) clean(ctx context.Context, s *session.Scratch) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	err := empty(late, s)
	if err == nil {
		err = s.Remove(late)
	}
	if err != nil {
		x.c.Voice.Warn("test objects are left at %s: %v", s.Place(), err)
	}
	return err
}

// maxScratchAge is from when on test objects are not those of a test under way.
const maxScratchAge = time.Hour

// sweepScratch removes what earlier tests left that were killed.
func sweepScratch(ctx context.Context, c *session.Call) error {
	place, err := c.Place(ctx)
	if err != nil {
		return err
	}
	young := map[string]bool{} // by folder; what is not young is left behind
	for info, err := range place.List(ctx, scratchPrefix) {
		if err != nil {
			return err
		}
		if name, _, _ := strings.Cut(info.Key, "/"); isScratch(info.Key) {
			young[name] = young[name] || c.Env.Clock.Now().Sub(info.Time) < maxScratchAge
		}
	}
	for name, under := range young {
		if under {
			continue
		}
		if err := removeScratch(ctx, c, name); err != nil {
			return err
		}
	}
	return nil
}

func removeScratch(ctx context.Context, c *session.Call, name string) error {
	s, err := c.Scratch(ctx, name)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := empty(ctx, s); err != nil {
		return err
	}
	return s.Remove(ctx)
}
