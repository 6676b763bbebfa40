package chattest

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
)

// checkRecords asks of every record what the contract promises of it.
func checkRecords(t testing.TB, p chat.Provider, c Case) {
	m, ok, err := recognized(p, c.Export, c.Route)
	if err != nil || !ok {
		t.Fatalf("not recognised: %v", err)
	}
	if m.Sure < 1 || m.Sure > 100 || m.Route == "" || !fs.ValidPath(m.Path) {
		t.Errorf("match %+v", m)
	}
	r := mustRead(t, p, c.Export, c)
	if r.hollow > 0 {
		t.Errorf("%d attachments are stored and cannot be read", r.hollow)
	}
	parsed, unparsed := 0, 0
	ids := map[string]bool{}
	for _, conv := range r.conversations {
		if conv.ID == "" || ids[conv.ID] {
			t.Errorf("conversation %q: an id twice, or none", conv.ID)
		}
		ids[conv.ID] = true
		checkConversation(t, p, conv)
		for _, msg := range r.messages[conv.ID] {
			if msg.Kind == chat.Unparsed {
				unparsed++
			} else {
				parsed++
			}
		}
		checkMessages(t, c, conv, r.messages[conv.ID])
		checkCoverage(t, r.coverage[conv.ID], conv, r.messages[conv.ID])
	}
	if len(r.conversations) != c.Conversations || parsed != c.Messages || unparsed != c.Unparsed {
		t.Errorf("%d conversations, %d messages, %d unparsed; want %d, %d, %d",
			len(r.conversations), parsed, unparsed, c.Conversations, c.Messages, c.Unparsed)
	}
	if m.Whole {
		checkAccounts(t, c, m, r)
	}
}

func checkConversation(t testing.TB, p chat.Provider, c *chat.Conversation) {
	t.Helper()
	if c.Platform != p.Name || c.Kind == "" || c.Route == "" || c.Path == "" {
		t.Errorf("conversation %s: platform %q, kind %q, route %q, path %q", c.ID, c.Platform, c.Kind, c.Route, c.Path)
	}
	selves := 0
	ids := map[string]bool{}
	for _, p := range c.Participants {
		if p.ID == "" || ids[p.ID] {
			t.Errorf("conversation %s: participant %q twice, or without id", c.ID, p.ID)
		}
		ids[p.ID] = true
		if p.Self {
			selves++
		}
	}
	if selves > 1 {
		t.Errorf("conversation %s: %d owners", c.ID, selves)
	}
}

func checkMessages(t testing.TB, c Case, conv *chat.Conversation, list []*chat.Message) {
	t.Helper()
	people := map[string]bool{"": true}
	for _, p := range conv.Participants {
		people[p.ID] = true
	}
	ids := map[string]bool{}
	for i, m := range list {
		if m.ID == "" || ids[m.ID] {
			t.Errorf("message %d: id %q twice, or none", i, m.ID)
		}
		ids[m.ID] = true
		if m.Conversation != conv.ID || m.Kind == "" {
			t.Errorf("message %d: conversation %q, kind %q", i, m.Conversation, m.Kind)
		}
		if !people[m.Sender] {
			t.Errorf("message %d: its sender is no participant", i)
		}
		checkTime(t, i, m)
		checkPlace(t, c.Export, i, m.Source, conv)
		for _, s := range m.Spans {
			if s.Start < 0 || s.End < s.Start || s.End > len(m.Text) {
				t.Errorf("message %d: span %d to %d of %d bytes", i, s.Start, s.End, len(m.Text))
			}
		}
		for _, a := range m.Attachments {
			checkAttachment(t, c.Export, i, a)
		}
	}
}

func checkTime(t testing.TB, i int, m *chat.Message) {
	t.Helper()
	if m.Kind == chat.Unparsed && m.Time.IsZero() {
		return
	}
	precisions := []chat.Precision{chat.Millisecond, chat.Second, chat.Minute, chat.Day}
	zones := []chat.ZoneSource{chat.FromExport, chat.FromUser, chat.FromDevice, chat.UnknownZone}
	if !m.Time.IsZero() && (!slices.Contains(precisions, m.Precision) || !slices.Contains(zones, m.ZoneSource)) {
		t.Errorf("message %d: precision %q, zone from %q", i, m.Precision, m.ZoneSource)
	}
	if m.Precision == chat.Minute && m.Time.Truncate(time.Minute) != m.Time {
		t.Errorf("message %d: more than the minute that is known", i)
	}
}

// checkPlace says that a pointer leads into the export: to a file, or to a folder
// whose files the conversation names.
func checkPlace(t testing.TB, fsys fs.FS, i int, p chat.Pointer, conv *chat.Conversation) {
	t.Helper()
	info, err := fs.Stat(fsys, p.File)
	if p.File == "" || p.At == "" || err != nil {
		t.Errorf("message %d: source %+v: %v", i, p, err)
		return
	}
	if info.IsDir() {
		checkFolder(t, fsys, i, p.File, conv)
		return
	}
	digits, ok := strings.CutPrefix(p.At, "line ")
	if !ok {
		return
	}
	b, err := fs.ReadFile(fsys, p.File)
	n, numErr := strconv.Atoi(digits)
	if err != nil || numErr != nil || n < 1 || n > bytes.Count(b, []byte("\n"))+1 {
		t.Errorf("message %d: %q is not in %s", i, p.At, p.File)
	}
}

func checkFolder(t testing.TB, fsys fs.FS, i int, folder string, conv *chat.Conversation) {
	t.Helper()
	if len(conv.Files) == 0 {
		t.Errorf("message %d: source %q is a folder, and the conversation names no files", i, folder)
	}
	for _, name := range conv.Files {
		if info, err := fs.Stat(fsys, name); err != nil || info.IsDir() || path.Dir(name) != folder {
			t.Errorf("message %d: source %q, and %q is no file in it: %v", i, folder, name, err)
		}
	}
}

func checkAttachment(t testing.TB, fsys fs.FS, i int, a chat.Attachment) {
	t.Helper()
	if a.File == "" {
		if a.State == "" {
			t.Errorf("message %d: attachment %q has no state", i, a.Name)
		}
		return
	}
	if !fs.ValidPath(a.File) {
		t.Errorf("message %d: attachment at %q", i, a.File)
		return
	}
	info, err := fs.Stat(fsys, a.File)
	if a.State == chat.Stored && (err != nil || !info.Mode().IsRegular() || info.Size() != a.Size) {
		t.Errorf("message %d: attachment %q is said to be stored with %d bytes: %v", i, a.File, a.Size, err)
	}
	if a.State == chat.Missing && err == nil {
		t.Errorf("message %d: attachment %q is said to be missing", i, a.File)
	}
}

func checkCoverage(t testing.TB, c chat.Coverage, conv *chat.Conversation, list []*chat.Message) {
	t.Helper()
	parsed := 0
	for _, m := range list {
		if m.Kind == chat.Unparsed {
			continue
		}
		parsed++
		if !m.Time.IsZero() && (m.Time.Before(c.From) || m.Time.After(c.To)) {
			t.Errorf("a message of %v is outside what is covered, %v to %v", m.Time, c.From, c.To)
		}
	}
	if c.Conversation != conv.ID || c.Messages != parsed || !c.Complete && c.WhyIncomplete == "" {
		t.Errorf("coverage %+v of %d messages", c, parsed)
	}
}

// checkAccounts says that no file of an export went without a word. An export
// that is one folder of many answers for that one.
func checkAccounts(t testing.TB, c Case, match chat.Match, r *reading) {
	t.Helper()
	told := map[string]bool{match.Path: true}
	for _, f := range r.accounts.Unused {
		told[f] = true
	}
	for _, conv := range r.conversations {
		told[conv.Path] = true
		for _, name := range conv.Files {
			told[name] = true
		}
		for _, m := range r.messages[conv.ID] {
			told[m.Source.File] = true
			for _, a := range m.Attachments {
				told[a.File] = true
			}
		}
	}
	folder := "."
	if info, err := fs.Stat(c.Export, match.Path); err == nil && info.IsDir() {
		folder = match.Path
	}
	for _, name := range filesOf(t, c.Export) {
		if !told[name] && (folder == "." || strings.HasPrefix(name, folder+"/")) {
			t.Errorf("nothing is said of %q", name)
		}
	}
}
