package telegram

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

func TestRecognize(t *testing.T) {
	account := `{"about":"Here is the data that Telegram has","personal_information":{"user_id":6,"first_name":"B"},"contacts":{"list":[]},"chats":{"list":[` + small + `]}}`
	bare := `{"chats":{"about":"This page lists all chats","list":[` + small + `]}}`
	page := onePage(oneMessage("1", "14.07.2023 12:00:00", "Ann", ""))
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"chat":                 {map[string]string{"result.json": small, "photos/x.jpg": ""}, "[{json result.json 97 true}]"},
		"chat among others":    {map[string]string{"result.json": small, "tax.pdf": ""}, "[{json result.json 97 false}]"},
		"renamed":              {map[string]string{"ann.json": small}, "[{json ann.json 97 true}]"},
		"two":                  {map[string]string{"a.json": small, "b.json": odd}, "[{json a.json 97 false} {json b.json 97 false}]"},
		"account":              {map[string]string{"result.json": account, "notes.txt": "mine"}, "[{json result.json 97 true}]"},
		"account without self": {map[string]string{"result.json": bare}, "[{json result.json 97 true}]"},
		"contacts alone":       {map[string]string{"result.json": `{"about":"Telegram has it","personal_information":{"user_id":6},"contacts":{"list":[]}}`}, "[{json result.json 97 true}]"},
		"messages alone":       {map[string]string{"x.json": `{"messages":[{"type":"message","date_unixtime":"1","from":"A","text":"b"}]}`}, "[{json x.json 85 true}]"},
		"no message yet":       {map[string]string{"result.json": `{"name":"A","type":"bot_chat","id":5,"messages":[]}`}, "[{json result.json 97 true}]"},
		"cut off early":        {map[string]string{"result.json": `{"name":"A","type":"bot_chat","id":5,"mess`}, "[]"},
		"page":                 {map[string]string{"messages.html": page, "css/style.css": ""}, "[{html messages.html 96 true}]"},
		"pages of an account":  {map[string]string{"export_results.html": page, "notes.txt": "", "chats/chat_1/messages.html": page}, "[{html export_results.html 96 true}]"},
		"both":                 {map[string]string{"result.json": small, "messages.html": page}, "[{json result.json 97 true}]"},
		"both of an account":   {map[string]string{"result.json": account, "export_results.html": page, "chats/chat_1/messages.html": page}, "[{json result.json 97 true}]"},
		"another result":       {map[string]string{"result.json": `{"type":"message","messages":[{"id":1}],"id":5}`}, "[]"},
		"another page":         {map[string]string{"messages.html": "<html><title>Messages</title></html>"}, "[]"},
		"an array":             {map[string]string{"result.json": `[{"type":"message"}]`}, "[]"},
		"deep inside":          {map[string]string{"x/result.json": small}, "[]"},
	} {
		fsys := fstest.MapFS{}
		for k, v := range c.files {
			fsys[k] = file(v)
		}
		got, err := Provider.Recognize(fsys)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v; want %s", name, got, err, c.want)
		}
	}
}

// TestBothForms reads the JSON of an export that has pages too, and tells of the
// pages as files.
func TestBothForms(t *testing.T) {
	page := onePage(oneMessage("1", "14.07.2023 12:00:00", "Ann", ""))
	r := readFS(t, fstest.MapFS{"result.json": file(small), "messages.html": file(page)}, chat.Options{})
	if len(r.all()) != 4 || len(r.accounts.Unused) != 1 || r.accounts.Unused[0] != "messages.html" {
		t.Errorf("%d messages, %+v", len(r.all()), r.accounts)
	}
}

// TestUnquotedEmoji reads what versions 4.1.0 and 4.1.1 wrote.
func TestUnquotedEmoji(t *testing.T) {
	text := strings.Replace(small, `"text":"a"`, "\"text\":[{\"type\":\"custom_emoji\",\"text\":\"x\",\n\"document_id\": stickers/sticker (3).webp\n}, \"a\"]", 1)
	m := readText(t, text, chat.Options{}).all()[0]
	if got := marks(m); got != "[emoji stickers/sticker (3).webp|x]a" || len(m.Attachments) != 1 || m.Attachments[0].State != chat.Missing {
		t.Errorf("%s, %+v", got, m.Attachments)
	}
}

// TestTitles calls chats what the app calls them.
func TestTitles(t *testing.T) {
	for head, want := range map[string]string{
		`"name":"A","type":"personal_chat"`:     "A",
		`"name":null,"type":"personal_chat"`:    "Deleted Account",
		`"name":null,"type":"private_group"`:    "Deleted Group",
		`"name":null,"type":"public_channel"`:   "Deleted Channel",
		`"type":"saved_messages"`:               "Saved Messages",
		`"type":"replies"`:                      "Replies",
		`"type":"verification_codes"`:           "Verification Codes",
		`"name":null,"type":null`:               "Deleted Account",
		`"name":"A","type":"something_to_come"`: "A",
	} {
		r := readText(t, `{`+head+`,"id":5,"messages":[]}`, chat.Options{})
		if got := r.conversations[0].Title; got != want {
			t.Errorf("%s: %q, want %q", head, got, want)
		}
	}
	c := readText(t, small, chat.Options{Chat: "Other"}).conversations[0]
	if c.Title != "Other" || c.ID != readText(t, small, chat.Options{}).conversations[0].ID {
		t.Errorf("--chat: %+v", c)
	}
}

// TestRecognizeDamaged knows an export whose beginning is damaged by its names.
func TestRecognizeDamaged(t *testing.T) {
	for _, name := range []string{"json-chat-2020/result.json", "html-chat/messages.html"} {
		data, err := os.ReadFile("testdata/exports/" + name)
		if err != nil {
			t.Fatal(err)
		}
		chattest.Zeroed(t, Provider, path.Base(name), data)
	}
}
