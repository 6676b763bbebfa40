package whatsapp

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// sample is what is known of a real text, by its place among the samples.
type sample struct {
	messages    int
	kinds       string // as kind=count, those that the sample's source states
	first, last string // on the phone's clock, "" where nothing states them
}

// samples are the facts that the samples' own sources give.
var samples = map[string]sample{
	"chat-history-manager/whatsapp-text_2023-10/WhatsApp Chat with +123 45 6789.txt": {13, "text=4 media=4 sticker=1 event=3 other=1", "2023-06-30 16:13:00", "2023-06-30 16:15:00"},

	"chat-miner/test_[mmddyy]_24hrs.txt":   {9, "text=6 event=3", "2019-01-01 11:25:00", "2021-12-30 22:01:00"},
	"chat-miner/test_ddmmyy_24hrs.txt":     {9, "text=6 event=3", "2019-01-01 11:25:00", "2021-12-30 22:01:00"},
	"chat-miner/test_mmddyy_24hrs.txt":     {9, "text=6 event=3", "2019-01-01 11:25:00", "2021-12-30 22:01:00"},
	"chat-miner/test_mmddyyyy_12hrs.txt":   {9, "text=6 event=3", "2019-01-01 11:25:00", "2021-12-30 22:01:00"},
	"chat-miner/test_yyyymmdd_24hrs.txt":   {9, "text=6 event=3", "2019-01-01 11:25:00", "2021-12-30 22:01:00"},
	"chatpack-cli/whatsapp_export.txt":     {7, "text=7", "2024-01-15 10:30:00", "2024-03-10 09:15:00"},
	"langchain/whatsapp_chat.txt":          {12, "text=8 media=3 event=1", "2023-08-15 09:12:33", "2023-08-15 21:25:16"},
	"langchain/whatsapp_chat_examples.txt": {10, "text=8 media=1 other=1", "2021-01-24 12:41:03", "2023-06-29 00:16:00"},
	"locket/whatsapp_android.txt":          {8, "text=4 media=1 other=1 event=2", "2025-01-15 10:32:00", "2025-01-15 11:02:00"},
	"locket/whatsapp_ios.txt":              {3, "text=2 media=1", "2025-01-15 22:41:03", "2025-01-15 22:42:10"},
	"whatstk/lorem.txt":                    {500, "text=500", "2020-01-15 02:22:56", ""},
	"whatstk/lorem-2000.txt":               {2000, "text=2000", "2019-04-16 02:09:00", ""},
	"whatstk/lorem-merge-part1.txt":        {300, "text=300", "2019-10-20 10:16:00", ""},
	"whatstk/lorem-merge-part2.txt":        {300, "text=300", "2020-06-20 10:16:00", ""},
	"whatstk/pokemon.txt":                  {20, "text=18 event=2", "2016-04-15 15:04:00", "2016-10-31 12:23:00"},

	"whats_json/android/WhatsApp Chat with Group Chat XXX Android.txt": {20, "text=3 other=1 event=16", "2023-01-11 16:11:00", "2023-01-11 16:57:00"},
	"whats_json/languages/deutch_android_media.txt":                    {41, "contact=2 location=3 call=2", "2022-03-18 14:56:00", "2023-01-07 23:32:00"},
}

// Texts of one chat, exported again and again: the same counts in every
// language.
const (
	iosKinds     = "text=4 location=2"
	androidKinds = "text=15 location=3 contact=2 call=2 event=1"
)

// expected is what is known of a text, from the table or from its kin.
func expected(path string) (sample, bool) {
	if s, ok := samples[path]; ok {
		return s, true
	}
	dir, base := filepath.Split(path)
	switch {
	case dir == "whats_json/languages/" && strings.HasSuffix(base, "_ios.txt"):
		return sample{23, iosKinds, "2022-03-18 14:56", "2022-03-27 21:56"}, true
	case base == "english_ios_media.txt", dir == "whats_json/example/", strings.Contains(base, "EN+Media).txt"):
		return sample{25, iosKinds + " sticker=2 contact=1 media=11", "2022-03-18 14:56", "2023-01-07 23:32:30"}, true
	case dir == "whats_json/calendars/" && strings.HasPrefix(base, "Gregorian"):
		return sample{25, iosKinds, "2022-03-18 14:56", "2023-01-07 23:32:30"}, true
	case dir == "whats_json/calendars/", dir == "whats_json/ios/" && strings.HasPrefix(base, "iOS "):
		return sample{28, iosKinds, "2022-03-18 14:56", "2023-01-12 15:35"}, true
	case dir == "whats_json/ios/":
		return sample{25, iosKinds, "2022-03-18 14:56", "2023-01-07 23:32:30"}, true
	case strings.Contains(base, "EN+Media") || base == "english_android_media.txt":
		return sample{60, androidKinds + " sticker=4", "2022-03-18 14:56:00", "2023-01-07 23:32:00"}, true
	case strings.Contains(strings.ToLower(base), "android"):
		return sample{60, androidKinds, "2022-03-18 14:56:00", "2023-01-07 23:32:00"}, true
	}
	return sample{}, false
}

// samplesRoot is the folder of real texts, which are not ours to publish.
func samplesRoot(t *testing.T) string {
	root := os.Getenv("CHATKEEP_FIXTURES")
	if root == "" {
		t.Skip("CHATKEEP_FIXTURES is not set: no real texts to read")
	}
	return filepath.Join(root, "whatsapp")
}

// readSample recognises and reads one text, alone or in a zip.
func readSample(t *testing.T, path string) (r result, found bool) {
	t.Helper()
	e, err := archive.OpenPath(path, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	list, err := Provider.Recognize(e.FS)
	if err != nil || len(list) == 0 {
		return r, false
	}
	return readFS(t, e.FS, list[0].Path, chat.Options{Name: e.Name}), true
}

func TestSamples(t *testing.T) {
	root := samplesRoot(t)
	seen := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		ext := strings.ToLower(filepath.Ext(path))
		if err != nil || e.IsDir() || ext != ".txt" && ext != ".zip" {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		r, found := readSample(t, path)
		if !found && ext == ".zip" {
			return nil // other things of WhatsApp come in zips too
		}
		seen++
		t.Run(rel, func(t *testing.T) {
			if !found {
				t.Fatal("not recognised")
			}
			checkSample(t, rel, r)
		})
		return nil
	})
	if err != nil || seen < 40 {
		t.Errorf("%d texts: %v", seen, err)
	}
}

func checkSample(t *testing.T, rel string, r result) {
	if r.err != nil {
		t.Fatal(r.err)
	}
	if n := r.kinds()[chat.Unparsed]; n > 0 {
		t.Errorf("%d records unparsed", n)
	}
	if zipped, ok := strings.CutSuffix(rel, ".zip"); ok {
		rel = zipped + ".txt"
	}
	want, ok := expected(rel)
	if !ok {
		t.Fatal("nothing is known of this text: state what it holds")
	}
	if r.coverage.Messages != want.messages {
		t.Errorf("%d messages, want %d", r.coverage.Messages, want.messages)
	}
	kinds := r.kinds()
	for k := range fields(want.kinds) {
		kind, n, _ := strings.Cut(k, "=")
		if got, _ := json.Marshal(kinds[chat.MessageKind(kind)]); string(got) != n {
			t.Errorf("%s %s, want %s", got, kind, n)
		}
	}
	from, to := r.coverage.From.Format(time.DateTime), r.coverage.To.Format(time.DateTime)
	if !strings.HasPrefix(from, want.first) || !strings.HasPrefix(to, want.last) {
		t.Errorf("from %s to %s, want %s to %s", from, to, want.first, want.last)
	}
}

// TestSampleCalendars reads one chat out of exports with two calendars: what
// they share happened at the same instants, within the second that the exports
// themselves differ by.
func TestSampleCalendars(t *testing.T) {
	root := samplesRoot(t)
	a, _ := readSample(t, filepath.Join(root, "whats_json/calendars/Gregorian iOS.txt"))
	b, _ := readSample(t, filepath.Join(root, "whats_json/calendars/Japanese iOS.txt"))
	if len(a.messages) == 0 || len(a.messages) > len(b.messages) {
		t.Fatalf("%d and %d messages", len(a.messages), len(b.messages))
	}
	for i, m := range a.messages {
		if d := m.Time.Sub(b.messages[i].Time).Abs(); d > time.Second || m.ID != b.messages[i].ID {
			t.Errorf("message %d: %s and %s, ids %s and %s", i, m.Time, b.messages[i].Time, m.ID, b.messages[i].ID)
		}
	}
}

// TestSampleOrders reads one chat written with five orders of dates, beside the
// messages that its source states.
func TestSampleOrders(t *testing.T) {
	root := filepath.Join(samplesRoot(t), "chat-miner")
	b, err := os.ReadFile(filepath.Join(root, "target.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want []struct{ Timestamp, Author, Message string }
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(want)
	paths, _ := filepath.Glob(filepath.Join(root, "*.txt"))
	if len(paths) != 5 {
		t.Fatalf("%d texts", len(paths))
	}
	for _, p := range paths {
		r, _ := readSample(t, p)
		i := 0
		for _, m := range r.messages {
			if m.Kind != chat.Text {
				continue
			}
			text := strings.ReplaceAll(m.Text, "\n", " ")
			if at := m.Time.Format("2006-01-02T15:04:05"); i < len(want) && (at != want[i].Timestamp || r.name(m) != want[i].Author || text != want[i].Message) {
				t.Errorf("%s: message %d at %s by %q: %q; want %v", filepath.Base(p), i, at, r.name(m), text, want[i])
			}
			i++
		}
		if i != len(want) {
			t.Errorf("%s: %d messages, want %d", filepath.Base(p), i, len(want))
		}
	}
}

// TestSampleLanguages reads one chat in many languages: its messages have the
// same ids in all of them.
func TestSampleLanguages(t *testing.T) {
	root := filepath.Join(samplesRoot(t), "whats_json/languages")
	base, _ := readSample(t, filepath.Join(root, "english_ios.txt"))
	for _, name := range []string{"czech", "deutch", "french", "indonesian", "japanese", "russian", "spanish"} {
		r, _ := readSample(t, filepath.Join(root, name+"_ios.txt"))
		have := map[string]bool{}
		for _, m := range r.messages {
			have[m.ID] = true
		}
		for i, m := range base.messages {
			if !have[m.ID] && m.Kind != chat.LocationKind {
				t.Errorf("%s: message %d, %s, has another id", name, i, m.Kind)
			}
		}
	}
	if k := slices.Collect(maps.Keys(base.kinds())); len(k) < 5 {
		t.Errorf("kinds %v", k)
	}
}
