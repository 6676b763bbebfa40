package runlog_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/runlog"
)

var when = time.Date(2026, 11, 20, 3, 0, 4, 120e6, time.FixedZone("", 3600))

func nothing(string) string { return "" }

func open(t *testing.T, c config.Log) *runlog.Log {
	t.Helper()
	l, err := runlog.Open(c, runlog.Around{Stderr: io.Discard, Getenv: nothing})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func write(t *testing.T, l *runlog.Log, r runlog.Record) {
	t.Helper()
	if err := l.Write(r); err != nil {
		t.Fatal(err)
	}
}

func say(message string) runlog.Record {
	return runlog.Record{Time: when, Level: runlog.Info, Message: message}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// messages are the last words of the lines of all files of a log, the oldest first.
func messages(t *testing.T, path string) string {
	t.Helper()
	var all []string
	older, err := filepath.Glob(path + ".?")
	if err != nil {
		t.Fatal(err)
	}
	for i := len(older) - 1; i >= 0; i-- {
		all = append(all, words(read(t, older[i]))...)
	}
	if _, err := os.Stat(path); err == nil {
		all = append(all, words(read(t, path))...)
	}
	return strings.Join(all, " ")
}

func words(text string) (last []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		last = append(last, line[strings.LastIndexByte(line, ' ')+1:])
	}
	return last
}
