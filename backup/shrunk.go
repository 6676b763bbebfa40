package backup

import (
	"fmt"

	"chatkeep/backup/session"
	"chatkeep/backup/state"
)

const (
	// few is what may go without a word: messages, or files.
	few = 20
	// fewBytes is the same of a stream, which is one file at most.
	fewBytes = 1 << 10
)

// shrank says what a source lost since the last time: more than half of its messages
// or, where it has none, of its files, or of a stream's bytes.
func shrank(before, now state.Counts, stream bool) string {
	switch {
	case before.Messages >= few && now.Messages < before.Messages/2:
		return fmt.Sprintf("%s, %s before", session.Plural(now.Messages, "message", "messages"), session.Count(before.Messages))
	case before.Messages == 0 && before.Files >= few && now.Files < before.Files/2:
		return fmt.Sprintf("%s, %s before", session.Plural(now.Files, "file", "files"), session.Count(before.Files))
	case stream && before.Bytes >= fewBytes && now.Bytes < before.Bytes/2:
		return fmt.Sprintf("%s, %s before", session.Size(now.Bytes), session.Size(before.Bytes))
	}
	return ""
}

// heed remembers how much was stored of a source that is guarded, and returns the
// error of one that shrank. It is there either way, so that trouble with the memory
// is no failure.
func heed(c *session.Call, memory *state.Repository, src *Source, r *Report) error {
	if !src.Guard {
		return nil
	}
	before, err := memory.Counts(src.label())
	if err != nil {
		c.Voice.Warn("whether %s shrank is not known: %v", src.label(), err)
	}
	now := state.Counts{Files: r.Files, Messages: r.Messages, Bytes: r.Bytes}
	if err := memory.SetCounts(src.label(), now); err != nil {
		c.Voice.Warn("how much is in %s is not remembered: %v", src.label(), err)
	}
	if what := shrank(before, now, src.Stream != nil); what != "" {
		return session.Fail(session.ExitShrunk, "look at the export; the snapshots before have what is missing now", "%s shrank: %s", src.label(), what)
	}
	return nil
}
