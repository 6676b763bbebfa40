package telegram

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
)

// account reads the made account, whose messages it returns by chat and number.
func account(t *testing.T) (*result, map[string]*chat.Message) {
	t.Helper()
	r := readFS(t, os.DirFS("testdata/exports/json-account"), chat.Options{})
	for _, err := range r.errors {
		t.Error(err)
	}
	by := map[string]*chat.Message{}
	for _, c := range r.conversations {
		for _, m := range r.messages[c.ID] {
			by[c.Title+" "+m.NativeID] = m
		}
	}
	return r, by
}

// TestAccount checks the chats of the made account.
func TestAccount(t *testing.T) {
	r, _ := account(t)
	got := ""
	for _, c := range r.conversations {
		got += fmt.Sprintf("%s|%s|%s|%s|%d|%v\n", c.Title, c.Kind, c.Account, c.NativeID, len(c.Participants), r.coverage[c.ID].Complete)
		if c.ID != chat.ConversationID(platform, "", c.NativeID, "") || !c.Participants[0].Self {
			t.Errorf("%s: id %s, participants %+v", c.Title, c.ID, c.Participants)
		}
	}
	want := `Bo Lind|direct|9001|user9002|2|true
Garden Bot|direct|9001|user9010|2|true
Garden club|group|9001|channel9200|7|true
Saved Messages|self|9001|user9001|1|true
Deleted Account|direct|9001|user9007|2|true
Weather Channel|channel|9001|channel9100|2|true
Old choir|group|9001|channel9300|1|false
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	owner := r.conversations[0].Participants[0]
	if !reflect.DeepEqual(owner.IDs, []chat.NativeID{{Kind: "telegram", Value: "user9001"}, {Kind: "phone", Value: "+45556677"}, {Kind: "username", Value: "irisfalk"}}) ||
		!reflect.DeepEqual(owner.Names, []chat.Name{{Value: "Iris Falk", From: "profile"}}) {
		t.Errorf("owner %+v", owner)
	}
	ignored := map[string]int{"account information": 1, "contacts": 3, "explanations by the app": 3, "frequent contacts": 1,
		"other data of the account": 1, "profile pictures": 2, "sessions": 1, "stories": 1}
	if !reflect.DeepEqual(r.accounts.Ignored, ignored) || len(r.accounts.Warnings) > 0 {
		t.Errorf("accounts %+v", r.accounts)
	}
	if want := []string{"profile_pictures/photo_1@05-05-2020_05-05-05.jpg", "stories/story_1@01-05-2024_08-00-00.jpg"}; !slices.Equal(r.accounts.Unused, want) {
		t.Errorf("unused %q", r.accounts.Unused)
	}
}

// marks shows the runs of a text as [style target|text].
func marks(m *chat.Message) string {
	var b strings.Builder
	at := 0
	for _, s := range m.Spans {
		fmt.Fprintf(&b, "%s[%s|%s]", m.Text[at:s.Start], strings.TrimSpace(s.Style+" "+s.Target), m.Text[s.Start:s.End])
		at = s.End
	}
	return b.String() + m.Text[at:]
}

func TestText(t *testing.T) {
	_, m := account(t)
	cyra := chat.ParticipantID(platform, "", "user9003", "")
	for id, want := range map[string]string{
		"101": "Yes, [bold|all of them]: [italic|kale], [underline|chard], [strike|leeks] and [spoiler|mushrooms 🍄]. ",
		"102": "Look at [link example.org/beds|example.org/beds] or [link https://example.org/a?b=1&c=2|this page], write to " +
			"[link mailto:seed@example.org|seed@example.org], call [link tel:+45 12 34|+45 12 34], ask [mention|@gardenbot] or [mention " + cyra +
			"|Cyra] [hashtag|#may] [cashtag|$SEED] [bot_command|/water] [bank_card|4242 4242 4242 4242]",
		"103": "[pre go|for bed := range beds {\n\twater(bed)\n}]\n[code|x := 1]\n[quote collapsed|sow thinly]\nand a bell: \a, a separator: \x1f, a line: \u2028 end " +
			"[emoji chats/chat_001/stickers/AnimatedSticker.tgs|🌱][squiggle| new]",
	} {
		if got := marks(m["Bo Lind "+id]); got != want {
			t.Errorf("message %s: %s\nwant %s", id, got, want)
		}
	}
	if x := m["Bo Lind 103"].Extra; !strings.Contains(x["text_entities"], `"squiggle","text":" new","depth":3`) || len(x) != 1 {
		t.Errorf("what a part says beyond its look is not kept: %q", x)
	}
	if len(m["Bo Lind 102"].Extra) > 0 || len(m["Bo Lind 101"].Extra) > 0 {
		t.Error("text is kept twice")
	}
}

// TestTextTwice reads texts whose two fields do not agree.
func TestTextTwice(t *testing.T) {
	for _, c := range []struct{ fields, text, extra string }{
		{`"text":"a","text_entities":[{"type":"plain","text":"a"}]`, "a", ""},
		{`"text":"a","text_entities":[{"type":"plain","text":"a"},{"type":"plain","text":""}]`, "a", ""},
		{`"text":"a","text_entities":[{"type":"bold","text":"a"}]`, "[bold|a]", ""},
		{`"text":"a","text_entities":[{"type":"bold","text":"b"}]`, "a", `text_entities=[{"type":"bold","text":"b"}]`},
		{`"text":["a",{"type":"bold","text":"b"}],"text_entities":[{"type":"plain","text":"c"}]`, "a[bold|b]", `text_entities=[{"type":"plain","text":"c"}]`},
		{`"text":["a",{"type":"bold","text":"b"}]`, "a[bold|b]", ""},
		{`"text":["a",7]`, "a", `text=["a",7]`},
		{`"text":{"type":"bold","text":"b"}`, "", `text={"type":"bold","text":"b"}`},
		{`"text":null,"text_entities":[{"type":"bold","text":"b"}]`, "[bold|b]", ""},
		{`"text_entities":[{"type":"bold","text":"b"}]`, "[bold|b]", ""},
		{`"text":"a","text_entities":"b"`, "a", "text_entities=b"},
		{`"text":"a","text":"b"`, "a", `text="b"`},
		{`"text":"a","text":""`, "a", ""},
		{`"text":"","text":[{"type":"bold","text":"b"}]`, "[bold|b]", ""},
		{"\"text\":\"a\xffb\"", "a\xffb", ""},
	} {
		m := readText(t, `{"name":"A","type":"personal_chat","id":5,"messages":[{"id":1,"type":"message","date_unixtime":"1577872800","from":"A","from_id":"user5",`+c.fields+`}]}`, chat.Options{}).all()[0]
		extra := ""
		for k, v := range m.Extra {
			extra += k + "=" + v
		}
		if got := marks(m); got != c.text || extra != c.extra {
			t.Errorf("%s: %q, extra %q", c.fields, got, extra)
		}
	}
}

func TestAttachments(t *testing.T) {
	_, m := account(t)
	for id, want := range map[string]string{
		"107": "image photo_1@01-06-2024_09-10-00.jpg image/jpeg 20 stored 1280x960",
		"109": "image  image/jpeg 70000 omitted 800x600",
		"110": "video harvest.mp4 video/mp4 9000000 too-large 1920x1080 10m0s",
		"111": "image  image/jpeg 0 missing",
		"112": "video  video/mp4 0 view-once",
		"113": "file plan.pdf application/pdf 8 stored",
		"114": "voice audio_1@01-06-2024_09-15-00.ogg audio/ogg 9 stored 7s",
		"115": "video file_1@01-06-2024_09-16-00.mp4 video/mp4 10 stored 400x400 5s, thumbnail file_1@01-06-2024_09-16-00.mp4_thumb.jpg image/jpeg 5 stored",
		"116": "sticker sticker.webp image/webp 7 stored 512x512, thumbnail sticker.webp_thumb.jpg image/jpeg 5 stored",
		"117": "gif wave.gif.mp4 video/mp4 11 stored 320x240 3s",
		"118": "audio song.mp3 audio/mpeg 12 stored 2m3s",
		"119": "file lost.txt text/plain 4 missing",
		"120": "file contact_1.vcard text/vcard 27 stored",
		"131": "   0 omitted",
	} {
		msg := m["Bo Lind "+id]
		if got := attached(msg); got != want {
			t.Errorf("message %s: %s, want %s", id, got, want)
		}
		for _, a := range msg.Attachments {
			if (a.State == chat.Stored) == (a.Why != "") {
				t.Errorf("message %s: %s because %q", id, a.State, a.Why)
			}
		}
		kind := chat.Media
		switch id {
		case "116":
			kind = chat.Sticker
		case "120":
			kind = chat.Contact
		}
		if msg.Kind != kind {
			t.Errorf("message %s: kind %s", id, msg.Kind)
		}
	}
	if got := attached(m["Garden club 3"]); got != "avatar photo_1@03-03-2019_12-01-00.jpg image/jpeg 5 stored 640x640" {
		t.Errorf("a group's picture: %s", got)
	}
}

// attached shows the attachments of a message.
func attached(m *chat.Message) string {
	var list []string
	for _, a := range m.Attachments {
		s := fmt.Sprintf("%s %s %s %d %s", a.Role, a.Name, a.MIME, a.Size, a.State)
		if a.Width > 0 {
			s += fmt.Sprintf(" %dx%d", a.Width, a.Height)
		}
		if a.Duration > 0 {
			s += " " + a.Duration.String()
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}

// TestKinds checks what is no text and no file.
func TestKinds(t *testing.T) {
	_, all := account(t)
	for id, want := range map[string]string{
		"Bo Lind 121":        `contact "Egil +47 11 22" contact_information={"first_name":"Egil","last_name":"","phone_number":"+47 11 22"}`,
		"Bo Lind 122":        `location "" at 55.6761,12.5683`,
		"Bo Lind 123":        `location "" at 55.67,12.57 live live_location_period_seconds=900`,
		"Bo Lind 124":        `location "" at 55.6,12.5 Garden gate, Mill Lane 3`,
		"Bo Lind 125":        `location "" at ,`,
		"Bo Lind 127":        `other "Saturday\n- dig\n- rest" todo_list={"title":"Saturday","others_can_append":true,"others_can_complete":false,"answers":[{"text":"dig","id":1},{"text":"rest","id":2}]}`,
		"Bo Lind 128":        `other "Snail race" game_description=Bet on one game_link=https://t.me/gardenbot?game=snail game_title=Snail race`,
		"Garden Bot 129":     `payment "Compost" invoice_information={"title":"Compost","description":"ten sacks","amount":4500,"currency":"EUR","receipt_message_id":130}`,
		"Garden Bot 130":     `payment "" re 129 action=send_payment amount=4500 currency=EUR`,
		"Bo Lind 131":        `media "" paid_stars_amount=25`,
		"Bo Lind 132":        `media "" from "Weather Channel" forwarded_from_id=channel9100 via_bot=@gardenbot`,
		"Garden Bot 133":     `text "choose" inline_bot_buttons=[[{"type":"url","text":"Site","data":"https://example.org/"},{"type":"callback","text":"Go","dataBase64":"Z28","data":""}],[{"type":"auth","text":"Log in","data":"https://example.org/auth","button_id":77}]]`,
		"Bo Lind 134":        `call "" answered 1m1s discard_reason=hangup`,
		"Bo Lind 135":        `call "" missed missed 0s discard_reason=missed`,
		"Bo Lind 136":        `call "" cancelled 0s discard_reason=missed`,
		"Bo Lind 137":        `call "" declined 0s discard_reason=busy`,
		"Bo Lind 138":        `call "" answered 30s action=conference_call is_active=false is_missed=false`,
		"Bo Lind 139":        `event "" disappearing action=set_messages_ttl period=86400`,
		"Bo Lind 140":        `event "" screenshot action=take_screenshot`,
		"Bo Lind 141":        `event "" theme action=edit_chat_theme emoticon=🌵`,
		"Bo Lind 142":        `event "for the tomatoes" gift action=send_star_gift gift_id=5 is_anonymous=false is_limited=false stars=50`,
		"Garden Bot 143":     `event "Order seeds" bot action=send_webview_data`,
		"Bo Lind 144":        `event "the garden is closed" unknown`,
		"Bo Lind 145":        `other "" unknown action=plant_tree height=3 species="elm"`,
		"Bo Lind 146":        `other "" type=unsupported`,
		"Bo Lind 147":        `other "boo" depth=7 type=hologram`,
		"Bo Lind 148":        `other ""`,
		"Bo Lind 149":        `text "see there" re 12 reply_to_peer_id=channel9100`,
		"Bo Lind 150":        `text "see above" re 3 mood="fine" weather={"sky":"blue"}`,
		"Garden club 1":      `event "Garden" migrated action=migrate_from_group`,
		"Garden club 2":      `event "Garden club" subject action=edit_group_title`,
		"Garden club 5":      `event "" added action=invite_members members=["Cyra",null]`,
		"Garden club 6":      `event "" joined action=invite_members`,
		"Garden club 7":      `event "" joined action=join_group_by_link inviter=Bo Lind`,
		"Garden club 9":      `event "" removed action=remove_members members=["Egil"]`,
		"Garden club 10":     `event "" left action=remove_members`,
		"Garden club 12":     `event "" re 11 pinned action=pin_message`,
		"Garden club 17":     `call "" answered 10m0s action=group_call`,
		"Garden club 18":     `event "" call action=group_call_scheduled schedule_date=1668340800`,
		"Garden club 20":     `event "" re 11 game action=score_in_game score=12`,
		"Garden club 21":     `event "" proximity action=proximity_reached distance=40`,
		"Garden club 24":     `other "" giveaway_information={"quantity":3,"months":6,"until_date":"2022-12-01T12:00:00","channels":[9200],"countries":[],"additional_prize":"a spade","stars":0,"is_only_new_subscribers":false}`,
		"Garden club 25":     `event "" todo action=todo_completions completed=[1] incompleted=[]`,
		"Garden club 23":     `text "from the board" author=Bo`,
		"Saved Messages 501": `text "from elsewhere" from "" saved_from=Bo Lind`,
	} {
		m := all[id]
		if m == nil {
			t.Errorf("%s: not there", id)
			continue
		}
		if got := brief(m); got != want {
			t.Errorf("%s: %s\nwant %s", id, got, want)
		}
	}
	if p := all["Bo Lind 126"].Poll; fmt.Sprintf("%+v", *p) != "{Question:What next? Options:[{Text:beans Votes:2 By:["+chat.ParticipantID(platform, "", "user9001", "")+"]} {Text:peas Votes:1 By:[]}]}" {
		t.Errorf("poll %+v", *p)
	}
	if e := all["Garden club 21"].Event; e.By != chat.ParticipantID(platform, "", "user9003", "") || len(e.Targets) != 1 || e.Targets[0] != chat.ParticipantID(platform, "", "user9002", "") {
		t.Errorf("event %+v", *e)
	}
}

// brief shows what a message is, without its runs, files and times.
func brief(m *chat.Message) string {
	s := fmt.Sprintf("%s %q", m.Kind, m.Text)
	if m.ReplyTo != nil {
		s += " re " + m.ReplyTo.NativeID
	}
	if m.Forwarded != nil {
		s += fmt.Sprintf(" from %q", m.Forwarded.From)
	}
	if l := m.Location; l != nil {
		s += " at " + l.Latitude + "," + l.Longitude
		if l.Live {
			s += " live"
		}
		if l.Name != "" {
			s += " " + l.Name + ", " + l.Address
		}
	}
	if c := m.Call; c != nil {
		if c.Missed {
			s += " missed"
		}
		s += fmt.Sprintf(" %s %s", c.Outcome, c.Duration)
	}
	if m.Event != nil {
		s += " " + m.Event.Code
	}
	keys := make([]string, 0, len(m.Extra))
	for k := range m.Extra {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		s += " " + k + "=" + m.Extra[k]
	}
	return s
}

// TestAnswers checks replies, topics, reactions and edits.
func TestAnswers(t *testing.T) {
	_, m := account(t)
	if r := m["Bo Lind 101"].ReplyTo; r == nil || !r.Found || r.ID != m["Bo Lind 100"].ID {
		t.Errorf("reply %+v", r)
	}
	if r := m["Bo Lind 149"].ReplyTo; r.Found || r.ID != chat.NativeMessageID(platform, "", "channel9100", "12") {
		t.Errorf("reply to another chat %+v", r)
	}
	if r := m["Bo Lind 150"].ReplyTo; r.Found || r.ID != chat.NativeMessageID(platform, "", "user9002", "3") {
		t.Errorf("reply to what is not there %+v", r)
	}
	if r := m["Garden club -999999980"].ReplyTo; !r.Found || r.ID != m["Garden club -999999990"].ID {
		t.Errorf("reply within the old group %+v", r)
	}
	topic := m["Garden club 13"].ID
	if m["Garden club 13"].Thread != topic || m["Garden club 14"].Thread != topic || m["Garden club 15"].Thread != topic || m["Garden club 23"].Thread != "" {
		t.Error("topics")
	}
	me, bo := chat.ParticipantID(platform, "", "user9001", ""), chat.ParticipantID(platform, "", "user9002", "")
	at := time.Date(2024, 6, 1, 8, 0, 0, 0, time.UTC)
	got := m["Bo Lind 106"].Reactions
	want := []chat.Reaction{{Emoji: "🎉", By: bo, Time: at}, {Emoji: "🎉", Count: 2}, {Emoji: "chats/chat_001/stickers/AnimatedSticker.tgs", Count: 1}, {Emoji: "⭐", Count: 50}}
	for i := range got {
		if i < len(want) && got[i].Time.Equal(want[i].Time) {
			got[i].Time = want[i].Time
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("reactions %+v", got)
	}
	if e := m["Bo Lind 104"]; !e.Edited || len(e.Edits) != 1 || !e.Edits[0].Time.Equal(time.Date(2024, 6, 1, 7, 5, 0, 0, time.UTC)) || e.Extra["edited"] != "edited or reacted" {
		t.Errorf("edit %+v", e)
	}
	if e := m["Bo Lind 105"]; e.Edited || e.Edits != nil || e.Extra["edited"] != "reacted" || e.Reactions[0].By != me {
		t.Errorf("a reaction that passes for an edit %+v", e)
	}
	if a, b := m["Bo Lind 151"], m["Bo Lind 152"]; a.ID == b.ID || a.Text != b.Text || !a.Time.Equal(b.Time) {
		t.Error("the same twice")
	}
}
