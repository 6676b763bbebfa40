package backup

import (
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

const chatFlagsGroup = "exports"

// chatFlags say what exports cannot say of themselves.
func chatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "app", Category: chatFlagsGroup, Usage: "take everything for an export of `APP`; \"files\" parses nothing"},
		&cli.StringFlag{Name: "me", Category: chatFlagsGroup, Usage: "the `NAME` under which you appear"},
		&cli.StringFlag{Name: "tz", Category: chatFlagsGroup, Usage: "the time `ZONE` of the phone that exported, as Europe/Berlin"},
		&cli.StringFlag{Name: "date-order", Category: chatFlagsGroup, Usage: "the `ORDER` of day, month and year in dates: dmy, mdy or ymd"},
		&cli.StringFlag{Name: "chat", Category: chatFlagsGroup, Usage: "the `TITLE` of the conversation, where the file's name has another"},
	}
}

// chatOptions reads them.
func chatOptions(c *session.Call) (chat.Options, error) {
	o := chat.Options{Me: c.String("me"), DateOrder: c.String("date-order"), Chat: c.String("chat")}
	switch o.DateOrder {
	case "", "dmy", "mdy", "ymd":
	default:
		return o, session.Usage("--date-order %q: it is dmy, mdy or ymd", o.DateOrder)
	}
	if name := c.String("tz"); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return o, session.Usage("--tz %q: no such time zone; write it as Europe/Berlin", name)
		}
		o.Zone = zone
	}
	return o, nil
}
