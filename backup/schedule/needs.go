package schedule

import (
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/backup/config"
)

// Needs are what runs do beyond reading files and talking to servers. A service
// that is fenced in has to leave it to them.
type Needs struct {
	Own      []string // the program's own folders that runs write to, absolute
	Writes   []string // others', as a repository's, absolute
	Reads    []string // what fences could hide from them, absolute
	Commands bool     // commands of the owner's, which may do anything
}

// NeedsOf finds out what runs need from what a configuration and, where that says
// nothing, the variables of the plan say. Own are the program's folders. Schemes
// are the words before a colon by which places are told that are no folder of
// this machine.
func NeedsOf(c config.Config, p Plan, own, schemes []string) Needs {
	n := Needs{Own: own, Commands: runsCommands(c, p.Environment)}
	home := p.Account.Home
	for _, place := range places(c, p.Environment) {
		if strings.HasPrefix(place, "rclone:") {
			// It writes renewed logins into its configuration.
			n.Writes = append(n.Writes, rcloneFolder(p), filepath.Join(home, ".cache/rclone"))
		} else if dir := folder(place, home, schemes); dir != "" {
			n.Writes = append(n.Writes, dir)
		}
	}
	for _, file := range []string{c.Log.File, c.Metrics.Textfile} {
		if file = expand(file, home); filepath.IsAbs(file) {
			n.Writes = append(n.Writes, filepath.Dir(file))
		}
	}
	for _, source := range c.Sources {
		if path := expand(source.Path, home); filepath.IsAbs(path) {
			n.Reads = append(n.Reads, path)
		}
	}
	slices.Sort(n.Writes)
	n.Writes = slices.Compact(n.Writes)
	return n
}

func runsCommands(c config.Config, environment []Variable) bool {
	for _, r := range c.Repositories {
		if r.PassphraseCommand != "" {
			return true
		}
	}
	for _, s := range c.Sources {
		if s.Before != "" {
			return true
		}
	}
	for _, channel := range c.Notify {
		if channel.Command != "" || channel.PasswordCommand != "" {
			return true
		}
	}
	return valueOf(environment, "CHATKEEP_PASSPHRASE_COMMAND") != "" || valueOf(environment, "RCLONE_PASSWORD_COMMAND") != ""
}

// places are all that jobs may go to.
func places(c config.Config, environment []Variable) (all []string) {
	named := []string{c.Repository, valueOf(environment, "CHATKEEP_REPOSITORY")}
	for _, job := range c.Jobs {
		named = append(named, job.Repositories...)
	}
	for _, name := range named {
		if _, ok := c.Repositories[name]; !ok && name != "" {
			all = append(all, name)
		}
	}
	for _, r := range c.Repositories {
		all = append(all, r.Place)
	}
	return all
}

func valueOf(environment []Variable, name string) string {
	for _, v := range environment {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

func rcloneFolder(p Plan) string {
	if file := valueOf(p.Environment, "RCLONE_CONFIG"); filepath.IsAbs(file) {
		return filepath.Dir(file)
	}
	return filepath.Join(p.Account.Home, ".config/rclone")
}

// folder is the folder of this machine that a place is, or "".
func folder(place, home string, schemes []string) string {
	for _, scheme := range schemes {
		if strings.HasPrefix(place, scheme+":") {
			return ""
		}
	}
	path, _ := strings.CutPrefix(place, "file:")
	path = expand(strings.TrimPrefix(path, "//"), home)
	if !filepath.IsAbs(path) {
		return ""
	}
	return filepath.Clean(path)
}

// expand puts the home where a path begins with a tilde.
func expand(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return path
}
