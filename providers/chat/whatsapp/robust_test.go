package whatsapp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// TestLongLine reads a line far longer than any buffer.
func TestLongLine(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 70000) // 1.1 MB
	r := readText(t, "18/05/2021, 21:04 - Anna: "+long+"\n18/05/2021, 21:05 - Anna: next\n", chat.Options{})
	if len(r.messages) != 2 || r.messages[0].Text != long {
		t.Fatalf("%d messages, the first of %d bytes", len(r.messages), len(r.messages[0].Text))
	}
	huge := strings.Repeat("x", bodyLimit*2+5000)
	r = readText(t, "18/05/2021, 21:04 - Anna: "+huge+"\n18/05/2021, 21:05 - Anna: next\n", chat.Options{})
	back := ""
	for _, m := range r.messages[:len(r.messages)-1] {
		if len(m.Text) > bodyLimit+pieceSize {
			t.Errorf("a record of %d bytes", len(m.Text))
		}
		back += m.Text
	}
	if strings.TrimSuffix(back, "\n") != huge || r.messages[len(r.messages)-1].Text != "next" || r.messages[1].Kind != chat.Unparsed {
		t.Errorf("%d of %d bytes came back in %d records", len(back), len(huge), len(r.messages))
	}
}

// TestCutOff reads what came before the end of a damaged zip's text.
func TestCutOff(t *testing.T) {
	half := strings.Repeat("18/05/2021, 21:04 - Anna: hi\n", 20000)
	e := &endless{n: 2, line: func(i int) string { return half }, fail: io.ErrUnexpectedEOF}
	r := readFS(t, e, "_chat.txt", chat.Options{})
	if len(r.messages) != 40000 || !errors.Is(r.err, io.ErrUnexpectedEOF) {
		t.Errorf("%d messages, %v", len(r.messages), r.err)
	}
}

// TestLineEnds splits at LF alone.
func TestLineEnds(t *testing.T) {
	body := "a\u2028b\u2029c\u0085d\re\vf"
	r := readText(t, "18/05/2021, 21:04 - Anna: "+body+"\r\n18/05/2021, 21:05 - Anna: next", chat.Options{})
	if len(r.messages) != 2 || r.messages[0].Text != body || r.messages[1].Text != "next" {
		t.Errorf("%d messages, %q", len(r.messages), r.messages[0].Text)
	}
}

// TestBytesStay keeps a body's bytes, valid or not.
func TestBytesStay(t *testing.T) {
	for _, body := range []string{"\xff\xfe", "a" + lrm + "b\u200d\ufeff", "  ", "e\u0301", "\x00"} {
		r := readText(t, "18/05/2021, 21:04 - Anna: "+body+"\n", chat.Options{})
		if len(r.messages) != 1 || r.messages[0].Text != body {
			t.Errorf("%q became %q", body, r.messages[0].Text)
		}
	}
}

// TestUnknownForm tells a line and its form, and nothing of its text.
func TestUnknownForm(t *testing.T) {
	secret := "«18.V.2021» Anna: my secret 1234\n"
	r := readFS(t, fstest.MapFS{"_chat.txt": file("\n" + secret)}, "_chat.txt", chat.Options{})
	var hint interface{ Hint() string }
	if r.err == nil || !errors.As(r.err, &hint) {
		t.Fatalf("error %v", r.err)
	}
	for _, want := range []string{"line 2", "NN.x.NNNN", "_chat.txt"} {
		if !strings.Contains(r.err.Error(), want) {
			t.Errorf("%q is not in %q", want, r.err)
		}
	}
	if strings.Contains(r.err.Error(), "secret") || strings.Contains(r.err.Error(), "1234") || strings.Contains(r.err.Error(), "Anna") {
		t.Errorf("text in %q", r.err)
	}
	if r := readFS(t, fstest.MapFS{"_chat.txt": file("")}, "_chat.txt", chat.Options{}); r.err == nil {
		t.Error("an empty file is no error")
	}
}

// TestHalfUnknown reports a file of which a good part is of a form not known.
func TestHalfUnknown(t *testing.T) {
	text := ""
	for i := range 40 {
		text += fmt.Sprintf("18/05/2021, 21:%02d - Anna: fine\n[2021-18-05 ~ 21:%02d:00] Anna: lost\n", i, i)
	}
	r := readFS(t, fstest.MapFS{"_chat.txt": file(text)}, "_chat.txt", chat.Options{})
	if len(r.messages) != 40 || r.err == nil || !strings.Contains(r.err.Error(), "[NNNN-NN-NN ~ NN:NN:NN]") {
		t.Errorf("%d messages, %v", len(r.messages), r.err)
	}
}

// TestEveryByte finds each line of a text in its messages again.
func TestEveryByte(t *testing.T) {
	for _, text := range []string{iphone, androidText, "stray\n\n" + androidText} {
		r := readText(t, text, chat.Options{})
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		at := 0
		for i, m := range r.messages {
			var n, next int
			fmt.Sscanf(m.Source.At, "line %d", &n)
			next = len(lines) + 1
			if i+1 < len(r.messages) {
				fmt.Sscanf(r.messages[i+1].Source.At, "line %d", &next)
			}
			if n != at+1 || next <= n {
				t.Fatalf("message %d is at line %d after %d", i, n, at)
			}
			at = next - 1
		}
		if at != len(lines) {
			t.Errorf("%d of %d lines", at, len(lines))
		}
	}
}

func TestRecognize(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"iphone":          {map[string]string{"_chat.txt": iphone, "00000004-PHOTO-2021-05-03-21-06-02.jpg": ""}, "[{text _chat.txt 98 true}]"},
		"android alone":   {map[string]string{"WhatsApp Chat with Trip.txt": androidText, "IMG-20200228-WA0001.jpg": ""}, "[{text WhatsApp Chat with Trip.txt 98 true}]"},
		"among others":    {map[string]string{"WhatsApp Chat with Trip.txt": androidText, "tax.pdf": ""}, "[{text WhatsApp Chat with Trip.txt 98 false}]"},
		"two":             {map[string]string{"a.txt": androidText, "b.txt": iphone}, "[{text a.txt 90 false} {text b.txt 90 false}]"},
		"another name":    {map[string]string{"mum.txt": "18/05/2021, 21:04 - Anna: hi\n"}, "[{text mum.txt 60 true}]"},
		"name alone":      {map[string]string{"_chat.txt": "hello\n"}, "[{text _chat.txt 30 true}]"},
		"deep inside":     {map[string]string{"x/_chat.txt": iphone}, "[]"},
		"not a text file": {map[string]string{"_chat.csv": iphone}, "[]"},
		"a server's log":  {map[string]string{"log.txt": "2021-05-18 21:04:00 - started\n2021-05-18 21:04:01 - done\n"}, "[]"},
	} {
		fsys := fstest.MapFS{}
		for k, v := range c.files {
			fsys[k] = file(v)
		}
		got, err := Provider.Recognize(fsys)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v; want %s", name, got, err, c.want)
		}
	}
}

func TestTables(t *testing.T) {
	for s, code := range known.phrase {
		var f folded
		if got := string(f.fold([]byte(s))); got != s {
			t.Errorf("phrase %q of %s is looked up as %q", s, code, got)
		}
	}
	for _, e := range known.events {
		for _, part := range e.parts {
			if part == "" || strings.ToLower(part) != part {
				t.Errorf("event %q of %s", e.parts, e.code)
			}
		}
	}
	if len(known.forms) < 3 || len(known.phrase) < 900 {
		t.Errorf("%d forms and %d phrases", len(known.forms), len(known.phrase))
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte(iphone), "")
	f.Add([]byte(androidText), "mdy")
	f.Add([]byte("[3/5/R3, 21:04:11] A: b\n21:04, 3 May - C: d\n1/2/21, 9:04 a. m. - \n"), "dmy")
	f.Add([]byte("stray\r\n\ufeff[٣/٥/٢٠٢١، ٩:٠٤:١١ م] A: <x y>\n"), "ymd")
	f.Fuzz(func(t *testing.T, text []byte, order string) {
		if _, err := parseOrder(order); err != nil {
			order = ""
		}
		r := readFS(t, fstest.MapFS{"_chat.txt": &fstest.MapFile{Data: text, Mode: 0o644}}, "_chat.txt", chat.Options{DateOrder: order})
		people := map[string]bool{"": true}
		seen := map[string]bool{}
		if r.conversation != nil {
			for _, p := range r.conversation.Participants {
				people[p.ID] = true
			}
		}
		last := 0
		for i, m := range r.messages {
			var n int
			fmt.Sscanf(m.Source.At, "line %d", &n)
			if n < last || n > bytes.Count(text, []byte("\n"))+1 || seen[m.ID] || !people[m.Sender] {
				t.Fatalf("message %d: line %d after %d, id %s, sender %q", i, n, last, m.ID, m.Sender)
			}
			last = n
			seen[m.ID] = true
		}
		recognize(fstest.MapFS{"a.txt": &fstest.MapFile{Data: text, Mode: 0o644}})
	})
}

func BenchmarkText(b *testing.B) {
	var text bytes.Buffer
	for i := range 200000 {
		fmt.Fprintf(&text, "[%02d/%02d/2021, %02d:%02d:%02d] %s: this is what people say to each other on an ordinary day %d\r\n",
			i/7000%28+1, i/196000+1, i/300%24, i/5%60, i%60, []string{"Anna", "Bo"}[i%2], i)
	}
	fsys := fstest.MapFS{"_chat.txt": &fstest.MapFile{Data: text.Bytes(), Mode: 0o644}}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		s, err := Provider.Open(fsys, chat.Match{Route: routeText, Path: "_chat.txt"}, chat.Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for c := range s.Conversations(b.Context()) {
			for _, err := range s.Messages(b.Context(), c) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		if n != 200000 {
			b.Fatal(n)
		}
	}
}

// endless is a text made while it is read, of n lines.
type endless struct {
	n    int
	line func(i int) string
	rest []byte
	fail error // at the end, or nil
}

func (e *endless) Open(name string) (fs.File, error) {
	if name == "." {
		return fstest.MapFS{"_chat.txt": file("")}.Open(".")
	}
	f, err := fstest.MapFS{"_chat.txt": file("")}.Open("_chat.txt")
	return &endlessFile{File: f, endless: endless{n: e.n, line: e.line, fail: e.fail}}, err
}

type endlessFile struct {
	fs.File
	endless
	i int
}

func (e *endlessFile) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.i == e.n && e.fail != nil {
			return 0, e.fail
		}
		if e.i == e.n {
			return 0, io.EOF
		}
		e.rest = []byte(e.line(e.i))
		e.i++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestMemory reads 48 MB and looks at what is held at its end.
func TestMemory(t *testing.T) {
	body := strings.Repeat("what people say ", 4000)
	e := &endless{n: 750, line: func(i int) string {
		return fmt.Sprintf("18/05/2021, %02d:%02d - Anna: %s\n", i/60%24, i%60, body)
	}}
	s, err := Provider.Open(e, chat.Match{Route: routeText, Path: "_chat.txt"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for c := range s.Conversations(t.Context()) {
		for _, err := range s.Messages(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == e.n {
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
		}
	}
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); n != e.n || held > 8<<20 {
		t.Errorf("%d messages, %d bytes held", n, held)
	}
}
