package schedule

import (
	"bytes"
	"fmt"
	"strings"
)

// The lines around the entry. What stands between them is replaced and taken
// away as a whole; all else in the crontab is the user's.
const (
	cronBegin = "# chatkeep schedule: begin. chatkeep schedule remove takes this away"
	cronEnd   = "# chatkeep schedule: end"
)

// maxCronCommand is what every cron takes as a command, in bytes. Debian's cuts
// off what is longer, in silence.
const maxCronCommand = 998

// CommandTooLong is an entry that cron would cut off.
type CommandTooLong struct{ Bytes int }

func (e *CommandTooLong) Error() string {
	return fmt.Sprintf("the command of the timer has %d bytes, and cron cuts it off after %d", e.Bytes, maxCronCommand)
}

// Hint tells what to do.
func (e *CommandTooLong) Hint() string {
	return "most of it is the environment: install it with a shorter one, as PATH=/usr/local/bin:/usr/bin:/bin chatkeep schedule install"
}

// cronLine is the entry. Variables stand in the command, by env: lines of their
// own would hold for the user's entries below as well, and a shell that is no sh
// would not take them in front of a command.
func cronLine(p Plan, user string) (string, error) {
	if err := p.check(slashed); err != nil {
		return "", err
	}
	words := []string{"/usr/bin/env"}
	for _, v := range p.Environment {
		words = append(words, cronQuote(v.Name+"="+v.Value))
	}
	// To env a word with = is a variable.
	for _, word := range p.argvBehind("=") {
		words = append(words, cronQuote(word))
	}
	command := strings.Join(words, " ")
	if len(command) > maxCronCommand {
		return "", &CommandTooLong{len(command)}
	}
	when := fmt.Sprintf("*/%d * * * *", p.minutes())
	if p.minutes() == 60 {
		when = "0 * * * *"
	}
	if user != "" {
		when += " " + user
	}
	return when + " " + command, nil
}

// cronQuote quotes a word for the shell and then for cron, which ends a command
// at a % that no backslash precedes. It does not count two backslashes as one,
// and so a word's own is kept away from the %.
func cronQuote(word string) string {
	quoted := shellQuote(word)
	quoted = strings.ReplaceAll(quoted, `\%`, `\''%`)
	return strings.ReplaceAll(quoted, "%", `\%`)
}

// plain is whatever no shell reads a meaning into.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,+@"

func special(r rune) bool { return !strings.ContainsRune(plain, r) }

// shellQuote writes a word such that a shell reads it as it is.
func shellQuote(word string) string {
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// TornBlock is a crontab in which the lines around the entry do not match.
type TornBlock struct{ Line string }

func (e *TornBlock) Error() string {
	return fmt.Sprintf("the crontab has the line %q without its other half, or twice", e.Line)
}

// Hint tells what to do.
func (e *TornBlock) Hint() string {
	return "take the lines of chatkeep out by hand, with crontab -e"
}

// cronBlock finds the block in a crontab, with the lines around it: what is from
// start to before end. They are the same where there is none.
func cronBlock(data []byte) (start, end int, err error) {
	start, end = -1, -1
	at := 0
	for line := range bytes.Lines(data) {
		next := at + len(line)
		switch string(bytes.TrimRight(line, "\r\n\t ")) {
		case cronBegin:
			if start >= 0 {
				return 0, 0, &TornBlock{cronBegin}
			}
			start = at
		case cronEnd:
			if start < 0 || end >= 0 {
				return 0, 0, &TornBlock{cronEnd}
			}
			end = next
		}
		at = next
	}
	switch {
	case start < 0:
		return 0, 0, nil
	case end < 0:
		return 0, 0, &TornBlock{cronBegin}
	}
	return start, end, nil
}

// withBlock puts a block, or nothing, where the one in a crontab stands, or at
// its end.
func withBlock(crontab, block []byte) ([]byte, error) {
	start, end, err := cronBlock(crontab)
	if err != nil {
		return nil, err
	}
	if start == end {
		start, end = len(crontab), len(crontab)
		if len(block) > 0 && start > 0 && crontab[start-1] != '\n' {
			block = append([]byte{'\n'}, block...)
		}
	}
	out := append([]byte(nil), crontab[:start]...)
	out = append(out, block...)
	return append(out, crontab[end:]...), nil
}
