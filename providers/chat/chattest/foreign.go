package chattest

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// foreign are small heads of what other apps export, and of what else lies
// about in a folder, by the provider that may claim them.
var foreign = []struct{ owner, name, text string }{
	{"telegram", "result.json", `{"name":"A","type":"personal_chat","id":1,"messages":[{"id":1,"type":"message","date":"2022-03-18T14:56:00","from":"A","text":"hi"}]}`},
	{"messenger", "message_1.json", `{"participants":[{"name":"A"}],"messages":[{"sender_name":"A","timestamp_ms":1647611760000,"content":"hi"}],"title":"A"}`},
	{"messenger", "Anna_3.json", `{"participants":["A","B"],"threadName":"Anna_3","messages":[{"senderName":"A","timestamp":1647611760000,"text":"hi","type":"text"}]}`},
	{"discord", "guild.json", `{"guild":{"id":"1","name":"g"},"channel":{"id":"2"},"messages":[{"id":"3","timestamp":"2022-03-18T14:56:00+00:00","content":"hi"}]}`},
	{"discord", "guild.txt", "==============\nGuild: g\nChannel: c\n==============\n\n[18/03/2022 14:56] name#1234\nhi\n\n[18/03/2022 14:57] name#1234\nho\n"},
	{"line", "line.txt", "[LINE] Chat history with A\nSaved on: 2022/03/18 15:00\n\n2022/03/18(Fri)\n14:56\tA\thi\n14:57\tB\tho\n"},
	{"kakaotalk", "KakaoTalkChats.txt", "A 님과 카카오톡 대화\n저장한 날짜 : 2022년 3월 18일 오후 3:00\n\n2022년 3월 18일 오후 2:56, A : hi\n2022년 3월 18일 오후 2:57, B : ho\n"},
	{"kakaotalk", "KakaoTalk_pc.txt", "--------------- 2022년 3월 18일 금요일 ---------------\n[A] [오후 2:56] hi\n[B] [오후 2:57] ho\n"},
	{"irc", "irssi.log", "--- Log opened Fri Mar 18 14:56:00 2022\n14:56 < a> hi\n14:57 < b> ho\n"},
	{"irc", "znc.txt", "[2022-03-18 14:56:01] <a> hi\n[2022-03-18 14:57:01] <b> note: ho\n[2022-03-18 14:58:01] * a waves\n"},
	{"irc", "weechat.txt", "2022-03-18 14:56:01\ta\thi\n2022-03-18 14:57:01\tb\tho\n"},
	{"signal", "main.jsonl", `{"type":"message","sentAt":1647611760000,"body":"hi"}` + "\n"},
	{"imessage", "imessage.txt", "Mar 18, 2022  2:56:00 PM\nA\nhi\n\nMar 18, 2022  2:57:00 PM\nMe\nho\n"},
	{"sms", "sms.xml", `<?xml version='1.0'?><smses count="1"><sms address="+1" date="1647611760000" type="1" body="hi" /></smses>`},
	{"slack", "2022-03-18.json", `[{"type":"message","user":"U1","text":"hi","ts":"1647611760.000100"}]`},
	{"", "README.txt", "Notes\n\n1. Buy milk: 2 l\n2. Call Anna at 14:56\n"},
	{"", "diary.txt", "18/03/2022\nToday I met Anna at 14:56 - she said: hello.\n"},
	{"", "list.csv", "date,time,name\n18/03/2022,14:56,Anna\n"},
	{"", "empty.txt", ""},
	{"", "binary.txt", "\x00\x01\x02[18/03/2022, 14:56:00] A: hi\n\x00"},
	{"", "data.json", `{"a":[1,2,3]}`},
}

// checkForeign shows the provider what is not its own.
func checkForeign(t testing.TB, p chat.Provider) {
	for _, f := range foreign {
		if f.owner == p.Name {
			continue
		}
		fsys := fstest.MapFS{f.name: {Data: []byte(f.text), Mode: 0o644}}
		list, err := p.Recognize(fsys)
		if err != nil || len(list) > 0 {
			t.Errorf("%s of %q: claimed as %v, %v", f.name, f.owner, list, err)
		}
	}
	if list, err := p.Recognize(fstest.MapFS{}); err != nil || len(list) > 0 {
		t.Errorf("an empty folder: %v, %v", list, err)
	}
}

// What Recognize may cost on one folder.
const (
	maxOpened  = 96
	maxListed  = 24
	maxRead    = 2 << 20 // bytes
	decoyCount = 500
)

// checkCheap counts what Recognize does in a folder with much else in it.
func checkCheap(t testing.TB, p chat.Provider, c Case) {
	files := copyOf(t, c.Export)
	for i := range decoyCount {
		files[fmt.Sprintf("zz/decoy/%d/photo.jpg", i)] = &fstest.MapFile{Data: []byte(strings.Repeat("x", 100)), Mode: 0o644}
		files[fmt.Sprintf("zz-%d.jpg", i)] = &fstest.MapFile{Data: []byte(strings.Repeat("x", 100)), Mode: 0o644}
	}
	counted := &countFS{FS: files}
	if _, ok, err := recognized(p, counted, c.Route); err != nil || !ok {
		t.Errorf("not recognised among other files: %v", err)
	}
	if counted.opened > maxOpened || counted.listed > maxListed || counted.read > maxRead {
		t.Errorf("Recognize opened %d files, listed %d folders and read %d bytes", counted.opened, counted.listed, counted.read)
	}
}

// countFS counts what is asked of it.
type countFS struct {
	fs.FS
	opened, listed, read int
}

func (c *countFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.opened++
	return &countFile{f, c}, nil
}

func (c *countFS) ReadDir(name string) ([]fs.DirEntry, error) {
	c.listed++
	return fs.ReadDir(c.FS, name)
}

type countFile struct {
	fs.File
	c *countFS
}

func (f *countFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.c.read += n
	return n, err
}

// ReadDir lists a folder that was opened.
func (f *countFile) ReadDir(n int) ([]fs.DirEntry, error) {
	f.c.listed++
	d, ok := f.File.(fs.ReadDirFile)
	if !ok {
		return nil, io.EOF
	}
	return d.ReadDir(n)
}
