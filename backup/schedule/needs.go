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
	for _, place := range places(c, p.Environment) {
		if strings.HasPrefix(place, "rclone:") {
			n.Writes = append(n.Writes, rcloneFolders(c, p)...)
		} else if dir := folder(place, schemes); dir != "" {
			n.Writes = append(n.Writes, dir)
		}
	}
	for _, file := range []string{c.Log.File, c.Metrics.Textfile} {
		if filepath.IsAbs(file) {
			n.Writes = append(n.Writes, filepath.Dir(file))
		}
	}
	for _, source := range c.Sources {
		if source.Path != "" {
			n.Reads = append(n.Reads, source.Path)
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
		if s.Before != "" || s.Command != "" || s.KeyCommand != "" {
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
	named := []string{c.Repository, valueOf(environment, "CHATKEEP_REPOSITORY"), valueOf(environment, "CHATKEEP_WITNESS")}
	for _, job := range c.Jobs {
		named = append(named, job.Repositories...)
	}
	for _, r := range c.Repositories {
		named = append(named, r.Witness)
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

// rcloneFolders are those that rclone writes to: renewed logins go into its
// configuration.
func rcloneFolders(c config.Config, p Plan) []string {
	files := []string{valueOf(p.Environment, "RCLONE_CONFIG")}
	for _, r := range c.Repositories {
		files = append(files, r.Settings["rclone-config"])
	}
	folders := []string{filepath.Join(p.Account.Home, ".config/rclone"), filepath.Join(p.Account.Home, ".cache/rclone")}
	for _, file := range files {
		if filepath.IsAbs(file) {
			folders = append(folders, filepath.Dir(file))
		}
	}
	return folders
}

// folder is the folder of this machine that a place is, or "".
func folder(place string, schemes []string) string {
	for _, scheme := range schemes {
		if strings.HasPrefix(place, scheme+":") {
			return ""
		}
	}
	path, isFile := strings.CutPrefix(place, "file:")
	if isFile {
		path = strings.TrimPrefix(path, "//")
	}
	if !filepath.IsAbs(path) {
		return ""
	}
	return filepath.Clean(path)
}
