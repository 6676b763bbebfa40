package session_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"chatkeep/backup/keys"
	"chatkeep/backup/session"
)

const (
	strong  = "quiet-otter-sings-at-9-below"
	another = "seven-lanterns-under-rain-42"
)

// TestSources asks which of the sources is heard: the same order always.
func TestSources(t *testing.T) {
	w := newWorld(t)
	credentials := w.place("credentials")
	if err := os.Mkdir(credentials, 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("credentials/chatkeep-passphrase", "from-systemd-credential\n")
	for _, c := range []struct {
		name string
		vars map[string]string
		want string
	}{
		{"file first", map[string]string{"CHATKEEP_PASSPHRASE_FILE": w.write("file", "from-the-file-1\n"),
			"CHATKEEP_PASSPHRASE_COMMAND": "echo command", "CREDENTIALS_DIRECTORY": credentials, "CHATKEEP_PASSPHRASE": "variable"}, "from-the-file-1"},
		{"then command", map[string]string{"CHATKEEP_PASSPHRASE_COMMAND": "printf 'from %s' command",
			"CREDENTIALS_DIRECTORY": credentials, "CHATKEEP_PASSPHRASE": "variable"}, "from command"},
		{"then systemd", map[string]string{"CREDENTIALS_DIRECTORY": credentials, "CHATKEEP_PASSPHRASE": "variable"}, "from-systemd-credential"},
		{"then variable", map[string]string{"CREDENTIALS_DIRECTORY": w.home, "CHATKEEP_PASSPHRASE": "the variable"}, "the variable"},
		{"then person", nil, strong},
	} {
		w.vars = c.vars
		w.person = &person{answers: []string{strong, strong}}
		got, code := "", 0
		code = w.does(func(ctx context.Context, call *session.Call) (err error) {
			got, err = call.NewPassphrase(ctx, session.ExitNoRepository)
			return err
		})
		if code != 0 || got != c.want {
			t.Errorf("%s: %q, code %d, want %q\n%s", c.name, got, code, c.want, &w.err)
		}
		if strings.Contains(w.out.String()+w.err.String(), c.want) {
			t.Errorf("%s: the secret is in the output", c.name)
		}
	}
}

func TestBrokenSources(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		vars map[string]string
		want string
	}{
		"missing file":    {map[string]string{"CHATKEEP_PASSPHRASE_FILE": w.place("nowhere")}, "no such file"},
		"empty file":      {map[string]string{"CHATKEEP_PASSPHRASE_FILE": w.write("empty", "\n")}, "no passphrase"},
		"two lines":       {map[string]string{"CHATKEEP_PASSPHRASE_FILE": w.write("two", "tellingly-secret\nmore\n")}, "more than one line"},
		"huge":            {map[string]string{"CHATKEEP_PASSPHRASE_FILE": w.write("huge", strings.Repeat("x", 70_000))}, "more than 65536"},
		"failing command": {map[string]string{"CHATKEEP_PASSPHRASE_COMMAND": "echo tellingly-secret; exit 3"}, "exit status 3"},
		"recovery key":    {map[string]string{"CHATKEEP_PASSPHRASE": string(keys.NewRecoveryKey())}, "recovery key"},
	} {
		w.vars = c.vars
		code := w.does(func(ctx context.Context, call *session.Call) error {
			_, err := call.NewPassphrase(ctx, session.ExitNoRepository)
			return err
		})
		if code != 1 || !strings.Contains(w.err.String(), c.want) || strings.Contains(w.err.String(), "tellingly") {
			t.Errorf("%s: code %d, %s", name, code, &w.err)
		}
	}
}

func TestOneSecret(t *testing.T) {
	key := string(keys.NewRecoveryKey())
	for text, want := range map[string]string{
		"a b": "a b", "a\n": "a", "a\r\n": "a", " a ": " a ", "a\n\n": "", "\n": "", "": "",
		key: key, key + "\n": key, key[:40] + "\n" + key[40:] + "\n": key,
	} {
		got, err := session.OneSecret([]byte(text), "here")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q gives %q, %v", text, got, err)
		}
		if err != nil && len(text) > 3 && strings.Contains(err.Error(), text) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestLooksLikeRecovery(t *testing.T) {
	key := string(keys.NewRecoveryKey())
	for text, want := range map[string]bool{
		key: true, key[:78]: true, strings.ToUpper(key): true, strings.ReplaceAll(key, "-", " "): true,
		strings.ReplaceAll(key, "0", "o"): true, strong: false, "": false, key + key: false, "12345": false,
	} {
		if session.LooksLike(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// TestPerson makes passphrases with somebody at the terminal.
func TestPerson(t *testing.T) {
	weak := strings.Repeat("ab", 8)
	for name, c := range map[string]struct {
		answers []string
		flags   []string
		code    int
		want    string // "*" is one that is made
	}{
		"twice the same":        {[]string{strong, strong}, nil, 0, strong},
		"typo, then right":      {[]string{strong, another, strong, strong}, nil, 0, strong},
		"weak, then right":      {[]string{weak, strong, strong}, nil, 0, strong},
		"weak on purpose":       {[]string{weak, weak}, []string{"--allow-weak-passphrase"}, 0, weak},
		"weak for ever":         {[]string{weak, weak, weak}, nil, 1, ""},
		"empty is made":         {[]string{""}, nil, 0, "*"},
		"not shown under --yes": {[]string{"", "", ""}, []string{"--yes"}, 1, ""},
		"typed under --yes":     {[]string{strong, strong}, []string{"--yes"}, 0, strong},
		"recovery key":          {[]string{string(keys.NewRecoveryKey()), strong, strong}, nil, 0, strong},
	} {
		w := newWorld(t)
		w.person = &person{answers: c.answers}
		got := ""
		code := w.does(func(ctx context.Context, call *session.Call) (err error) {
			got, err = call.NewPassphrase(ctx, session.ExitNoRepository)
			return err
		}, c.flags...)
		if c.want == "*" {
			c.want = got
			if keys.WeakPassphrase(got) != "" || !strings.Contains(w.person.shown.String(), got) {
				t.Errorf("%s: made %q, shown %q", name, got, &w.person.shown)
			}
		}
		if code != c.code || got != c.want || len(w.person.answers) > 0 {
			t.Errorf("%s: %q, code %d, %d answers left, %s", name, got, code, len(w.person.answers), &w.err)
		}
	}
}

func TestNobody(t *testing.T) {
	w := newWorld(t)
	code := w.does(func(ctx context.Context, call *session.Call) error {
		_, err := call.NewPassphrase(ctx, session.ExitNoRepository)
		return err
	})
	w.wantCode(code, session.ExitNoRepository)
	if !strings.Contains(w.err.String(), "hint: set CHATKEEP_PASSPHRASE_FILE") {
		t.Errorf("stderr: %s", &w.err)
	}
}

func TestWeakFromEnvironment(t *testing.T) {
	w := newWorld(t)
	w.vars["CHATKEEP_PASSPHRASE"] = "short-one"
	take := func(ctx context.Context, call *session.Call) error {
		_, err := call.NewPassphrase(ctx, session.ExitNoRepository)
		return err
	}
	w.wantCode(w.does(take), 0)
	if !strings.HasPrefix(w.err.String(), "warning: the passphrase from CHATKEEP_PASSPHRASE is weak: ") || strings.Contains(w.err.String(), "short-one") {
		t.Errorf("stderr: %s", &w.err)
	}
	w.wantCode(w.does(take, "--allow-weak-passphrase"), 0)
	if w.err.Len() > 0 {
		t.Errorf("stderr: %s", &w.err)
	}
}

// TestRecoveryKey gives the key to the file, else to the person, else to nobody.
func TestRecoveryKey(t *testing.T) {
	w := newWorld(t)
	var key string
	take := func(ctx context.Context, call *session.Call) error {
		k, _, err := call.NewRecoveryKey(ctx, false)
		key = string(k)
		return err
	}
	path := w.place("recovery.txt")
	w.person = &person{}
	w.wantCode(w.does(take, "--recovery-key-file", path), 0)
	data, err := os.ReadFile(path)
	if err != nil || string(data) != key+"\n" || w.person.shown.Len() > 0 {
		t.Errorf("the file has %q, %v; shown %q", data, err, &w.person.shown)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	w.wantCode(w.does(take, "--recovery-key-file", path), 1)
	if after, _ := os.ReadFile(path); string(after) != string(data) {
		t.Error("a file that existed was changed")
	}
	w.wantCode(w.does(take), 0)
	if key == "" || !strings.Contains(w.person.shown.String(), key) || strings.Contains(w.out.String()+w.err.String(), key) {
		t.Errorf("shown %q, stdout %q, stderr %q", &w.person.shown, &w.out, &w.err)
	}
	w.person = &person{}
	w.wantCode(w.does(take, "--yes"), 0)
	if key != "" || w.person.shown.Len() > 0 {
		t.Errorf("--yes gave %q", key)
	}
	w.person = nil
	w.wantCode(w.does(take), 0)
	if key != "" {
		t.Error("a key nobody has seen")
	}
}
