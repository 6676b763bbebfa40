package notify

import "time"

// Sample is an event to try a channel with. It says that it is none.
func Sample(kind Kind) Event {
	e := Event{Kind: kind, Job: "test", Summary: "a test of this channel: nothing happened"}
	if kind == Failure {
		e.ExitCode, e.Hint = 1, "nothing to do: this is a test"
	}
	if kind != Start && kind != Stale {
		e.Duration = time.Second
	}
	return e
}
