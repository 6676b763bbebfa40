package retention

import "time"

// DefaultGrace is how long a snapshot is young.
var DefaultGrace = Duration{Days: 7}

// MaxAhead is how far the store's clock may be ahead of this machine's and be
// believed.
const MaxAhead = 24 * time.Hour

// Now is what time it is for a policy: the time that the store told last. It is
// behind where nothing was stored for long, which keeps more. A store that is
// ahead of this machine by more than a day is not believed.
func Now(store, here time.Time) time.Time {
	if limit := here.Add(MaxAhead); store.After(limit) {
		return limit
	}
	return store
}

// Spared says why a snapshot stays whatever a policy says, or "". It is young
// where it came to the store less than grace ago, or says of itself that it did:
// what a stolen key signs came after the theft, however it is dated. Where the
// store does not tell when it came, only its own word is there to go by.
func Spared(arrived, signed, now time.Time, grace Duration, zone *time.Location) string {
	switch since := grace.Before(now, zone); {
	case signed.After(now):
		return "dated in the future"
	case arrived.After(since), signed.After(since):
		if grace.IsZero() {
			return "it came just now"
		}
		return "younger than " + grace.String()
	case arrived.IsZero() && signed.IsZero() && !grace.IsZero():
		return "nothing tells how old it is"
	}
	return ""
}
