package config_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/rhythm"
	"chatkeep/providers/storage"
)

// known is what the files of these tests are read against.
func known() config.Known {
	return config.Known{
		Home: "/home/me",
		Stores: []storage.Provider{
			{Name: "local"},
			{Name: "s3", Schemes: []string{"s3"}, Secrets: "use a profile",
				Settings: []storage.Setting{{Name: "s3-endpoint"}, {Name: "s3-profile"}, {Name: "s3-odd", Bool: true}}},
			{Name: "rclone", Schemes: []string{"rclone"}, Settings: []storage.Setting{{Name: "rclone-config"}}},
		},
		Checks: map[string]func(string) error{
			"app": func(text string) error {
				if text != "whatsapp" {
					return fmt.Errorf("%q is none of files, whatsapp", text)
				}
				return nil
			},
		},
	}
}

const file = "/etc/chats/config.toml"

// TestWrong reads files with one or more things wrong with them: each is told
// with its place, in order.
func TestWrong(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // LINE:COLUMN and what is said
	}{
		"syntax":            {"repository = ", []string{"1:13 "}},
		"syntax, later":     {"[log]\nfile = \"a\n", []string{"2:"}},
		"not UTF-8":         {"repository = \"\xff\"", []string{"1:15 UTF-8"}},
		"twice":             {"repository = '/a'\nrepository = '/b'", []string{"2:1 repository is set twice, first in line 1"}},
		"table twice":       {"[jobs.a]\n[jobs.b]\n[jobs.a]", []string{"3:7 the table jobs.a is there twice, first in line 1"}},
		"list of tables":    {"[[jobs.a]]\n", []string{"1:8 one pair of brackets"}},
		"braces and table":  {"jobs = {}\n[jobs.a]", []string{"2:2 jobs has a value already, in line 1"}},
		"dotted and table":  {"[sources]\na.path = '/a'\n[sources.a]\napp = 'whatsapp'", []string{"3:2 already exists"}},
		"unknown section":   {"[source.a]\npath = '/a'", []string{"1:2 there is no key source at the top; did you mean sources?"}},
		"unknown key":       {"[sources.a]\npth = '/a'", []string{"1:10 sources.a lacks path or command", "2:1 there is no key pth in sources.a; did you mean path?"}},
		"nothing near":      {"[sources.a]\npath = '/a'\ncolour = 'blue'", []string{"3:1 there is no key colour in sources.a$"}},
		"a kind of another": {"[sources.a]\npath = 5\nnewest = 'yes'\ntags = { a = 1 }", []string{"2:8 path is a number, and has to be text", "3:10 newest is text, and has to be true or false", "4:1 tags is a table"}},
		"a date":            {"[sources.a]\npath = 1979-05-27", []string{"2:8 path is something else"}},
		"empty":             {"[sources.a]\npath = ''", []string{"2:8 path: is empty"}},
		"a table wanted":    {"jobs = 3\nsources.a = 4", []string{"1:8 jobs is a number, and has to be a table", "2:13 sources.a is a number"}},
		"name":              {"[sources.'a/b']\npath = '/a'", []string{`1:10 sources: "a/b" is no name`}},
		"span":              {"[sources.a]\npath = '/a'\nwatch = true\nsettle = '2'", []string{`4:10 settle: "2" is no length of time`}},
		"settle alone":      {"[sources.a]\npath = '/a'\nsettle = '2m'", []string{"3:1 settle means nothing without watch"}},
		"timeout alone":     {"[sources.a]\npath = '/a'\nbefore-timeout = '2m'", []string{"3:1 before-timeout means nothing without before"}},
		"path and command":  {"[sources.a]\npath = '/a'\ncommand = 'dump'", []string{"3:1 sources.a has both path and command"}},
		"command's own":     {"[sources.a]\ncommand = 'dump'\nwatch = true\nexclude = 'a'\napp = 'whatsapp'", []string{"3:1 watch means nothing with command", "4:1 exclude means nothing with command", "5:1 app means nothing with command"}},
		"command's time":    {"[sources.a]\npath = '/a'\ncommand-timeout = '2m'", []string{"3:1 command-timeout means nothing without command"}},
		"misspelt command":  {"[sources.a]\ncomand = 'dump'", []string{"1:10 sources.a lacks path or command", "2:1 there is no key comand in sources.a; did you mean command?"}},
		"rhythm":            {"[jobs.a]\nevery = 'fortnightly'", []string{"2:9 every: "}},
		"zone":              {"[sources.a]\npath = '/a'\ntz = 'Europe/Berln'", []string{`3:6 tz: there is no zone "Europe/Berln"`}},
		"word":              {"[sources.a]\npath = '/a'\ndate-order = 'dym'", []string{`3:14 date-order: "dym" is none of dmy, mdy and ymd; did you mean dmy?`}},
		"check":             {"[sources.a]\npath = '/a'\napp = 'whatsap'", []string{`3:7 app: "whatsap" is none of`}},
		"pattern":           {"[sources.a]\npath = '/a/[b'", []string{"2:8 path: .* is no pattern"}},
		"home of another":   {"[sources.a]\npath = '~you/a'", []string{"2:8 path: .* ~ stands for your own home"}},
		"count":             {"[jobs.a]\nretries = -1\nkeep = { last = -2 }", []string{"2:11 retries: -1 is not between 0", "3:17 last: -2 is not"}},
		"id":                {"[repositories.a]\nplace = '/a'\nid = 'abc'", []string{"3:6 id: "}},
		"no such source":    {"[sources.phone]\npath = '/a'\n[jobs.a]\nsources = ['phone', 'phnoe']", []string{"4:21 there is no phnoe in sources; did you mean phone?"}},
		"no such job":       {"[jobs.nightly]\n[notify.a]\ntype = 'command'\ncommand = 'true'\njobs = 'nigthly'", []string{"5:8 there is no nigthly in jobs; did you mean nightly?"}},
		"no such name":      {"repository = 'uzb'\n[repositories.usb]\nplace = '/usb'\n[jobs.a]\nrepositories = ['s3', 's3://b', 'usb']", []string{"1:14 there is no uzb in repositories; did you mean usb?", "5:17 there is no s3 in repositories"}},
		"kind of place":     {"repository = 'sr3://b/p'", []string{`1:14 repository: no kind of place is known for "sr3://b/p"`}},
		"setting of others": {"[repositories.a]\nplace = 's3://b'\nrclone-config = 'a'", []string{"3:1 rclone-config is not for s3://b"}},
		"setting":           {"[repositories.a]\nplace = 's3://b'\ns3-endpont = 'a'\ns3-odd = 'b'", []string{"3:1 there is no key s3-endpont .* did you mean s3-endpoint?", "4:10 s3-odd is text, and has to be true or false"}},
		"both":              {"[repositories.a]\nplace = '/a'\npassphrase-file = 'a'\npassphrase-command = 'b'", []string{"4:1 repositories.a has both"}},
		"both of a source":  {"[sources.a]\npath = '/a'\nkey-file = 'a'\nkey-command = 'b'", []string{"4:1 sources.a has both"}},
		"channel":           {"[notify.a]\ntype = 'ntfy'\n[notify.b]\ntype = 'pign'\n[notify.c]\nurl = 'https://a'", []string{"1:9 notify.a is ntfy and lacks url or url-file", `4:8 type: "pign" is none of .*; did you mean ping?`, "5:9 notify.c lacks type"}},
		"channel of others": {"[notify.a]\ntype = 'ping'\nurl = 'https://a'\nhost = 'a:1'\n", []string{"4:1 host is not for ping, which takes"}},
		"address":           {"[notify.a]\ntype = 'ping'\nurl = 'a'", []string{"3:7 url: it is no address"}},
		"mail":              {"[notify.a]\ntype = 'smtp'\nhost = 'a'\nfrom = 'me'\nto = ['a@b', 'you']", []string{`3:8 host: "a" is not`, `4:8 from: "me" is no mail address`, `5:14 to: "you" is no`}},
		"log":               {"[log]\njson = true", []string{"1:2 log lacks file"}},
		"characters":        {"[sources.a]\npath = 'ä' # ö\ntags = ['ü', 5]", []string{"3:14 tags is a number"}},
	} {
		_, err := config.Parse(file, []byte(test.text), known())
		var all *config.Problems
		if !errors.As(err, &all) || all.ExitCode() != 64 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wrong := len(all.Each) != len(test.want)
		for i, want := range test.want {
			wrong = wrong || !says(all.Each[i], want)
		}
		if wrong {
			t.Errorf("%s: want %q, got\n%v", name, test.want, err)
		}
	}
}

// says tells whether a problem is at a place and says something.
func says(p *config.Problem, want string) bool {
	place, message, _ := strings.Cut(want, " ")
	if !strings.HasPrefix(p.At(), file+":"+place) || strings.HasSuffix(message, "$") && !strings.HasSuffix(p.Message+"$", message) {
		return false
	}
	rest := p.Message
	for part := range strings.SplitSeq(strings.TrimSuffix(message, "$"), ".*") {
		i := strings.Index(rest, strings.TrimSpace(part))
		if i < 0 {
			return false
		}
		rest = rest[i:]
	}
	return true
}

// TestSecrets writes secrets into the file in every way there is: they are
// refused and not repeated, and the hint has the key to use.
func TestSecrets(t *testing.T) {
	for text, hint := range map[string]string{
		"[repositories.a]\nplace = '/a'\npassphrase = 'tellingly'":                   "passphrase-file and passphrase-command",
		"[sources.a]\npath = '/a'\nkey = 'tellingly'":                                "key-file and key-command",
		"[repositories.a]\nplace = 's3://b'\ns3-secret-access-key = 'tellingly'":     "use a profile",
		"[repositories.a]\nplace = 's3://b'\ns3_access_key = 'tellingly'":            "use a profile",
		"[repositories.a]\nplace = 's3:https://me:tellingly@host/b'":                 "use a profile",
		"repository = 's3:https://me:tellingly@host/b'":                              "use a profile",
		"[jobs.a]\nrepositories = ['s3:https://me:tellingly@host/b']":                "use a profile",
		"[repositories.a]\nplace = 's3://b'\ns3-endpoint = 'https://me:tellingly@h'": "without credentials",
		"[repositories.a]\nplace = 's3://b'\ns3-endpoint = 'me:tellingly@h'":         "without credentials",
		"[notify.a]\ntype = 'ntfy'\nurl = 'https://me:tellingly@host/t'":             "url-file",
		"[notify.a]\ntype = 'ntfy'\nurl = 'https://host/t'\ntoken = 'tellingly'":     "token-file",
		"[notify.a]\ntype = 'command'\ncommand = 'true'\npassword = 'tellingly'":     "password-file and password-command",
		"Password = 'tellingly'": "file of its own",
		"[notify.a]\ntype = 'ntfy'\nurl = 'https://host/t'\nAPI_TOKEN = ['tellingly']": "token-file",
	} {
		_, err := config.Parse(file, []byte(text), known())
		var all *config.Problems
		if !errors.As(err, &all) || len(all.Each) != 1 {
			t.Errorf("%s: %v", text, err)
			continue
		}
		said := err.Error() + all.Hint()
		if strings.Contains(said, "tellingly") || !strings.Contains(all.Hint(), hint) {
			t.Errorf("%s: %s, hint: %s", text, err, all.Hint())
		}
	}
}

// TestManyWrong tells of twenty problems, and that there are more.
func TestManyWrong(t *testing.T) {
	text := ""
	for i := range 25 {
		text += fmt.Sprintf("key-%d = 1\n", i)
	}
	_, err := config.Parse(file, []byte(text), known())
	var all *config.Problems
	if !errors.As(err, &all) || len(all.Each) != 20 || all.More != 5 || len(all.Lines()) != 21 {
		t.Errorf("%v", err)
	}
}

const whole = `
repository = "usb"
[repositories]
usb = { place = "usb-disk", passphrase-file = "~/secret", limit-upload = "1MiB" }
[repositories.cloud]
place = "s3://b/p" # a comment
s3-endpoint = "host:9000"
s3-odd = true
storage-class = "originals=GLACIER"
[sources.phone]
path = "~/Exports/WhatsApp*.zip"
newest = true
watch = true
before = "make export"
exclude = ["*.tmp"]
tags = "phone"
key-file = "~/key"
[sources."calls.sql"]
command = "dump calls"
host = "phone"
[jobs.nightly]
sources = ["phone"]
repositories = ["usb", "./other", "s3://c"]
every = "day at 03:00"
retries = 0
low-priority = false
keep.daily = 7
keep.last = -1
[notify.mail]
type = "smtp"
host = "mail.example:587"
from = "me@example.org"
to = ["you@example.org", "A <b@example.org>"]
[log]
file = "../log"
`

func wholeConfig() *config.Config {
	daily, _ := rhythm.Parse("day at 03:00")
	return &config.Config{
		Repository: "usb",
		Repositories: map[string]config.Repository{
			"usb":   {Place: "/etc/chats/usb-disk", PassphraseFile: "/home/me/secret", LimitUpload: "1MiB"},
			"cloud": {Place: "s3://b/p", Settings: map[string]string{"s3-endpoint": "host:9000", "s3-odd": "true"}, StorageClass: []string{"originals=GLACIER"}},
		},
		Sources: map[string]config.Source{
			"phone": {
				Path: "/home/me/Exports/WhatsApp*.zip", Newest: true, Watch: true, Settle: 2 * time.Minute,
				Before: "make export", BeforeTimeout: time.Hour, Exclude: []string{"*.tmp"}, Tags: []string{"phone"}, KeyFile: "/home/me/key",
			},
			"calls.sql": {Command: "dump calls", CommandTimeout: 24 * time.Hour, Host: "phone"},
		},
		Jobs: map[string]config.Job{"nightly": {
			Sources: []string{"phone"}, Repositories: []string{"usb", "/etc/chats/other", "s3://c"}, Every: daily,
			RetryFor: 30 * time.Minute, MaxAge: 49 * time.Hour, OnBattery: config.PowerRun, Metered: config.PowerRun,
			Keep: config.Keep{Daily: 7, Last: -1},
		}},
		Notify: map[string]config.Channel{"mail": {
			Type: "smtp", On: []string{"failure", "warning", "recovery", "stale"}, Host: "mail.example:587", TLS: "starttls",
			From: "me@example.org", To: []string{"you@example.org", "A <b@example.org>"}, Timeout: 30 * time.Second,
		}},
		Log: config.Log{File: "/etc/log", MaxSize: "10MiB", Keep: 5},
	}
}

// TestWhole reads a file with something of everything, with names in quotes, in
// braces and with dots; and again what is written of it.
func TestWhole(t *testing.T) {
	got, err := config.Parse(file, []byte(whole), known())
	if err != nil {
		t.Fatal(err)
	}
	if want := wholeConfig(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	again, err := config.Parse("/elsewhere/config.toml", []byte(got.Text()), known())
	if err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("%v\n%s\ngot  %+v\nwant %+v", err, got.Text(), again, got)
	}
	if c, err := config.Parse(file, nil, known()); err != nil || !reflect.DeepEqual(c, &config.Config{}) {
		t.Errorf("an empty file is %+v, %v", c, err)
	}
}
