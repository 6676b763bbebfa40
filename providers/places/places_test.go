package places_test

import (
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"chatkeep/providers/places"
)

var systems = []string{"linux", "darwin", "windows"}

// TestTable proves what others take from the table as it is.
func TestTable(t *testing.T) {
	for _, system := range systems {
		all := places.Of(system)
		if len(all) < 10 {
			t.Errorf("%s has %d places", system, len(all))
		}
		for _, p := range all {
			bad := strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsLower(r) && r != '-' }) || p.Name == ""
			if bad || p.Title == "" || len(p.Paths) == 0 || p.Kind != places.Export && p.Kind != places.Own {
				t.Errorf("%s: %+v", system, p)
			}
			for _, one := range append(slices.Clone(p.Paths), p.Has) {
				if _, err := path.Match(one, ""); err != nil || strings.ContainsAny(one, `\`) || path.IsAbs(one) || one != "" && one != path.Clean(one) {
					t.Errorf("%s: %s: the path %q", system, p.Name, one)
				}
			}
			for _, on := range p.On {
				if !slices.Contains(systems, on) {
					t.Errorf("%s is on %s", p.Name, on)
				}
			}
		}
	}
}

func TestPaths(t *testing.T) {
	none := func(string) string { return "" }
	set := func(pairs map[string]string) func(string) string {
		return func(name string) string { return pairs[name] }
	}
	for _, c := range []struct {
		m    places.Machine
		f    places.Folder
		want string
	}{
		{places.Machine{System: "linux", Getenv: none}, places.Home, ""},
		{places.Machine{System: "linux", Getenv: none}, places.Config, ".config"},
		{places.Machine{System: "linux", Getenv: none}, places.Local, ".local/share"},
		{places.Machine{System: "linux", Getenv: set(map[string]string{"XDG_CONFIG_HOME": "/elsewhere"})}, places.Config, "/elsewhere"},
		{places.Machine{System: "linux", Getenv: set(map[string]string{"XDG_CONFIG_HOME": "relative"})}, places.Config, ".config"},
		{places.Machine{System: "linux", Getenv: none}, places.Saved, "Downloads Documents Desktop"},
		{places.Machine{System: "linux", Getenv: none, Moved: map[string]string{"DOWNLOAD": "/home/me/Scaricati"}}, places.Saved, "Scaricati Documents Desktop"},
		{places.Machine{System: "linux", Getenv: none, Visible: []string{"/home/me/Phone"}}, places.Anywhere, " Phone"},
		{places.Machine{System: "darwin", Getenv: none}, places.Config, "Library/Application Support"},
		{places.Machine{System: "darwin", Getenv: none}, places.Saved, "Downloads Documents Desktop Library/Mobile Documents/com~apple~CloudDocs"},
		{places.Machine{System: "windows", Getenv: none}, places.Config, "AppData/Roaming"},
		{places.Machine{System: "windows", Getenv: none}, places.Local, "AppData/Local"},
		{places.Machine{System: "windows", Getenv: set(map[string]string{"APPDATA": "/roaming"})}, places.Config, "/roaming"},
		{places.Machine{System: "windows", Getenv: set(map[string]string{"OneDrive": "/home/me/OneDrive"})}, places.Saved, "Downloads Documents Desktop OneDrive OneDrive/Documents OneDrive/Desktop"},
	} {
		c.m.Home = "/home/me"
		var got []string
		for _, dir := range c.m.Paths(c.f) {
			dir = filepath.ToSlash(dir)
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(dir, "/home/me"), "/"))
			if !path.IsAbs(dir) {
				t.Errorf("%s is not absolute", dir)
			}
		}
		if text := strings.Join(got, " "); text != strings.TrimPrefix(c.want, "/") {
			t.Errorf("%s on %s is %q, not %q", c.f, c.m.System, text, c.want)
		}
	}
}

// userDirs is a file as xdg-user-dirs writes it, with a few lines that it does not.
const userDirs = `# This file is written by xdg-user-dirs-update
XDG_DESKTOP_DIR="$HOME/Bureau"
XDG_DOWNLOAD_DIR="$HOME/Téléchargements"
XDG_DOCUMENTS_DIR="/data/me/\$ and \"more\""
XDG_MUSIC_DIR="$HOME/"
XDG_VIDEOS_DIR="Videos"
XDG_PICTURES_DIR=$HOME/Pictures
XDG_TEMPLATES_DIR="$HOME"
export XDG_PUBLICSHARE_DIR="$HOME/Public"
`

func TestUserDirs(t *testing.T) {
	want := map[string]string{"DESKTOP": "/home/me/Bureau", "DOWNLOAD": "/home/me/Téléchargements", "DOCUMENTS": `/data/me/$ and "more"`}
	if got := places.UserDirs(userDirs, "/home/me"); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

// FuzzUserDirs: whatever stands there, a folder is one, and never the home itself.
func FuzzUserDirs(f *testing.F) {
	f.Add(userDirs)
	f.Add("XDG_X_DIR=\"$HOME/../..\"\r\nXDG__DIR=\"/\"")
	f.Add("XDG_DOWNLOAD_DIR=\"")
	f.Fuzz(func(t *testing.T, text string) {
		for name, dir := range places.UserDirs(text, "/home/me") {
			if !filepath.IsAbs(dir) || dir != filepath.Clean(dir) || dir == "/home/me" || strings.ContainsRune(dir, 0) {
				t.Errorf("%q is %q", name, dir)
			}
		}
	})
}
