//go:build unix

package power

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutput runs a program, and sees that it is told nothing.
func TestOutput(t *testing.T) {
	t.Setenv("CHATKEEP_PASSPHRASE", "SECRET")
	text, err := output(t.Context(), "env")
	if err != nil || !strings.Contains(text, "LC_ALL=C\n") || strings.Contains(text, "SECRET") {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := output(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a program that is not there ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := output(ctx, "sleep", "10000"); err == nil {
		t.Error("it did not end with its context")
	}
}

// TestThis asks the machine that the test runs on, whatever it says.
func TestThis(t *testing.T) {
	m := This()
	battery, metered := m.OnBattery(t.Context()), m.Metered(t.Context())
	if _, err := os.Stat("/sys/class/power_supply"); err != nil && m.OS == "linux" && battery {
		t.Error("it is on a battery that is nowhere")
	}
	t.Logf("on battery %t, metered %t", battery, metered)
}
