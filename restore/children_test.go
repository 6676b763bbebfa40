//go:build unix

package restore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age/plugin"
)

// TestChildrenSeeNoSecrets starts what chatkeep starts, an age plugin and a command
// that prints a passphrase, and looks at the environment that they get.
func TestChildrenSeeNoSecrets(t *testing.T) {
	home := t.TempDir()
	seen := filepath.Join(home, "seen")
	spy := "#!/bin/sh\nenv >>" + seen + "\nexit 1\n"
	must(t, os.WriteFile(filepath.Join(home, "age-plugin-spy"), []byte(spy), 0o700))
	const passphrase, key = "lanterns-over-quiet-water-71", "4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2"
	must(t, os.WriteFile(filepath.Join(home, "passphrase"), []byte(passphrase), 0o600))
	env := []string{
		"HOME=" + home, "CHATKEEP_REPOSITORY=" + home + "/repository", "CHATKEEP_EXPORT_KEY=" + key, "CHATKEEP_NEW_PASSPHRASE_FILE=" + home + "/passphrase",
		"PATH=" + built(t) + string(os.PathListSeparator) + home + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
	run := func(fails bool, secret string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(built(t), "chatkeep"), args...)
		cmd.Env = append(append([]string{}, env...), secret)
		if out, err := cmd.CombinedOutput(); (err != nil) != fails {
			t.Fatalf("chatkeep %q: %v\n%s", args, err, out)
		}
	}
	run(false, "CHATKEEP_PASSPHRASE="+passphrase, "init", "--yes")
	recipient := plugin.EncodeRecipient("spy", []byte("who looks around"))
	run(true, "CHATKEEP_PASSPHRASE="+passphrase, "key", "add", "--name", "spy", "--recipient", recipient)
	run(true, "CHATKEEP_PASSPHRASE_COMMAND=env >>"+seen+"; cat "+home+"/passphrase", "chats") // there is none

	text, err := os.ReadFile(seen)
	must(t, err)
	if n := strings.Count(string(text), "HOME="+home+"\n"); n != 2 {
		t.Fatalf("%d children told what they see, not 2:\n%s", n, text)
	}
	for _, secret := range []string{passphrase, key, "CHATKEEP_PASSPHRASE", "CHATKEEP_NEW_PASSPHRASE", "CHATKEEP_EXPORT_KEY"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("a child sees %s", secret)
		}
	}
}
