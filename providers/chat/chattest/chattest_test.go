package chattest

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// toy is an app whose export is toy.txt, a name, a colon and a text a line. Its
// flaws are what the suite has to find.
type toy struct{ flaw string }

func (y toy) provider() chat.Provider {
	return chat.Provider{
		Name: "toy", Title: "Toy", Explain: "tap it",
		Recognize: y.recognize,
		Open: func(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
			return &toySource{flaw: y.flaw, fsys: fsys}, nil
		},
	}
}

func (y toy) recognize(fsys fs.FS) ([]chat.Match, error) {
	name := "toy.txt"
	if y.flaw == "walks" {
		fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error { return err })
	}
	if y.flaw == "claims" {
		name = "README.txt"
	}
	if _, err := fs.Stat(fsys, name); err != nil {
		return nil, nil
	}
	return []chat.Match{{Route: "lines", Path: name, Sure: 90, Whole: true}}, nil
}

// toyReads counts sources, so that a flaw can tell the first from the second.
var toyReads int

type toySource struct {
	flaw  string
	fsys  fs.FS
	count int
}

func (s *toySource) Conversations(context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		c := &chat.Conversation{ID: "c", Platform: "toy", Kind: chat.Group, Route: "lines", Path: "toy.txt"}
		for _, n := range []string{"a", "b"} {
			c.Participants = append(c.Participants, chat.Participant{ID: n})
		}
		yield(c, nil)
	}
}

func (s *toySource) Messages(_ context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		toyReads++
		s.count = 0
		f, err := s.fsys.Open("toy.txt")
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			m := s.message(n, lines.Text())
			s.count++
			if !yield(m, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil && s.flaw != "silent" {
			yield(nil, err)
		} else if s.count == 0 && s.flaw != "silent" {
			yield(nil, fmt.Errorf("toy.txt: empty"))
		}
	}
}

func (s *toySource) message(n int, line string) *chat.Message {
	who, text, _ := strings.Cut(line, ":")
	m := &chat.Message{
		ID: fmt.Sprint(n), Conversation: "c", Sender: who, Time: time.Unix(60*int64(n), 0).UTC(), Precision: chat.Minute, ZoneSource: chat.UnknownZone,
		Kind: chat.Text, Text: text, Source: chat.Pointer{File: "toy.txt", At: fmt.Sprintf("line %d", n)},
	}
	if len(who) != 1 || who != "a" && who != "b" {
		m.Sender, m.Kind, m.Text = "", chat.Unparsed, line
	}
	switch s.flaw {
	case "same ids":
		m.ID = "1"
	case "no source":
		m.Source = chat.Pointer{}
	case "line too far":
		m.Source.At = "line 99"
	case "stranger":
		m.Sender = "z"
	case "varies":
		m.Text += fmt.Sprint(toyReads)
	case "stored":
		m.Attachments = []chat.Attachment{{Name: "x", File: "x.jpg", State: chat.Stored}}
	case "hollow":
		m.Attachments = []chat.Attachment{{Name: "x", State: chat.Stored}}
	case "missing":
		m.Attachments = []chat.Attachment{{Name: "x", File: "toy.txt", State: chat.Missing}}
	case "too exact":
		m.Time = m.Time.Add(time.Second)
	case "panics":
		_ = line[3:]
	case "lists files":
		list, _ := fs.ReadDir(s.fsys, ".")
		m.Text += fmt.Sprint(len(list))
	}
	return m
}

func (s *toySource) Coverage(*chat.Conversation) chat.Coverage {
	c := chat.Coverage{Conversation: "c", Messages: s.count, Complete: true, From: time.Unix(0, 0), To: time.Unix(1e6, 0)}
	if s.flaw == "miscounts" {
		c.Messages++
	}
	return c
}

func (s *toySource) Accounts() chat.Accounts {
	var list []string
	fs.WalkDir(s.fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && s.flaw != "forgets files" {
			list = append(list, p)
		}
		return nil
	})
	return chat.Accounts{Unused: list}
}

func (s *toySource) Close() error { return nil }

func toyCase() Case {
	return Case{
		Name:          "toy",
		Export:        fstest.MapFS{"toy.txt": {Data: []byte("a:hi\nb:ho\na:he\n")}, "other.jpg": {Data: []byte("x")}},
		Options:       chat.Options{Zone: time.UTC},
		Conversations: 1, Messages: 3,
	}
}

func TestSuitePasses(t *testing.T) { Run(t, toy{}.provider(), toyCase()) }

// recorder takes failures for itself.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Fatal(...any)          { panic(r) }
func (r *recorder) Fatalf(string, ...any) { panic(r) }

// fails runs a check and says whether it found something.
func fails(t *testing.T, check func(testing.TB)) (failed bool) {
	r := &recorder{TB: t}
	defer func() {
		p := recover()
		failed = r.failed || p != nil
	}()
	check(r)
	return r.failed
}

// TestSuiteFinds gives the suite providers with one flaw each.
func TestSuiteFinds(t *testing.T) {
	c := toyCase()
	for check, flaws := range map[string][]string{
		"records": {"same ids", "no source", "line too far", "stranger", "stored", "hollow", "missing", "too exact", "miscounts", "forgets files"},
		"twice":   {"varies"},
		"packed":  {"varies"},
		"hostile": {"lists files"},
		"cut":     {"silent", "panics", "no source", "same ids"},
		"cheap":   {"walks"},
		"foreign": {"claims"},
	} {
		run := map[string]func(testing.TB, chat.Provider){
			"records": func(t testing.TB, p chat.Provider) { checkRecords(t, p, c) },
			"twice":   func(t testing.TB, p chat.Provider) { checkTwice(t, p, c) },
			"packed":  func(t testing.TB, p chat.Provider) { checkPacked(t, p, c) },
			"hostile": func(t testing.TB, p chat.Provider) { checkHostile(t, p, c) },
			"cut":     func(t testing.TB, p chat.Provider) { checkCut(t, p, c) },
			"cheap":   func(t testing.TB, p chat.Provider) { checkCheap(t, p, c) },
			"foreign": checkForeign,
		}[check]
		for _, flaw := range flaws {
			if !fails(t, func(t testing.TB) { run(t, toy{flaw}.provider()) }) {
				t.Errorf("%s does not find a provider that has the flaw %q", check, flaw)
			}
		}
		if fails(t, func(t testing.TB) { run(t, toy{}.provider()) }) {
			t.Errorf("%s finds fault with a provider that has none", check)
		}
	}
	c.Messages = 4
	if !fails(t, func(t testing.TB) { checkRecords(t, toy{}.provider(), c) }) {
		t.Error("records does not count")
	}
}
