package meta

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// thread is a file with one message, by a sender, at a time.
func threadFile(t testing.TB, path string, people []string, at int) *fstest.MapFile {
	v := threadOf(people, object{"sender_name": people[0], "timestamp_ms": at, "content": fmt.Sprint("at ", at)})
	if path != "" {
		v["thread_path"] = path
	}
	return jsonFile(t, v)
}

// TestRecognize finds an export at every level of its folders.
func TestRecognize(t *testing.T) {
	th := threadFile(t, "inbox/anna_1", []string{"Anna", "Ben"}, 1)
	old := file(`{"participants":[{"name":"A"}],"messages":[{"sender_name":"A","timestamp_ms":1,"content":"x","type":"Generic"}],"thread_path":"inbox/a_1"}`)
	bare := file(`{"participants":[{"name":"A"}],"messages":[{"sender_name":"A","timestamp_ms":1,"content":"x"}]}`)
	other := file(`{"participants":[{"name":"A"}],"messages":[{"sender_name":"A","timestamp_ms":1,"photos":[{"uri":"your_instagram_activity/x"}]}]}`)
	page := file(`<html><body><div>Participants: A, B</div><div><div>A</div><div>hi</div><div>Oct 19, 2019, 2:37 PM</div></div></body></html>`)
	secret := file(`{"participants":["A","B"],"threadName":"A_1","messages":[]}`)
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"download":              {fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": th, "posts/x.json": file("[]")}, "json your_facebook_activity 98 true"},
		"activity":              {fstest.MapFS{"messages/inbox/anna_1/message_1.json": th}, "json messages 50 true"},
		"old":                   {fstest.MapFS{"messages/inbox/a_1/message_1.json": old}, "json messages 90 true"},
		"the other app's":       {fstest.MapFS{"messages/inbox/a_1/message_1.json": other}, ""},
		"messages":              {fstest.MapFS{"inbox/a_1/message_1.json": old, "archived_threads/b_2/message_1.json": old}, "json . 90 true"},
		"messages, strangers":   {fstest.MapFS{"inbox/a_1/message_1.json": old, "archived_threads/b_2/message_1.json": old, "x.txt": file("")}, "json archived_threads 90 true, json inbox 90 true"},
		"section":               {fstest.MapFS{"a_1/message_1.json": old}, "json . 90 true"},
		"section, strangers":    {fstest.MapFS{"a_1/message_1.json": old, "x.txt": file("")}, ""},
		"thread":                {fstest.MapFS{"message_1.json": old, "message_2.json": old, "photos/1.jpg": file("")}, "json message_1.json 90 true"},
		"thread, strangers":     {fstest.MapFS{"message_2.json": old, "message_10.json": old, "x.txt": file("")}, "json message_2.json 90 false"},
		"thread of either":      {fstest.MapFS{"message_1.json": th}, "json message_1.json 50 true"},
		"bare thread":           {fstest.MapFS{"message_1.json": bare}, "json message_1.json 40 true"},
		"loose":                 {fstest.MapFS{"anna.json": old}, "json anna.json 90 false"},
		"loose and bare":        {fstest.MapFS{"anna.json": bare}, ""},
		"loose by its name":     {fstest.MapFS{"my messenger.json": bare}, "json my messenger.json 80 false"},
		"pages":                 {fstest.MapFS{"your_facebook_activity/messages/inbox/a_1/message_1.html": page}, "html your_facebook_activity 98 true"},
		"pages and JSON":        {fstest.MapFS{"your_facebook_activity/messages/inbox/a_1/message_1.html": page, "your_facebook_activity/messages/inbox/b_1/message_1.json": th}, "json your_facebook_activity 98 true"},
		"loose page":            {fstest.MapFS{"layout.html": page}, "html layout.html 60 false"},
		"some page":             {fstest.MapFS{"layout.html": file("<html><body><p>Oct 19, 2019, 2:37 PM</p></body></html>")}, ""},
		"encrypted":             {fstest.MapFS{"A_1.json": secret, "media/1.jpg": file("")}, "e2ee . 95 true"},
		"encrypted, strangers":  {fstest.MapFS{"A_1.json": secret, "x.txt": file("")}, "e2ee . 95 false"},
		"encrypted in messages": {fstest.MapFS{"messages/A_1.json": secret}, "e2ee messages 95 true"},
		"both":                  {fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": th, "your_facebook_activity/messages/A_1.json": secret}, "e2ee your_facebook_activity 95 true, json your_facebook_activity 98 true"},
		"media alone":           {fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/photos/1.jpg": file("")}, "json your_facebook_activity 98 true"},
		"broken":                {fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": file("{what")}, "json your_facebook_activity 98 true"},
		"no messages":           {fstest.MapFS{"your_facebook_activity/posts/x.json": file("[]"), "messages/x.txt": file("")}, ""},
		"somebody's mail":       {fstest.MapFS{"inbox/anna_1/message_1.json": file(`{"from":"x"}`), "inbox/b/photos/1.jpg": file("")}, ""},
		"somebody's numbers":    {fstest.MapFS{"data_1.json": file(`{"a":[1]}`), "run_2.json": file(`[1]`)}, ""},
	} {
		list, err := testApp.Recognize(c.files)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, m := range list {
			got = append(got, fmt.Sprint(m.Route, " ", m.Path, " ", m.Sure, " ", m.Whole))
		}
		slices.Sort(got)
		if have := strings.Join(got, ", "); have != c.want {
			t.Errorf("%s: %s; want %s", name, have, c.want)
		}
		for _, m := range list {
			s, err := testApp.Open(c.files, m, chat.Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, err := range s.Conversations(t.Context()) {
				if n++; err != nil && name != "broken" && name != "media alone" {
					t.Errorf("%s: %v", name, err)
				}
			}
			if n == 0 {
				t.Errorf("%s: %s has no conversation, and no error", name, m.Path)
			}
		}
	}
}

// TestLevels gives one thread the same ids from whatever folder it is read.
func TestLevels(t *testing.T) {
	th := threadFile(t, "inbox/anna_1", []string{"Anna", "Ben"}, 1)
	var want *reading
	for _, dir := range []string{"your_facebook_activity/messages/inbox/anna_1/", "messages/inbox/anna_1/", "inbox/anna_1/", "anna_1/", ""} {
		r := read(t, fstest.MapFS{dir + "message_1.json": th}, RouteJSON, chat.Options{})
		if len(r.threads) != 1 {
			t.Fatalf("%q: %v", dir, r.errs)
		}
		got := r.threads[0]
		if want == nil {
			want = got
		}
		if got.chat.ID != want.chat.ID || got.messages[0].ID != want.messages[0].ID || got.chat.Title != "Anna" {
			t.Errorf("%q: %+v", dir, got.chat)
		}
	}
}

// TestSections reads all sections, an unknown one, and a thread in none; an
// archived thread keeps its id, and two threads never share one.
func TestSections(t *testing.T) {
	fsys := fstest.MapFS{}
	root := "your_facebook_activity/messages/"
	for i, section := range append(slices.Clone(sections), "sent_to_the_moon") {
		path := fmt.Sprintf("%s/anna_%d", section, i)
		fsys[root+path+"/message_1.json"] = threadFile(t, path, []string{"Anna", "Ben"}, i+1)
	}
	fsys[root+"old_7/message.json"] = threadFile(t, "", []string{"Cy", "Ben"}, 8)
	fsys[root+"message_requests/anna_0/message_1.json"] = threadFile(t, "message_requests/anna_0", []string{"Anna", "Ben"}, 9)
	fsys[root+"notes.json"], fsys[root+"autofill_information.json"] = file("{}"), file("{}")
	fsys[root+"stickers_used/1.png"] = file("png")
	r := read(t, fsys, RouteJSON, chat.Options{})
	if len(r.threads) != 8 || len(r.errs) > 0 {
		t.Fatalf("%d threads, %v", len(r.threads), r.errs)
	}
	ids := map[string]bool{}
	for _, th := range r.threads {
		ids[th.chat.ID] = true
	}
	if len(ids) != 8 {
		t.Errorf("%d ids", len(ids))
	}
	if r.accounts.Ignored["not a thread: notes.json"] != 1 || r.accounts.Ignored["not a thread: autofill_information.json"] != 1 {
		t.Errorf("ignored %v", r.accounts.Ignored)
	}
	if !slices.Contains(r.accounts.Unused, root+"stickers_used/1.png") || len(r.accounts.Unused) != 3 {
		t.Errorf("unused %v", r.accounts.Unused)
	}
	archived := read(t, fstest.MapFS{root + "archived_threads/anna_0/message_1.json": threadFile(t, "archived_threads/anna_0", []string{"Anna", "Ben"}, 1)}, RouteJSON, chat.Options{})
	if !ids[archived.threads[0].chat.ID] || archived.threads[0].messages[0].ID != r.threads[0].messages[0].ID {
		t.Error("an archived thread is another one")
	}
}

// TestKindOfThread tells groups from direct chats.
func TestKindOfThread(t *testing.T) {
	for name, c := range map[string]struct {
		keys   object
		people []string
		want   chat.ConversationKind
	}{
		"two":       {nil, []string{"Anna", "Ben"}, chat.Direct},
		"three":     {nil, []string{"Anna", "Ben", "Cy"}, chat.Group},
		"by type":   {object{"thread_type": "RegularGroup"}, []string{"Anna", "Ben"}, chat.Group},
		"regular":   {object{"thread_type": "Regular"}, []string{"Anna", "Ben"}, chat.Direct},
		"joinable":  {object{"joinable_mode": object{"mode": 1, "link": ""}}, []string{"Anna", "Ben"}, chat.Group},
		"alone":     {nil, []string{"Ben"}, chat.Self},
		"deleted":   {nil, []string{"Facebook user", "Ben"}, chat.Direct},
		"all share": {nil, []string{"Facebook user", "Facebook user", "Ben"}, chat.Group},
	} {
		v := threadOf(c.people)
		for k, x := range c.keys {
			v[k] = x
		}
		r := read(t, fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/message_1.json": jsonFile(t, v)}, RouteJSON, chat.Options{Me: "Ben"})
		if got := r.threads[0].chat.Kind; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		for _, p := range r.threads[0].chat.Participants {
			if shared := p.Names[0].Value == "Facebook user"; shared != (p.Names[0].From == "system") {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

// TestSelf finds the owner.
func TestSelf(t *testing.T) {
	root := "your_facebook_activity/messages/inbox/"
	two := func() fstest.MapFS {
		return fstest.MapFS{
			root + "anna_1/message_1.json": threadFile(t, "", []string{"Anna", "Zoë"}, 1),
			root + "cy_2/message_1.json":   threadFile(t, "", []string{"Cy", "Zoë"}, 2),
		}
	}
	single := func() fstest.MapFS {
		return fstest.MapFS{root + "anna_1/message_1.json": threadFile(t, "", []string{"Anna", "Zoë"}, 1)}
	}
	with := func(fsys fstest.MapFS, name, text string) fstest.MapFS {
		fsys[name] = file(text)
		return fsys
	}
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		me   string
		want string
	}{
		"said":            {single(), "Zoë", "Zoë"},
		"said, wrongly":   {single(), "Ulf", ""},
		"in all":          {two(), "", "Zoë"},
		"one thread":      {single(), "", ""},
		"profile":         {with(single(), "profile.json", `{"profile_v2":{"name":{"full_name":"Zo\u00c3\u00ab"}}}`), "", "Zoë"},
		"autofill":        {with(single(), "your_facebook_activity/messages/autofill_information.json", `{"autofill_information_v2":{"FULL_NAME":["Zo\u00c3\u00ab"]}}`), "", "Zoë"},
		"labels":          {with(single(), "profile.json", `{"profile_user":[{"string_map_data":{"Nom":{"value":"Zo\u00c3\u00ab"},"Bio":{"value":"hello"}}}]}`), "", "Zoë"},
		"profile, nobody": {with(single(), "profile.json", `{"profile_v2":{"name":{"full_name":"Ulf"}}}`), "", ""},
		"profile, broken": {with(single(), "profile.json", `{"profile_v2`), "", ""},
	} {
		r := read(t, c.fsys, RouteJSON, chat.Options{Me: c.me})
		for _, th := range r.threads {
			self := ""
			for _, p := range th.chat.Participants {
				if p.Self {
					self += p.Names[0].Value
				}
			}
			if self != c.want {
				t.Errorf("%s: %q, want %q", name, self, c.want)
			}
		}
		if warned := strings.Contains(strings.Join(r.accounts.Warnings, "\n"), "--me"); warned != (c.want == "") {
			t.Errorf("%s: warnings %q", name, r.accounts.Warnings)
		}
	}
}

// TestGap misses a file of a thread.
func TestGap(t *testing.T) {
	root := "your_facebook_activity/messages/inbox/anna_1/message_"
	for names, want := range map[string]string{"1": "", "1 2 3": "", "2": "message_1.json", "1 3": "message_2.json", "9 10": "message_1.json"} {
		fsys := fstest.MapFS{}
		for i, n := range strings.Fields(names) {
			fsys[root+n+".json"] = threadFile(t, "", []string{"Anna", "Ben"}, 100-i)
		}
		c := read(t, fsys, RouteJSON, chat.Options{}).threads[0].cover
		if c.Complete != (want == "") || !strings.HasPrefix(c.WhyIncomplete, want) {
			t.Errorf("%s: %+v", names, c)
		}
	}
}

// TestEncryptedNames gives encrypted chats ids that outlive the numbers in their
// files' names, and others than a download's threads have.
func TestEncryptedNames(t *testing.T) {
	chatOf := func(name string, people ...any) *fstest.MapFile {
		return jsonFile(t, object{"participants": people, "threadName": name, "messages": []any{object{"senderName": people[0], "timestamp": 5, "text": "hi", "type": "text"}}})
	}
	a := read(t, fstest.MapFS{"Anna_3.json": chatOf("Anna_3", "Anna", "Ben"), "Anna_9.json": chatOf("Anna_9", "Anna", "Cy", "Ben")}, RouteE2EE, chat.Options{})
	b := read(t, fstest.MapFS{"Anna_4.json": chatOf("Anna_4", "Anna", "Ben"), "Anna_7.json": chatOf("Anna_7", "Anna", "Cy", "Ben")}, RouteE2EE, chat.Options{})
	d := read(t, fstest.MapFS{"your_facebook_activity/messages/e2ee_cutover/anna_1/message_1.json": threadFile(t, "", []string{"Anna", "Ben"}, 5)}, RouteJSON, chat.Options{})
	for i := range 2 {
		if a.threads[i].chat.ID != b.threads[i].chat.ID || a.threads[i].messages[0].ID != b.threads[i].messages[0].ID || a.threads[i].chat.Title != "Anna" {
			t.Errorf("%+v and %+v", a.threads[i].chat, b.threads[i].chat)
		}
		if a.threads[i].chat.ID == d.threads[0].chat.ID {
			t.Error("an encrypted chat was joined with what came before it")
		}
	}
	if a.threads[0].chat.ID == a.threads[1].chat.ID {
		t.Error("two chats of one name are one")
	}
	if !strings.Contains(strings.Join(d.accounts.Warnings, "\n"), "end-to-end encrypted: 1") {
		t.Errorf("warnings %q", d.accounts.Warnings)
	}
}

// TestBrokenSibling reads what lies beside a broken file.
func TestBrokenSibling(t *testing.T) {
	root := "your_facebook_activity/messages/inbox/"
	r := read(t, fstest.MapFS{
		root + "bad_1/message_1.json":   file("{this is no JSON"),
		root + "half_2/message_1.json":  file(`{"participants":[{"name":"Anna"}],"messages":[{"sender_name":"Anna","timestamp_ms":2,"content":"whole"},{"sender_na`),
		root + "half_2/message_2.json":  threadFile(t, "", []string{"Anna", "Ben"}, 1),
		root + "list_3/message_1.json":  file("[]"),
		root + "fine_4/message_1.json":  threadFile(t, "", []string{"Anna", "Ben"}, 1),
		root + "bad_5/message_1.html":   file("<html><body>nothing</body></html>"),
		root + "empty_6/message_1.json": jsonFile(t, threadOf([]string{"Anna"})),
	}, RouteJSON, chat.Options{})
	if len(r.errs) != 3 || len(r.threads) != 3 {
		t.Fatalf("%d threads, %v", len(r.threads), r.errs)
	}
	for _, want := range []string{"bad_1/message_1.json: byte", "list_3/message_1.json: no thread", "bad_5/message_1.html: no message"} {
		if !strings.Contains(fmt.Sprint(r.errs), want) {
			t.Errorf("%q is not in %v", want, r.errs)
		}
	}
	half := r.threads[2]
	if got := half.texts(); !slices.Equal(got, []string{"at 1", "whole"}) || len(half.errs) != 1 || half.cover.Complete {
		t.Errorf("%q, %v, %+v", got, half.errs, half.cover)
	}
	if _, err := testApp.Open(fstest.MapFS{}, chat.Match{Route: "fax"}, chat.Options{}); err == nil {
		t.Error("a route that there is not was opened")
	}
	s, err := testApp.Open(fstest.MapFS{}, chat.Match{Route: RouteJSON, Path: "gone"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.Conversations(t.Context()) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder that is gone: %v", err)
		}
	}
}
