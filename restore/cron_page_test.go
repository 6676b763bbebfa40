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

// TestCronPage runs the commands of docs/cron.md such that they change nothing.
func TestCronPage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	page, err := os.ReadFile("../docs/cron.md")
	if err != nil {
		t.Fatal(err)
	}
	lines, there := fenced(t, string(page), "schedule-commands")
	if !there {
		t.Fatal("docs/cron.md has no commands")
	}
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
