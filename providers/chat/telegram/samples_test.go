package telegram

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// sample is what the sources of a sample state of it.
type sample struct {
	chats, messages int
	people          int   // all who come up, the owner included; 0 where nothing states it
	first           int64 // when the first message was sent, in seconds since 1970
}

var samples = map[string]sample{
	"chat-analytics/BIG_20A_5475M.json":                          {1, 5475, 20, 0},
	"chat-history-manager/telegram_2020-01":                      {4, 50, 9, 0},
	"chat-history-manager/telegram_2021-05":                      {1, 3, 4, 0},
	"chat-history-manager/telegram_2021-07":                      {1, 2, 0, 0},
	"chat-history-manager/telegram_2023-01":                      {1, 6, 3, 1455123303},
	"chat-history-manager/telegram_2023-08":                      {1, 2, 0, 1664352868},
	"chat-history-manager/telegram_2023-10_audio-video":          {1, 4, 0, 1532249471},
	"chat-history-manager/telegram_2024-01":                      {1, 2, 0, 1665499755},
	"chat-history-manager/telegram_2024-01_inline-bot-buttons":   {1, 5, 0, 1665499755},
	"chat-history-manager/telegram_2024-05_boosts_file-name_etc": {1, 3, 0, 1665499755},
	"chat-history-manager/telegram_2024-08":                      {1, 4, 0, 1665499755},
	"chat-history-manager/telegram_2025-02_joined_file-size":     {1, 2, 0, 1665499755},
	"chat-history-manager/telegram_2025-03_service-photo-size":   {1, 2, 0, 1665499756},
	"chat-miner/test_batch_export.json":                          {1, 2, 2, 1544006350},
	"chat-miner/test_single_export.json":                         {1, 2, 2, 1544006350},
	"chatpack-cli/telegram_export.json":                          {1, 7, 2, 0},
}

// samplesRoot is the folder of real exports, which are not ours to publish.
func samplesRoot(t *testing.T) string {
	root := os.Getenv("CHATKEEP_FIXTURES")
	if root == "" {
		t.Skip("CHATKEEP_FIXTURES is not set: no real exports to read")
	}
	return root
}

// readSample reads a file or folder of the samples.
func readSample(t *testing.T, name string) *result {
	t.Helper()
	e, err := archive.OpenPath(filepath.Join(samplesRoot(t), "telegram", name), archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return readFS(t, e.FS, chat.Options{Name: e.Name})
}

func TestSamples(t *testing.T) {
	samplesRoot(t)
	for name, want := range samples {
		r := readSample(t, name)
		people := map[string]bool{}
		for _, c := range r.conversations {
			for _, p := range c.Participants {
				people[p.ID] = true
			}
		}
		all := r.all()
		if len(r.errors) > 0 || len(r.conversations) != want.chats || len(all) != want.messages || want.people > 0 && len(people) != want.people {
			t.Errorf("%s: %d chats, %d messages, %d people, %v; want %+v", name, len(r.conversations), len(all), len(people), r.errors, want)
			continue
		}
		if want.first > 0 && all[0].Time.Unix() != want.first {
			t.Errorf("%s: begins at %d", name, all[0].Time.Unix())
		}
		for _, m := range all {
			if m.Kind == chat.Unparsed || m.Time.IsZero() {
				t.Errorf("%s: %+v", name, m)
			}
		}
	}
}

// TestSampleOf2020 checks what the sources say of the oldest sample.
func TestSampleOf2020(t *testing.T) {
	r := readSample(t, "chat-history-manager/telegram_2020-01")
	files := map[string]bool{}
	for _, m := range r.all() {
		if m.ZoneSource != chat.FromUser || m.Edited != (m.NativeID == "67346" || m.NativeID == "129455") {
			t.Errorf("message %s: zone from %s, edited %v", m.NativeID, m.ZoneSource, m.Edited)
		}
		for _, a := range m.Attachments {
			if a.State == chat.Stored {
				files[a.File] = true
			}
		}
	}
	if len(files) != 11 || len(r.accounts.Unused) != 4 {
		t.Errorf("files %v, unused %q", files, r.accounts.Unused)
	}
	for _, f := range r.accounts.Unused {
		if base := filepath.Base(f); !strings.HasPrefix(base, "dont_copy_me") && !strings.HasPrefix(f, "_artificial") {
			t.Errorf("unused %q", f)
		}
	}
	for _, c := range r.conversations {
		if n := len(r.messages[c.ID]); c.NativeID == "user4321012345" && (n != 5 || c.Title != "Deleted Account") {
			t.Errorf("%+v with %d messages", c, n)
		} else if n == 5 && c.NativeID != "user4321012345" {
			t.Errorf("%+v", c)
		}
	}
}

// TestSampleTexts compares with the messages that a sample's sources state.
func TestSampleTexts(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(samplesRoot(t), "telegram", "chat-miner", "target.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want []struct{ Timestamp, Author, Message string }
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"test_batch_export.json", "test_single_export.json"} {
		r := readSample(t, "chat-miner/"+name)
		for i, m := range r.all() {
			who := ""
			for _, p := range r.conversations[0].Participants {
				if p.ID == m.Sender {
					who = p.Names[0].Value
				}
			}
			if at := m.Time.UTC().Format("2006-01-02T15:04:05"); at != want[i].Timestamp || who != want[i].Author || !sameWords(m.Text, want[i].Message) {
				t.Errorf("%s: %s %s: %s, want %v", name, at, who, m.Text, want[i])
			}
		}
	}
}

// sameWords compares texts but for the space between parts, which that program
// puts in.
func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(strings.ReplaceAll(a, ":", ": ")), "") == strings.Join(strings.Fields(strings.ReplaceAll(b, ":", ": ")), "")
}

// TestForeignSamples shows the provider the exports of all other apps.
func TestForeignSamples(t *testing.T) {
	root := samplesRoot(t)
	looked := 0
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, p)
		if err != nil || rel == "telegram" {
			if rel == "telegram" {
				return fs.SkipDir
			}
			return err
		}
		ext := strings.ToLower(filepath.Ext(p))
		if !e.IsDir() && !slices.Contains([]string{".zip", ".json", ".html"}, ext) {
			return nil
		}
		x, err := archive.OpenPath(p, archive.Limits{})
		if err != nil {
			return nil // broken on purpose
		}
		defer x.Close()
		looked++
		fsys := x.FS
		return fs.WalkDir(fsys, ".", func(in string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() || in != "." && x.Zip == nil {
				return nil
			}
			sub, err := fs.Sub(fsys, in)
			if err != nil {
				return err
			}
			if list, err := Provider.Recognize(sub); err != nil || len(list) > 0 {
				t.Errorf("%s: %v, %v", rel, list, err)
			}
			return nil
		})
	})
	if err != nil || looked < 50 {
		t.Errorf("%d looked at: %v", looked, err)
	}
}

// TestSampleZones tells the zone of the computer that exported.
func TestSampleZones(t *testing.T) {
	m := readSample(t, "chat-history-manager/telegram_2024-08").all()[0]
	if got := fmt.Sprint(m.Time.Format(time.RFC3339), m.ZoneSource); got != "2022-10-11T22:49:15+08:00export" {
		t.Errorf("%s", got)
	}
}
