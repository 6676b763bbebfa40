package all_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"chatkeep/providers/all"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

var update = flag.Bool("update", false, "write the table of docs/apps.md anew")

const (
	appsPage   = "../../docs/apps.md"
	tableBegin = "<!-- table: made by go test ./providers/all -run TestAppsPage -update -->\n"
	tableEnd   = "<!-- end of table -->\n"
)

// features are what a record can have, by the name that the table gives it.
var features = []struct {
	name string
	in   func(*chat.Message) bool
}{
	{"text", func(m *chat.Message) bool { return m.Kind == chat.Text && m.Text != "" }},
	{"formatting, links, mentions", func(m *chat.Message) bool { return len(m.Spans) > 0 }},
	{"replies", func(m *chat.Message) bool { return m.ReplyTo != nil }},
	{"threads", func(m *chat.Message) bool { return m.Thread != "" }},
	{"forwards", func(m *chat.Message) bool { return m.Forwarded != nil }},
	{"reactions", func(m *chat.Message) bool { return len(m.Reactions) > 0 }},
	{"that it was edited", func(m *chat.Message) bool { return m.Edited || len(m.Edits) > 0 }},
	{"that it was deleted", func(m *chat.Message) bool { return m.Deleted != nil }},
	{"pictures, videos, sound, files", func(m *chat.Message) bool { return has(m, chat.Stored) }},
	{"media that are missing, and why", func(m *chat.Message) bool {
		return slices.ContainsFunc(m.Attachments, func(a chat.Attachment) bool { return a.State != chat.Stored })
	}},
	{"stickers", func(m *chat.Message) bool {
		return m.Kind == chat.Sticker || slices.ContainsFunc(m.Attachments, func(a chat.Attachment) bool { return a.Role == "sticker" })
	}},
	{"contacts", func(m *chat.Message) bool { return m.Kind == chat.Contact }},
	{"places", func(m *chat.Message) bool { return m.Location != nil }},
	{"polls", func(m *chat.Message) bool { return m.Poll != nil }},
	{"calls", func(m *chat.Message) bool { return m.Call != nil }},
	{"payments", func(m *chat.Message) bool { return m.Kind == chat.Payment }},
	{"events of the group", func(m *chat.Message) bool { return m.Event != nil }},
	{"when it expires", func(m *chat.Message) bool { return !m.Expires.IsZero() }},
	{"kinds nobody knows yet", func(m *chat.Message) bool { return m.Kind == chat.Other && m.Deleted == nil }},
	{"the app's own ids", func(m *chat.Message) bool { return m.NativeID != "" }},
}

func has(m *chat.Message, state chat.AttachmentState) bool {
	return slices.ContainsFunc(m.Attachments, func(a chat.Attachment) bool { return a.State == state })
}

// TestAppsPage reads the made-up exports of every app and holds the table of
// docs/apps.md against what came out of them.
func TestAppsPage(t *testing.T) {
	table := appsTable(t)
	data, err := os.ReadFile(appsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), tableBegin)
	old, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Fatal("docs/apps.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile(appsPage, []byte(before+tableBegin+table+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Errorf("the table of docs/apps.md is not what the exports give; go test ./providers/all -run TestAppsPage -update writes it\n%s", table)
	}
}

// route is one column: what was seen of one route.
type route struct {
	app, name string
	seen      map[string]bool
	precision []string
}

func appsTable(t *testing.T) string {
	var routes []*route
	for _, p := range all.Chats {
		dirs, err := filepath.Glob("../chat/" + p.Name + "/testdata/exports/*")
		if err != nil || len(dirs) == 0 {
			t.Errorf("%s has no made-up exports in testdata/exports: %v", p.Title, err)
		}
		byRoute := map[string]*route{}
		for _, dir := range dirs {
			for _, r := range readExport(t, p, dir) {
				if byRoute[r.name] == nil {
					byRoute[r.name] = r
					routes = append(routes, r)
					continue
				}
				byRoute[r.name].add(r)
			}
		}
	}
	var b strings.Builder
	b.WriteString("|")
	for _, r := range routes {
		fmt.Fprintf(&b, " | %s `%s`", r.app, r.name)
	}
	b.WriteString(" |\n|---" + strings.Repeat("|---", len(routes)) + "|\n")
	for _, f := range features {
		fmt.Fprintf(&b, "| %s", f.name)
		for _, r := range routes {
			b.WriteString(" | " + map[bool]string{true: "yes"}[r.seen[f.name]])
		}
		b.WriteString(" |\n")
	}
	b.WriteString("| times known to the")
	for _, r := range routes {
		b.WriteString(" | " + strings.Join(r.precision, ", "))
	}
	b.WriteString(" |\n")
	return b.String()
}

func (r *route) add(o *route) {
	for name := range o.seen {
		r.seen[name] = true
	}
	for _, p := range o.precision {
		if !slices.Contains(r.precision, p) {
			r.precision = append(r.precision, p)
			slices.Sort(r.precision)
		}
	}
}

// readExport reads one folder by every route that recognises it, wherever in the
// folder that is.
func readExport(t *testing.T, p chat.Provider, dir string) (routes []*route) {
	t.Helper()
	root := chattest.Load(t, dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		sub, err := fs.Sub(root, name)
		if err != nil {
			return err
		}
		matches, err := p.Recognize(sub)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		for _, m := range matches {
			routes = append(routes, readMatch(t, p, sub, m, dir))
		}
		if len(matches) > 0 {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil || len(routes) == 0 {
		t.Errorf("%s: recognised %d times, %v", dir, len(routes), err)
	}
	return routes
}

func readMatch(t *testing.T, p chat.Provider, fsys fs.FS, m chat.Match, dir string) *route {
	t.Helper()
	r := &route{app: p.Title, name: m.Route, seen: map[string]bool{}}
	s, err := p.Open(fsys, m, chat.Options{Name: filepath.Base(dir)})
	if err != nil {
		t.Errorf("%s: %v", dir, err)
		return r
	}
	defer s.Close()
	for c, err := range s.Conversations(context.Background()) {
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		for msg, err := range s.Messages(context.Background(), c) {
			if err != nil {
				t.Errorf("%s: %v", dir, err)
				continue
			}
			for _, f := range features {
				if f.in(msg) {
					r.seen[f.name] = true
				}
			}
			if msg.Precision != "" && !msg.Time.IsZero() {
				r.add(&route{precision: []string{string(msg.Precision)}})
			}
		}
	}
	return r
}
