package power

import (
	"os"
	"path/filepath"
	"strings"
)

// onBattery looks at the supplies that the kernel knows. A battery has to be
// discharging, since one that is full and idle does nothing, and no mains may be
// there, since a weak charger lets the battery discharge slowly.
func onBattery(root string) bool {
	class := filepath.Join(root, "sys", "class", "power_supply")
	entries, err := os.ReadDir(class)
	if err != nil {
		return false
	}
	discharging := false
	for _, e := range entries {
		s := supply(filepath.Join(class, e.Name()))
		switch {
		case s.isMains():
			return false
		case s.isDischarging():
			discharging = true
		}
	}
	return discharging
}

// supply is the folder of one supply.
type supply string

// maxAttribute is more than sysfs ever gives, in bytes.
const maxAttribute = 4 << 10

// attribute is the text of an attribute, empty where it is not there or tells
// nothing now.
func (s supply) attribute(name string) string {
	f, err := os.Open(filepath.Join(string(s), name))
	if err != nil {
		return ""
	}
	defer f.Close()
	var text [maxAttribute]byte
	n, _ := f.Read(text[:])
	return strings.TrimSpace(string(text[:n]))
}

// isMains reports whether the supply gives the machine power from outside. USB is
// of several kinds, all of which begin like this.
func (s supply) isMains() bool {
	kind := s.attribute("type")
	if kind != "Mains" && !strings.HasPrefix(kind, "USB") && kind != "Wireless" {
		return false
	}
	online := s.attribute("online")
	return online != "" && online != "0" && s.attribute("scope") != "Device" && !s.gives()
}

// gives reports whether the supply is a port at which this machine feeds another:
// some kernels call that online, too.
func (s supply) gives() bool {
	ports, err := filepath.Glob(filepath.Join(string(s), "device", "typec", "port*"))
	if err != nil || len(ports) == 0 {
		return false
	}
	for _, port := range ports {
		if role := supply(port).attribute("power_role"); !strings.Contains(role, "[source]") {
			return false
		}
	}
	return true
}

// isDischarging reports whether the supply is the machine's own battery at work.
// The battery of a mouse is in the scope of a device, and a UPS is of another type.
func (s supply) isDischarging() bool {
	return s.attribute("type") == "Battery" && s.attribute("scope") != "Device" &&
		s.attribute("present") != "0" && s.attribute("status") == "Discharging"
}
