package restore_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// written is a line of strace about bytes that go into a descriptor.
var written = regexp.MustCompile(`(?:write|pwrite64|writev|pwritev|pwritev2|sendto|sendmsg)\((\d+)<([^>]*)>`)

// traced runs the program and returns what it printed and, of all that it and its
// children wrote, where the marker went besides.
func traced(t *testing.T, env []string, marker string, args ...string) (out string, leaks []string) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("strace", append([]string{"-f", "-y", "-qq", "-s", "33554432",
		"-e", "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg", "-o", trace, "chatkeep"}, args...)...)
	cmd.Env = env
	cmd.Path, _ = exec.LookPath("strace")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("chatkeep %q: %v\n%s", args, err, &stderr)
	}
	text, err := os.ReadFile(trace)
	must(t, err)
	lines, some := 0, 0
	for line := range strings.Lines(string(text)) {
		lines++
		m := written.FindStringSubmatch(line)
		if m == nil || !strings.Contains(line, marker) {
			continue
		}
		some++
		if m[1] != "1" || !strings.HasPrefix(m[2], "pipe:") {
			leaks = append(leaks, m[2])
		}
	}
	if lines == 0 || strings.Contains(stdout.String(), marker) != (some > len(leaks)) {
		t.Fatalf("chatkeep %q: strace saw %d writes, %d with the marker: it proves nothing", args, lines, some)
	}
	return stdout.String(), leaks
}

// TestWrites looks at every byte that the program writes: what somebody said goes
// nowhere but to standard output, where it was asked for, and where restore puts it.
func TestWrites(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil || os.Getuid() != 0 {
		if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
			t.Fatalf("strace as root: %v", err)
		}
		t.Skip("needs strace, and root")
	}
	const said = "zanzibar lantern 4711"
	home := t.TempDir()
	export := filepath.Join(home, "exports")
	files := map[string]string{
		"WhatsApp Chat with Anna.txt": strings.Repeat("13/03/2019, 10:12 - Anna: "+said+"\n13/03/2019, 10:13 - Ben: yes\n", 40),
		"telegram/result.json": `{"name": "Anna", "type": "personal_chat", "id": 7, "messages": [
			{"id": 1, "type": "message", "date": "2024-01-01T10:00:00", "date_unixtime": "1704103200", "from": "Anna", "from_id": "user7", "text": "` + said + `"}]}`,
		"notes.md": "of " + said + "\n",
	}
	for name, text := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(export, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(export, name), []byte(text), 0o644))
	}
	env := []string{"HOME=" + home, "TMPDIR=" + home, "CHATKEEP_PASSPHRASE=lanterns-over-quiet-water-71", "CHATKEEP_REPOSITORY=" + home + "/repository",
		"PATH=" + built(t) + string(os.PathListSeparator) + os.Getenv("PATH")}
	t.Setenv("PATH", built(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, c := range []struct {
		shows bool // the marker, on standard output
		args  []string
	}{
		{false, []string{"init", "--yes"}},
		{false, []string{"inspect", export}},
		{true, []string{"inspect", "--records", export}},
		{false, []string{"backup", export}},
		{false, []string{"backup", export, "--json"}},
		{true, []string{"cat", "latest", "originals/notes.md"}},
		{false, []string{"chats"}},
		{true, []string{"export", "--format", "jsonl"}},
		{true, []string{"export", "--format", "txt"}},
		{false, []string{"check", "--read-data"}},
		{false, []string{"drill"}},
		{false, []string{"stats"}},
	} {
		out, leaks := traced(t, env, said, c.args...)
		if len(leaks) > 0 {
			t.Errorf("chatkeep %q writes what was said to %q", c.args, leaks)
		}
		if strings.Contains(out, said) != c.shows {
			t.Errorf("chatkeep %q shows what was said: %t", c.args, !c.shows)
		}
	}
	if _, leaks := traced(t, env, said, "restore", "--target", home+"/back"); len(leaks) < len(files) {
		t.Errorf("a restore wrote it to %q alone: the test sees too little", leaks)
	}
}
