package telegram

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// pagesMade reads the made pages of one chat.
func pagesMade(t *testing.T) (*result, map[string]*chat.Message) {
	t.Helper()
	r := readFS(t, os.DirFS("testdata/exports/html-chat"), chat.Options{})
	for _, err := range r.errors {
		t.Error(err)
	}
	by := map[string]*chat.Message{}
	for _, m := range r.all() {
		by[m.NativeID] = m
	}
	return r, by
}

func TestPages(t *testing.T) {
	r, m := pagesMade(t)
	for id, want := range map[string]string{
		"40": `event "Nils Ek pinned this message" re 39 pinned`,
		"41": `text "are you there?\nit's raining <here>"`,
		"42": `text "hello"`,
		"44": `media "the view"`,
		"46": `sticker ""`,
		"52": `media "" media_status=Expired`,
		"55": `contact "Dina Moe +45 99 88"`,
		"56": `location "" at 55.6,12.5`,
		"57": `location "" at 55.6,-12.5 live`,
		"58": `location "" at 55.6,12.5 Garden gate, Mill Lane 3`,
		"59": `poll "" poll_chosen=beans poll_status=Anonymous poll poll_total=3 votes`,
		"60": `other "Saturday\n- dig\n- rest"`,
		"61": `other "Snail race" game_description=Bet on one game_link=https://t.me/gardenbot?game=snail game_title=Snail race`,
		"62": `payment "Compost" invoice_amount=€45.00 invoice_description=ten sacks invoice_title=Compost`,
		"63": `call "" answered 1m1s call_status=Incoming (61 seconds)`,
		"64": `call "" cancelled 0s call_status=Cancelled`,
		"65": `call "" missed missed 0s call_status=Missed`,
		"66": `other "Giveaway Prizes\n3 a spade"`,
		"67": `text "storm" from "Gale Weather" author=Gale via_bot=@gardenbot`,
		"68": `text "and hail" from "Gale Weather" via_bot=@gardenbot`,
		"69": `text "via a bot" reply_to=In reply to a message in another chat via_bot=@gardenbot`,
		"70": `text "on the page before" re 42`,
		"71": `text "choose" inline_bot_buttons=Site | Go via_bot=@gardenbot`,
		"72": `text "after the buttons"`,
		"73": `event "Nils Ek took a screenshot" screenshot`,
		"78": `payment "You have successfully transferred €45.00 for this invoice" re 62`,
		"79": `other "This message is not supported by this version of Telegram Desktop. Please update the application."`,
		"80": `event "Nils Ek planted a tree" unknown`,
		"81": `event "Nils Ek suggests to use this photo" icon`,
	} {
		if m[id] == nil {
			t.Errorf("message %s: not there", id)
		} else if got := brief(m[id]); got != want {
			t.Errorf("message %s: %s\nwant %s", id, got, want)
		}
	}
	c := r.conversations[0]
	nils, oda := chat.ParticipantID(platform, "", "", "Nils Ek"), chat.ParticipantID(platform, "", "", "Oda Ro")
	if c.Kind != chat.Direct || c.Title != "Nils Ek" || len(c.Participants) != 2 || c.Participants[0].Self || !c.Participants[1].Self || c.Participants[1].ID != oda {
		t.Errorf("conversation %+v", c)
	}
	if m["42"].Sender != nils || m["68"].Sender != nils || m["43"].Sender != oda || m["73"].Event.By != nils {
		t.Error("who wrote")
	}
	if at := m["41"]; at.Time.Format(time.RFC3339) != "2023-05-14T16:43:57+02:00" || at.ZoneSource != chat.FromExport || at.Precision != chat.Second {
		t.Errorf("time %v", at.Time)
	}
	if at := m["40"]; at.Time.Format(time.RFC3339) != "2023-05-13T00:00:00+02:00" || at.Precision != chat.Day {
		t.Errorf("time of a notice %v, %s", at.Time, at.Precision)
	}
	if f := m["67"].Forwarded; f.Time.Format(time.RFC3339) != "2023-05-01T08:00:00+02:00" {
		t.Errorf("forwarded %+v", f)
	}
	if re := m["70"].ReplyTo; !re.Found || re.ID != m["42"].ID {
		t.Errorf("reply %+v", re)
	}
	want := []chat.Reaction{{Emoji: "👍", By: nils}, {Emoji: "👍", Count: 2}, {Emoji: "stickers/sprout.webp", Count: 1}}
	if !reflect.DeepEqual(m["70"].Reactions, want) {
		t.Errorf("reactions %+v", m["70"].Reactions)
	}
	if p := m["59"].Poll; fmt.Sprintf("%+v", *p) != "{Question:What next? Options:[{Text:beans Votes:2 By:[]} {Text:peas Votes:1 By:[]} {Text:nothing Votes:0 By:[]}]}" {
		t.Errorf("poll %+v", p)
	}
}

func TestPageText(t *testing.T) {
	_, m := pagesMade(t)
	want := "a [bold|bold], [italic|slanted], [underline|under], [strike|struck], [code|x & y], [spoiler|secret], [link https://example.org/?a=1&b=2|a link], " +
		"[mention|@gardenbot], [hashtag|#may], [bot_command|/go], [cashtag|$EK], [mention|Nils], [link mailto:a@example.org|a@example.org], [link tel:+4511|+4511] " +
		"[emoji stickers/sprout.webp|🌱][emoji|🌵][pre|go()][quote|said once]  end"
	if got := marks(m["43"]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPageAttachments(t *testing.T) {
	_, m := pagesMade(t)
	for id, want := range map[string]string{
		"43": "sticker sprout.webp image/webp 2 stored",
		"44": "image photo_1@14-05-2023_16-46-00.jpg image/jpeg 4 stored, thumbnail photo_1@14-05-2023_16-46-00_thumb.jpg image/jpeg 3 stored",
		"45": "video video_1@14-05-2023_16-46-01.mp4 video/mp4 5 stored 1m5s, thumbnail video_1@14-05-2023_16-46-01.mp4_thumb.jpg image/jpeg 2 stored",
		"46": "sticker sticker.webp image/webp 6 stored, thumbnail sticker_thumb.webp image/webp 3 stored",
		"47": "gif wave.mp4 video/mp4 7 stored, thumbnail wave.mp4_thumb.jpg image/jpeg 0 missing",
		"48": "voice audio_1.ogg audio/ogg 8 stored 7s",
		"49": "image   0 omitted",
		"50": "video   0 too-large 10m0s",
		"51": "video   0 missing 5s",
		"52": "image   0 expired",
		"53": "file plan.pdf application/pdf 8 stored",
		"54": "audio The Hoes – Rake it audio/mpeg 0 missing 2m3s",
		"55": "file contact_1.vcard text/vcard 9 stored",
		"81": "avatar photo_2@14-05-2023_17-13-00.jpg image/jpeg 4 stored",
	} {
		if got := attached(m[id]); got != want {
			t.Errorf("message %s: %s, want %s", id, got, want)
		}
	}
}

// TestPageAccount checks the made account of 2019.
func TestPageAccount(t *testing.T) {
	r := readFS(t, os.DirFS("testdata/exports/html-account-2019"), chat.Options{})
	got := ""
	for _, c := range r.conversations {
		got += fmt.Sprintf("%s|%s|%s|%d|%v\n", c.Title, c.Kind, c.Path, len(r.messages[c.ID]), r.coverage[c.ID].Complete)
		for _, p := range c.Participants {
			if p.Self != (p.Names[0].Value == "Tove Holm") {
				t.Errorf("%s: %+v", c.Title, p)
			}
		}
		for _, m := range r.messages[c.ID] {
			if m.ZoneSource != chat.FromUser {
				t.Errorf("zone from %s", m.ZoneSource)
			}
		}
	}
	want := "Ann Bee|direct|chats/chat_1/messages.html|2|true\nRowers & co|group|chats/chat_2/messages.html|8|true\n" +
		"News|channel|chats/chat_3/messages.html|2|false\nSaved messages|self|chats/chat_4/messages.html|1|true\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if p := r.conversations[0].Participants[1]; fmt.Sprint(p.IDs) != "[{phone +457080} {username toveh}]" {
		t.Errorf("owner %+v", p)
	}
	if m := r.all()[1]; m.ReplyTo == nil || !m.ReplyTo.Found || attached(m) != "image photo_1.jpg image/jpeg 4 stored, thumbnail photo_1_thumb.jpg image/jpeg 2 stored" {
		t.Errorf("%+v", m)
	}
}

// TestPageAccounting counts the elements of pages that are messages or look so.
func TestPageAccounting(t *testing.T) {
	element := regexp.MustCompile(`<div class="message (service|default)`)
	for _, export := range []string{"html-chat", "html-account-2019"} {
		dir := filepath.Join("testdata/exports", export)
		want := 0
		paths, _ := filepath.Glob(filepath.Join(dir, "messages*.html"))
		more, _ := filepath.Glob(filepath.Join(dir, "chats/*/messages*.html"))
		for _, p := range append(paths, more...) {
			text, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			want += len(element.FindAll(text, -1))
		}
		r := readFS(t, os.DirFS(dir), chat.Options{})
		got := len(r.all()) + r.accounts.Ignored["lines that begin a day"]
		if got != want || len(r.accounts.Ignored)-r.accounts.Ignored["account information"] != 1 || want < 10 {
			t.Errorf("%s: %d of %d elements, ignored %v", export, got, want, r.accounts.Ignored)
		}
	}
}

// pagesOf is an export of pages with these texts.
func pagesOf(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, text := range texts {
		name := "messages.html"
		if i > 0 {
			name = fmt.Sprintf("messages%d.html", i+1)
		}
		if text != "" {
			files[name] = file(text)
		}
	}
	return files
}

// onePage is a page with messages in it.
func onePage(messages string) string {
	return `<!DOCTYPE html><html><head><meta charset="utf-8"/><title>Exported Data</title></head><body onload="CheckLocation();"><div class="page_wrap">` +
		`<div class="page_header"><div class="content"><div class="text bold">
Ann 
</div></div></div><div class="page_body chat_page"><div class="history">` + messages + `</div></div></div></body></html>`
}

// oneMessage is a message of a page.
func oneMessage(id, title, from, rest string) string {
	joined := ""
	if from == "" {
		joined = " joined"
	} else {
		from = `<div class="from_name">` + from + ` </div>`
	}
	return `<div class="message default clearfix` + joined + `" id="message` + id + `"><div class="body"><div class="pull_right date details" title="` + title + `">x</div>` + from + rest + `</div></div>`
}

// TestPageZones reads times with the standard offset of a zone in summer.
func TestPageZones(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tehran := time.FixedZone("", 12600)
	for _, c := range []struct {
		title  string
		zone   *time.Location
		want   string
		source chat.ZoneSource
		warned bool
	}{
		{"14.07.2023 12:00:00 UTC+01:00", nil, "2023-07-14T12:00:00+01:00", chat.FromExport, true},
		{"14.07.2023 12:00:00 UTC+01:00", berlin, "2023-07-14T12:00:00+02:00", chat.FromUser, false},
		{"14.07.2023 12:00:00 UTC+03:30", berlin, "2023-07-14T12:00:00+03:30", chat.FromExport, true},
		{"14.07.2023 12:00:00 UTC+03:30", tehran, "2023-07-14T12:00:00+03:30", chat.FromUser, false},
		{"14.07.2023 12:00:00 UTC-05:00", nil, "2023-07-14T12:00:00-05:00", chat.FromExport, true},
		{"14.07.2023 12:00:00 UTC", nil, "2023-07-14T12:00:00Z", chat.FromExport, false},
		{"14.07.2023 12:00:00", berlin, "2023-07-14T12:00:00+02:00", chat.FromUser, false},
	} {
		s, err := Provider.Open(pagesOf(onePage(oneMessage("1", c.title, "Ann", ""))), chat.Match{Route: routeHTML, Path: "messages.html"}, chat.Options{Zone: c.zone})
		if err != nil {
			t.Fatal(err)
		}
		for conv := range s.Conversations(t.Context()) {
			for m, err := range s.Messages(t.Context(), conv) {
				if err != nil || m.Time.Format(time.RFC3339) != c.want || m.ZoneSource != c.source {
					t.Errorf("%s in %v: %v from %s, %v", c.title, c.zone, m.Time, m.ZoneSource, err)
				}
			}
		}
		warned := slices.ContainsFunc(s.Accounts().Warnings, func(w string) bool { return strings.Contains(w, "summer") })
		if warned != c.warned {
			t.Errorf("%s in %v: %q", c.title, c.zone, s.Accounts().Warnings)
		}
	}
}

// TestPagesMissing reads what is there of pages that are not all there.
func TestPagesMissing(t *testing.T) {
	page := func(id string) string { return onePage(oneMessage(id, "14.07.2023 12:00:00", "Ann", "")) }
	r := readFS(t, pagesOf(page("1"), "", page("3")), chat.Options{})
	cover := r.coverage[r.conversations[0].ID]
	if len(r.all()) != 2 || cover.Complete || cover.WhyIncomplete != "messages2.html is missing" || len(r.errors) > 0 {
		t.Errorf("%d messages, %+v, %v", len(r.all()), cover, r.errors)
	}
	cut := page("2")
	r = readFS(t, pagesOf(page("1"), cut[:len(cut)-20], page("3")), chat.Options{})
	if len(r.all()) != 3 || len(r.errors) != 1 || !errors.Is(r.errors[0], io.ErrUnexpectedEOF) || r.coverage[r.conversations[0].ID].Complete {
		t.Errorf("%d messages, %v", len(r.all()), r.errors)
	}
	var hint interface{ Hint() string }
	r = readFS(t, fstest.MapFS{"messages.html": file(`<html><head><title>Exported Data</title></head><body><div class="container page_wrap">ID: 5<br>Date: 24.06.2018 10:00:00<br>Text: hi<br></div></body></html>`)}, chat.Options{})
	if len(r.errors) != 1 || !errors.As(r.errors[0], &hint) || !strings.Contains(hint.Hint(), "newer") {
		t.Errorf("pages of June 2018: %v", r.errors)
	}
	r = readFS(t, pagesOf(onePage(`<div class="message service" id="message-1"><div class="body details">No exported messages</div></div>`)), chat.Options{})
	if len(r.errors) > 0 || len(r.conversations) != 1 {
		t.Errorf("an empty chat: %v", r.errors)
	}
}

// messageStart is where a message begins, to the end of the tag; that a day does is
// numbered below zero.
var messageStart = regexp.MustCompile(`id="message\d[^>]*>`)

// TestPagesCutOff cuts the made pages: what was whole comes out.
func TestPagesCutOff(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"messages.html", "messages2.html"} {
		text, err := os.ReadFile("testdata/exports/html-chat/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: []byte(strings.TrimRight(string(text), "\n")), Mode: 0o644}
	}
	match := chat.Match{Route: routeHTML, Path: "messages.html"}
	whole := readMatch(t, files, match, chat.Options{}).all()
	text := files["messages2.html"].Data
	first := slices.IndexFunc(whole, func(m *chat.Message) bool { return m.Source.File == "messages2.html" })
	for _, n := range places(len(text)) {
		files["messages2.html"] = &fstest.MapFile{Data: text[:n], Mode: 0o644}
		r := readMatch(t, files, match, chat.Options{})
		got := r.all()
		if len(r.errors) != 1 || !errors.Is(r.errors[0], io.ErrUnexpectedEOF) {
			if strings.Contains(string(text[:n]), "</body>") {
				continue // nothing is missing
			}
			t.Fatalf("cut at %d: %v", n, r.errors)
		}
		// Those are whole behind which another begins.
		starts := len(messageStart.FindAll(text[:n], -1))
		if len(got) < first+max(starts-1, 0) || len(got) > first+starts {
			t.Fatalf("cut at %d: %d messages of the page, %d begin in it", n, len(got)-first, starts)
		}
		for i, m := range got {
			if !reflect.DeepEqual(m, whole[i]) {
				t.Fatalf("cut at %d: %+v, want %+v", n, m, whole[i])
			}
		}
	}
}

// TestPagesHostile reads what nobody's app writes.
func TestPagesHostile(t *testing.T) {
	good := oneMessage("9", "14.07.2023 12:00:00", "Ann", `<div class="text">ok</div>`)
	for name, c := range map[string]struct {
		messages         string
		parsed, failures int
	}{
		"deep":             {oneMessage("1", "x", "Ann", strings.Repeat("<div>", 50_000)) + good, 1, 1},
		"many nodes":       {oneMessage("1", "x", "Ann", `<div class="text">`+strings.Repeat("a<br>", 20_000)+"</div>") + good, 1, 1},
		"no number":        {strings.ReplaceAll(good, "message9", "messageX") + good, 2, 0},
		"huge number":      {strings.ReplaceAll(good, "message9", "message99999999999999999999") + good, 2, 0},
		"same number":      {good + good, 2, 0},
		"nothing in it":    {`<div class="message default" id="message1"></div>` + good, 2, 0},
		"service, nothing": {`<div class="message service" id="message1"></div>` + good, 2, 0},
		"joined to nobody": {oneMessage("1", "x", "", `<div class="forwarded body"></div>`) + good, 2, 0},
		"link outside":     {oneMessage("1", "x", "Ann", `<div class="media_wrap"><a class="photo_wrap" href="../../../etc/passwd"><img src="/etc/passwd"/></a></div>`) + good, 2, 0},
		"unclosed":         {strings.ReplaceAll(good, "</div>", "") + strings.ReplaceAll(good, "message9", "message10"), 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := readMatch(t, pagesOf(onePage(c.messages)), chat.Match{Route: routeHTML, Path: "messages.html"}, chat.Options{})
			if len(r.all()) != c.parsed || len(r.errors) != c.failures {
				t.Errorf("%d messages, %v", len(r.all()), r.errors)
			}
			checkSound(t, r)
			for _, m := range r.all() {
				for _, a := range m.Attachments {
					if a.File != "" {
						t.Errorf("a file %q", a.File)
					}
				}
			}
		})
	}
}

func TestNotices(t *testing.T) {
	for text, want := range map[string]notice{
		"Ann created group «a»":                           {code: "created", by: "Ann"},
		"Channel «a» created":                             {code: "created"},
		"Ann Bee changed group title to «left removed x»": {code: "subject", by: "Ann Bee"},
		"Ann invited Bo and Cy to the voice chat":         {code: "call", by: "Ann"},
		"Ann invited Bo and Cy":                           {code: "added", by: "Ann"},
		"Ann removed Bo":                                  {code: "removed", by: "Ann"},
		"Ann removed group photo":                         {code: "icon", by: "Ann"},
		"Ann started voice chat (75 seconds)":             {call: true, seconds: 75, by: "Ann"},
		"Voice chat scheduled for 01.01.2022 10:00:00":    {code: "call"},
		"You refunded 5 Stars for 2 messages to Bo":       {payment: true},
		"Bo refunded 5 Stars for 2 messages to you":       {payment: true, by: "Bo"},
		"Ann joined Telegram":                             {code: "signed-up", by: "Ann"},
		"something else":                                  {},
		"":                                                {},
	} {
		if got := readNotice(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzPage(f *testing.F) {
	for _, p := range []string{"html-chat/messages.html", "html-chat/messages2.html", "html-account-2019/chats/chat_2/messages.html"} {
		text, err := os.ReadFile("testdata/exports/" + p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		files := fstest.MapFS{"messages.html": {Data: text, Mode: 0o644}}
		if _, err := recognize(files); err != nil {
			t.Fatal(err)
		}
		checkSound(t, readMatch(t, files, chat.Match{Route: routeHTML, Path: "messages.html", Whole: true}, chat.Options{}))
		readOwner(strings.NewReader(string(text)))
		readList(strings.NewReader(string(text)), map[string]entry{})
	})
}
