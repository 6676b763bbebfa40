package telegram

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// pageFiles are the links around pictures, by class, and what they lead to.
var pageFiles = []struct{ class, role string }{
	{"photo_wrap", "image"}, {"video_file_wrap", "video"}, {"animated_wrap", "gif"}, {"sticker_wrap", "sticker"},
}

// pageAbsent are the phrases that say why a file is not there, as the JSON has
// them too.
var pageAbsent = map[string]chat.AttachmentState{
	"Not included, change data exporting settings to download.":         chat.Omitted,
	"Exceeds maximum size, change data exporting settings to download.": chat.TooLarge,
	"Unavailable, please try again later.":                              chat.Missing,
}

// media reads what a message carries.
func (b *pageMaker) media(wrap *node) {
	for _, f := range pageFiles {
		if n := wrap.find(f.class); n != nil {
			b.picture(n, f.role)
			return
		}
	}
	if n := wrap.find("media_poll"); n != nil {
		b.poll(n)
		return
	}
	if n := wrap.find("media_giveaway"); n != nil {
		b.message.Kind = chat.Other
		b.setText(lines(n))
		return
	}
	n := wrap.find("media")
	if n == nil {
		b.extra("page media", wrap.plain())
		return
	}
	b.generic(n)
}

// picture reads a file with a small picture of it.
func (b *pageMaker) picture(n *node, role string) {
	b.message.Kind = chat.Media
	if role == "sticker" {
		b.message.Kind = chat.Sticker
	}
	a := chat.Attachment{Role: role, Duration: duration(n.find("video_duration").plain())}
	if role == "image" {
		a.MIME = "image/jpeg"
	}
	b.attach(&a, n.attr("href"))
	b.thumbnail(n)
}

// thumbnail adds the small picture within a link, where it is a file of its own.
func (b *pageMaker) thumbnail(n *node) {
	img := n.link("img")
	if img == nil || img.attr("src") == "" || img.attr("src") == n.attr("href") {
		return
	}
	b.attach(&chat.Attachment{Role: "thumbnail"}, img.attr("src"))
}

// generic reads what is shown as a title, a description and a status.
func (b *pageMaker) generic(n *node) {
	msg := &b.message
	title, about, status := n.find("title").plain(), n.find("description").plain(), n.find("status").plain()
	href := n.attr("href")
	switch {
	case n.has("media_call"):
		msg.Kind, msg.Call = chat.CallKind, callOf(status, secondsIn(status))
		b.extra("call_status", status)
	case n.has("media_contact"):
		msg.Kind = chat.Contact
		b.setText(strings.TrimSpace(title + " " + strings.TrimSuffix(status, " - vCard")))
		if href != "" {
			b.attach(&chat.Attachment{Role: "file", MIME: "text/vcard"}, href)
		}
	case n.has("media_location"), n.has("media_live_location"):
		b.place(&chat.Location{Live: n.has("media_live_location")}, href)
	case n.has("media_venue"):
		b.place(&chat.Location{Name: title, Address: about}, href)
	case n.has("media_game"):
		msg.Kind = chat.Other
		b.setText(title)
		b.extra("game_title", title)
		b.extra("game_description", about)
		b.extra("game_link", href)
	case n.has("media_invoice"):
		msg.Kind = chat.Payment
		b.setText(title)
		b.extra("invoice_title", title)
		b.extra("invoice_description", about)
		b.extra("invoice_amount", status)
	default:
		b.file(n, title, about, status)
	}
}

// genericRoles are the roles of what is shown as a title, by class and, where the
// app uses a class for several, by title.
var genericRoles = map[string]string{
	"media_photo": "image", "media_video": "video", "media_voice_message": "voice", "media_audio_file": "audio", "media_file": "file",
	"Sticker": "sticker", "Animation": "gif",
}

// file reads a file that is shown as a title.
func (b *pageMaker) file(n *node, title, about, status string) {
	msg := &b.message
	a := chat.Attachment{Duration: duration(status)}
	for _, class := range strings.Fields(n.class) {
		if role := genericRoles[class]; role != "" {
			a.Role = role
		}
	}
	if a.Role == "" {
		b.extra("page "+n.class, n.plain())
	}
	if role := genericRoles[title]; role != "" && (a.Role == "image" || a.Role == "video") {
		a.Role = role
	}
	msg.Kind = chat.Media
	if a.Role == "sticker" {
		msg.Kind = chat.Sticker
	}
	switch {
	case a.Role == "file" || a.Role == "audio":
		a.Name = title
	case title == "Video message":
		b.extra("media_type", "video_message")
	}
	if href := n.attr("href"); href != "" {
		b.attach(&a, href)
		b.thumbnail(n)
		return
	}
	a.State, a.Why = chat.Missing, "the export names no file"
	if state, ok := pageAbsent[about]; ok {
		for _, phrase := range absent {
			if phrase.state == state {
				a.State, a.Why = state, phrase.why
			}
		}
	}
	if strings.HasPrefix(title, "Self-destructing") {
		a.Why = "it deletes itself, and is not exported"
		if status == "Expired" {
			a.State = chat.Expired
		}
	}
	b.extra("media_status", status)
	msg.Attachments = append(msg.Attachments, a)
}

// setText is the text where the message has none of its own, which would follow.
func (b *pageMaker) setText(s string) { b.message.Text = s }

// degreesIn are the two numbers of a link to a map.
var degreesIn = regexp.MustCompile(`[?&]q=(-?[\d.]+),(-?[\d.]+)`)

// place makes a place of a link to a map.
func (b *pageMaker) place(l *chat.Location, href string) {
	b.message.Kind, b.message.Location = chat.LocationKind, l
	l.URL = href
	if m := degreesIn.FindStringSubmatch(href); m != nil {
		l.Latitude, l.Longitude = m[1], m[2]
	}
}

// callOf is a call by its status, as "Outgoing (77 seconds)".
func callOf(status string, seconds int) *chat.Call {
	c := &chat.Call{Duration: time.Duration(seconds) * time.Second}
	switch word, _, _ := strings.Cut(status, " "); {
	case word == "Missed":
		c.Missed, c.Outcome = true, "missed"
	case word == "Cancelled":
		c.Outcome = "cancelled"
	case word == "Declined":
		c.Outcome = "declined"
	case seconds > 0:
		c.Outcome = "answered"
	}
	return c
}

// clockTime is how long a film or a recording is, at the beginning of its status.
var clockTime = regexp.MustCompile(`^(?:(\d{1,4}):)?(\d{1,3}):(\d\d)\b`)

func duration(status string) time.Duration {
	m := clockTime.FindStringSubmatch(status)
	if m == nil {
		return 0
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	seconds, _ := strconv.Atoi(m[3])
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
}

// votes are how many chose an option: "3 votes, chosen vote".
var votes = regexp.MustCompile(`^(\d{1,9}) votes?`)

// poll reads a poll, or a list of things to do, which looks alike.
func (b *pageMaker) poll(n *node) {
	msg := &b.message
	p := &chat.Poll{Question: n.find("question").plain()}
	kind := ""
	for _, k := range n.kids {
		switch {
		case k.has("total"):
			b.extra("poll_total", k.plain())
		case k.has("details"):
			kind = k.plain()
		case k.has("answer"):
			p.Options = append(p.Options, b.option(k))
		}
	}
	if kind == "To-do List" {
		msg.Kind = chat.Other
		text := []string{p.Question}
		for _, o := range p.Options {
			text = append(text, "- "+o.Text)
		}
		b.setText(strings.Join(text, "\n"))
		return
	}
	msg.Kind, msg.Poll = chat.PollKind, p
	b.extra("poll_status", kind)
}

// option reads "- text  3 votes, chosen vote".
func (b *pageMaker) option(n *node) (o chat.PollOption) {
	var text strings.Builder
	for _, k := range n.kids {
		if !k.has("details") {
			k.write(&text)
			continue
		}
		said := k.plain()
		if m := votes.FindStringSubmatch(said); m != nil {
			o.Votes, _ = strconv.Atoi(m[1])
		}
		if strings.HasSuffix(said, "chosen vote") {
			o.By = b.people.owner()
			if o.By == nil {
				b.extra("poll_chosen", strings.TrimPrefix(strings.TrimSpace(text.String()), "- "))
			}
		}
	}
	o.Text = strings.TrimPrefix(strings.TrimSpace(text.String()), "- ")
	return o
}

// lines is the text within, with the parts on lines of their own.
func lines(n *node) string {
	var list []string
	for _, k := range n.kids {
		if s := strings.Join(strings.Fields(k.plain()), " "); s != "" {
			list = append(list, s)
		}
	}
	return strings.Join(list, "\n")
}
