package telegram

import (
	"regexp"
	"strconv"
	"strings"
)

// notice is what a page says that happened, in the words of Telegram Desktop,
// which are English whatever language the app is in.
type notice struct {
	code string // of the event, or ""
	by   string // who did it
	// What else it may be.
	payment, call, unsupported bool
	seconds                    int // of a call
}

// phrases are what notices say, by what they tell. In a phrase % stands for a name
// or what else is said; the first that fits decides.
var phrases = compile([][2]string{
	{"unsupported", "This message is not supported by this version of Telegram Desktop.%"},
	{"created", "Channel «%» created"},
	{"subject", "Channel title changed to «%»"},
	{"icon", "Channel photo changed"}, {"icon", "Channel photo removed"},
	{"cleared", "History cleared"},
	{"payment", "You have successfully transferred %"}, {"payment", "You were charged %"},
	{"bot", "You have just successfully transferred data from the «%"},
	{"bot", "You allowed this bot to message you%"}, {"bot", "You have sent the following documents:%"},
	{"proximity", "You are now within %"},
	{"disappearing", "New messages will auto-delete in %"}, {"disappearing", "New messages will not auto-delete"},
	{"call", "Voice chat scheduled for %"}, {"a call", "Voice chat%"},
	{"theme", "Channel theme was %"},
	{"gift", "This is an unclaimed Telegram Premium%"}, {"gift", "You won a %"}, {"gift", "You've received a Telegram Premium%"},
	{"giveaway", "No winners of the giveaway%"}, {"giveaway", "Some winners of the giveaway%"}, {"giveaway", "% of the giveaway was randomly %"},
	{"payment", "You refunded % Stars for %"},
	{"settings", "Direct messages were disabled."}, {"settings", "Price per % changed to %"},
	{"suggested-post", "The paid post was shown%"}, {"suggested-post", "The user refunded the payment, post was deleted."},
	{"suggested-post", "The admin deleted the post early%"},
	{"created", "@ created group «%"},
	{"topic", "@ created topic «%»"}, {"topic", "@ changed topic %"},
	{"subject", "@ changed group title to «%»"},
	{"icon", "@ changed group photo"}, {"icon", "@ removed group photo"}, {"icon", "@ deleted group photo"}, {"icon", "@ suggests to use this photo"},
	{"call", "@ invited % to the voice chat"}, {"added", "@ invited %"},
	{"removed", "@ removed %"},
	{"joined", "@ joined group by link from %"}, {"joined", "@ joined group by request"},
	{"signed-up", "@ joined Telegram"},
	{"migrated", "@ converted this group to a supergroup"}, {"migrated", "@ converted a basic group to this supergroup %"},
	{"pinned", "@ pinned %"},
	{"game", "@ scored % in %"},
	{"screenshot", "@ took a screenshot"},
	{"proximity", "@ is now within %"},
	{"contact", "@ requested your phone number"},
	{"call", "@ scheduled a voice chat for %"}, {"a call", "@ started voice chat%"},
	{"disappearing", "@ has set messages %"},
	{"theme", "@ disabled chat theme"}, {"theme", "@ changed chat theme to %"},
	{"theme", "@ set a new background for this chat"}, {"theme", "@ set the same background for this chat"},
	{"gift", "@ sent you a gift%"},
	{"giveaway", "@ just started a giveaway %"},
	{"boost", "@ boosted the group %"},
	{"payment", "@ refunded back %"}, {"payment", "@ refunded % Stars for %"},
	{"todo", "@ marked %"}, {"todo", "@ added tasks: %"},
	{"suggested-post", "@ rejected your suggested post%"}, {"suggested-post", "@ approved your suggested post%"},
})

// phrase is one of them.
type phrase struct {
	tells string
	form  *regexp.Regexp
}

// compile makes the phrases. An @ at the beginning is the name of who did it.
func compile(list [][2]string) (all []phrase) {
	for _, p := range list {
		form := strings.ReplaceAll(regexp.QuoteMeta(p[1]), "%", "(?s:.*)")
		form = strings.Replace(form, "@", "(?s:(.+?))", 1)
		all = append(all, phrase{p[0], regexp.MustCompile("^" + form + "$")})
	}
	return all
}

// callSeconds is how long a call took, at the end of what is said of it.
var callSeconds = regexp.MustCompile(`\((\d{1,9}) seconds\)$`)

func secondsIn(s string) int {
	m := callSeconds.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// readNotice reads a notice.
func readNotice(text string) (n notice) {
	for _, p := range phrases {
		m := p.form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		if len(m) > 1 {
			n.by = m[1]
		}
		switch p.tells {
		case "unsupported":
			n.unsupported = true
		case "payment":
			n.payment = true
		case "a call":
			n.call, n.seconds = true, secondsIn(text)
		default:
			n.code = p.tells
		}
		return n
	}
	return n
}
