package android

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
)

// The chats of testdata/exports/android-phone.
const (
	mara  = "491700000002@s.whatsapp.net"
	ridge = "491700000001-1580000000@g.us"
	shop  = "491700000009@s.whatsapp.net"
)

// at is a time of that export.
func at(clock string) time.Time {
	t, err := time.Parse(time.DateTime, clock)
	if err != nil {
		panic(err)
	}
	return t
}

// brief is the kind and text of a message.
func brief(m *chat.Message) string {
	if m == nil {
		return "nothing"
	}
	return string(m.Kind) + ": " + m.Text
}

// TestTexts tells every message of the export by kind and text.
func TestTexts(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	for native, want := range map[string]map[string]string{
		mara: {
			"1/M10": "event: ", "0/M11": "text: are you coming up on Sunday?", "1/M12": "text: yes, with *two* ropes",
			"0/M13": "media: the ridge this morning", "0/M14": "media: gone from the phone", "1/M15": "media: ", "0/M16": "media: ", "0/M17": "media: what to carry",
			"0/M18": "sticker: ", "0/M19": "media: ", "0/M20": "media: ", "0/M21": "media: ", "1/M22": "location: ", "0/M23": "location: follow me",
			"0/M24": "contact: Hut Keeper", "0/M25": "contact: Una\nBex", "0/M26": "text: see https://tides.example/today for the water",
			"1/M27": "text: at seven, not at six", "0/M28": "other: ", "0/M29": "text: this goes in a week", "0/M30": "text: this was kept", "1/M31": "event: ",
			"call/0/C1/1": "call: ", "call/1/C2/1": "call: ", "call/1/C3/1": "call: ", "0/M33": "text: and from here on I am hidden", "0/M35": "other: ",
			"1/M36": "event: ", "0/M37": "media: ", "0/M38": "other: a message out of the future",
		},
		ridge: {
			"1/G100": "event: Walkers", "1/G101": "event: ", "1/G102": "event: Ridge walkers", "1/G103": "event: ", "1/G104": "event: ", "1/G105": "event: ", "1/G106": "event: ",
			"1/G107": "event: We walk the ridge, whatever the weather", "1/G108": "event: ", "1/G109": "event: ", "1/G123": "event: ", "call/0/C4/1": "call: ",
			"0/G110": "text: ask @491700000003 or @880000000000004, not @4917000000031", "0/G111": "media: the hut, both sides", "1/G114": "poll: Which way up?",
			"0/G115": "text: the back looks better", "0/G116": "other: ", "0/SAME": "text: one", "0/SAME/" + mara: "text: two", "0/G119": "text: Night walkers",
			"1/G120": "other: Spring walk\nMeet at the lower hut", "0/G121": "text: sent before the last one, shown after", "0/G122": "text: shown before",
		},
		"status@broadcast":              {"0/S200": "text: above the clouds"},
		"120363000000000022@newsletter": {"0/N210": "text: Spring tide on Friday"},
		"1580000023@broadcast":          {"1/L230": "text: the upper hut is shut"},
		"491700000001@s.whatsapp.net":   {"1/O240": "text: buy chalk"},
		"none":                          {"0/X250": "text: my chat is gone"},
		shop: {
			"0/B220": "text: Your rope is ready.\nHut & Rope", "1/B221": "other: One rope, sixty metres\nblue, if there is one", "0/B222": "other: Chalk\nA whole block",
			"1/B223": "payment: €133.50", "0/B224": "text: Thank you\nCome again when the snow is gone", "1/B225": "event: ", "0/B226": "text: seen in your channel",
		},
	} {
		got := r.byID(native)
		for id, text := range want {
			if say := brief(got[id]); say != text {
				t.Errorf("%s, %s: %q, not %q", native, id, say, text)
			}
			delete(got, id)
		}
		for id := range got {
			t.Errorf("%s: %s is not known", native, id)
		}
		delete(r.messages, native)
	}
	if len(r.messages) > 0 {
		t.Errorf("%d more conversations", len(r.messages))
	}
}

// TestEvents tells the code of every event, and of whom it is.
func TestEvents(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	for native, want := range map[string]map[string]string{
		mara: {"1/M10": "encryption", "1/M31": "disappearing", "1/M36": "blocked"},
		shop: {"1/B225": "business"},
		ridge: {
			"1/G100": "created by Jonas", "1/G101": "added by Jonas: Ben", "1/G102": "subject by Jonas", "1/G103": "icon by Okto", "1/G104": "left by Hut & Rope: Hut & Rope",
			"1/G105": "removed by Jonas: Hut & Rope", "1/G106": "admin", "1/G107": "description by Jonas", "1/G108": "number-changed by +491700000005: Jonas",
			"1/G109": "unknown by Mara Lindqvist", "1/G123": "pinned by Jonas",
		},
	} {
		c := r.chat(native)
		name := func(id string) string {
			for _, p := range c.Participants {
				if p.ID == id && len(p.Names) > 0 {
					return p.Names[0].Value
				} else if p.ID == id {
					return p.IDs[0].Value
				}
			}
			return "nobody"
		}
		for _, m := range r.messages[native] {
			if m.Event == nil {
				continue
			}
			got := m.Event.Code
			if m.Event.By != "" {
				got += " by " + name(m.Event.By)
			}
			for i, id := range m.Event.Targets {
				got += []string{": ", ", "}[min(i, 1)] + name(id)
			}
			if got != want[m.NativeID] || m.Sender != "" || m.Extra["action_type"] == "" && m.NativeID != "1/M31" {
				t.Errorf("%s: %q, not %q; %v", m.NativeID, got, want[m.NativeID], m.Extra)
			}
			delete(want, m.NativeID)
		}
		if len(want) > 0 {
			t.Errorf("%s: not there: %v", native, want)
		}
	}
	if got := r.byID(ridge)["1/G109"].Extra["action_type"]; got != "194" {
		t.Errorf("action %s", got)
	}
}

// TestPeople knows everybody once, by number where that is known, with every address
// and name.
func TestPeople(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	for _, want := range []struct {
		address string
		ids     string
		names   string
		self    bool
	}{
		{mara, "phone +491700000002, whatsapp " + mara + ", whatsapp 770000000000012@lid", "contact Mara Lindqvist, profile mara, profile mara l.", false},
		{"880000000000004@lid", "whatsapp 880000000000004@lid, username okto.walks", "profile Okto", false},
		{"491700000003@s.whatsapp.net", "phone +491700000003, whatsapp 491700000003@s.whatsapp.net", "profile Jonas", false},
		{shop, "phone +491700000009, whatsapp " + shop, "profile Hut & Rope, profile hut shop", false},
		{"491700000001@s.whatsapp.net", "phone +491700000001, whatsapp 491700000001@s.whatsapp.net", "profile Ben", true},
	} {
		p := participant(r.chat(ridge), want.address)
		if p == nil {
			t.Errorf("%s is not in the group", want.address)
			continue
		}
		var ids, names []string
		for _, id := range p.IDs {
			ids = append(ids, id.Kind+" "+id.Value)
		}
		for _, n := range p.Names {
			names = append(names, n.From+" "+n.Value)
		}
		if strings.Join(ids, ", ") != want.ids || strings.Join(names, ", ") != want.names || p.Self != want.self {
			t.Errorf("%s: %v, %v, %v", want.address, ids, names, p.Self)
		}
	}
	// One conversation of two rows, and its people are those of the group.
	direct := r.chat(mara)
	if got, want := participant(direct, mara), participant(r.chat(ridge), mara); got == nil || got.ID != want.ID {
		t.Errorf("%+v and %+v", got, want)
	}
	if r.chat("770000000000012@lid") != nil {
		t.Error("the hidden address has a conversation of its own")
	}
	for native, want := range map[string]struct {
		kind  chat.ConversationKind
		title string
	}{
		mara: {chat.Direct, "Mara Lindqvist"}, ridge: {chat.Group, "Ridge walkers"}, shop: {chat.Direct, "Hut & Rope"}, "status@broadcast": {chat.Broadcast, "Status"},
		"120363000000000022@newsletter": {chat.Channel, "Tide tables"}, "1580000023@broadcast": {chat.Broadcast, "Hut keepers"}, "491700000001@s.whatsapp.net": {chat.Self, "Ben"},
		"none": {chat.OtherChat, "Messages without a chat"},
	} {
		if c := r.chat(native); c == nil || c.Kind != want.kind || c.Title != want.title || c.Account != "491700000001@s.whatsapp.net" {
			t.Errorf("%s: %+v", native, c)
		}
	}
}

// TestReplies finds what is answered: a message, one that was edited since, an item
// of an album, and one that is gone.
func TestReplies(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	for _, c := range []struct{ chat, id, native, in, quote string }{
		{mara, "1/M12", "0/M11", "0/M11", "are you coming up on Sunday?"},
		{mara, "0/M30", "1/M27", "1/M27", "at six"},
		{mara, "0/M33", "0/GONE", "", "what is no longer there"},
		{ridge, "0/G115", "0/G113", "0/G111", ""},
	} {
		all := r.byID(c.chat)
		reply := all[c.id].ReplyTo
		if reply == nil || reply.NativeID != c.native || reply.Quote != c.quote || reply.Found != (c.in != "") || c.in != "" && reply.ID != all[c.in].ID {
			t.Errorf("%s: %+v", c.id, reply)
		}
	}
}

// TestChanges has what happened to messages after they were sent.
func TestChanges(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	direct, group := r.byID(mara), r.byID(ridge)
	her := participant(r.chat(mara), mara).ID
	if m := direct["1/M27"]; !m.Edited || len(m.Edits) != 1 || !m.Edits[0].Time.Equal(at("2026-03-01 09:17:30")) || m.Edits[0].Text != m.Text {
		t.Errorf("edited: %+v", m)
	}
	if d := direct["0/M28"].Deleted; d == nil || d.By != her || !d.Time.Equal(at("2026-03-01 09:18:20")) {
		t.Errorf("taken back: %+v", d)
	}
	if d := group["0/G116"].Deleted; d == nil || d.By != her || d.By == group["0/G116"].Sender {
		t.Errorf("taken back by an admin: %+v", d)
	}
	if m := direct["0/M29"]; !m.Expires.Equal(at("2026-03-08 09:19:00")) || !direct["0/M30"].Expires.IsZero() {
		t.Errorf("expires at %v, and what is kept at %v", m.Expires, direct["0/M30"].Expires)
	}
	reactions := func(m *chat.Message) (s string) {
		for _, x := range m.Reactions {
			s += x.Emoji
			if x.By == her {
				s += " by her"
			}
			if x.Count > 0 {
				s += strings.Repeat("+", x.Count/10)
			}
		}
		return s
	}
	for m, want := range map[*chat.Message]string{
		group["0/G110"]: "👍🏔️", group["0/G111"]: "😮 by her", direct["1/M12"]: "❤️ by her", r.messages["120363000000000022@newsletter"][0]: "🌊++++👍",
	} {
		if got := reactions(m); got != want {
			t.Errorf("%s: %q, not %q", m.NativeID, got, want)
		}
	}
	poll := group["1/G114"].Poll
	me, okto := participant(r.chat(ridge), "491700000001@s.whatsapp.net").ID, participant(r.chat(ridge), "880000000000004@lid").ID
	if poll == nil || poll.Question != "Which way up?" || len(poll.Options) != 3 || poll.Options[0].Votes != 2 || strings.Join(poll.Options[0].By, " ") != her+" "+me ||
		poll.Options[1].Votes != 0 || strings.Join(poll.Options[2].By, " ") != okto {
		t.Errorf("poll: %+v", poll)
	}
	if f := direct["0/M14"].Forwarded; f == nil || direct["0/M14"].Extra["forward_score"] != "5" {
		t.Errorf("forwarded: %+v", f)
	}
	if f := r.byID(shop)["0/B226"].Forwarded; f == nil || f.From != "Tide tables" {
		t.Errorf("forwarded from a channel: %+v", f)
	}
	if got := group["0/G115"].Extra["message_add_on"]; !strings.Contains(got, `"pin_in_chat_state":1`) {
		t.Errorf("pinned: %s", got)
	}
}

// TestMedia has every state of a file, and what is known of it.
func TestMedia(t *testing.T) {
	export := load(t, "android-phone")
	r := read(t, export, chat.Options{})
	direct, group := r.byID(mara), r.byID(ridge)
	for id, want := range map[string]chat.Attachment{
		"0/M13": {Role: "image", Name: "IMG-20260301-WA0001.jpg", MIME: "image/jpeg", Size: 24, File: "WhatsApp/Media/WhatsApp Images/IMG-20260301-WA0001.jpg", State: chat.Stored, Width: 1200, Height: 1600},
		"0/M14": {Role: "image", Name: "IMG-20260301-WA0002.jpg", MIME: "image/jpeg", Size: 9, State: chat.Missing, Why: "not in the export", Width: 800, Height: 600},
		"1/M15": {Role: "voice", Name: "PTT-20260302-WA0001.opus", MIME: "audio/ogg; codecs=opus", Size: 13, File: "WhatsApp/Media/WhatsApp Voice Notes/202610/PTT-20260302-WA0001.opus", State: chat.Stored, Duration: 7 * time.Second},
		"0/M16": {Role: "video", MIME: "video/mp4", Size: 5000000, State: chat.Missing, Why: "never downloaded to the phone", Width: 1280, Height: 720, Duration: 31 * time.Second},
		"0/M17": {Role: "file", Name: "packing list.pdf", MIME: "application/pdf", Size: 12, File: "WhatsApp/Media/WhatsApp Documents/packing list.pdf", State: chat.Stored},
		"0/M18": {Role: "sticker", Name: "STK-20260302-WA0003.webp", MIME: "image/webp", Size: 13, File: "WhatsApp/Media/WhatsApp Stickers/STK-20260302-WA0003.webp", State: chat.Stored, Width: 512, Height: 512},
		"0/M19": {Role: "gif", Name: "VID-20260302-WA0004.mp4", MIME: "video/mp4", Size: 12, File: "WhatsApp/Media/WhatsApp Video/VID-20260302-WA0004.mp4", State: chat.Stored, Width: 320, Height: 240, Duration: 2 * time.Second},
		"0/M20": {Role: "image", MIME: "image/jpeg", Size: 70000, State: chat.ViewOnce, Why: "shown once, and not kept", Width: 900, Height: 1600},
		"0/M21": {Role: "voice", MIME: "audio/ogg", Size: 9000, State: chat.ViewOnce, Why: "shown once, and not kept", Duration: 4 * time.Second},
		"0/M37": {Role: "video", Name: "outside.mp4", MIME: "video/mp4", Size: 9, State: chat.Missing, Why: "not among the app's media", Width: 400, Height: 400, Duration: 6 * time.Second},
	} {
		list := direct[id].Attachments
		if len(list) != 1 || !reflect.DeepEqual(list[0], want) {
			t.Errorf("%s: %+v, not %+v", id, list, want)
		}
	}
	album := group["0/G111"].Attachments
	if len(album) != 2 || album[0].Name != "IMG-20260301-WA0005.jpg" || album[1].Name != "IMG-20260301-WA0006.jpg" || group["0/G111"].Extra["album"] != `["0/G112","0/G113"]` {
		t.Errorf("album: %+v", album)
	}
	for id, extra := range map[string]string{"1/M15": "transcription", "0/M13": "description", "0/M14": "file_hash"} {
		if direct[id].Extra[extra] == "" {
			t.Errorf("%s: no %s in %v", id, extra, direct[id].Extra)
		}
	}
	if c := r.coverage[mara]; c.MediaStored != 5 || c.MediaMissing != 5 { // M14, M16, M37, and M20 and M21, which were shown once
		t.Errorf("%+v", c)
	}
	want := []string{"WhatsApp/Media/WhatsApp Images/IMG-20260301-WA0099.jpg", "databases/wa.db", "shared_prefs/com.whatsapp_preferences_light.xml"}
	if got := r.accounts.Unused; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("unused: %q", got)
	}
}

// TestPlaces has places, calls, cards, links and mentions.
func TestPlaces(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	direct, group := r.byID(mara), r.byID(ridge)
	her, him := participant(r.chat(ridge), mara).ID, participant(r.chat(ridge), "491700000003@s.whatsapp.net").ID
	okto := participant(r.chat(ridge), "880000000000004@lid").ID
	if got := direct["1/M22"].Location; got == nil || *got != (chat.Location{Latitude: "46.5765", Longitude: "7.9855", Name: "Upper hut", Address: "Ridge path 1", URL: "https://maps.example/hut"}) {
		t.Errorf("%+v", got)
	}
	if got := direct["0/M23"]; got.Location == nil || !got.Location.Live || !strings.Contains(got.Extra["live_location"], `"last_latitude":"46.59"`) {
		t.Errorf("%+v", got)
	}
	for m, want := range map[*chat.Message]chat.Call{
		direct["call/0/C1/1"]: {Video: true, Missed: true, Outcome: "missed"},
		direct["call/1/C2/1"]: {Duration: 125 * time.Second, Outcome: "answered"},
		direct["call/1/C3/1"]: {Outcome: "declined"},
		group["call/0/C4/1"]:  {Video: true, Duration: 5 * time.Minute, Outcome: "answered"},
	} {
		if m.Call == nil || *m.Call != want {
			t.Errorf("%s: %+v", m.NativeID, m.Call)
		}
	}
	if m := group["call/0/C4/1"]; m.Sender != him || !strings.Contains(m.Extra["participants"], her) {
		t.Errorf("%+v", m)
	}
	if got := direct["0/M24"].Extra["vcard"]; !strings.Contains(got, "TEL:+41790000000") {
		t.Errorf("%q", got)
	}
	if got := direct["0/M26"]; len(got.Spans) != 1 || got.Text[got.Spans[0].Start:got.Spans[0].End] != got.Spans[0].Target || got.Spans[0].Style != "link" || !strings.Contains(got.Extra["link"], `"title":"Tides"`) {
		t.Errorf("%+v", got)
	}
	spans := group["0/G110"].Spans
	if len(spans) != 2 || spans[0] != (chat.Span{Start: 4, End: 17, Style: "mention", Target: him}) || spans[1] != (chat.Span{Start: 21, End: 37, Style: "mention", Target: okto}) {
		t.Errorf("%+v", spans)
	}
	if got := group["0/G110"].Extra["mentions"]; got != `["`+her+`"]` {
		t.Errorf("mentioned besides: %s", got)
	}
}

// TestUnknown keeps what nobody knows yet.
func TestUnknown(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	direct := r.byID(mara)
	if m := direct["0/M38"]; m.Kind != chat.Other || m.Extra["message_type"] != "777" || m.Extra["message_hologram"] != `{"depth":2.5,"label":"a shape of light"}` {
		t.Errorf("%+v", m)
	}
	if m := direct["0/M35"]; m.Kind != chat.Other || m.Extra["message_type"] != "11" {
		t.Errorf("%+v", m)
	}
	if direct["1/M12"].Extra["mood"] != "3" || direct["0/M11"].Extra["translated_text"] != "venez-vous dimanche ?" || direct["0/M11"].Extra["starred"] != "1" {
		t.Errorf("%v, %v", direct["1/M12"].Extra, direct["0/M11"].Extra)
	}
	business := r.byID(shop)
	for id, part := range map[string]string{
		"0/B220": `"extra_data":"https://shop.example"`, "1/B221": `"seller_jid_row_id":"` + shop + `"`, "0/B222": `"amount_1000":4500`, "1/B223": `"amount_with_symbol":"€133.50"`, "0/B224": "element_content",
	} {
		all := ""
		for _, v := range business[id].Extra {
			all += v
		}
		if !strings.Contains(all, part) {
			t.Errorf("%s: no %s in %v", id, part, business[id].Extra)
		}
	}
}

// TestOrder has messages as the app shows them, which is not always by time, and
// calls between them.
func TestOrder(t *testing.T) {
	r := read(t, load(t, "android-phone"), chat.Options{})
	place := map[string]int{}
	for native, list := range r.messages {
		for i, m := range list {
			place[native+" "+m.NativeID] = i
		}
	}
	for _, pair := range [][2]string{
		{ridge + " 0/G122", ridge + " 0/G121"}, {mara + " 0/M11", mara + " call/1/C3/1"}, {mara + " call/1/C3/1", mara + " 1/M12"},
		{ridge + " call/0/C4/1", ridge + " 0/G110"}, {mara + " 1/M31", mara + " call/0/C1/1"},
	} {
		if place[pair[0]] >= place[pair[1]] {
			t.Errorf("%s is not before %s", pair[0], pair[1])
		}
	}
	for id, want := range map[string]chat.Precision{"0/M11": chat.Second, "1/M12": chat.Millisecond} {
		if m := r.byID(mara)[id]; m.Precision != want || m.ZoneSource != chat.FromExport {
			t.Errorf("%s: %s", id, m.Precision)
		}
	}
}
