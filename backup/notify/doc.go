// Package notify tells people, and services that watch, what became of a run.
//
// New makes a Notifier of the channels in the configuration. Tell hands an Event
// to every channel that wants it, side by side, and returns those that failed: a
// channel that cannot be reached is a warning for the caller and never more. What
// is told is an Event's and nothing else: no secret, no text of a message.
//
// Two kinds of readers differ. A ping is for a service that raises the alarm when
// it hears nothing, so it gets every start and every end of a run. Everybody else
// is a person, who wants to hear of a failure once and not each hour: Decide says
// when. So a run ends like this:
//
//	after := before.After(outcome, now)
//	kind, news := notify.Decide(before, after, now)
//	event.Kind, event.Since = kind, after.Since
//	if news {
//		failed = notifier.Tell(ctx, event)
//		if notifier.Heard(event, failed) {
//			after.Told = now
//		}
//	} else {
//		failed = notifier.Ping(ctx, event)
//	}
//
// and after is kept for the next run.
package notify
