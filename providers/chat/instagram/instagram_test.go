package instagram

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
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

const exports = "testdata/exports/"

func TestSuite(t *testing.T) {
	chattest.Run(t, Provider,
		chattest.Case{
			Name: "json", Export: os.DirFS(exports + "json-full"), Route: "json",
			Conversations: 3, Messages: 16,
		},
		chattest.Case{
			Name: "html", Export: os.DirFS(exports + "html-full"), Route: "html",
			Conversations: 1, Messages: 3,
		},
	)
}

// read reads the export in a folder and describes its conversations.
func read(t testing.TB, fsys fs.FS) (list []string, messages []*chat.Message) {
	t.Helper()
	matches, err := Provider.Recognize(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matches {
		s, err := Provider.Open(fsys, m, chat.Options{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		for c, err := range s.Conversations(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			kinds := map[chat.MessageKind]int{}
			for m, err := range s.Messages(context.Background(), c) {
				if err != nil {
					t.Fatal(err)
				}
				k := *m
				messages = append(messages, &k)
				kinds[m.Kind]++
			}
			d := fmt.Sprint(c.Title, " ", c.Kind, ":")
			for _, k := range slices.Sorted(maps.Keys(kinds)) {
				d += fmt.Sprint(" ", k, "=", kinds[k])
			}
			for _, p := range c.Participants {
				if p.Self {
					d += " of " + p.Names[0].Value
				}
			}
			list = append(list, d)
		}
	}
	return list, messages
}

// TestExports has in the made-up exports what was put there.
func TestExports(t *testing.T) {
	list, messages := read(t, os.DirFS(exports+"json-full"))
	want := []string{
		"Léo Ruiz direct: call=2 media=4 other=3 text=4 of Mía",
		"Playa group: event=1 text=1 of Mía",
		"Tienda direct: text=1 of Mía",
	}
	if !slices.Equal(list, want) {
		t.Errorf("%q\nwant %q", list, want)
	}
	pseudo, roles := 0, ""
	for _, m := range messages {
		if m.Extra["pseudo"] == "reaction" {
			pseudo++
		}
		for _, a := range m.Attachments {
			roles += a.Role + ":" + string(a.State) + " "
		}
	}
	if pseudo != 2 || roles != "image:stored voice:stored gif:expired video:missing " {
		t.Errorf("%d reactions as messages, %s", pseudo, roles)
	}
	if r := messages[0].Reactions; len(r) != 1 || r[0].Time.Unix() != 1700000005 {
		t.Errorf("%+v", r)
	}
	list, _ = read(t, os.DirFS(exports+"html-full"))
	if want := []string{"Kai direct: media=1 other=1 text=1"}; !slices.Equal(list, want) {
		t.Errorf("%q\nwant %q", list, want)
	}
}

func TestDownload(t *testing.T) {
	for name, want := range map[string]string{
		"instagram-mia_m-2026-01-31-AbCdEfGh.zip": "instagram-mia_m-2026-01-31",
		"instagram-mia_m-2026-01-31-XyZ01234":     "instagram-mia_m-2026-01-31",
		"mia_m_20200131_part_2.zip":               "mia_m_20200131_part",
		"mia_m_20200131.zip":                      "",
		"facebook-mia-2026-01-31-AbCdEfGh.zip":    "",
	} {
		if got := Provider.Download(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestSamples reads the public samples, beside what their source says of them.
func TestSamples(t *testing.T) {
	root := os.Getenv("CHATKEEP_FIXTURES")
	if root == "" {
		t.Skip("CHATKEEP_FIXTURES is not set: no public samples to read")
	}
	list, messages := read(t, os.DirFS(filepath.Join(root, "instagram/chatpack-cli")))
	if len(list) != 1 || list[0] != "Test Chat direct: text=7" || messages[0].Text != "Hello! How are you?" || !strings.HasSuffix(messages[6].Text, "March") {
		t.Errorf("%q, %d messages", list, len(messages))
	}
	list, messages = read(t, os.DirFS(filepath.Join(root, "instagram/chat-miner")))
	if len(list) != 1 || len(messages) != 2 {
		t.Fatalf("%q, %d messages", list, len(messages))
	}
	for i, want := range []string{"2019-12-24T11:23:00Z Hello John!", "2020-01-17T20:49:00Z Hello Jane!"} {
		if got := messages[i].Time.Format(time.RFC3339) + " " + messages[i].Text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if path == filepath.Join(root, "instagram") {
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
	const thread = "messages/inbox/leo.ruiz_6000000000000006/message_1.json"
	data, err := os.ReadFile(exports + "json-full/your_instagram_activity/" + thread)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"your_instagram_activity/" + thread, thread, "message_1.json"} {
		chattest.Zeroed(t, Provider, name, data)
	}
}
