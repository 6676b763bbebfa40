package schedule

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
)

// task is the name of the task.
const task = "chatkeep"

// windows registers a task with the Task Scheduler.
type windows struct {
	m      Machine
	home   string
	system bool
}

// file is where the task's description lies. The Task Scheduler reads it once,
// and schedule show compares with it.
func (w *windows) file() string { return w.home + `\AppData\Local\chatkeep\schedule.xml` }

func (w *windows) Draft(p Plan) (Draft, error) {
	if err := p.check(driven); err != nil {
		return Draft{}, err
	}
	return Draft{
		Pieces: []Piece{{w.file(), taskXML(p, w.system)}},
		Then:   []Command{{"schtasks", "/Create", "/TN", task, "/XML", w.file(), "/F"}},
	}, nil
}

// driven reports whether a path is absolute where paths begin with a drive or a
// server.
func driven(p string) bool {
	slashes := strings.ReplaceAll(p, `\`, "/")
	drive := len(slashes) > 2 && slashes[1] == ':' && slashes[2] == '/'
	return drive || strings.HasPrefix(slashes, "//") && path.Clean(slashes) != "/"
}

// taskXML describes the task.
func taskXML(p Plan, system bool) string {
	logon := "InteractiveToken"
	if system {
		logon = "S4U" // whether or not the user is logged in
	}
	argv := p.argv()
	words := make([]string, 0, len(argv))
	for _, word := range argv[1:] {
		words = append(words, windowsQuote(word))
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>%s</Description>
  </RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <StartBoundary>2020-01-01T00:00:00</StartBoundary>
      <Enabled>true</Enabled>
      <Repetition>
        <Interval>PT%dM</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>%s</UserId>
      <LogonType>%s</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>8</Priority>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>%s</Command>
      <Arguments>%s</Arguments>
    </Exec>
  </Actions>
</Task>
`, xmlText(header), p.minutes(), xmlText(p.Account.Name), logon, xmlText(argv[0]), xmlText(strings.Join(words, " ")))
}

// windowsQuote writes a word such that a program of Windows reads it as it is:
// in quotes, in which backslashes count only before a quote.
func windowsQuote(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\"") {
		return word
	}
	var b strings.Builder
	b.WriteByte('"')
	backslashes := 0
	for _, r := range word {
		switch r {
		case '\\':
			backslashes++
			continue
		case '"':
			b.WriteString(strings.Repeat(`\`, 2*backslashes+1))
		default:
			b.WriteString(strings.Repeat(`\`, backslashes))
		}
		backslashes = 0
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, 2*backslashes) + `"`)
	return b.String()
}

// utf16File is a text as schtasks wants a file.
func utf16File(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(text, "\n", "\r\n"))) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// fromUTF16 is the text of a file that utf16File made.
func fromUTF16(data []byte) string {
	var units []uint16
	for i := 0; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
	}
	text := strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
	return strings.ReplaceAll(text, "\r\n", "\n")
}

func (w *windows) Installed(context.Context) ([]Piece, error) {
	there, err := readPieces(w.m, w.file())
	for i := range there {
		there[i].Text = fromUTF16([]byte(there[i].Text))
	}
	return there, err
}

func (w *windows) Install(ctx context.Context, d Draft) error {
	return carryOut(ctx, w.m, d, ownMode, utf16File)
}

func (w *windows) Remove(ctx context.Context) error {
	there, err := w.Installed(ctx)
	if err != nil || len(there) == 0 {
		return err
	}
	known, err := w.known(ctx)
	if err != nil {
		return err
	}
	if known {
		if _, err := w.m.Run(ctx, nil, Command{"schtasks", "/Delete", "/TN", task, "/F"}); err != nil {
			return err
		}
	}
	_, err = removeFiles(w.m, w.file())
	return err
}

// known asks whether the Task Scheduler has the task.
func (w *windows) known(ctx context.Context) (bool, error) {
	_, err := w.m.Run(ctx, nil, Command{"schtasks", "/Query", "/TN", task})
	var failed *CommandError
	if errors.As(err, &failed) {
		return false, nil
	}
	return err == nil, err
}

func (w *windows) Status(ctx context.Context) (Status, error) {
	there, err := w.Installed(ctx)
	if err != nil || len(there) == 0 {
		return Status{}, err
	}
	known, err := w.known(ctx)
	return Status{Installed: true, Active: known, Note: "schtasks /Query /TN chatkeep /V tells when it ran, in the language of this Windows"}, err
}
