package meta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"chatkeep/providers/chat"
)

// check asks of a reading what holds for any.
func check(t testing.TB, r *result) {
	t.Helper()
	for _, th := range r.threads {
		people, ids := map[string]bool{"": true}, map[string]bool{}
		for _, p := range th.chat.Participants {
			if people[p.ID] {
				t.Fatalf("participant %s twice", p.ID)
			}
			people[p.ID] = true
		}
		n := 0
		for i, m := range th.messages {
			if m.Kind != chat.Unparsed {
				n++
			}
			if ids[m.ID] || m.ID == "" || m.Kind == "" || m.Source.File == "" || m.Source.At == "" {
				t.Fatalf("message %d: %+v", i, m)
			}
			ids[m.ID] = true
			by := []string{m.Sender}
			if m.Event != nil {
				by = append(append(by, m.Event.By), m.Event.Targets...)
			}
			for _, one := range m.Reactions {
				by = append(by, one.By)
			}
			if slices.ContainsFunc(by, func(id string) bool { return !people[id] }) {
				t.Fatalf("message %d: somebody is no participant", i)
			}
			for _, s := range m.Spans {
				if s.Start < 0 || s.End < s.Start || s.End > len(m.Text) {
					t.Fatalf("message %d: span %+v of %d bytes", i, s, len(m.Text))
				}
			}
			for _, a := range m.Attachments {
				if a.State == "" || (a.State == chat.Stored) != (a.File != "") || a.File != "" && !fs.ValidPath(a.File) {
					t.Fatalf("message %d: %+v", i, a)
				}
			}
			if y := m.Time.Year(); y < 1 || y > 9999 {
				t.Fatalf("message %d: year %d", i, y)
			}
			if i > 0 && !m.Time.IsZero() && m.Time.Before(th.messages[i-1].Time) && m.ZoneSource == chat.FromExport {
				t.Fatalf("message %d is older than the one before", i)
			}
		}
		if th.cover.Messages != n {
			t.Fatalf("%d messages covered of %d", th.cover.Messages, n)
		}
	}
}

const fuzzThread = `{"participants":[{"name":"Anna"},{"name":"Ben"}],"messages":[
{"sender_name":"Anna","timestamp_ms":1700000000000,"content":"caf\u00c3\u00a9","reactions":[{"reaction":"\u00e2\u009d\u00a4","actor":"Ben","timestamp":5}],"type":"Generic"},
{"sender_name":"Ben","timestamp_ms":1600000000000,"photos":[{"uri":"messages/inbox/anna_1/photos/1.jpg","creation_timestamp":1}],"share":{"link":"https://example.org/"}},
{"sender_name":"Ben","timestamp_ms":1500000000000,"type":"Call","call_duration":5,"missed":false},
{"sender_name":"Ben","timestamp_ms":1500000000000,"type":"Unsubscribe","users":[{"name":"Ben"}]}],
"title":"Anna","is_still_participant":true,"thread_path":"inbox/anna_1","magic_words":[]}`

func FuzzThread(f *testing.F) {
	f.Add([]byte(fuzzThread), []byte(fuzzThread))
	f.Add([]byte("\ufeff{\"messages\":[7,null,{}]}"), []byte("{this is not"))
	f.Add([]byte(`{"messages":[{"a":1}],"messages":[{"timestamp_ms":"5"}],"title":7}`), []byte("[]"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		fsys := fstest.MapFS{
			"your_facebook_activity/messages/inbox/anna_1/message_1.json": {Data: one, Mode: 0o644},
			"your_facebook_activity/messages/inbox/anna_1/message_2.json": {Data: two, Mode: 0o644},
			"your_facebook_activity/messages/inbox/anna_1/photos/1.jpg":   file("jpeg"),
		}
		check(t, read(t, fsys, RouteJSON, chat.Options{Me: "Ben"}))
	})
}

func FuzzEncrypted(f *testing.F) {
	f.Add([]byte(`{"participants":["Anna","Ben"],"threadName":"Anna_3","messages":[{"senderName":"Anna","timestamp":1,"text":"hi","type":"text","isUnsent":false,"media":[{"uri":"./media/1.jpg"}],"reactions":[{"actor":"Ben","reaction":"x"}]},
{"senderName":"Ben","timestamp":2,"text":"https://example.org/ https://","type":"link"},{"senderName":"Ben","timestamp":2,"text":"User unsent a message","type":"placeholder","isUnsent":true}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		fsys := fstest.MapFS{"Anna_3.json": {Data: b, Mode: 0o644}, "media/1.jpg": file("jpeg")}
		check(t, readMatch(t, fsys, chat.Match{Route: RouteE2EE, Path: ".", Whole: true}, chat.Options{}))
	})
}

func FuzzPage(f *testing.F) {
	for _, body := range layouts {
		f.Add([]byte(pageHead + body + pageTail))
	}
	f.Add([]byte(`<div><ul><li>❤Ben (Oct 19, 2019, 2:37 PM)</li></ul><a href="../x"><img src=x></a><br/></div>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		fsys := fstest.MapFS{"message_1.html": {Data: b, Mode: 0o644}}
		r := readMatch(t, fsys, chat.Match{Route: RouteHTML, Path: "message_1.html"}, chat.Options{})
		check(t, r)
		if len(r.errs) == 0 && countOf(r)+len(r.threads[0].errs) == 0 {
			t.Error("a page of nothing, and not a word of it")
		}
	})
}

func FuzzStamp(f *testing.F) {
	for _, s := range []string{"Oct 19, 2019, 2:37 PM", "19.10.2019, 14:37:05", "2019-10-19 14:37", "10/11/2019, 14:37", "19 oct. 2019 à 14:37", "1:2:3:4:5:6:7:8:9"} {
		f.Add(s, "dmy")
	}
	f.Fuzz(func(t *testing.T, s, order string) {
		got, ok := parseStamp(s, order)
		if y := got.wall.Year(); ok && (y < 1990 || y > 9999 || len(s) > maxStamp) {
			t.Errorf("%q: %v", s, got.wall)
		}
	})
}

func FuzzNotice(f *testing.F) {
	f.Add("Anna named the group Lake.", "Anna")
	f.Add("Reacted 😡 to your message ", "İ")
	f.Fuzz(func(t *testing.T, text, sender string) {
		if code, rest := noticeOf(text, sender); code == "" && rest != "" || len(rest) > 3*len(text) {
			t.Errorf("%q: %q, %q", text, code, rest)
		}
	})
}

// sample is a file of a thread, with all of its export.
type sample struct {
	fsys  fstest.MapFS
	match chat.Match
	name  string
}

// samples are the files of the made-up exports of both apps, and of the real
// ones where they are.
func samples(t *testing.T) (list []sample) {
	t.Helper()
	roots, err := filepath.Glob("../../chat/*/testdata/exports/*")
	if err != nil || len(roots) < 5 {
		t.Fatalf("%q, %v", roots, err)
	}
	if fixtures := os.Getenv("CHATKEEP_FIXTURES"); fixtures != "" {
		real, err := filepath.Glob(filepath.Join(fixtures, "messenger/msgvault/*"))
		if err != nil || len(real) < 7 {
			t.Fatalf("%q, %v", real, err)
		}
		roots = append(append(roots, real...), filepath.Join(fixtures, "instagram/chatpack-cli"), filepath.Join(fixtures, "instagram/chat-miner"))
	}
	known := map[string]bool{}
	for _, root := range roots {
		if !strings.Contains(root, "messenger") && !strings.Contains(root, "instagram") {
			continue
		}
		fsys := fstest.MapFS{}
		err := fs.WalkDir(os.DirFS(root), ".", func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				b, readErr := os.ReadFile(filepath.Join(root, p))
				fsys[p], err = &fstest.MapFile{Data: b, Mode: 0o644}, readErr
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, app := range []*App{testApp, {Name: "instagram", Activity: []string{"your_instagram_activity"}, Own: InstagramMarks, Foreign: FacebookMarks}, {Name: "messenger", Activity: []string{"your_activity_across_facebook"}, Encrypted: true, Bare: true}} {
			matches, err := app.Recognize(fsys)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range matches {
				for name := range fsys {
					_, _, numbered := messageFile(path.Base(name))
					if (numbered || m.Path == name || m.Route == RouteE2EE && encryptedFile(name)) && !known[root+name] {
						known[root+name] = true
						list = append(list, sample{fsys, m, name})
					}
				}
			}
		}
	}
	return list
}

// recordEnds are where, without our reader, the messages of a file end.
func recordEnds(text []byte) (ends []int) {
	plain := bytes.TrimPrefix(text, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(plain))
	var v any
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return ends
		}
		if key != "messages" {
			if d.Decode(&v) != nil {
				return ends
			}
			continue
		}
		d.Token()
		for d.More() {
			if d.Decode(&v) != nil {
				return ends
			}
			ends = append(ends, int(d.InputOffset())+len(text)-len(plain))
		}
		d.Token()
	}
	return ends
}

// TestCutOff cuts every file of a thread at every length, and long ones at 2,000:
// what was whole is there, and an error says that it was cut.
func TestCutOff(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	list := samples(t)
	if len(list) < 12 {
		t.Fatalf("%d samples", len(list))
	}
	for _, s := range list {
		text := s.fsys[s.name].Data
		alone := fstest.MapFS{s.name: s.fsys[s.name]}
		ends := recordEnds(text)
		lengths := make([]int, 0, len(text))
		for n := range len(text) {
			lengths = append(lengths, n)
		}
		if len(text) > 64<<10 {
			r.Shuffle(len(lengths), func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
			lengths = lengths[:2000]
		}
		for _, n := range lengths {
			alone[s.name] = &fstest.MapFile{Data: text[:n], Mode: 0o644}
			got := readMatch(t, alone, s.match, chat.Options{})
			check(t, got)
			if bytes.HasPrefix(text, []byte("{this is not")) {
				continue // no JSON in any length
			}
			whole := 0
			for whole < len(ends) && ends[whole] <= n {
				whole++
			}
			if s.match.Route != RouteHTML && countOf(got) != whole {
				t.Fatalf("%s cut at %d: %d messages, %d are whole", s.name, n, countOf(got), whole)
			}
			if told := toldCut(got); !told && len(bytes.TrimSpace(text[n:])) > 0 {
				t.Fatalf("%s cut at %d: no error says so: %v", s.name, n, got.errs)
			}
		}
	}
}

func countOf(r *result) (n int) {
	for _, th := range r.threads {
		n += len(th.messages)
	}
	return n
}

func toldCut(r *result) bool {
	errs := slices.Clone(r.errs)
	for _, th := range r.threads {
		errs = append(errs, th.errs...)
	}
	return slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) })
}

// TestAccounting counts the messages of every JSON sample in another way.
func TestAccounting(t *testing.T) {
	for _, s := range samples(t) {
		if s.match.Route == RouteHTML {
			continue
		}
		text := s.fsys[s.name].Data
		if got, want := countOf(readMatch(t, fstest.MapFS{s.name: s.fsys[s.name]}, s.match, chat.Options{})), len(recordEnds(text)); got != want {
			t.Errorf("%s: %d messages, want %d", s.name, got, want)
		}
	}
}

// TestManyKeys reads threads with more of everything than any has.
func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"participants":[`)
	for i := range 20_000 {
		fmt.Fprintf(&b, `{"name":"P%d"},`, i)
	}
	b.WriteString(`{"name":"Ben"}],`)
	for i := range 200_000 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	b.WriteString(`"deep":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `,"messages":[{"sender_name":"Ben","timestamp_ms":1,"content":"hi"}]}`)
	r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": file(b.String())}, RouteJSON, chat.Options{})
	check(t, r)
	if countOf(r) != 1 || r.accounts.Ignored["thread: a key that is not known"] < 200_000 {
		t.Errorf("%d messages, ignored %v", countOf(r), r.accounts.Ignored)
	}
}

// TestSecrets has nothing of a thread in errors and warnings.
func TestSecrets(t *testing.T) {
	fsys := fstest.MapFS{
		"your_facebook_activity/messages/inbox/x_1/message_1.json": file(`{"participants":[{"name":"Secretname"}],"title":"Secrettitle","messages":[{"sender_name":"Secretname","content":"secrettext","timestamp_ms":1,"photos":[{"uri":"secretfile"}]},{"content":"secrettext"`),
		"your_facebook_activity/messages/inbox/x_2/message_1.json": file(`{"secretkey`),
		"your_facebook_activity/messages/inbox/x_3/message_1.html": file(`<div>Secretname secrettext</div></html>`),
	}
	r := read(t, fsys, RouteJSON, chat.Options{Me: "Secretme"})
	text := fmt.Sprint(r.errs, r.accounts.Warnings, r.accounts.Ignored)
	for _, th := range r.threads {
		text += fmt.Sprint(th.errs, th.cover.WhyIncomplete)
	}
	if strings.Contains(strings.ToLower(text), "secret") || !utf8.ValidString(text) {
		t.Error(text)
	}
}
