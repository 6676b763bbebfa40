package meta

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// message is one of a test, with a time of its own.
func message(keys object) object {
	m := object{"sender_name": "Anna", "timestamp_ms": 1700000000000}
	maps.Copy(m, keys)
	return m
}

// TestKinds makes of each kind of message what it is.
func TestKinds(t *testing.T) {
	file := []any{object{"uri": "messages/inbox/anna_1/photos/1.jpg", "creation_timestamp": 1700000000}}
	for name, c := range map[string]struct {
		m    object
		want string // kind, text and what else there is
	}{
		"text":            {object{"content": "hi"}, "text hi"},
		"generic":         {object{"content": "hi", "type": "Generic"}, "text hi"},
		"shell":           {object{}, "other "},
		"empty":           {object{"content": ""}, "other "},
		"photo":           {object{"photos": file}, "media  image:missing"},
		"caption":         {object{"photos": file, "content": "look"}, "media look image:missing"},
		"voice":           {object{"audio_files": []any{object{"uri": "a/audioclip-1.mp4"}}}, "media  voice:missing"},
		"audio":           {object{"audio_files": []any{object{"uri": "a/song.mp3"}}}, "media  audio:missing"},
		"sticker":         {object{"sticker": object{"uri": "messages/stickers_used/1.png"}}, "sticker  sticker:missing"},
		"unsent":          {object{"is_unsent": true}, "other  deleted"},
		"unsent text":     {object{"is_unsent": true, "content": "oops"}, "text oops deleted"},
		"call":            {object{"type": "Call", "call_duration": 192}, "call  3m12s answered"},
		"call by length":  {object{"call_duration": 5, "content": "Anna called you."}, "call Anna called you. 5s answered"},
		"missed":          {object{"type": "Call", "call_duration": 0, "missed": true}, "call  missed"},
		"missed, new":     {object{"content": "Anna missed your call."}, "call Anna missed your call. missed"},
		"video call":      {object{"content": "Anna started a video chat.", "call_duration": 0}, "call Anna started a video chat. video"},
		"not missed":      {object{"content": "hi", "missed": false}, "text hi"},
		"added":           {object{"type": "Subscribe", "content": "Anna added Cy to the group.", "users": []any{object{"name": "Cy"}}}, "event Anna added Cy to the group. added by Anna of Cy"},
		"added, new":      {object{"content": "Anna added Cy to the group.", "users": []any{object{"name": "Cy"}}}, "event Anna added Cy to the group. added by Anna of Cy"},
		"users, no words": {object{"content": "Anna vše změnila.", "users": []any{object{"name": "Cy"}}}, "event Anna vše změnila. unknown by Anna of Cy"},
		"left":            {object{"type": "Unsubscribe", "content": "x", "users": []any{object{"name": "Anna"}}}, "event x left by Anna"},
		"left, nobody":    {object{"type": "Unsubscribe", "content": "x"}, "event x left by Anna"},
		"removed":         {object{"type": "Unsubscribe", "users": []any{object{"name": "Cy"}}}, "event  removed by Anna of Cy"},
		"removed, new":    {object{"content": "Anna removed Cy from the group.", "users": []any{object{"name": "Cy"}}}, "event Anna removed Cy from the group. removed by Anna of Cy"},
		"payment":         {object{"type": "Payment", "content": "You sent $5"}, "payment You sent $5"},
		"plan":            {object{"type": "Plan", "content": "a plan"}, "event a plan unknown by Anna type=Plan"},
		"unknown type":    {object{"type": "Hologram", "content": "new"}, "other new type=Hologram"},
		"poll":            {object{"content": "Anna created a poll: Where?"}, "poll Anna created a poll: Where? question Where?"},
		"vote":            {object{"content": "Anna voted for \"x\" in the poll: Where?"}, "event Anna voted for \"x\" in the poll: Where? unknown by Anna"},
		"subject":         {object{"content": "Anna named the group Lake."}, "event Anna named the group Lake. subject by Anna"},
		"typed":           {object{"content": "Cy named the group Lake."}, "text Cy named the group Lake."},
		"liked":           {object{"content": "Liked a message"}, "other Liked a message pseudo=reaction"},
		"reacted":         {object{"content": "Reacted 😡 to your message "}, "other Reacted 😡 to your message  pseudo=reaction"},
		"attachment":      {object{"content": "Anna sent an attachment."}, "other Anna sent an attachment."},
		"notice unsent":   {object{"content": "Anna unsent a message"}, "other Anna unsent a message deleted"},
		"share":           {object{"type": "Share", "share": object{"link": "https://example.org/a"}}, "text https://example.org/a link 0-21 https://example.org/a"},
		"share and text":  {object{"content": "see https://example.org/a!", "share": object{"link": "https://example.org/a", "share_text": "A"}}, "text see https://example.org/a! link 4-25 https://example.org/a share.share_text=A"},
		"share as words":  {object{"share": object{"link": "https://example.org/a", "share_text": "A page"}}, "text A page link 0-6 https://example.org/a"},
		"share, no link":  {object{"share": object{"share_text": "A page"}}, "text A page"},
		"redundant":       {object{"content": "Anna sent an attachment.", "share": object{"link": "https://example.org/reel"}}, "text Anna sent an attachment. link 0-24 https://example.org/reel"},
		"gif by link":     {object{"share": object{"link": "https://example.org/x.gif?y"}}, "media  gif:expired share.link.uri=https://example.org/x.gif?y"},
		"old time":        {object{"photos": []any{object{"uri": "x/y.jpg", "creation_timestamp": 5}}}, "media  image:missing photos[0].creation_timestamp=5"},
		"thumbnail":       {object{"videos": []any{object{"uri": "x/y.mp4", "thumbnail": object{"uri": "x/t.jpg"}}}}, "media  video:missing thumbnail:missing"},
		"flags":           {object{"content": "x", "is_geoblocked_for_viewer": true, "is_taken_down": false}, "text x is_geoblocked_for_viewer=true"},
		"bumped":          {object{"content": "x", "bumped_message_metadata": object{"is_bumped": true}}, `text x bumped_message_metadata={"is_bumped":true}`},
		"not bumped":      {object{"content": "x", "bumped_message_metadata": object{"is_bumped": false}}, "text x"},
		"unknown keys":    {object{"content": "x", "ip": "192.0.2.1", "sender_id_INTERNAL": 7, "odd": object{"a": []any{1}}, "none": nil}, `text x ip=192.0.2.1 odd={"a":[1]} sender_id_INTERNAL=7`},
		"reactions":       {object{"content": "x", "reactions": []any{object{"reaction": "❤", "actor": "Ben"}, object{"reaction": "👍", "actor": "Cy", "timestamp": 1700000009}}}, "text x ❤ by Ben 👍 by Cy at 1700000009"},
	} {
		r := one(t, message(c.m))
		if got := describe(r, r.messages[0]); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// describe is all of a message but its id, sender, time and source.
func describe(r *reading, m *chat.Message) string {
	s := []string{string(m.Kind), m.Text}
	add := func(format string, args ...any) { s = append(s, fmt.Sprintf(format, args...)) }
	for _, a := range m.Attachments {
		add("%s:%s", a.Role, a.State)
	}
	if m.Deleted != nil {
		add("deleted")
	}
	if m.Call != nil {
		if m.Call.Duration > 0 {
			add("%v", m.Call.Duration)
		}
		if m.Call.Video {
			add("video")
		}
		if m.Call.Outcome != "" {
			add("%s", m.Call.Outcome)
		}
	}
	if m.Event != nil {
		add("%s by %s", m.Event.Code, r.name(m.Event.By))
		for _, who := range m.Event.Targets {
			add("of %s", r.name(who))
		}
	}
	if m.Poll != nil {
		add("question %s", m.Poll.Question)
	}
	for _, span := range m.Spans {
		add("%s %d-%d %s", span.Style, span.Start, span.End, span.Target)
	}
	for _, one := range m.Reactions {
		add("%s by %s", one.Emoji, r.name(one.By))
		if !one.Time.IsZero() {
			add("at %d", one.Time.Unix())
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.Extra)) {
		add("%s=%s", k, m.Extra[k])
	}
	return strings.Join(s, " ")
}

// TestWrongTypes gives every key values of every type. A message comes of each,
// and what was not understood is in it.
func TestWrongTypes(t *testing.T) {
	values := []string{`null`, `true`, `7`, `-7.5e300`, `"odd"`, `[]`, `{}`, `["odd",{"uri":7}]`, `[[["odd"]]]`, `{"uri":["odd"],"odd":1}`, `123456789012345678901234567890`, `"\ud800"`}
	var list []string
	for _, fields := range []map[string]field{downloadFields, encryptedFields} {
		for key := range fields {
			for _, v := range values {
				list = append(list, fmt.Sprintf(`{"sender_name":"Anna","senderName":"Anna","timestamp_ms":1700000000000,"timestamp":1700000000000,%q:%s}`, "x"+key, v),
					fmt.Sprintf(`{%q:%s}`, key, v), fmt.Sprintf(`{%q:%s,%q:%s}`, key, v, key, v))
			}
		}
	}
	list = append(list, values...)
	body := "[" + strings.Join(list, ",") + "]"
	r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": file(`{"participants":[{"name":"Anna"}],"messages":` + body + `}`)}, RouteJSON, chat.Options{})
	e := read(t, fstest.MapFS{"Anna_1.json": file(`{"participants":["Anna"],"threadName":"Anna_1","messages":` + body + `}`)}, RouteE2EE, chat.Options{})
	for _, r := range []*result{r, e} {
		if len(r.threads) != 1 || len(r.threads[0].errs) > 0 || len(r.threads[0].messages) != len(list) {
			t.Fatalf("%d messages of %d, %v", len(r.threads[0].messages), len(list), r.threads[0].errs)
		}
		unparsed := 0
		for _, m := range r.threads[0].messages {
			if m.Kind == chat.Unparsed {
				unparsed++
			}
		}
		if want := 10; unparsed != want { // the values that are no objects
			t.Errorf("%d unparsed, want %d", unparsed, want)
		}
		if n := len(slices.Compact(slices.Sorted(slices.Values(r.threads[0].ids())))); n != len(list) {
			t.Errorf("%d ids of %d", n, len(list))
		}
	}
}

// TestNothingVanishes finds every word of an odd message again.
func TestNothingVanishes(t *testing.T) {
	text := `{"sender_name":7001,"timestamp_ms":1700000000000,"content":{"k":"v7002"},"content":"v7003","type":["v7004"],"photos":"v7005","videos":[{"no":"v7006"},"v7007"],
		"sticker":["v7008"],"share":{"link":["v7009"],"x":"v7010"},"reactions":[{"reaction":"v7011","actor":["v7012"],"timestamp":"v7013","y":"v7014"},"v7015"],
		"call_duration":"v7016","missed":"v7017","is_unsent":"v7018","users":[{"nobody":"v7019"},"v7020"],"bumped_message_metadata":"v7021","v7022":{"v7023":["v7024"]},
		"files":[{"uri":"v7025","creation_timestamp":7026,"thumbnail":{"uri":7027,"z":7028}}]}`
	r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": file(`{"participants":[],"messages":[` + text + `]}`)}, RouteJSON, chat.Options{})
	m := r.threads[0].messages[0]
	all := fmt.Sprintf("%+v %+v", *m, m.Event)
	for _, p := range r.threads[0].chat.Participants {
		all += p.Names[0].Value
	}
	for n := 7001; n <= 7028; n++ {
		if !strings.Contains(all, fmt.Sprint(n)) {
			t.Errorf("%d is nowhere in %s", n, all)
		}
	}
}

// TestTimes reads times as they may be, and keeps those that are none.
func TestTimes(t *testing.T) {
	for _, c := range []struct {
		value, want, extra string
	}{
		{`1700000000123`, "2023-11-14T22:13:20.123Z", ""},
		{`"1700000000123"`, "2023-11-14T22:13:20.123Z", ""},
		{`0`, "1970-01-01T00:00:00Z", ""},
		{`-1000`, "1969-12-31T23:59:59Z", ""},
		{`999999999999999999`, "0001-01-01T00:00:00Z", "999999999999999999"},
		{`1.7e12`, "0001-01-01T00:00:00Z", "1.7e12"},
		{`"soon"`, "0001-01-01T00:00:00Z", "soon"},
	} {
		r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": file(`{"participants":[],"messages":[{"sender_name":"Anna","content":"x","timestamp_ms":` + c.value + `}]}`)}, RouteJSON, chat.Options{})
		m := r.threads[0].messages[0]
		if got := m.Time.Format(time.RFC3339Nano); got != c.want || m.Extra["timestamp_ms"] != c.extra || m.Kind != chat.Text {
			t.Errorf("%s: %s, %v", c.value, got, m.Extra)
		}
	}
}

// TestTooLarge tells of a message that is too large, and goes on.
func TestTooLarge(t *testing.T) {
	keys := strings.Repeat(`"k":1,`, 2000)
	text := `{"participants":[],"messages":[{"sender_name":"Anna","content":"b","timestamp_ms":2},{"content":"` + strings.Repeat("x", 17<<20) + `"},{` + keys + `"content":"many"},` +
		`{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `},{"sender_name":"Anna","content":"a","timestamp_ms":1}],"title":"T"}`
	r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": file(text)}, RouteJSON, chat.Options{})
	th := r.threads[0]
	told := fmt.Sprint(th.errs)
	if len(th.errs) != 2 || !errors.Is(th.errs[0], jsonstream.ErrTooLarge) || !strings.Contains(told, "message_1.json: messages[1]") || !strings.Contains(told, "message_1.json: messages[3]") {
		t.Errorf("errors %v", th.errs)
	}
	if len(th.messages) != 3 || th.chat.Title != "T" {
		t.Errorf("%d messages, title %q", len(th.messages), th.chat.Title)
	}
	kinds := map[chat.MessageKind]int{}
	for _, m := range th.messages {
		kinds[m.Kind]++
	}
	if kinds[chat.Text] != 2 || kinds[chat.Unparsed] != 1 {
		t.Errorf("%v", kinds)
	}
}
