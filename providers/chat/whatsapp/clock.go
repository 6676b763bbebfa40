package whatsapp

import (
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/wallclock"
)

// clock turns readings of the phone's clock into instants.
type clock struct {
	wallclock.Clock
	source chat.ZoneSource
}

func newClock(zone *time.Location) *clock {
	if zone == nil {
		return &clock{wallclock.Clock{Zone: time.Local}, chat.FromDevice}
	}
	return &clock{wallclock.Clock{Zone: zone}, chat.FromUser}
}
