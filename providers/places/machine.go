package places

import (
	"path/filepath"
	"strings"
)

// Machine is what decides where folders are. Paths are absolute.
type Machine struct {
	System string // as runtime.GOOS has it
	Home   string
	Getenv func(string) string
	// Visible are the folders in the home that are not hidden.
	Visible []string
	// Moved says where folders are that are not where they usually are, by the names
	// that XDG has for them: DOWNLOAD, DOCUMENTS, DESKTOP.
	Moved map[string]string
}

// Paths are where a folder is on the machine: several, or none. Not all have to be
// there.
func (m Machine) Paths(f Folder) []string {
	switch f {
	case Home:
		return []string{m.Home}
	case Anywhere:
		return append([]string{m.Home}, m.Visible...)
	case Config:
		return []string{m.config()}
	case Local:
		return []string{m.local()}
	}
	saved := []string{m.moved("DOWNLOAD", "Downloads"), m.moved("DOCUMENTS", "Documents"), m.moved("DESKTOP", "Desktop")}
	if m.System == mac {
		saved = append(saved, filepath.Join(m.Home, "Library", "Mobile Documents", "com~apple~CloudDocs"))
	}
	if drive := m.Getenv("OneDrive"); m.System == windows && filepath.IsAbs(drive) {
		saved = append(saved, drive, filepath.Join(drive, "Documents"), filepath.Join(drive, "Desktop"))
	}
	return saved
}

func (m Machine) config() string {
	switch m.System {
	case mac:
		return filepath.Join(m.Home, "Library", "Application Support")
	case windows:
		return m.or("APPDATA", "AppData", "Roaming")
	}
	return m.or("XDG_CONFIG_HOME", ".config")
}

func (m Machine) local() string {
	if m.System == windows {
		return m.or("LOCALAPPDATA", "AppData", "Local")
	}
	return m.or("XDG_DATA_HOME", ".local", "share")
}

// or is the folder that a variable says, or one in the home.
func (m Machine) or(variable string, path ...string) string {
	if dir := m.Getenv(variable); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(append([]string{m.Home}, path...)...)
}

func (m Machine) moved(name, usual string) string {
	if dir := m.Moved[name]; dir != "" {
		return dir
	}
	return filepath.Join(m.Home, usual)
}

// UserDirsFile is, below the folder of configurations on Linux, the file that says
// where a person's folders are. Their names are translated.
const UserDirsFile = "user-dirs.dirs"

// shellPlain takes off what a shell needs before signs that mean something in quotes.
var shellPlain = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`")

// UserDirs reads the text of that file: lines as XDG_DOWNLOAD_DIR="$HOME/Téléchargements",
// by the specification of xdg-user-dirs. What is no such line, and a folder that is
// the home itself, says nothing.
func UserDirs(text, home string) map[string]string {
	dirs := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		name, isName := strings.CutPrefix(key, "XDG_")
		name, isDir := strings.CutSuffix(name, "_DIR")
		quoted, opened := strings.CutPrefix(value, `"`)
		quoted, closed := strings.CutSuffix(quoted, `"`)
		if !isName || !isDir || !opened || !closed || strings.ContainsRune(quoted, 0) {
			continue
		}
		below, inHome := strings.CutPrefix(quoted, "$HOME/")
		dir := filepath.Clean(shellPlain.Replace(below))
		if inHome {
			dir = filepath.Join(home, dir)
		}
		if filepath.IsAbs(dir) && dir != filepath.Clean(home) {
			dirs[name] = dir
		}
	}
	return dirs
}
