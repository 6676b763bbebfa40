package runlog_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/runlog"
)

// journald is a journal that reads what is sent to it.
type journald struct {
	t    *testing.T
	conn *net.UnixConn
	path string
}

func newJournald(t *testing.T) *journald {
	dir, err := os.MkdirTemp("", "j") // a socket's name is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &journald{t, conn, path}
}

// next parses one datagram strictly by the protocol.
func (j *journald) next() map[string]string {
	j.t.Helper()
	buffer := make([]byte, 1<<20)
	if err := j.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		j.t.Fatal(err)
	}
	n, err := j.conn.Read(buffer)
	if err != nil {
		j.t.Fatal(err)
	}
	fields, rest := map[string]string{}, string(buffer[:n])
	for rest != "" {
		at := strings.IndexAny(rest, "=\n")
		if at < 1 {
			j.t.Fatalf("no name in %q", rest)
		}
		name, binaryForm := rest[:at], rest[at] == '\n'
		rest = rest[at+1:]
		end := strings.IndexByte(rest, '\n')
		if binaryForm {
			end = int(binary.LittleEndian.Uint64([]byte(rest[:8])))
			rest = rest[8:]
		}
		if end < 0 || end >= len(rest) || rest[end] != '\n' {
			j.t.Fatalf("%s has no end in %q", name, rest)
		}
		fields[name], rest = rest[:end], rest[end+1:]
	}
	return fields
}

// stream is a file that stands for the journal's stream, and what systemd says of it.
func stream(t *testing.T) (*os.File, func(string) string) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	value := fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	return f, func(name string) string {
		if name == "JOURNAL_STREAM" {
			return value
		}
		return ""
	}
}

func TestJournal(t *testing.T) {
	j := newJournald(t)
	stderr, getenv := stream(t)
	l, err := runlog.Open(config.Log{}, runlog.Around{Stderr: stderr, Getenv: getenv, Journal: j.path})
	if err != nil || !l.OnStderr() {
		t.Fatalf("%v, on stderr %t", err, l.OnStderr())
	}
	write(t, l, whole)
	want := map[string]string{"MESSAGE": "2 files could not be read", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "chatkeep", "CHATKEEP_JOB": "nightly", "CHATKEEP_RUN": "4f21",
		"CHATKEEP_REPOSITORY": "home", "CHATKEEP_SOURCE": "my exports", "CHATKEEP_CODE": "3", "CHATKEEP_SECONDS": "12.34", "CHATKEEP_BYTES": "4096"}
	if got := j.next(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	// Several lines, and a field that tries to be two.
	r := say("it failed:\nPRIORITY=0\n\x1b[2J")
	r.Level, r.Source = runlog.Error, "a\nPRIORITY=0"
	write(t, l, r)
	got := j.next()
	if got["PRIORITY"] != "3" || got["MESSAGE"] != "it failed:\nPRIORITY=0\n\\x1b[2J" || strings.Contains(got["CHATKEEP_SOURCE"], "\n") {
		t.Errorf("%q", got)
	}
	if read(t, stderr.Name()) != "" {
		t.Error("it was written to stderr as well")
	}
}

// TestJournalGone: a journal that is not there is told of once.
func TestJournalGone(t *testing.T) {
	stderr, getenv := stream(t)
	l, err := runlog.Open(config.Log{}, runlog.Around{Stderr: stderr, Getenv: getenv, Journal: filepath.Join(t.TempDir(), "none")})
	if err != nil {
		t.Fatal(err)
	}
	if l.Write(whole) == nil {
		t.Error("it was written")
	}
	write(t, l, whole)
}

// TestNoJournal: the variable is handed down to processes whose stderr is not the
// journal's.
func TestNoJournal(t *testing.T) {
	stderr, getenv := stream(t)
	other, _ := stream(t)
	for name, around := range map[string]runlog.Around{
		"another file": {Stderr: other, Getenv: getenv},
		"no file":      {Stderr: io.Discard, Getenv: getenv},
		"no variable":  {Stderr: stderr, Getenv: nothing},
		"nonsense":     {Stderr: stderr, Getenv: func(string) string { return "1:2:3" }},
	} {
		l, err := runlog.Open(config.Log{}, around)
		if err != nil || l.OnStderr() {
			t.Errorf("%s is the journal's, %v", name, err)
		}
	}
	l, err := runlog.Open(config.Log{}, runlog.Around{Stderr: stderr, Getenv: getenv, JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	if write(t, l, whole); !strings.Contains(read(t, stderr.Name()), `"type":"log"`) {
		t.Error("JSON lines were asked for and are not there")
	}
}
