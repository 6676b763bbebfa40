package power

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes a file system with these supplies, each "name: attribute=value …".
func tree(t *testing.T, supplies ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, s := range supplies {
		name, attributes, _ := strings.Cut(s, ": ")
		for pair := range strings.SplitSeq(attributes, ", ") {
			attribute, value, _ := strings.Cut(pair, "=")
			path := filepath.Join(root, "sys/class/power_supply", name, attribute)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func silent(context.Context, string, ...string) (string, error) {
	return "", errors.New("no such program")
}

func TestLinux(t *testing.T) {
	const (
		plugged   = "AC: type=Mains, online=1"
		unplugged = "AC: type=Mains, online=0"
		charging  = "BAT0: type=Battery, present=1, status=Charging"
		full      = "BAT0: type=Battery, present=1, status=Full"
		drains    = "BAT0: type=Battery, scope=System, present=1, status=Discharging"
		idle      = "BAT1: type=Battery, present=1, status=Not charging"
		mouse     = "hidpp_battery_0: type=Battery, scope=Device, present=1, status=Discharging"
		ups       = "ups: type=UPS, status=Discharging"
		usb       = "ucsi0: type=USB, online=1"
		pd        = "ucsi0: type=USB_PD, online=2"
		noUSB     = "ucsi0: type=USB, online=0"
		sink      = "ucsi0: type=USB, online=1, device/typec/port0/power_role=source [sink]"
		source    = "ucsi0: type=USB, online=1, device/typec/port0/power_role=[source] sink"
	)
	for _, c := range []struct {
		what     string
		supplies []string
		want     bool
	}{
		{"a desktop", nil, false},
		{"a desktop with a mouse", []string{mouse}, false},
		{"a desktop with a UPS", []string{ups}, false},
		{"a laptop at its charger", []string{plugged, charging}, false},
		{"a laptop at its charger, full", []string{plugged, full}, false},
		{"a laptop at a weak charger", []string{plugged, drains}, false},
		{"a laptop", []string{unplugged, drains}, true},
		{"a laptop with a mouse", []string{unplugged, drains, mouse}, true},
		{"a laptop at its charger with a mouse", []string{plugged, charging, mouse}, false},
		{"a laptop with two batteries", []string{unplugged, idle, drains}, true},
		{"a laptop that tells of no charger", []string{drains}, true},
		{"a laptop at USB", []string{unplugged, usb, drains}, false},
		{"a laptop at USB of another kind", []string{pd, drains}, false},
		{"a laptop with an empty USB", []string{unplugged, noUSB, drains}, true},
		{"a laptop fed by a dock", []string{sink, drains}, false},
		{"a laptop that feeds a phone", []string{unplugged, source, drains}, true},
		{"a battery bay that is empty", []string{unplugged, "BAT0: type=Battery, present=0, status=Discharging"}, false},
		{"one that does not know", []string{unplugged, "BAT0: type=Battery, present=1, status=Unknown"}, false},
		{"nonsense", []string{"x: type=, online=1", "y: status=Discharging"}, false},
	} {
		m := Machine{OS: "linux", Root: tree(t, c.supplies...), Output: silent}
		if got := m.OnBattery(t.Context()); got != c.want {
			t.Errorf("%s: on battery is %t", c.what, got)
		}
	}
}

func TestMac(t *testing.T) {
	for text, want := range map[string]bool{
		"Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1234567)\t93%; discharging; 5:12 remaining present: true\n": true,
		"Now drawing from 'AC Power'\n -InternalBattery-0 (id=1234567)\t100%; charged; 0:00 remaining present: true\n":         false,
		"Now drawing from 'UPS Power'\n -UPS (id=1)\t80%; discharging; present: true\n":                                        false,
		"Now drawing from 'AC Power'\n":                   false,
		"Now drawing from 'AC Power'\n -Battery Power'\n": false,
		"": false,
		"No adapter attached.\nNow drawing from 'Battery Power'\n": false,
	} {
		m := Machine{OS: "darwin", Output: func(_ context.Context, program string, args ...string) (string, error) {
			if program != "pmset" {
				t.Errorf("it runs %s", program)
			}
			return text, nil
		}}
		if m.OnBattery(t.Context()) != want || m.Metered(t.Context()) {
			t.Errorf("%q", text)
		}
	}
}

func TestMetered(t *testing.T) {
	for text, want := range map[string]bool{
		"":                               false,
		"yes\n":                          true,
		"yes (guessed)\n":                true,
		"no\n":                           false,
		"no (guessed)\n":                 false,
		"unknown\n":                      false,
		"no (guessed)\n\nyes\n\nunknown": true,
		"unknown\n\nno\n\nunknown\n":     false,
		"yesterday\n":                    false,
		"Error: NetworkManager is not running. yes\n": false,
	} {
		m := Machine{OS: "linux", Root: t.TempDir(), Output: func(_ context.Context, program string, args ...string) (string, error) {
			if program != "nmcli" {
				t.Errorf("it runs %s", program)
			}
			return text, nil
		}}
		if m.Metered(t.Context()) != want {
			t.Errorf("%q", text)
		}
	}
}

// TestInDoubt: what does not tell is on mains and free.
func TestInDoubt(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows", "plan9"} {
		m := Machine{OS: system, Root: t.TempDir(), Output: func(context.Context, string, ...string) (string, error) {
			return "yes\nNow drawing from 'Battery Power'\n", errors.New("it failed")
		}}
		if m.OnBattery(t.Context()) || m.Metered(t.Context()) {
			t.Error(system)
		}
	}
}

func FuzzMetered(f *testing.F) {
	f.Add("yes\n\nno (guessed)\n\nunknown")
	f.Fuzz(func(t *testing.T, text string) {
		if anyMetered(text) && !strings.Contains(text, "yes") {
			t.Errorf("%q", text)
		}
	})
}

func FuzzBattery(f *testing.F) {
	f.Add("Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t93%; discharging;")
	f.Fuzz(func(t *testing.T, text string) {
		if drawsFromBattery(text) && !strings.Contains(text, "'Battery Power'") {
			t.Errorf("%q", text)
		}
	})
}
