package record

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"chatkeep/providers/chat"
)

// The order of keys below is the format. A new key goes where docs/messages.md
// puts it, and never changes the place of another.

func (o *object) participant(p *chat.Participant) {
	o.str("id", p.ID)
	o.list("ids", len(p.IDs), func(o *object, i int) {
		o.str("kind", p.IDs[i].Kind)
		o.str("value", p.IDs[i].Value)
	})
	o.list("names", len(p.Names), func(o *object, i int) {
		o.str("value", p.Names[i].Value)
		o.str("from", p.Names[i].From)
	})
	o.flag("self", p.Self)
}

func (o *object) conversation(c *chat.Conversation) {
	o.str("id", c.ID)
	o.str("platform", c.Platform)
	o.str("account", c.Account)
	o.str("native_id", c.NativeID)
	o.str("kind", string(c.Kind))
	o.str("title", c.Title)
	ids := make([]string, len(c.Participants))
	for i := range c.Participants {
		ids[i] = c.Participants[i].ID
	}
	o.ids("participants", ids)
	o.str("parent", c.Parent)
	o.str("route", c.Route)
	o.path("path", c.Path)
	o.list("files", len(c.Files), func(o *object, i int) { o.path("file", c.Files[i]) })
}

// units are the precisions and what they round to.
var units = map[chat.Precision]time.Duration{
	chat.Millisecond: time.Millisecond, chat.Second: time.Second, chat.Minute: time.Minute, chat.Day: 24 * time.Hour,
}

func (o *object) message(m *chat.Message) {
	o.str("id", m.ID)
	o.str("native_id", m.NativeID)
	o.str("conversation", m.Conversation)
	o.str("sender", m.Sender)
	if !m.Time.IsZero() {
		unit, ok := units[m.Precision]
		if !ok && m.Precision != "" {
			o.fail("time_precision", "unknown")
		}
		o.time("time", m.Time, unit)
		o.str("time_precision", string(m.Precision))
		o.str("time_zone_source", string(m.ZoneSource))
	}
	o.str("kind", string(m.Kind))
	o.str("text", m.Text)
	o.list("spans", len(m.Spans), func(o *object, i int) { o.span(&m.Spans[i]) })
	if r := m.ReplyTo; r != nil {
		o.sub("reply_to", func(o *object) { o.reply(r) })
	}
	o.str("thread", m.Thread)
	if f := m.Forwarded; f != nil {
		o.sub("forwarded", func(o *object) {
			o.str("from", f.From)
			o.time("time", f.Time, 0)
		})
	}
	o.list("attachments", len(m.Attachments), func(o *object, i int) { o.attachment(&m.Attachments[i]) })
	o.list("reactions", len(m.Reactions), func(o *object, i int) { o.reaction(&m.Reactions[i]) })
	o.list("edits", len(m.Edits), func(o *object, i int) {
		o.time("time", m.Edits[i].Time, 0)
		o.str("text", m.Edits[i].Text)
	})
	o.flag("edited", m.Edited)
	if d := m.Deleted; d != nil {
		o.sub("deleted", func(o *object) {
			o.str("by", d.By)
			o.time("time", d.Time, 0)
		})
	}
	o.matter(m)
	o.time("expires", m.Expires, 0)
	o.sub("source", func(o *object) {
		o.path("file", m.Source.File)
		o.str("at", m.Source.At)
	})
	o.extra(m.Extra)
}

// matter writes what a message of a special kind holds.
func (o *object) matter(m *chat.Message) {
	if c := m.Call; c != nil {
		o.sub("call", func(o *object) {
			o.flag("video", c.Video)
			o.flag("missed", c.Missed)
			o.millis("duration_ms", c.Duration)
			o.str("outcome", c.Outcome)
		})
	}
	if p := m.Poll; p != nil {
		o.sub("poll", func(o *object) {
			o.str("question", p.Question)
			o.list("options", len(p.Options), func(o *object, i int) {
				o.str("text", p.Options[i].Text)
				o.num("votes", int64(p.Options[i].Votes))
				o.ids("by", p.Options[i].By)
			})
		})
	}
	if l := m.Location; l != nil {
		o.sub("location", func(o *object) {
			o.str("latitude", l.Latitude)
			o.str("longitude", l.Longitude)
			o.str("name", l.Name)
			o.str("address", l.Address)
			o.str("url", l.URL)
			o.flag("live", l.Live)
		})
	}
	if e := m.Event; e != nil {
		o.sub("event", func(o *object) {
			o.str("code", e.Code)
			o.str("by", e.By)
			o.ids("targets", e.Targets)
		})
	}
}

func (o *object) span(s *chat.Span) {
	o.always("start", int64(s.Start))
	o.always("end", int64(s.End))
	o.str("style", s.Style)
	o.str("target", s.Target)
}

func (o *object) reply(r *chat.Reply) {
	o.str("id", r.ID)
	o.str("native_id", r.NativeID)
	o.flag("found", r.Found)
	o.str("quote", r.Quote)
}

func (o *object) reaction(r *chat.Reaction) {
	o.str("emoji", r.Emoji)
	o.str("by", r.By)
	o.time("time", r.Time, 0)
	o.num("count", int64(r.Count))
}

func (o *object) attachment(a *chat.Attachment) {
	o.str("role", a.Role)
	o.str("name", a.Name)
	o.str("mime", a.MIME)
	if a.State == chat.Stored {
		o.always("size", a.Size)
	} else {
		o.num("size", a.Size)
	}
	o.path("file", a.File)
	o.str("state", string(a.State))
	o.str("why", a.Why)
	o.num("width", int64(a.Width))
	o.num("height", int64(a.Height))
	o.millis("duration_ms", a.Duration)
	o.str("caption", a.Caption)
}

// extra writes the fields that the model has no place for, by name. Their names
// come from the export, so what is no UTF-8 goes into an object of its own.
func (o *object) extra(m map[string]string) {
	if len(m) == 0 {
		return
	}
	keys := slices.Sorted(maps.Keys(m))
	raw := 0
	o.key("extra")
	o.b = append(o.b, '{')
	for i, k := range keys {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		if !utf8.ValidString(k) {
			o.fail("extra", "a name is not UTF-8")
		}
		if !utf8.ValidString(m[k]) {
			raw++
		}
		o.b = appendString(o.b, readable(k))
		o.b = append(o.b, ':')
		o.b = appendString(o.b, readable(m[k]))
	}
	o.b = append(o.b, '}')
	if raw > 0 {
		o.extraRaw(keys, m)
	}
}

// extraRaw writes the values of extra that are no UTF-8, in base64.
func (o *object) extraRaw(keys []string, m map[string]string) {
	o.key("extra_b64")
	o.b = append(o.b, '{')
	first := true
	for _, k := range keys {
		if utf8.ValidString(m[k]) {
			continue
		}
		if !first {
			o.b = append(o.b, ',')
		}
		first = false
		o.b = appendString(o.b, readable(k))
		o.b = append(o.b, ':')
		o.b = appendString(o.b, encode64(m[k]))
	}
	o.b = append(o.b, '}')
}

func (o *object) coverage(c *chat.Coverage) {
	o.str("conversation", c.Conversation)
	o.time("from", c.From, 0)
	o.time("to", c.To, 0)
	o.always("messages", int64(c.Messages))
	o.num("media_stored", int64(c.MediaStored))
	o.num("media_missing", int64(c.MediaMissing))
	o.flag("complete", c.Complete)
	o.str("why_incomplete", c.WhyIncomplete)
}
