//go:build unix

package restore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/storage/storagetest/server"
)

// long says that tests may take an hour, and more disk than a laptop has to
// spare.
var long = os.Getenv("CHATKEEP_LONG") != ""

// TestProgram tests the program as people have it: built, with a home, an
// environment and a disk of its own.
func TestProgram(t *testing.T) {
	program := filepath.Join(built(t), "chatkeep")
	for _, test := range []struct {
		name  string
		tiny  bool
		which func(*testing.T, string)
	}{
		{"tiny archive", true, testTiny},
		{"archive", false, testArchive},
		{"zips", false, testZips},
		{"S3", false, testServers},
		{"samples", true, testSamples},
		{"write-only", true, testWriteOnly},
		{"leaks", true, testLeaks},
		{"kills", false, testKills},
		{"processes", false, testProcesses},
		{"disaster", false, testDisaster},
		{"kills of restores", false, testRestoreKills},
		{"large archive", false, testLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !test.tiny && testing.Short() {
				t.Skip("-short")
			}
			test.which(t, program)
		})
	}
}

// host is a machine with its own home and environment, and the program.
type host struct {
	t       *testing.T
	program string
	home    string
	env     map[string]string
}

func newHost(t *testing.T, program, repository string) *host {
	home := t.TempDir()
	return &host{t, program, home, map[string]string{
		"HOME": home, "PATH": os.Getenv("PATH"), "CHATKEEP_REPOSITORY": repository,
	}}
}

// initialised is a host that made a repository, and its recovery key, which
// opens quickly.
func initialised(t *testing.T, program, repository string, env map[string]string, flags ...string) *host {
	t.Helper()
	h := newHost(t, program, repository)
	for name, value := range env {
		h.env[name] = value
	}
	recovery := filepath.Join(t.TempDir(), "recovery.txt")
	h.env["CHATKEEP_PASSPHRASE"] = "a rather long passphrase"
	h.run(0, append([]string{"init", "--recovery-key-file", recovery}, flags...)...)
	delete(h.env, "CHATKEEP_PASSPHRASE")
	h.env["CHATKEEP_PASSPHRASE_FILE"] = recovery
	return h
}

// onServer starts an S3 server and gives where a repository on it would be, and
// what the environment must have for it.
func onServer(t *testing.T, start func(testing.TB) *server.Server) (repository string, env map[string]string) {
	s := start(t)
	return "s3:" + s.Endpoint + "/bucket/chats", map[string]string{
		"AWS_ACCESS_KEY_ID": s.AccessKey, "AWS_SECRET_ACCESS_KEY": s.SecretKey, "AWS_REGION": "us-east-1",
	}
}

// ran is what one run of the program came to.
type ran struct {
	objects []map[string]any // of --json, the last one is the summary
	stdout  string
	stderr  string
	code    int
	peak    int64 // of resident memory, in bytes; 0 where the system does not tell
}

// number is a number of the summary.
func (r *ran) number(field string) int64 {
	n, _ := r.objects[len(r.objects)-1][field].(float64)
	return int64(n)
}

func (r *ran) text(field string) string {
	s, _ := r.objects[len(r.objects)-1][field].(string)
	return s
}

// command is the program with arguments, without a terminal.
func (h *host) command(args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	cmd = exec.Command(h.program, args...)
	for name, value := range h.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr, cmd.Dir = stdout, stderr, h.home
	return cmd, stdout, stderr
}

// run runs the program, which must end with a code.
func (h *host) run(code int, args ...string) *ran {
	h.t.Helper()
	cmd, stdout, stderr := h.command(args...)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	r := &ran{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode(), peak: peak()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || r.code != code {
		h.t.Fatalf("chatkeep %s: %v, want exit code %d\nstderr: %s", strings.Join(args, " "), cmd.ProcessState, code, tail(r.stderr))
	}
	return r
}

// json runs a command with --json, which must end with a code.
func (h *host) json(code int, args ...string) *ran {
	h.t.Helper()
	r := h.run(code, append(args, "--json")...)
	var err error
	if r.objects, err = documentedObjects(args, r.stdout, r.stderr); err != nil {
		h.t.Fatalf("chatkeep %s: %v", strings.Join(args, " "), err)
	}
	return r
}

// documentedObjects are the objects on stdout, which are as docs/json says.
func documentedObjects(args []string, stdout, stderr string) ([]map[string]any, error) {
	if _, err := asDocumented(args, stdout, stderr); err != nil {
		return nil, err
	}
	return parseObjects(stdout)
}

func parseObjects(text string) (objects []map[string]any, err error) {
	for line := range strings.Lines(text) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			return nil, fmt.Errorf("%w: %q", err, line)
		}
		objects = append(objects, object)
	}
	if len(objects) == 0 || objects[len(objects)-1]["type"] != "summary" {
		return nil, fmt.Errorf("no summary at the end of %q", tail(text))
	}
	return objects, nil
}

// tail is the end of a text that may be long.
func tail(text string) string { return text[max(0, len(text)-4000):] }

// watchMemory looks at how much memory a process had at most, until what it
// returns is called after the end. The number that wait4 gives would be that of
// the test process, where that is larger: a child begins with its parent's.
func watchMemory(pid int) (peak func() int64) {
	if runtime.GOOS != "linux" {
		return func() int64 { return 0 }
	}
	var most int64
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, highWater(pid))
			select {
			case <-tick.C:
			case <-over:
				return
			}
		}
	}()
	return func() int64 {
		close(over)
		<-done
		return most
	}
}

// highWater reads VmHWM of proc(5), 0 where there is none.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "\nVmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// wantPeak fails where a run took more memory than it may.
func wantPeak(t *testing.T, what string, r *ran, limit int64) {
	t.Helper()
	t.Logf("%s: at most %d MiB of memory", what, r.peak>>20)
	if r.peak > limit {
		t.Errorf("%s took %d KiB of memory, more than %d", what, r.peak>>10, limit>>10)
	}
	if r.peak == 0 && runtime.GOOS == "linux" {
		t.Errorf("%s: nobody saw how much memory it took", what)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
