//go:build unix

package restore_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

const isLinux = runtime.GOOS == "linux"

// commands are what scripts have beyond the commands of testscript.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":     exits,
	"json":      hasJSON,
	"let":       let,
	"needs":     needs,
	"cmptree":   cmpTree,
	"remember":  remember,
	"unchanged": unchanged,
	"kept":      kept,
	"private":   private,
	"seen":      seenAll,
	"sample":    sample,
	"zip":       zipDir,
	"badzip":    badZip,
	"noise":     makeNoise,
	"oddtree":   oddTree,
	"cut":       cutFile,
	"flip":      flip,
	"biggest":   biggest,
	"damaged":   damaged,
	"missing":   missing,
	"reformat":  reformat,
	"smalldisk": smallDisk,

	"windowsdisk": windowsDisk,
}

// exits CODE COMMAND… runs a command that must end with a code, and holds what
// it says against the rules that all commands keep to. What a script asks of
// stdout and stderr comes on top.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	run := &spoken{args: words(args), code: want, out: ts.ReadFile("stdout"), err: ts.ReadFile("stderr"), seen: machineOf(ts).seen}
	if err := errors.Join(run.keepsSecrets(ts.Getenv), run.keepsForm()); err != nil {
		ts.Fatalf("%v", err)
	}
}

// words are those of a command line, of a shell's too.
func words(args []string) []string {
	if len(args) == 4 && args[1] == "sh" && args[2] == "-c" {
		return strings.Fields(args[3])
	}
	return args
}

// spoken is what a run of the program said.
type spoken struct {
	args     []string
	code     int
	out, err string
	seen     map[string]bool // what of the schemas came so far
}

func (s *spoken) has(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(s.args, w) })
}

// recoveryKey is what one looks like.
var recoveryKey = regexp.MustCompile(`\b([0-9a-f]{4}-){15}[0-9a-f]{4}\b`)

// keepsSecrets fails where a secret went into a pipe.
func (s *spoken) keepsSecrets(getenv func(string) string) error {
	all := s.out + s.err
	secrets := []string{getenv("CHATKEEP_PASSPHRASE")}
	for _, name := range []string{"CHATKEEP_PASSPHRASE_FILE", "CHATKEEP_NEW_PASSPHRASE_FILE"} {
		if data, err := os.ReadFile(getenv(name)); err == nil {
			secrets = append(secrets, strings.TrimSpace(string(data)))
		}
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(all, secret) {
			return errors.New("a secret was printed")
		}
	}
	if recoveryKey.MatchString(all) {
		return errors.New("a recovery key was printed")
	}
	return nil
}

// keepsForm fails where the streams are not what a program or a terminal can
// rely on.
func (s *spoken) keepsForm() error {
	if strings.Contains(s.err, "goroutine ") || strings.Contains(s.err, "panic:") {
		return errors.New("the program crashed")
	}
	if r, ok := control(s.err); ok {
		return fmt.Errorf("control character %q on stderr", r)
	}
	// JSON is for programs, and escapes what it must.
	if r, ok := control(s.out); ok && !s.has("cat", "--json") {
		return fmt.Errorf("control character %q on stdout", r)
	}
	if s.has("--json") {
		return s.keepsJSON()
	}
	said := 0
	for line := range strings.Lines(s.err) {
		if strings.HasPrefix(line, "chatkeep: ") {
			said++
		}
	}
	if (said == 1) != (s.code != 0) || said > 1 {
		return fmt.Errorf("%d lines say that it failed, and the exit code is %d", said, s.code)
	}
	return nil
}

// control finds a character that would not be shown as it is.
func control(text string) (rune, bool) {
	for _, r := range text {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x202e {
			return r, true
		}
	}
	return 0, false
}

// keepsJSON fails unless each line is as its schema says, the last one of a success
// a summary, and the last one of a failure an error with its code, on stderr.
func (s *spoken) keepsJSON() error {
	out, err := objects(s.out)
	if err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	told, err := objects(s.err)
	if err != nil {
		return fmt.Errorf("stderr: %w", err)
	}
	seen, err := asDocumented(s.args[slices.Index(s.args, "chatkeep")+1:], s.out, s.err)
	if err != nil {
		return err
	}
	for _, line := range seen {
		s.seen[line] = true
	}
	if s.code == 0 && (len(out) == 0 || out[len(out)-1]["type"] != "summary") {
		return errors.New("no summary at the end")
	}
	if s.code == 0 {
		return nil
	}
	if len(told) == 0 {
		return errors.New("no error on stderr")
	}
	last := told[len(told)-1]
	if message, _ := last["message"].(string); last["type"] != "error" || last["code"] != float64(s.code) || message == "" {
		return fmt.Errorf("the error of exit code %d is %v", s.code, last)
	}
	return nil
}

// seenAll [COMMAND:LINE…] fails unless each line of stdout that the schemas describe
// came in this script, but for those that are named, in order.
func seenAll(ts *testscript.TestScript, neg bool, args []string) {
	files, err := documented()
	ts.Check(err)
	var never []string
	for _, f := range files {
		for _, line := range f.lines {
			name := f.name + ":" + line.name
			if f.name != stderrLines && !machineOf(ts).seen[name] {
				never = append(never, name)
			}
		}
	}
	slices.Sort(never)
	if !slices.Equal(never, args) {
		ts.Fatalf("lines that never came: %q, want %q", never, args)
	}
}

// objects parses JSON Lines.
func objects(text string) (all []map[string]any, err error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var object map[string]any
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		all = append(all, object)
	}
	return all, lines.Err()
}

// hasJSON is: [!] json FILE FIELD=VALUE… FIELD~REGEXP…, where FILE has JSON
// Lines and may be stdout or stderr. One object must be like that, or none.
func hasJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: json FILE FIELD=VALUE…")
	}
	all, err := objects(ts.ReadFile(args[0]))
	ts.Check(err)
	found := slices.ContainsFunc(all, func(object map[string]any) bool {
		return !slices.ContainsFunc(args[1:], func(test string) bool { return !passes(ts, object, test) })
	})
	if found == neg {
		ts.Fatalf("%d objects, one with %q: %t", len(all), args[1:], found)
	}
}

func passes(ts *testscript.TestScript, object map[string]any, test string) bool {
	at := strings.IndexAny(test, "=~")
	if at < 1 {
		ts.Fatalf("%q is no test", test)
	}
	value, there := object[test[:at]]
	if !there {
		return false
	}
	if test[at] == '=' {
		return plain(value) == test[at+1:]
	}
	matches, err := regexp.MatchString(test[at+1:], plain(value))
	ts.Check(err)
	return matches
}

// plain writes a value as a script does: text without quotes.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	data, _ := json.Marshal(value)
	return string(data)
}

// let NAME FIELD [TEST…] sets a variable to a field of the last object on
// stdout that passes the tests.
func let(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: let NAME FIELD [TEST…]")
	}
	all, err := objects(ts.ReadFile("stdout"))
	ts.Check(err)
	for _, object := range slices.Backward(all) {
		value, there := object[args[1]]
		if there && !slices.ContainsFunc(args[2:], func(test string) bool { return !passes(ts, object, test) }) {
			ts.Setenv(args[0], plain(value))
			return
		}
	}
	ts.Fatalf("no object has %q", args[1:])
}

// needs PROGRAM… skips the rest of a script where programs are missing, and fails
// where CHATKEEP_REQUIRE_ALL says that none may be.
func needs(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
			ts.Fatalf("%s is missing", name)
		}
		machineOf(ts).t.Skip(name + " is missing")
	}
}
