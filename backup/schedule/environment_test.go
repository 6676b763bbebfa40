package schedule

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/config"
	"chatkeep/providers/storage"
)

var someStores = []storage.Provider{{Name: "far", Schemes: []string{"far", "rclone"}, Settings: []storage.Setting{
	{Name: "far-endpoint", Env: "AWS_ENDPOINT_URL"}, {Name: "far-program", Env: "FAR_PROGRAM"}, {Name: "far-fast", Bool: true},
}}}

func TestEnvironment(t *testing.T) {
	const canary = "lanterns-over-quiet-water"
	vars := map[string]string{
		"PATH": "/usr/local/bin:.::/usr/bin:/tmp/x:bin:/usr/local/bin", "LS_COLORS": "x", "TZ": "Europe/Berlin",
		"CHATKEEP_PASSPHRASE": canary, "CHATKEEP_PASSPHRASE_FILE": "/home/anna/pass word",
		"CHATKEEP_PASSPHRASE_COMMAND": "op read op://a/b?c=d", "FAR_PROGRAM": "/opt/far", "XDG_STATE_HOME": "/state",
		"AWS_ACCESS_KEY_ID": canary, "AWS_SECRET_ACCESS_KEY": canary, "AWS_SESSION_TOKEN": canary, "RCLONE_CONFIG_PASS": canary,
		"AWS_ENDPOINT_URL": "https://anna:" + canary + "@s3.example.org", "HTTPS_PROXY": "anna:" + canary + "@proxy:3128", "HTTP_PROXY": "http://proxy:3128",
	}
	set, withheld := Environment(func(name string) string { return vars[name] }, "/home/anna", someStores)
	want := []Variable{
		{"CHATKEEP_PASSPHRASE_COMMAND", "op read op://a/b?c=d"}, {"CHATKEEP_PASSPHRASE_FILE", "/home/anna/pass word"}, {"FAR_PROGRAM", "/opt/far"},
		{"HOME", "/home/anna"}, {"HTTP_PROXY", "http://proxy:3128"}, {"PATH", "/usr/local/bin:/usr/bin"}, {"TZ", "Europe/Berlin"}, {"XDG_STATE_HOME", "/state"},
	}
	if !slices.Equal(set, want) {
		t.Errorf("set %v, want %v", set, want)
	}
	var names []string
	for _, w := range withheld {
		names = append(names, w.Name)
		if strings.Contains(w.Instead, canary) || w.Instead == "" {
			t.Errorf("of %s it says %q", w.Name, w.Instead)
		}
	}
	slices.Sort(names)
	if want := []string{"AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "CHATKEEP_PASSPHRASE", "HTTPS_PROXY", "RCLONE_CONFIG_PASS"}; !slices.Equal(names, want) {
		t.Errorf("withheld %v, want %v", names, want)
	}
	p := somePlan(false)
	p.Environment = set
	for _, k := range []Kind{Systemd, Cron, Launchd} {
		d, err := New(k, newFake(t), p.Account, false).Draft(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range d.Pieces {
			if strings.Contains(piece.Text, canary) {
				t.Errorf("%s: a secret stands in %s", k, piece.Place)
			}
		}
	}
}

func TestNeeds(t *testing.T) {
	schemes := []string{"far", "rclone"}
	plain := func() config.Config {
		return config.Config{
			Repository:   "disk",
			Repositories: map[string]config.Repository{"disk": {Place: "/home/anna/Backups/chats/", Witness: "/mnt/witness"}, "cloud": {Place: "far://bucket/x", Witness: "disk"}},
			Jobs:         map[string]config.Job{"a": {Repositories: []string{"cloud", "file:///mnt/stick"}}},
			Sources:      map[string]config.Source{"phone": {Path: "/home/anna/Exports/*.zip"}},
			Log:          config.Log{File: "/var/log/chatkeep/run.log"}, Metrics: config.Metrics{Textfile: "/var/lib/metrics/chatkeep.prom"},
		}
	}
	p := somePlan(true)
	n := NeedsOf(plain(), p, []string{"/own"}, schemes)
	if want := []string{"/home/anna/Backups/chats", "/mnt/stick", "/mnt/witness", "/var/lib/metrics", "/var/log/chatkeep"}; !slices.Equal(n.Writes, want) {
		t.Errorf("writes %q, want %q", n.Writes, want)
	}
	if n.Commands || !slices.Equal(n.Own, []string{"/own"}) || !slices.Equal(n.Reads, []string{"/home/anna/Exports/*.zip"}) {
		t.Errorf("needs %+v", n)
	}
	if n := NeedsOf(config.Config{}, p, nil, schemes); n.Commands || n.Writes != nil || n.Reads != nil {
		t.Errorf("of nothing: %+v", n)
	}

	for name, change := range map[string]func(*config.Config){
		"before":     func(c *config.Config) { c.Sources["phone"] = config.Source{Before: "export"} },
		"command":    func(c *config.Config) { c.Sources["phone"] = config.Source{Command: "dump"} },
		"export key": func(c *config.Config) { c.Sources["phone"] = config.Source{KeyCommand: "key"} },
		"passphrase": func(c *config.Config) { c.Repositories["disk"] = config.Repository{PassphraseCommand: "pass"} },
		"channel":    func(c *config.Config) { c.Notify = map[string]config.Channel{"a": {Command: "mail"}} },
		"password":   func(c *config.Config) { c.Notify = map[string]config.Channel{"a": {PasswordCommand: "pass"}} },
	} {
		c := plain()
		change(&c)
		if !NeedsOf(c, p, nil, schemes).Commands {
			t.Errorf("%s: no commands", name)
		}
	}
	p.Environment = []Variable{{"CHATKEEP_PASSPHRASE_COMMAND", "pass"}, {"CHATKEEP_REPOSITORY", "/env/repository"}, {"CHATKEEP_WITNESS", "/env/witness"}, {"RCLONE_CONFIG", "/etc/rclone/x.conf"}}
	c := config.Config{Jobs: map[string]config.Job{"a": {Repositories: []string{"rclone:drive:chats", "relative"}}}}
	n = NeedsOf(c, p, nil, schemes)
	if want := []string{"/env/repository", "/env/witness", "/etc/rclone", "/home/anna/.cache/rclone", "/home/anna/.config/rclone"}; !n.Commands || !slices.Equal(n.Writes, want) {
		t.Errorf("needs %+v, want %q and commands", n, want)
	}
}

// TestEnvironmentFromAnywhere writes down what relative paths mean here and now.
func TestEnvironmentFromAnywhere(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	for _, c := range []struct{ name, value, want string }{
		{"CHATKEEP_REPOSITORY", "repository", here + "/repository"}, {"CHATKEEP_REPOSITORY", "far://bucket/x", "far://bucket/x"},
		{"CHATKEEP_WITNESS", "witness", here + "/witness"}, {"CHATKEEP_WITNESS", "far://bucket/w", "far://bucket/w"},
		{"CHATKEEP_REPOSITORY", "/a/b", "/a/b"}, {"CHATKEEP_PASSPHRASE_FILE", "../pass", filepath.Dir(here) + "/pass"},
		{"AWS_CONFIG_FILE", "a", here + "/a"}, {"XDG_DATA_HOME", "data", ""}, {"AWS_DEFAULT_REGION", "eu", "eu"}, {"CHATKEEP_PASSPHRASE_COMMAND", "pass x", "pass x"},
	} {
		set, _ := Environment(func(name string) string {
			if name == c.name {
				return c.value
			}
			return ""
		}, "/home/anna", nil)
		if got := valueOf(set, c.name); got != c.want {
			t.Errorf("%s=%s becomes %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

func TestTemporary(t *testing.T) {
	for program, want := range map[string]bool{
		"/tmp/chatkeep": true, "/tmp/go-build12/b001/exe/chatkeep": true, "/home/anna/.cache/go-build/ab/cd-d/chatkeep": true, "/var/tmp/x/chatkeep": true,
		t.TempDir() + "/chatkeep": true, "/dev/shm/chatkeep": true,
		"/usr/local/bin/chatkeep": false, "/home/anna/go/bin/chatkeep": false, "/home/anna/tmp/chatkeep": false, "/tmpfs/chatkeep": false,
	} {
		if got := Temporary(program); got != want {
			t.Errorf("%s: %v", program, got)
		}
	}
}
