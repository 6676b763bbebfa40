//go:build unix

package restore_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// harmless is what makes of the commands of a timer ones that only tell.
var harmless = map[string]string{"install": " --print", "remove": " --dry-run", "show": "", "status": ""}

// cronPage are the lines of docs/cron.md that have a name. The tests of them run
// beside each other.
func cronPage(t *testing.T, name string) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	page, err := os.ReadFile("../docs/cron.md")
	if err != nil {
		t.Fatal(err)
	}
	lines, there := fenced(t, string(page), name)
	if !there {
		t.Fatal("docs/cron.md has no " + name)
	}
	return lines
}

// TestCronPage runs the commands of docs/cron.md such that they change nothing.
func TestCronPage(t *testing.T) {
	lines := cronPage(t, "schedule-commands")
	user, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + t.TempDir(), "USER=" + strings.TrimSpace(string(user)), "PATH=" + built(t) + string(os.PathListSeparator) + os.Getenv("PATH")}
	ran := map[string]bool{}
	for _, line := range lines {
		command, ok := strings.CutPrefix(strings.TrimPrefix(line, "sudo "), "chatkeep schedule ")
		if !ok {
			continue
		}
		verb, _, _ := strings.Cut(command, " ")
		safe, known := harmless[verb]
		if !known {
			t.Fatalf("docs/cron.md: %s", line)
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", "chatkeep schedule "+command+safe)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil || verb == "install" && !strings.Contains(string(out), "run --config ") {
			t.Errorf("docs/cron.md: %s: %v\n%s", line, err, out)
		}
		ran[verb] = true
	}
	if len(ran) != len(harmless) {
		t.Errorf("docs/cron.md has only %v", ran)
	}
}

// TestPipesPage runs the lines of docs/cron.md that back up what a program prints,
// with one that prints something, and with one that fails half-way.
func TestPipesPage(t *testing.T) {
	lines := cronPage(t, "pipes")
	if len(lines) != 3 {
		t.Fatalf("docs/cron.md has %q", lines)
	}
	home := t.TempDir()
	run := func(script string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", script)
		cmd.Env = []string{"HOME=" + home, "CHATKEEP_PASSPHRASE=lanterns-over-quiet-water-71", "CHATKEEP_REPOSITORY=" + home + "/repository",
			"PATH=" + home + string(os.PathListSeparator) + built(t) + string(os.PathListSeparator) + os.Getenv("PATH")}
		return cmd.CombinedOutput()
	}
	dump := func(exit string) string {
		return "printf '#!/bin/sh\\nseq 10000\\nexit " + exit + "\\n' >$HOME/mysqldump; chmod +x $HOME/mysqldump; "
	}
	if out, err := run("chatkeep init --yes"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		lines     []string
		exit      string
		fails     bool
		snapshots string
	}{
		{lines[:2], "0", false, "1 snapshot"}, {lines[2:], "0", false, "2 snapshots"},
		{lines[2:], "3", true, "2 snapshots"}, // nothing is stored
		{lines[:2], "3", true, "3 snapshots"}, // half of it is, and the shell tells
	} {
		out, err := run(dump(c.exit) + strings.Join(c.lines, "\n"))
		if (err != nil) != c.fails {
			t.Errorf("docs/cron.md: %q with exit %s: %v\n%s", c.lines, c.exit, err, out)
		}
		if out, err := run("chatkeep snapshots"); err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), c.snapshots) {
			t.Errorf("docs/cron.md: after %q: %v\n%s", c.lines, err, out)
		}
	}
}
