package session_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
)

// TestMan writes the pages of a few commands with odd texts, and has the real
// formatter, where there is one, find nothing wrong with them.
func TestMan(t *testing.T) {
	w := newWorld(t)
	env := w.env()
	dir := t.TempDir()
	command := &cli.Command{Name: "odd", Usage: "it's -odd- \\ `so`", ArgsUsage: "PATH…",
		Description: ".SH not a section\n'quoted\n\n  example --flag\\n\n  .hidden\nafter",
		Flags:       env.Flags(&cli.StringFlag{Name: "some-flag", Usage: "a `VALUE`\non two lines"})}
	group := &cli.Command{Name: "group", Usage: "a group", Subcommands: []*cli.Command{{Name: "inner", Usage: "one of it", Flags: env.Flags()}}}
	app := session.NewApp(env, []*cli.Command{command, group})
	if code := app.Run([]string{"man", dir}); code != 0 {
		t.Fatalf("code %d: %s", code, &w.err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, page := range pages {
		names = append(names, filepath.Base(page))
	}
	for _, want := range []string{"chatkeep.1", "chatkeep-odd.1", "chatkeep-group-inner.1", "chatkeep-man.1"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("no %s among %v", want, names)
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil && os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("groff is not there to read the pages")
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", page).CombinedOutput()
		if err != nil || strings.Contains(string(out), "warning") || strings.Contains(string(out), "error:") {
			t.Errorf("%s: %v: %s", filepath.Base(page), err, out)
		}
		if strings.HasSuffix(page, "chatkeep-odd.1") && (!strings.Contains(string(out), ".SH not a section") || !strings.Contains(string(out), ".hidden")) {
			t.Errorf("a line was taken for a command: %s", out)
		}
	}
}
