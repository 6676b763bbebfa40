package telegram

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// written is a message as Telegram Desktop writes it, the i-th of a chat.
func written(b *bytes.Buffer, i int) {
	at := time.Unix(1_600_000_000+int64(i)*37, 0).UTC()
	who := i & 1
	fmt.Fprintf(b, `
   {
    "id": %d,
    "type": "message",
    "date": "%s",
    "date_unixtime": "%d",
    "from": "%s",
    "from_id": "user%d",`, i+1, at.Format(layout), at.Unix(), []string{"Iris Falk", "Bo Lind"}[who], 9001+who)
	if i%5 == 4 {
		fmt.Fprintf(b, "\n    \"reply_to_message_id\": %d,", i-2)
	}
	text := fmt.Sprintf("this is what people say to each other on an ordinary day, the %d. of them", i)
	if i%4 == 3 {
		fmt.Fprintf(b, `
    "text": [
     %[1]q,
     {
      "type": "link",
      "text": "https://example.org/%[2]d"
     },
     ""
    ],
    "text_entities": [
     {
      "type": "plain",
      "text": %[1]q
     },
     {
      "type": "link",
      "text": "https://example.org/%[2]d"
     },
     {
      "type": "plain",
      "text": ""
     }
    ]`, text, i)
	} else {
		fmt.Fprintf(b, `
    "text": %[1]q,
    "text_entities": [
     {
      "type": "plain",
      "text": %[1]q
     }
    ]`, text)
	}
	b.WriteString("\n   }")
}

// generated is a result.json of one chat that is made while it is read.
type generated struct {
	n    int
	text []byte // what comes next
	i    int
	b    bytes.Buffer
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.text) == 0 {
		g.b.Reset()
		switch {
		case g.i == 0:
			g.b.WriteString(`{"name": "Bo Lind", "type": "personal_chat", "id": 9002, "messages": [`)
		case g.i > g.n+1:
			return 0, io.EOF
		case g.i == g.n+1:
			g.b.WriteString("\n ]\n}")
		default:
			if g.i > 1 {
				g.b.WriteByte(',')
			}
			written(&g.b, g.i-1)
		}
		g.i++
		g.text = g.b.Bytes()
	}
	n := copy(p, g.text)
	g.text = g.text[n:]
	return n, nil
}

// generatedFS has one generated result.json, which cannot be searched.
type generatedFS struct{ n int }

func (g generatedFS) Open(name string) (fs.File, error) {
	f, err := fstest.MapFS{"result.json": file("")}.Open(name)
	if name != "result.json" || err != nil {
		return f, err
	}
	return &generatedFile{f, &generated{n: g.n}}, nil
}

type generatedFile struct {
	fs.File
	r io.Reader
}

func (g *generatedFile) Read(p []byte) (int, error) { return g.r.Read(p) }

func BenchmarkMessages(b *testing.B) {
	const n = 200_000
	text, err := io.ReadAll(&generated{n: n})
	if err != nil {
		b.Fatal(err)
	}
	fsys := fstest.MapFS{"result.json": &fstest.MapFile{Data: text, Mode: 0o644}}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if got := drain(b, fsys, chat.Match{Route: routeJSON, Path: "result.json"}); got != n {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// drain reads an export and counts its messages.
func drain(t testing.TB, fsys fs.FS, m chat.Match) (n int) {
	s, err := Provider.Open(fsys, m, chat.Options{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range s.Messages(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return n
}
