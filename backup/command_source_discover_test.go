package backup

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
)

// homes are what lies in the homes of three systems, and what is to be found there:
// the name of a source, and its path below the home.
var homes = map[string]struct {
	env   map[string]string // values below the home
	files []string
	found []string
}{
	"linux": {
		files: []string{
			".config/Signal/sql/db.sqlite", ".config/Signal/attachments.noindex/ab/c", ".var/app/org.signal.Signal/config/Signal/sql/db.sqlite",
			".config/Element/config.json", ".var/app/im.riot.Riot/config/Element/IndexedDB/x",
			"Téléchargements/facebook-me-2026-01-02-ab.zip", "Téléchargements/Telegram Desktop/ChatExport_2026-01-02/result.json", "Téléchargements/mydata~1713.zip",
			"Downloads/instagram-me.zip", "Documents/[LINE] Anna.txt", "irclogs/net/chan.log", ".weechat/logs/irc.log", ".purple/logs/a/b.html",
			"Phone/Android/media/com.whatsapp/WhatsApp/Databases/msgstore-2026-01-02.1.db.crypt14", "Phone/Android/media/com.whatsapp/WhatsApp/Media/x.jpg",
			"sync/SignalBackups/signal-backup-2026-01-02-03-04-05/main", "sms-20260102.xml", "Documents/notes.txt", "WhatsApp/readme.txt",
		},
		found: []string{
			"whatsapp-phone Phone/Android/media/com.whatsapp/WhatsApp", "signal-desktop .config/Signal", "signal-desktop-2 .var/app/org.signal.Signal/config/Signal",
			"signal-backups sync/SignalBackups", "telegram-exports Téléchargements/Telegram Desktop/ChatExport_*", "facebook-export Téléchargements/facebook-*.zip",
			"element-desktop .var/app/im.riot.Riot/config/Element", "snapchat-data Téléchargements/mydata~*.zip", "line-exports Documents/[[]LINE]*.txt",
			"sms-backups sms-*.xml", "irssi-logs irclogs", "weechat-logs .weechat/logs", "pidgin-logs .purple/logs",
		},
	},
	"darwin": {
		files: []string{
			"Library/Messages/chat.db", "Library/Messages/Attachments/x", "Library/Group Containers/group.net.whatsapp.WhatsApp.shared/ChatStorage.sqlite",
			"Library/Application Support/MobileSync/Backup/00008030-1/Manifest.db", "Library/Application Support/Signal/sql/db.sqlite",
			"Library/Mobile Documents/com~apple~CloudDocs/WhatsApp Chat with Ben.txt", "Desktop/Team Slack export Jan 1 2026 - Feb 1 2026.zip", "Downloads/package.zip",
			".config/Signal/sql/db.sqlite", "Downloads/matrix - Room - Chat Export - 2026-01-02.zip",
		},
		found: []string{
			"whatsapp-desktop Library/Group Containers/group.net.whatsapp.WhatsApp.shared", "whatsapp-exports Library/Mobile Documents/com~apple~CloudDocs/*WhatsApp*.txt",
			"imessage Library/Messages", "iphone-backups Library/Application Support/MobileSync/Backup", "signal-desktop Library/Application Support/Signal",
			"slack-exports Desktop/*Slack export*.zip", "discord-package Downloads/package.zip", "element-exports Downloads/* - Chat Export - *",
		},
	},
	"windows": {
		env: map[string]string{"APPDATA": "AppData/Roaming", "LOCALAPPDATA": "Elsewhere/Local", "OneDrive": "OneDrive"},
		files: []string{
			"Elsewhere/Local/Packages/5319275A.WhatsAppDesktop_cv1g1gvanyjgm/LocalState/x.db", "AppData/Roaming/Signal/sql/db.sqlite",
			"AppData/Roaming/Apple Computer/MobileSync/Backup/1/Manifest.db", "Apple/MobileSync/Backup/2/Manifest.db",
			"OneDrive/Documents/takeout-20260102T000000Z-001.zip", "Downloads/Complete_LinkedInDataExport_01-02-2026.zip", "Library/Messages/chat.db",
		},
		found: []string{
			"whatsapp-desktop Elsewhere/Local/Packages/5319275A.WhatsAppDesktop_cv1g1gvanyjgm/LocalState", "iphone-backups AppData/Roaming/Apple Computer/MobileSync/Backup",
			"iphone-backups-2 Apple/MobileSync/Backup", "signal-desktop AppData/Roaming/Signal", "google-takeout OneDrive/Documents/takeout-*.zip",
			"linkedin-data Downloads/*LinkedInDataExport*.zip",
		},
	},
}

// desktop is a home that was made up.
type desktop struct {
	t        *testing.T
	system   string
	home     string
	env      map[string]string
	out, err bytes.Buffer
}

func newDesktop(t *testing.T, system string) *desktop {
	d := &desktop{t: t, system: system, home: filepath.Join(t.TempDir(), "a [b] c")}
	d.env = map[string]string{"HOME": d.home}
	for name, below := range homes[system].env {
		d.env[name] = filepath.Join(d.home, below)
	}
	for _, file := range homes[system].files {
		d.write(file, "text")
	}
	return d
}

func (d *desktop) write(file, text string) {
	d.t.Helper()
	path := filepath.Join(d.home, file)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		d.t.Fatal(err)
	}
}

// run runs a command line, which must succeed, and returns its objects.
func (d *desktop) run(args ...string) (objects []map[string]any) {
	d.t.Helper()
	d.out.Reset()
	d.err.Reset()
	env := &session.Env{
		OS: d.system, Stdin: strings.NewReader(""), Stdout: &d.out, Stderr: &d.err, Getenv: func(name string) string { return d.env[name] },
		Clock: session.SystemClock(), Terminal: func() (session.Terminal, error) { return nil, errors.New("nobody") },
	}
	app := session.NewApp(env, []*cli.Command{sourceCommand(env, []chat.Provider{whatsapp.Provider})})
	if code := app.Run(args); code != 0 {
		d.t.Fatalf("%q: exit code %d\n%s%s", args, code, &d.out, &d.err)
	}
	for line := range strings.Lines(d.out.String()) {
		var object map[string]any
		if slices.Contains(args, "--json") {
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				d.t.Fatalf("%q: %v", line, err)
			}
			objects = append(objects, object)
		}
	}
	return objects
}

// list are the names that objects have, with their paths below the home.
func (d *desktop) list(objects []map[string]any) (list []string) {
	for _, o := range objects {
		if o["type"] == "place" {
			path := strings.TrimPrefix(strings.TrimPrefix(o["path"].(string), config.Literal(d.home)), d.home)
			list = append(list, o["name"].(string)+" "+strings.TrimPrefix(path, "/"))
		}
	}
	return list
}

func TestDiscover(t *testing.T) {
	for system, home := range homes {
		d := newDesktop(t, system)
		if system == "linux" {
			d.write(".config/user-dirs.dirs", "XDG_DOWNLOAD_DIR=\"$HOME/Téléchargements\"\n")
		}
		objects := d.run("source", "discover", "--json")
		if got := d.list(objects); !slices.Equal(got, home.found) {
			t.Errorf("%s: found\n%s\nwant\n%s", system, strings.Join(got, "\n"), strings.Join(home.found, "\n"))
		}
		for _, o := range objects[:len(objects)-1] {
			if o["files"].(float64) < 1 || o["bytes"].(float64) < 4 || o["mtime"] == nil || o["title"] == "" || o["trouble"] != nil {
				t.Errorf("%s: %v", system, o)
			}
		}
	}
}

// TestDiscoverWords: what is not opened may be read, for all that discover knows, but
// not by a build without a parser for its app.
func TestDiscoverWords(t *testing.T) {
	d := newDesktop(t, "darwin")
	d.run("source", "discover")
	for place, want := range map[string]string{
		"~/Library/Application Support/MobileSync/Backup": "not opened here",
		"~/Library/Group Containers/group.net.whatsapp":   "not opened here",
		"~/Library/Messages":                              "this build does not read it",
		"~/Downloads/package.zip":                         "this build does not read it",
		"~/Library/Mobile Documents":                      "read as whatsapp",
	} {
		_, after, found := strings.Cut("\n"+d.out.String(), "\n"+place)
		lines := strings.SplitN(after, "\n", 3)
		if !found || !strings.Contains(lines[1], want) {
			t.Errorf("%s is %q", place, lines)
		}
	}
}

// TestDiscoverNothing looks at a new machine.
func TestDiscoverNothing(t *testing.T) {
	for system := range homes {
		d := newDesktop(t, "")
		d.system = system
		d.write("notes.txt", "")
		if objects := d.run("source", "discover", "--json"); len(objects) != 1 || objects[0]["places"] != 0.0 {
			t.Errorf("%s: %v", system, objects)
		}
		if d.run("source", "discover"); !strings.Contains(d.out.String(), "nothing found") {
			t.Errorf("%s: %q", system, &d.out)
		}
	}
}

// TestDiscoveredCommand runs the commands that discover gives, by a shell's rules: what
// they make takes what was found, and is known the next time.
func TestDiscoveredCommand(t *testing.T) {
	for _, system := range []string{"linux", "darwin"} {
		d := newDesktop(t, system)
		var packed bytes.Buffer
		z := zip.NewWriter(&packed)
		f, err := z.Create("_chat.txt")
		if err == nil {
			_, err = f.Write([]byte("[02.03.19, 10:11:12] Anna: the kettle is on\n"))
		}
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		d.write("Desktop/WhatsApp Chat - Anna's.zip", packed.String())
		d.write("Desktop/WhatsApp Chat - Ben.zip", "torn")
		found := d.run("source", "discover", "--json")
		for _, o := range found[:len(found)-1] {
			d.run(words(t, o["command"].(string))[1:]...)
			if o["name"] == "whatsapp-exports" && strings.HasSuffix(o["path"].(string), "Desktop/*WhatsApp*.zip") {
				if o["recognised"] != 1.0 || len(o["paths"].([]any)) != 2 || o["apps"].([]any)[0] != "whatsapp" {
					t.Errorf("%s: %v", system, o)
				}
			}
		}
		listed := d.run("source", "list", "--json")
		if len(listed) != len(found) {
			t.Errorf("%s: %d places became %d sources", system, len(found)-1, len(listed)-1)
		}
		for _, o := range listed[:len(listed)-1] {
			tested := d.run("source", "test", o["name"].(string), "--json")
			if tested[len(tested)-1]["matches"] == 0.0 {
				t.Errorf("%s: %v takes nothing", system, o)
			}
		}
		for i, o := range d.run("source", "discover", "--json") {
			if o["type"] == "place" && (o["source"] != found[i]["name"] || o["path"] != found[i]["path"]) {
				t.Errorf("%s: %v is not known", system, o)
			}
		}
	}
}

// words splits a command as a shell does that knows single quotes and backslashes.
func words(t *testing.T, command string) (list []string) {
	t.Helper()
	word, quoted, open := "", false, false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\'':
			quoted, open = !quoted, true
		case quoted:
			word += string(c)
		case c == '\\':
			i++
			word += command[i : i+1]
		case c == ' ':
			if word != "" || open {
				list = append(list, word)
			}
			word, open = "", false
		default:
			word += string(c)
		}
	}
	if quoted {
		t.Fatalf("%q ends in quotes", command)
	}
	return append(list, word)
}

func TestAddLine(t *testing.T) {
	for system, want := range map[string]string{
		"linux":   `chatkeep source add chats '~/It'\''s/*.zip'`,
		"windows": `chatkeep source add chats "~/It's/*.zip"`,
	} {
		if got := addLine(system, "chats", "~/It's/*.zip"); got != want {
			t.Errorf("%s: %s", system, got)
		}
	}
	if !strings.Contains(deniedHint("darwin"), "Full Disk Access") || strings.Contains(deniedHint("linux"), "Disk") {
		t.Error("the hints are mixed up")
	}
}
