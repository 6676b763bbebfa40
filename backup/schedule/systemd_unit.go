package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// header stands on top of all that is installed, and packageHeader on top of what
// comes in a package.
const (
	header        = "Written by chatkeep schedule install; chatkeep schedule remove takes it away."
	packageHeader = "Part of the package. One that chatkeep schedule install writes takes its place."
)

// unit is a unit file in the making.
type unit struct{ strings.Builder }

func (u *unit) section(name string) { fmt.Fprintf(u, "\n[%s]\n", name) }

func (u *unit) set(name, value string) { fmt.Fprintf(u, "%s=%s\n", name, value) }

func (u *unit) note(text string) { fmt.Fprintf(u, "# %s\n", text) }

// newUnit begins one.
func newUnit(p Plan) *unit {
	u := &unit{}
	if p.Packaged {
		u.note(packageHeader)
	} else {
		u.note(header)
	}
	return u
}

func timerUnit(p Plan) string {
	u := newUnit(p)
	u.section("Unit")
	u.set("Description", "chatkeep: look what is due")
	u.section("Timer")
	u.set("OnCalendar", fmt.Sprintf("*:0/%d", p.minutes()))
	u.note("What was missed while the machine was off is made up for at its start.")
	u.set("Persistent", "true")
	u.set("AccuracySec", "1min")
	u.set("RandomizedDelaySec", "2min")
	u.section("Install")
	u.set("WantedBy", "timers.target")
	return u.String()
}

func serviceUnit(p Plan) string {
	u := newUnit(p)
	u.section("Unit")
	u.set("Description", "chatkeep: run what is due")
	if p.System {
		u.set("Wants", "network-online.target")
		u.set("After", "network-online.target")
	}
	u.section("Service")
	u.set("Type", "oneshot")
	if p.System {
		u.set("User", percent(p.Account.Name))
	}
	var words []string
	// systemd takes no program with a quote or a backslash in its path.
	for _, word := range p.argvBehind(`"'\`) {
		words = append(words, unitQuote(word))
	}
	// With the colon a $ is a $.
	u.set("ExecStart", ":"+strings.Join(words, " "))
	for _, v := range p.Environment {
		u.set("Environment", unitQuote(v.Name+"="+v.Value))
	}
	u.note("A stop in the middle, as at shutdown, is no failure: the next run goes on.")
	u.set("SuccessExitStatus", "130")
	u.set("TimeoutStartSec", "infinity")
	u.set("TimeoutStopSec", "2min")
	u.set("Nice", "10")
	u.set("IOSchedulingClass", "idle")
	u.set("UMask", "0077")
	fences(u, p)
	return u.String()
}

// unprivileged are the fences that need no privileges: filters of system calls.
// The manager of a user can set these and no others; the others would fail there
// (those that drop capabilities) or be ignored (those of file systems), and with
// PrivateUsers= the files of others would seem to be nobody's.
var unprivileged = []string{
	"NoNewPrivileges=true",
	"LockPersonality=true",
	"MemoryDenyWriteExecute=true",
	"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
	"RestrictNamespaces=true",
	"RestrictRealtime=true",
	"RestrictSUIDSGID=true",
	"SystemCallArchitectures=native",
	"SystemCallFilter=@system-service",
	"SystemCallErrorNumber=EPERM",
}

// privileged are those that the manager of the machine can set as well.
var privileged = []string{
	"PrivateDevices=true",
	"ProtectClock=true",
	"ProtectControlGroups=true",
	"ProtectHostname=true",
	"ProtectKernelLogs=true",
	"ProtectKernelModules=true",
	"ProtectKernelTunables=true",
}

// fences are what keeps a run from more than its work.
func fences(u *unit, p Plan) {
	if p.Packaged {
		u.note("There are no fences, since the configuration may have commands of its own. Where it")
		u.note("has none, the unit that chatkeep schedule install writes is fenced in.")
		return
	}
	if p.Needs.Commands {
		u.note("The configuration has commands of its own, as to make an export or to send a mail.")
		u.note("Those may need what fences forbid: set-group-id programs, compilers at run time, mounts.")
		if p.System {
			u.set("ProtectSystem", "full")
		}
		return
	}
	for _, line := range unprivileged {
		u.WriteString(line + "\n")
	}
	if !p.System {
		return
	}
	for _, line := range privileged {
		u.WriteString(line + "\n")
	}
	if p.Account.UID == "0" {
		u.note("Root reads what is everybody's, as it does without a fence.")
		u.set("CapabilityBoundingSet", "CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER")
	} else {
		u.set("CapabilityBoundingSet", "")
	}
	if !p.usesTemporary() {
		u.set("PrivateTmp", "true")
	}
	u.set("ProtectSystem", "strict")
	for _, dir := range slices.Concat(p.Needs.Own, p.Needs.Writes) {
		// With the dash a disk that is not there today stops nothing else.
		u.set("ReadWritePaths", unitQuote("-"+dir))
	}
}

// usesTemporary reports whether something that a run needs lies in the folders
// that PrivateTmp= hides.
func (p Plan) usesTemporary() bool {
	for _, one := range slices.Concat([]string{p.Program, p.Config}, p.Needs.Own, p.Needs.Writes, p.Needs.Reads) {
		for _, dir := range []string{"/tmp", "/var/tmp"} {
			if one == dir || strings.HasPrefix(one, dir+"/") {
				return true
			}
		}
	}
	return false
}

// unitQuote writes a word as a unit file has it: where it needs them in quotes,
// in which a backslash stands before a quote or another one. Those two escapes are
// read alike by all settings, which others are not. A % is one that stands twice.
func unitQuote(word string) string {
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(word) + `"`
}

func percent(word string) string { return strings.ReplaceAll(word, "%", "%%") }
