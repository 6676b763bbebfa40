package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// seek makes sure that the list of a snapshot has something at or below each of the
// paths, and reads it for as long as one is to be found. Where the list is damaged
// nothing is sure: that is for the restore to tell.
func seek(ctx context.Context, s *repo.Snapshot, paths []string) error {
	left := slices.Clone(paths)
	if len(left) == 0 {
		return nil
	}
	for e, err := range s.Entries(ctx) {
		if format.ClassOf(err) != "" {
			return nil
		}
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(p string) bool { return inside(e.Path, []string{p}) })
		if len(left) == 0 {
			return nil
		}
	}
	for i, p := range left {
		left[i] = fmt.Sprintf("%q", p)
	}
	return session.Fail(session.ExitFailed, "chatkeep ls prints the paths that it has", "the snapshot has nothing at %s", strings.Join(left, " or "))
}
