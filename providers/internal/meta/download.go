package meta

import (
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// inJSON is a thread of a download in JSON.
var inJSON = &form{route: RouteJSON, clock: "timestamp_ms", scan: scanJSON, tie: tieDownload, fill: fillDownload}

// field is one key of a message. Its reader says whether the value is what is
// expected; else it is kept as it is.
type field struct {
	number uint
	read   func(*builder, jsonstream.Value) bool
}

// number gives each field one, by which a key that comes twice is noticed.
func number(readers map[string]func(*builder, jsonstream.Value) bool) map[string]field {
	fields := map[string]field{}
	for key, read := range readers {
		fields[key] = field{uint(len(fields)), read}
	}
	return fields
}

// object reads the keys of a message. A key that is not known, comes again, or
// has a value of another kind than it should, is kept as it is. maxKeys bounds
// what one message may have of them: what has more is no message.
func (b *builder) object(v jsonstream.Value, fields map[string]field) (ok bool) {
	seen, n := uint64(0), 0
	for key, value := range v.Members() {
		if n++; n > maxKeys {
			return false
		}
		f, known := fields[string(key)]
		if known && seen&(1<<f.number) == 0 && (value.IsNull() || f.read(b, value)) {
			seen |= 1 << f.number
			continue
		}
		b.unknown(mend(string(key)), value)
	}
	return true
}

const maxKeys = 1000

var downloadFields = number(map[string]func(*builder, jsonstream.Value) bool{
	"sender_name":  (*builder).readSender,
	"content":      func(b *builder, v jsonstream.Value) (ok bool) { b.content, ok = text(v); return ok },
	"type":         (*builder).readType,
	"timestamp_ms": (*builder).readTime,
	"photos":       func(b *builder, v jsonstream.Value) bool { return b.readFiles("photos", "image", v) },
	"videos":       func(b *builder, v jsonstream.Value) bool { return b.readFiles("videos", "video", v) },
	"files":        func(b *builder, v jsonstream.Value) bool { return b.readFiles("files", "file", v) },
	"gifs":         func(b *builder, v jsonstream.Value) bool { return b.readFiles("gifs", "gif", v) },
	"audio_files":  func(b *builder, v jsonstream.Value) bool { return b.readFiles("audio_files", "audio", v) },
	"sticker": func(b *builder, v jsonstream.Value) bool {
		return v.Kind() == '{' && b.readFile("sticker", "sticker", v)
	},
	"share":         (*builder).readShare,
	"reactions":     (*builder).readReactions,
	"users":         (*builder).readUsers,
	"call_duration": (*builder).readDuration,
	"missed": func(b *builder, v jsonstream.Value) bool {
		missed, ok := flag(v)
		if missed {
			b.calls().Missed = true
		}
		return ok
	},
	"is_unsent":     func(b *builder, v jsonstream.Value) (ok bool) { b.unsent, ok = flag(v); return ok },
	"is_taken_down": func(b *builder, v jsonstream.Value) bool { return b.readFlag("is_taken_down", v) },
	"is_unsent_image_by_messenger_kid_parent": func(b *builder, v jsonstream.Value) bool {
		return b.readFlag("is_unsent_image_by_messenger_kid_parent", v)
	},
	"is_geoblocked_for_viewer": func(b *builder, v jsonstream.Value) bool { return b.readFlag("is_geoblocked_for_viewer", v) },
	"bumped_message_metadata": func(b *builder, v jsonstream.Value) bool {
		bumped, ok := flag(v.Get("is_bumped"))
		return ok && !bumped // one that was is worth keeping
	},
})

// flag is a yes or no.
func flag(v jsonstream.Value) (yes, ok bool) {
	return v.Kind() == 't', v.Kind() == 't' || v.Kind() == 'f'
}

// fillDownload makes a message of a record of a download.
func fillDownload(b *builder, e *entry) {
	if !b.object(e.raw, downloadFields) {
		b.m = chat.Message{Conversation: b.m.Conversation, Source: b.m.Source}
		b.unparsed(string(e.raw))
		return
	}
	b.classify()
	b.name()
}

// readSender reads who sent it, a name that is met again and again.
func (b *builder) readSender(v jsonstream.Value) (ok bool) {
	if b.sender, ok = b.senders[string(v)]; ok {
		return true
	}
	if b.sender, ok = text(v); ok {
		if len(b.senders) == maxSenders {
			clear(b.senders)
		}
		b.senders[string(v)] = b.sender
	}
	return ok
}

const maxSenders = 1000

// readTime sets the time. The record was sorted by the same number.
func (b *builder) readTime(v jsonstream.Value) bool {
	ms, ok := millis(v)
	if ok {
		b.m.Time, b.m.Precision, b.m.ZoneSource = time.UnixMilli(ms).UTC(), chat.Millisecond, chat.FromExport
	}
	return ok
}

// plainTypes say nothing that the other keys do not.
var plainTypes = map[string]bool{"Generic": true, "Share": true, "text": true, "media": true, "link": true}

// readType reads what kind of message it is, which downloads since 2023 leave
// out.
func (b *builder) readType(v jsonstream.Value) bool {
	word, ok := v.Text()
	if !ok || plainTypes[word] {
		return ok
	}
	if b.word = word; word == "Call" {
		b.calls()
	}
	switch word {
	case "Call", "Subscribe", "Unsubscribe", "Payment":
	default:
		b.extra("type", mend(word))
	}
	return true
}

func (b *builder) calls() *chat.Call {
	if b.call == nil {
		b.call = &chat.Call{}
	}
	return b.call
}

// maxCall is how long a call may be, in seconds: what is longer is no duration.
const maxCall = 366 * 24 * 3600

func (b *builder) readDuration(v jsonstream.Value) bool {
	n, ok := v.Int()
	if !ok || n < 0 || n > maxCall {
		return false
	}
	b.calls().Duration = time.Duration(n) * time.Second
	return true
}

func (b *builder) readFlag(key string, v jsonstream.Value) bool {
	yes, ok := flag(v)
	if yes {
		b.extra(key, "true")
	}
	return ok
}

func (b *builder) readUsers(v jsonstream.Value) bool {
	for u := range v.Elements() {
		name, ok := text(u.Get("name"))
		if !ok {
			name, ok = text(u)
		}
		if ok {
			b.users = append(b.users, name)
		} else {
			b.unknown("users", u)
		}
	}
	return v.Kind() == '['
}

// readFiles reads the attachments of one kind.
func (b *builder) readFiles(key, role string, v jsonstream.Value) bool {
	if v.Kind() != '[' {
		return false
	}
	i := 0
	for f := range v.Elements() {
		at := key + "[" + strconv.Itoa(i) + "]"
		if i++; f.Kind() != '{' || !b.readFile(at, role, f) {
			b.unknown(at, f)
		}
	}
	return true
}

// readFile reads one attachment. Its time says something new only if it is not
// the message's.
func (b *builder) readFile(key, role string, v jsonstream.Value) bool {
	uri, ok := text(v.Get("uri"))
	if !ok {
		return false
	}
	if role == "audio" && (b.s.app.VoiceNotes || strings.HasPrefix(baseName(uri), "audioclip")) {
		role = "voice"
	}
	b.attach(role, uri, key)
	for k, value := range v.Members() {
		switch name := string(k); name {
		case "uri":
		case "creation_timestamp":
			if n, ok := value.Int(); !ok || n != 0 && n != b.entry.rank/1000 {
				b.unknown(key+"."+name, value)
			}
		case "thumbnail":
			if !b.readFile(key+".thumbnail", "thumbnail", value) {
				b.unknown(key+"."+name, value)
			}
		case "ai_stickers":
			if value.Compact() != "[]" {
				b.unknown(key+"."+name, value)
			}
		default:
			b.unknown(key+"."+mend(name), value)
		}
	}
	return true
}

// readShare reads what was shared. Instagram shares a GIF as a link to it.
func (b *builder) readShare(v jsonstream.Value) bool {
	if v.Kind() != '{' {
		return false
	}
	for k, value := range v.Members() {
		s, ok := text(value)
		switch name := string(k); {
		case name == "link" && ok && b.link == "":
			if address, _, _ := strings.Cut(s, "?"); strings.HasSuffix(strings.ToLower(address), ".gif") {
				b.attach("gif", s, "share.link")
			} else {
				b.link = s
			}
		case name == "share_text" && ok && b.quote == "":
			b.quote = s
		default:
			b.unknown("share."+mend(name), value)
		}
	}
	return true
}

func (b *builder) readReactions(v jsonstream.Value) bool {
	if v.Kind() != '[' {
		return false
	}
	for r := range v.Elements() {
		emoji, ok := text(r.Get("reaction"))
		if !ok {
			b.unknown("reactions", r)
			continue
		}
		actor, _ := text(r.Get("actor"))
		at, timed := r.Get("timestamp").Int()
		timed = timed && at >= 0 && at <= latest/1000
		if !timed {
			at = 0
		}
		b.react(emoji, actor, at)
		for k, value := range r.Members() {
			switch name := string(k); {
			case name == "reaction", name == "actor" && value.Kind() == '"', name == "timestamp" && timed:
			default:
				b.unknown("reactions."+mend(name), value)
			}
		}
	}
	return true
}

// tieDownload tells records of one time apart by what does not change between
// two downloads: who, what, and which files.
func tieDownload(e *entry) string {
	if e.bad {
		return string(e.raw) + "\x00"
	}
	v := jsonstream.Value(e.raw)
	parts := []string{plain(v.Get("sender_name")), plain(v.Get("content")), plain(v.Get("type")), plain(v.Get("share").Get("link"))}
	for _, key := range []string{"photos", "videos", "audio_files", "files", "gifs"} {
		for f := range v.Get(key).Elements() {
			parts = append(parts, baseName(plain(f.Get("uri"))))
		}
	}
	return strings.Join(append(parts, baseName(plain(v.Get("sticker").Get("uri")))), "\x00")
}
