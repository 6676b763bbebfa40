package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	records "chatkeep/backup/record"
	"chatkeep/providers/chat"
)

// strict is a text of the app's as encoding/json takes it, with every byte in its
// place.
func strict(text []byte) []byte {
	return regexp.MustCompile(`\\x([0-9A-F]{2})`).ReplaceAll(text, []byte(`\\$1`))
}

// counted walks a text with encoding/json: messages, and what else an account has.
func counted(t *testing.T, text []byte) (messages int, others map[string]int) {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(strict(text), &all); err != nil {
		t.Fatal(err)
	}
	others = map[string]int{}
	type list struct {
		About *string
		List  []json.RawMessage
	}
	for name, raw := range all {
		var many []json.RawMessage
		var l list
		isList := json.Unmarshal(raw, &many) == nil
		json.Unmarshal(raw, &l)
		switch {
		case name == "messages":
			messages += len(many)
		case name == "chats" || name == "left_chats":
			for _, c := range l.List {
				var in struct{ Messages []json.RawMessage }
				json.Unmarshal(c, &in)
				messages += len(in.Messages)
			}
			if l.About != nil {
				others["explanations by the app"]++
			}
		case sections[name] == "":
		case isList && len(many) > 0:
			others[sections[name]] += len(many)
		case !isList && (l.List == nil || len(l.List) > 0):
			others[sections[name]] += max(len(l.List), 1)
		}
	}
	return messages, others
}

// TestAccounting holds what came out of every JSON text that there is against an
// independent count.
func TestAccounting(t *testing.T) {
	paths, _ := filepath.Glob("testdata/exports/json-*/result.json")
	if root := os.Getenv("CHATKEEP_FIXTURES"); root != "" {
		more, _ := filepath.Glob(filepath.Join(root, "telegram", "*", "*", "result.json"))
		paths = append(paths, more...)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		r := readFS(t, os.DirFS(filepath.Dir(p)), chat.Options{})
		messages, others := counted(t, text)
		if len(r.all()) != messages || !reflect.DeepEqual(r.accounts.Ignored, others) || len(r.errors) > 0 {
			t.Errorf("%s: %d messages of %d; %v of %v; %v", p, len(r.all()), messages, r.accounts.Ignored, others, r.errors)
		}
	}
}

// ends are where the messages of a text end, by chat and in their order.
func ends(t *testing.T, text []byte) (list [][]int64) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(strict(text)))
	var stack []string // names and brackets
	name := ""
	for {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				stack = append(stack, name+string(v.String()))
				name = ""
				if len(stack) > 1 && stack[len(stack)-1] == "messages[" {
					list = append(list, nil)
				}
				continue
			}
			stack = stack[:len(stack)-1]
			name = ""
			if n := len(stack); n > 0 && stack[n-1] == "messages[" && v == '}' {
				list[len(list)-1] = append(list[len(list)-1], d.InputOffset())
			}
		case string:
			top := stack[len(stack)-1]
			if strings.HasSuffix(top, "{") && name == "" {
				name = v
				continue
			}
			name = ""
		default:
			name = ""
		}
	}
}

// places are lengths to cut a text at. With CHATKEEP_LONG it is every one, of a
// large text two thousand.
func places(n int) (list []int) {
	every, some := max(n/600, 1), 25
	if os.Getenv("CHATKEEP_LONG") != "" {
		every, some = 1, 2000
	}
	if n <= 64<<10 {
		for i := n - 1; i >= 0; i -= every {
			list = append(list, i)
		}
		return list
	}
	r := rand.New(rand.NewPCG(7, uint64(n)))
	for range some {
		list = append(list, r.IntN(n))
	}
	return list
}

// TestCutOff cuts texts at many lengths: every message that was whole comes out as
// it does from the whole text, and the end is an error.
func TestCutOff(t *testing.T) {
	paths, _ := filepath.Glob("testdata/exports/json-*/result.json")
	if root := os.Getenv("CHATKEEP_FIXTURES"); root != "" {
		more, _ := filepath.Glob(filepath.Join(root, "telegram", "*", "*.json"))
		again, _ := filepath.Glob(filepath.Join(root, "telegram", "*", "*", "result.json"))
		paths = append(append(paths, more...), again...)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if j := judge(text); j.sure() == 0 {
			continue // facts beside the samples
		}
		t.Run(filepath.Base(filepath.Dir(p)), func(t *testing.T) {
			t.Parallel()
			text = bytes.TrimRight(text, " \r\n")
			cutEverywhere(t, text)
		})
	}
}

func cutEverywhere(t *testing.T, text []byte) {
	match := chat.Match{Route: routeJSON, Path: "result.json"}
	whole := readMatch(t, fstest.MapFS{"result.json": {Data: text, Mode: 0o644}}, match, chat.Options{})
	at := ends(t, text)
	if len(at) != len(whole.conversations) {
		t.Fatalf("%d lists of messages, %d conversations", len(at), len(whole.conversations))
	}
	for _, n := range places(len(text)) {
		r := readMatch(t, fstest.MapFS{"result.json": {Data: text[:n], Mode: 0o644}}, match, chat.Options{})
		if !slices.ContainsFunc(r.errors, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }) {
			t.Fatalf("cut at %d: %v", n, r.errors)
		}
		for i, c := range r.conversations {
			want := 0
			for want < len(at[i]) && at[i][want] <= int64(n) {
				want++
			}
			full := whole.messages[whole.conversations[i].ID]
			if want > 0 && c.ID != whole.conversations[i].ID || len(r.messages[c.ID]) != want {
				t.Fatalf("cut at %d: conversation %d has %d messages, want %d", n, i, len(r.messages[c.ID]), want)
			}
			for k, m := range r.messages[c.ID] {
				if !reflect.DeepEqual(m, full[k]) {
					t.Fatalf("cut at %d: %+v, want %+v", n, m, full[k])
				}
			}
			if r.coverage[c.ID].Complete && i == len(r.conversations)-1 && want < len(full) {
				t.Fatalf("cut at %d: complete", n)
			}
		}
	}
}

// TestMemory reads a text that is made while it is read and looks at what is held
// on the way. CHATKEEP_LONG makes it 3 GB.
func TestMemory(t *testing.T) {
	n := 60_000
	if os.Getenv("CHATKEEP_LONG") != "" {
		n = 6_200_000
	}
	s, err := Provider.Open(generatedFS{n}, chat.Match{Route: routeJSON, Path: "result.json"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, most := 0, int64(0)
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range s.Messages(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; got%(n/4) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
				most = max(most, int64(after.HeapAlloc)-int64(before.HeapAlloc))
			}
		}
	}
	if limit := int64(4<<20 + 12*n); got != n || most > limit {
		t.Errorf("%d messages, %d bytes held, of at most %d", got, most, limit)
	}
}

// TestAnyOrder reads an account in every order that chats can be asked for, from a
// file that can be searched and from one that cannot.
func TestAnyOrder(t *testing.T) {
	text, err := os.ReadFile("testdata/exports/json-account/result.json")
	if err != nil {
		t.Fatal(err)
	}
	want := readText(t, string(text), chat.Options{})
	for name, fsys := range map[string]fs.FS{
		"searched": fstest.MapFS{"result.json": {Data: text, Mode: 0o644}},
		"streamed": &streamFS{text},
	} {
		s, err := Provider.Open(fsys, chat.Match{Route: routeJSON, Path: "result.json"}, chat.Options{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		var list []*chat.Conversation
		for c, err := range s.Conversations(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			for range s.Messages(t.Context(), c) {
				break // and go on behind it
			}
			list = append(list, c)
		}
		order := append(append([]*chat.Conversation{}, list...), list...)
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
		for _, c := range append(order, list...) {
			var got []*chat.Message
			for m, err := range s.Messages(t.Context(), c) {
				if err != nil {
					t.Fatal(err)
				}
				k := *m
				got = append(got, &k)
			}
			same(t, got, want.messages[c.ID])
			if s.Coverage(c) != want.coverage[c.ID] {
				t.Errorf("%s, %s: coverage %+v", name, c.Title, s.Coverage(c))
			}
		}
		if !reflect.DeepEqual(list, want.conversations) {
			t.Errorf("%s: other conversations", name)
		}
		s.Close()
	}
}

// streamFS has one file that cannot be searched, as in a zip.
type streamFS struct{ text []byte }

func (s *streamFS) Open(name string) (fs.File, error) {
	f, err := fstest.MapFS{"result.json": file("")}.Open(name)
	if name != "result.json" || err != nil {
		return f, err
	}
	return &generatedFile{f, bytes.NewReader(s.text)}, nil
}

// TestWrongTypes puts every kind of value in the place of every field.
func TestWrongTypes(t *testing.T) {
	values := []string{
		`null`, `true`, `0`, `-1`, `1.5`, `1e400`, `99999999999999999999999999`, `-9223372036854775808`, `""`, `"x"`, `"\ud800"`, "\"\xff\"", `[]`, `{}`,
		`[[]]`, `[{}]`, `[null]`, `{"a":[{"b":{}}]}`, `["a","b"]`, `[{"type":7,"text":8}]`, `[{"type":"emoji","count":"x","recent":[7,{"date":true}]}]`,
		`"../../etc/passwd"`, `"/etc/passwd"`, `"C:\\x"`, `"a\u0000b"`, `"0001-01-01T00:00:00"`, `"9999-12-31T23:59:59"`, `"2024-02-30T00:00:00"`, `"user"`,
	}
	var names []string
	for _, name := range fieldNames {
		names = append(names, name)
	}
	for _, kind := range []string{"message", "service", "unsupported", "other"} {
		for _, name := range names {
			var b strings.Builder
			b.WriteString(`{"name":"A","type":"private_group","id":5,"messages":[`)
			for i, v := range values {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `{%q:%s,"id":%d,"type":%q,"date_unixtime":"1704103200","from":"A","from_id":"user5","media_type":"video_message","action":"invite_members","text":"t"}`, name, v, i+1, kind)
			}
			b.WriteString(`]}`)
			r := readText(t, b.String(), chat.Options{})
			if n := len(r.all()); n != len(values) {
				t.Errorf("%s, %s: %d messages of %d", kind, name, n, len(values))
			}
			for _, m := range r.all() {
				for _, a := range m.Attachments {
					if a.File != "" {
						t.Errorf("%s, %s: a file %q", kind, name, a.File)
					}
				}
			}
		}
	}
}

// TestHostile reads what nobody's app writes.
func TestHostile(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	many := strings.Builder{}
	for i := range 50_000 {
		fmt.Fprintf(&many, `"k%d":%d,`, i, i)
	}
	message := `{"id":1,"type":"message","date_unixtime":"1704103200","from":"A","from_id":"user5","text":"t"}`
	for name, c := range map[string]struct {
		text               string
		messages, unparsed int
		errors             int
	}{
		"deep record":      {`{"name":"A","type":"private_group","id":5,"messages":[` + deep + `,` + message + `]}`, 1, 0, 1},
		"deep elsewhere":   {`{"name":"A","type":"private_group","id":5,"x":` + deep + `,"messages":[` + message + `]}`, 1, 0, 0},
		"many fields":      {`{"name":"A","type":"private_group","id":5,"messages":[{` + many.String() + `"id":2},` + message + `]}`, 1, 1, 0},
		"many sections":    {`{` + many.String() + `"personal_information":{"user_id":1},"chats":{"list":[{"name":"A","type":"private_group","id":5,"messages":[` + message + `]}]}}`, 1, 0, 0},
		"large record":     {`{"name":"A","type":"private_group","id":5,"messages":[{"id":2,"text":"` + strings.Repeat("x", 3<<20) + `"},` + message + `]}`, 1, 0, 1},
		"large name":       {`{"` + strings.Repeat("x", 1<<19) + `":1,"name":"A","type":"private_group","id":5,"messages":[` + message + `]}`, 1, 0, 0},
		"chats of chats":   {`{"chats":{"list":[7,{"name":"A","type":"private_group","id":5,"messages":[` + message + `]},null,{"messages":{}}]}}`, 1, 0, 3},
		"twice":            {`{"chats":{"list":[{"name":"A","type":"private_group","id":5,"messages":[` + message + `]},{"name":"A","type":"private_group","id":5,"messages":[` + message + `]}]}}`, 2, 0, 0},
		"no list":          {`{"chats":{"list":{}},"left_chats":[],"personal_information":7}`, 0, 0, 0},
		"messages no list": {`{"name":"A","type":"private_group","id":5,"messages":{"a":1}}`, 0, 0, 1},
		"keys twice":       {`{"name":"A","name":"B","type":"private_group","type":7,"id":5,"id":"x","messages":[` + message + `],"messages":[` + message + `]}`, 1, 0, 0},
		"behind the end":   {`{"name":"A","type":"private_group","id":5,"messages":[` + message + `]} x`, 1, 0, 1},
		"two texts":        {`{"name":"A","type":"private_group","id":5,"messages":[` + message + ` ` + message + `]}`, 1, 0, 1},
		"array":            {`[` + message + `]`, 0, 0, 1},
		"empty":            {``, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := readMatch(t, fstest.MapFS{"result.json": file(c.text)}, chat.Match{Route: routeJSON, Path: "result.json"}, chat.Options{})
			parsed, unparsed := 0, 0
			ids := map[string]bool{}
			for _, m := range r.all() {
				if ids[m.Conversation+m.ID] {
					t.Errorf("id %s twice", m.ID)
				}
				ids[m.Conversation+m.ID] = true
				if m.Kind == chat.Unparsed {
					unparsed++
				} else {
					parsed++
				}
			}
			if parsed != c.messages || unparsed != c.unparsed || len(r.errors) != c.errors {
				t.Errorf("%d messages, %d unparsed, errors %v", parsed, unparsed, r.errors)
			}
			for _, err := range r.errors {
				if len(err.Error()) > 200 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
			}
		})
	}
}

// TestPaths names files outside of the export.
func TestPaths(t *testing.T) {
	for _, p := range []string{"../secret", "photos/../../secret", "/etc/passwd", `..\secret`, `C:\x`, "photos/", "photos", ".", "", "a\x00b", "photos//x.jpg"} {
		quoted, _ := json.Marshal(p)
		text := `{"name":"A","type":"personal_chat","id":5,"messages":[{"id":1,"type":"message","date_unixtime":"1704103200","from":"A","from_id":"user5","photo":` + string(quoted) + `,"text":""}]}`
		fsys := fstest.MapFS{"result.json": file(text), "photos/x.jpg": file("x")}
		a := readFS(t, fsys, chat.Options{}).all()[0].Attachments[0]
		if a.State == chat.Stored || a.File != "" || a.Why == "" || strings.Contains(a.Name, "/") {
			t.Errorf("%q: %+v", p, a)
		}
	}
}

// TestComposed finds a file whose name the file system has decomposed.
func TestComposed(t *testing.T) {
	text := `{"name":"A","type":"personal_chat","id":5,"messages":[{"id":1,"type":"message","date_unixtime":"1704103200","from":"A","from_id":"user5","file":"files/Zo\u00eb.txt","text":""}]}`
	a := readFS(t, fstest.MapFS{"result.json": file(text), "files/Zoe\u0308.txt": file("x")}, chat.Options{}).all()[0].Attachments[0]
	if a.State != chat.Stored || a.File != "files/Zoe\u0308.txt" || a.Name != "Zoë.txt" {
		t.Errorf("%+v", a)
	}
}

// TestNothingTold looks for text of an export in errors and warnings.
func TestNothingTold(t *testing.T) {
	text := `{"name":"SECRET","type":"private_group","id":5,"messages":[{"id":1,"type":"message","date":"2020-01-01T00:00:00","from":"SECRET","text":"SECRET"},{"SECRET":"` +
		strings.Repeat("SECRET", 400_000) + `"},{"SECRET" "SECRET"},{"id":2,"text":"SECRET`
	r := readMatch(t, fstest.MapFS{"result.json": file(text)}, chat.Match{Route: routeJSON, Path: "result.json"}, chat.Options{Me: "SECRET"})
	told := fmt.Sprint(r.errors, r.accounts.Warnings, r.accounts.Ignored, r.coverage)
	if len(r.errors) != 2 || strings.Contains(told, "SECRET") {
		t.Errorf("told: %s", told)
	}
	var hint interface{ Hint() string }
	if !errors.As(r.errors[1], &hint) || hint.Hint() == "" {
		t.Errorf("no hint with %v", r.errors[1])
	}
}

// TestRecords writes every made export down as records and reads it back.
func TestRecords(t *testing.T) {
	worst := `{"name":"A","type":"private_group","id":5,"messages":[{"id":1,"text":"` + strings.Repeat("\x01", 1<<19) + `","text_entities":[{"type":"x","text":"` + strings.Repeat("\x02", 1<<18) + `"}]}]}`
	readings := []*result{readText(t, odd, chat.Options{}), readText(t, worst, chat.Options{})}
	for _, m := range made {
		readings = append(readings, readFS(t, os.DirFS("testdata/exports/"+m.name), chat.Options{}))
	}
	for _, r := range readings {
		var b bytes.Buffer
		e := records.NewEncoder(&b, nil)
		for _, c := range r.conversations {
			if err := e.Conversation(c); err != nil {
				t.Error(err)
			}
			for _, m := range r.messages[c.ID] {
				if err := e.Message(m); err != nil {
					t.Errorf("message %s: %v", m.Source.At, err)
				}
			}
		}
		d := records.NewDecoder(&b)
		d.Strict = true
		n := 0
		for {
			_, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != len(r.conversations)+len(r.all()) {
			t.Errorf("%d records", n)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, m := range made {
		if text, err := os.ReadFile("testdata/exports/" + m.name + "/result.json"); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte(odd))
	f.Add([]byte(small))
	f.Add([]byte(newestFirst(f, small)))
	f.Fuzz(func(t *testing.T, text []byte) {
		judge(text)
		r := readMatch(t, fstest.MapFS{"result.json": {Data: text, Mode: 0o644}}, chat.Match{Route: routeJSON, Path: "result.json", Whole: true}, chat.Options{})
		checkSound(t, r)
	})
}

// checkSound looks for what no export may make of a reading.
func checkSound(t *testing.T, r *result) {
	conversations := map[string]bool{}
	for _, c := range r.conversations {
		if conversations[c.ID] {
			t.Fatalf("conversation %s twice", c.ID)
		}
		conversations[c.ID] = true
		people, ids := map[string]bool{"": true}, map[string]bool{}
		for _, p := range c.Participants {
			people[p.ID] = true
		}
		for _, m := range r.messages[c.ID] {
			if ids[m.ID] || m.ID == "" || !people[m.Sender] || m.Source.At == "" || m.Kind == "" {
				t.Fatalf("message %+v", m)
			}
			ids[m.ID] = true
			for _, s := range m.Spans {
				if s.Start < 0 || s.End < s.Start || s.End > len(m.Text) {
					t.Fatalf("span %+v of %d bytes", s, len(m.Text))
				}
			}
			for _, a := range m.Attachments {
				if a.File != "" && !fs.ValidPath(a.File) || a.State == "" || a.Size < 0 || a.Duration < 0 || a.Width < 0 {
					t.Fatalf("attachment %+v", a)
				}
			}
			if y := m.Time.Year(); !m.Time.IsZero() && (y < 1 || y > 9999) {
				t.Fatalf("time %v", m.Time)
			}
		}
	}
}
