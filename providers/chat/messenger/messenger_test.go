package messenger

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

const exports = "testdata/exports/"

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

func TestSuite(t *testing.T) {
	chattest.Run(t, Provider,
		chattest.Case{
			Name: "json", Export: os.DirFS(exports + "json-full"), Route: "json",
			Conversations: 5, Messages: 37,
		},
		chattest.Case{
			Name: "html", Export: os.DirFS(exports + "html-full"), Route: "html", Options: chat.Options{Me: "Max Keller"},
			Conversations: 1, Messages: 8,
		},
		chattest.Case{
			Name: "e2ee", Export: os.DirFS(exports + "e2ee-full"), Route: "e2ee",
			Conversations: 3, Messages: 9,
		},
		chattest.Case{
			Name: "records that are none", Route: "json",
			Export: fstest.MapFS{"your_activity_across_facebook/messages/inbox/a_1/message_1.json": file(
				`{"participants":[{"name":"A"}],"messages":[{"sender_name":"A","timestamp_ms":5,"content":"x"},"what",{"a":tru}],"title":"A"}`)},
			Conversations: 1, Messages: 1, Unparsed: 2,
		},
	)
}

// reading is what a conversation gave.
type reading struct {
	*chat.Conversation
	messages []*chat.Message
	coverage chat.Coverage
}

// kinds counts the messages by kind, as "media=1 text=4".
func (r *reading) kinds() string {
	n := map[string]int{}
	for _, m := range r.messages {
		n[string(m.Kind)]++
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(n)) {
		list = append(list, fmt.Sprint(k, "=", n[k]))
	}
	return strings.Join(list, " ")
}

// read reads every export in a folder, and gives the errors by their text.
func read(t testing.TB, fsys fs.FS, o chat.Options) (list []*reading, errs []string) {
	t.Helper()
	matches, err := Provider.Recognize(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matches {
		s, err := Provider.Open(fsys, m, o)
		if err != nil {
			t.Fatal(err)
		}
		for c, err := range s.Conversations(context.Background()) {
			if err != nil {
				errs = append(errs, err.Error())
				continue
			}
			r := &reading{Conversation: c}
			for m, err := range s.Messages(context.Background(), c) {
				if err != nil {
					errs = append(errs, err.Error())
					continue
				}
				k := *m
				r.messages = append(r.messages, &k)
			}
			r.coverage = s.Coverage(c)
			list = append(list, r)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	return list, errs
}

// TestExports has in the made-up exports what was put there.
func TestExports(t *testing.T) {
	for name, want := range map[string][]string{
		"json-full": {
			"Jana Bláhová direct: call=2 event=1 media=6 other=5 sticker=1 text=7, 8 stored, 4 missing",
			"Výlety do Tater group: call=1 event=8 other=1 payment=1 poll=1 text=1, 0 stored, 0 missing",
			"Levné brýle direct: text=1, 0 stored, 0 missing",
			"Instagram User direct: , 0 stored, 0 missing",
			"Olga direct: text=1, 0 stored, 0 missing",
		},
		"html-full": {"Rosa Keller direct: call=1 media=2 text=5, 1 stored, 1 missing"},
		"e2ee-full": {
			"Chata group: text=1, 0 stored, 0 missing",
			"Jana Bláhová direct: media=2 other=2 text=4, 2 stored, 1 missing",
			"Olga direct: , 0 stored, 0 missing",
		},
	} {
		list, errs := read(t, os.DirFS(exports+name), chat.Options{Zone: time.UTC})
		var got []string
		for _, r := range list {
			got = append(got, fmt.Sprintf("%s %s: %s, %d stored, %d missing", r.Title, r.Kind, r.kinds(), r.coverage.MediaStored, r.coverage.MediaMissing))
		}
		if !slices.Equal(got, want) || len(errs) > 0 {
			t.Errorf("%s: %q, %v\nwant %q", name, got, errs, want)
		}
	}
}

func TestDownload(t *testing.T) {
	for name, want := range map[string]string{
		"facebook-anna.b-2026-01-31-AbCdEfGh.zip":     "facebook-anna.b-2026-01-31",
		"facebook-anna.b-2026-01-31-XyZ01234.zip":     "facebook-anna.b-2026-01-31",
		"facebook-anna.b-2026-01-31-XyZ01234":         "facebook-anna.b-2026-01-31",
		"facebook-anna.b-2026-01-31-XyZ01234 (1).zip": "facebook-anna.b-2026-01-31",
		"facebook-100012345-31_01_2026-AbCdEfGh.zip":  "facebook-100012345-31_01_2026",
		"facebook-anna-20260131.zip":                  "facebook-anna-20260131",
		"facebook-anna.zip":                           "",
		"facebook-anna-2026-01-310.zip":               "",
		"my facebook-anna-2026-01-31-a.zip":           "",
		"instagram-anna-2026-01-31-AbCdEfGh.zip":      "",
		"messages.zip":                                "",
		"":                                            "",
	} {
		if got := Provider.Download(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// fixtures is the folder of public samples, which are not ours to publish.
func fixtures(t *testing.T) string {
	root := os.Getenv("CHATKEEP_FIXTURES")
	if root == "" {
		t.Skip("CHATKEEP_FIXTURES is not set: no public samples to read")
	}
	return root
}

// TestSamples reads the public samples, beside what their source says of them.
func TestSamples(t *testing.T) {
	root := filepath.Join(fixtures(t), "messenger/msgvault")
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"json_simple":     "json Alice Example direct text=3 2020-09-13T12:26:40Z to 2020-09-13T12:28:40Z; json Zoe Archive direct text=1 2017-07-14T02:40:00Z to 2017-07-14T02:40:00Z",
		"json_group":      "json Crew group text=3 2020-09-13T12:26:40Z to 2020-09-13T12:28:40Z",
		"json_nontext":    "json Sam NonText direct call=2 event=1 media=1 sticker=1 text=1 2020-09-13T12:28:20Z to 2020-09-13T12:36:40Z",
		"json_with_media": "json Bob Mediafile direct media=1 2020-09-13T12:26:40Z to 2020-09-13T12:26:40Z",
		"e2ee_simple":     "e2ee Alice Example direct text=4 2020-09-13T12:26:40Z to 2020-09-13T12:29:40Z; e2ee Weekend crew group media=1 text=1 2020-09-13T12:26:40Z to 2020-09-13T12:27:40Z",
		"corrupt":         "json Good Sibling direct text=1 2020-09-13T12:26:40Z to 2020-09-13T12:26:40Z",
		"html_simple":     "html Alice Example direct text=3 2020-09-13T12:26:00+02:00 to 2020-09-13T12:28:00+02:00",
		"html_with_media": "html Bob Mediafile direct media=1 2020-09-13T12:26:00+02:00 to 2020-09-13T12:26:00+02:00",
		"html_timestamps": strings.Repeat("; html TS Test direct text=1 2019-10-19T14:37:00+02:00 to 2019-10-19T14:37:00+02:00", 3)[2:],
	} {
		list, errs := read(t, os.DirFS(filepath.Join(root, name)), chat.Options{Zone: berlin})
		var got []string
		for _, r := range list {
			got = append(got, fmt.Sprintf("%s %s %s %s %s to %s", r.Route, r.Title, r.Conversation.Kind, r.kinds(), r.coverage.From.Format(time.RFC3339), r.coverage.To.Format(time.RFC3339)))
		}
		if have := strings.Join(got, "; "); have != want {
			t.Errorf("%s: %s\nwant %s", name, have, want)
		}
		if broken := len(errs) == 1 && strings.Contains(errs[0], "broken_BAD"); broken != (name == "corrupt") {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

// TestSampleContent looks into the samples for what their source says is there.
func TestSampleContent(t *testing.T) {
	root := filepath.Join(fixtures(t), "messenger/msgvault")
	list, _ := read(t, os.DirFS(filepath.Join(root, "json_simple")), chat.Options{})
	if m := list[0].messages[1]; !strings.Contains(m.Text, "café") || len(m.Reactions) != 2 || m.Reactions[0].Emoji != "❤" {
		t.Errorf("%+v", m)
	}
	list, _ = read(t, os.DirFS(filepath.Join(root, "json_nontext")), chat.Options{})
	calls := list[0].messages[2:4]
	if !calls[0].Call.Missed || calls[1].Call.Duration != 192*time.Second || list[0].messages[0].Event.Code != "left" {
		t.Errorf("%+v %+v", calls[0].Call, calls[1].Call)
	}
	if a := list[0].messages[4].Attachments[0]; a.State != chat.Missing {
		t.Errorf("%+v", a)
	}
	list, _ = read(t, os.DirFS(filepath.Join(root, "e2ee_simple")), chat.Options{})
	if m := list[0].messages; m[3].Deleted == nil || m[2].Deleted != nil || !strings.Contains(m[1].Text, "café") {
		t.Errorf("%+v", m)
	}
	if a := list[1].messages[1].Attachments[0]; a.State != chat.Stored || a.Size != 9 {
		t.Errorf("%+v", a)
	}
	list, _ = read(t, os.DirFS(filepath.Join(root, "json_with_media")), chat.Options{})
	if a := list[0].messages[0].Attachments[0]; a.State != chat.Stored || a.Size != 69 {
		t.Errorf("%+v", a)
	}
}

// TestOthersSamples leaves the samples of all other apps alone.
func TestOthersSamples(t *testing.T) {
	root := fixtures(t)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if path == filepath.Join(root, "messenger") {
			return filepath.SkipDir
		}
		if list, err := Provider.Recognize(os.DirFS(path)); err != nil || len(list) > 0 {
			t.Errorf("%s: claimed as %v, %v", path, list, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRecognizeDamaged knows a thread whose beginning is damaged by where it lies.
func TestRecognizeDamaged(t *testing.T) {
	const thread = "messages/archived_threads/vyletydotatra_2000000000000002/message_1.json"
	data, err := os.ReadFile(exports + "json-full/your_facebook_activity/" + thread)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"your_facebook_activity/" + thread, thread, "message_1.json"} {
		chattest.Zeroed(t, Provider, name, data)
	}
}
