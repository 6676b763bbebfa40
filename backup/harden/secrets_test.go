package harden

import (
	"os"
	"strings"
	"testing"
)

func TestTakeSecrets(t *testing.T) {
	given := map[string]string{
		"CHATKEEP_PASSPHRASE": "quiet water", "CHATKEEP_PASSPHRASE_FILE": "/f", "CHATKEEP_NEW_PASSPHRASE": "", "CHATKEEP_EXPORT_KEY": "00ff",
		"CHATKEEP_EXPORT_KEY_COMMAND": "pass show phone",
	}
	open := map[string]string{"CHATKEEP_REPOSITORY": "/r", "AWS_PROFILE": "home"}
	for _, all := range []map[string]string{given, open} {
		for name, value := range all {
			t.Setenv(name, value)
		}
	}
	getenv := TakeSecrets()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); IsSecret(name) {
			t.Errorf("%s is still there", name)
		}
	}
	for _, all := range []map[string]string{given, open} {
		for name, value := range all {
			if got := getenv(name); got != value {
				t.Errorf("%s is %q, not %q", name, got, value)
			}
		}
	}
	if os.Getenv("CHATKEEP_REPOSITORY") == "" || getenv("CHATKEEP_NOTHING") != "" {
		t.Error("what is no secret is not as it was")
	}
}
