package keys_test

import (
	"regexp"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

func TestRecoveryKeys(t *testing.T) {
	form := regexp.MustCompile(`^([0-9a-f]{4}-){15}[0-9a-f]{4}$`)
	seen := map[keys.RecoveryKey]bool{}
	for range 100 {
		k := keys.NewRecoveryKey()
		if !form.MatchString(string(k)) || seen[k] {
			t.Fatal("not a new key in the printed form")
		}
		seen[k] = true
		if again, err := keys.ParseRecoveryKey(string(k)); err != nil || again != k {
			t.Fatalf("it does not read back: %v", err)
		}
	}
}

// TestRecoveryMistakes makes all single mistakes in one key. Two check bytes
// let one in 65,536 pass; in this key none of them does.
func TestRecoveryMistakes(t *testing.T) {
	key := readVectors[recoveryVectors](t, "recovery.json").Key
	for i := range len(key) {
		if key[i] == '-' {
			continue
		}
		for _, digit := range "0123456789abcdef" {
			wrong := key[:i] + string(digit) + key[i+1:]
			if _, err := keys.ParseRecoveryKey(wrong); wrong != key && err == nil {
				t.Errorf("digit %d as %c passes", i, digit)
			}
		}
		if i+1 < len(key) && key[i+1] != '-' && key[i] != key[i+1] {
			wrong := key[:i] + key[i+1:i+2] + key[i:i+1] + key[i+2:]
			if _, err := keys.ParseRecoveryKey(wrong); err == nil {
				t.Errorf("digits %d and %d in each other's place pass", i, i+1)
			}
		}
	}
}

// TestRecoveryErrorsAreQuiet types wrong keys and looks for them in what a
// terminal or a log would show.
func TestRecoveryErrorsAreQuiet(t *testing.T) {
	key := readVectors[recoveryVectors](t, "recovery.json").Key
	for _, typed := range []string{key[:len(key)-1], key + "ff", "zz" + key[2:], key[:20] + "????" + key[24:]} {
		_, err := keys.ParseRecoveryKey(typed)
		if err == nil {
			t.Fatal("a wrong key passes")
		}
		hinted, ok := err.(interface{ Hint() string })
		if !ok {
			t.Fatal("no hint")
		}
		shown := err.Error() + hinted.Hint()
		for _, group := range strings.FieldsFunc(typed, func(r rune) bool { return r == '-' }) {
			if len(group) >= 3 && strings.Contains(shown, group) {
				t.Errorf("shows a group: %s", shown)
			}
		}
	}
	_, err := keys.ParseRecoveryKey("")
	if coded, ok := err.(interface{ ExitCode() int }); !ok || coded.ExitCode() != 12 {
		t.Error("the exit code is not that of a wrong key")
	}
	if format.ClassOf(err) != format.WrongKey {
		t.Errorf("class %q", format.ClassOf(err))
	}
}

func TestGeneratedPassphrases(t *testing.T) {
	form := regexp.MustCompile(`^([bdfghjklmnprstvz][aeiou][bdfghjklmnprstvz][aeiou]-){5}[bdfghjklmnprstvz][aeiou][bdfghjklmnprstvz][aeiou]$`)
	syllables := map[string]int{}
	for range 2000 {
		s := keys.GeneratePassphrase()
		if !form.MatchString(s) {
			t.Fatalf("%q is not of six words", s)
		}
		if reason := keys.WeakPassphrase(s); reason != "" {
			t.Errorf("%q is called weak: %s", s, reason)
		}
		for plain := strings.ReplaceAll(s, "-", ""); plain != ""; plain = plain[2:] {
			syllables[plain[:2]]++
		}
	}
	// 24,000 draws, 300 expected of each; 9 standard deviations are 155.
	if len(syllables) != 80 {
		t.Errorf("%d of 80 syllables occur", len(syllables))
	}
	for syllable, n := range syllables {
		if n < 145 || n > 455 {
			t.Errorf("%s occurs %d times in 24,000", syllable, n)
		}
	}
}

func TestWeakPassphrases(t *testing.T) {
	weak := []string{
		"", "secret", "tr0ub4dor&3", "short words", "aaaaaaaaaaaaaaaa", "abababababababab", "abcabcabcabcabc",
		"hello-hello-hello-", "passwordpassword", "Password123456!", "P@ssw0rd!P@ssw0rd!", "qwertyuiopasdf",
		"qwertzuiop1234567890", "abcdefghijklmnop", "zyxwvutsrqponmlk", "123456789012", "19700101000000", "1234567890123456789",
		"iloveyou1234", "whatsappbackup2024", "letmein letmein1", "asdfghjklasdf123", "chatkeep-passphrase", " correct horse battery staple",
		"correct horse battery staple\n", "correct horse\tbattery staple", "bad\xffutf8 with many letters", "aaaabbbbccccdddd",
		"xk3%vqxk3%vqxk3%vq", "xk3%vqxk3%vqxk3", "xkxxkkxkkxxkxkkx", "4183920571836492",
	}
	for _, s := range weak {
		if keys.WeakPassphrase(s) == "" {
			t.Errorf("%q passes", s)
		}
	}
	fine := []string{
		"correct horse battery staple", "bako-tive-luro-mina-zefa-rudo", "7 geese fly over Hamburg", "Xk3%vQ9!rT2m",
		"пароль из пяти слов", "41839205718364920175", "my passwords are never written", "größere Möwen fressen Fisch", "日本語の長い合言葉はここです",
	}
	for _, s := range fine {
		if reason := keys.WeakPassphrase(s); reason != "" {
			t.Errorf("%q is called weak: %s", s, reason)
		}
	}
	for _, s := range weak {
		if reason := keys.WeakPassphrase(s); len(s) > 5 && strings.Contains(reason, s) {
			t.Errorf("the reason quotes %q", s)
		}
	}
}

// TestMistyped types a key with each mistake: the groups that are named are the wrong
// ones, and no digit of the key is told.
func TestMistyped(t *testing.T) {
	key := keys.RecoveryKey(readVectors[recoveryVectors](t, "recovery.json").Key)
	groups := strings.Split(string(key), "-")
	other := func(wrong ...int) string {
		typed := append([]string{}, groups...)
		for _, n := range wrong {
			typed[n-1] = map[bool]string{true: "0123", false: "4567"}[groups[n-1] == "4567"]
		}
		return strings.Join(typed, "-")
	}
	for typed, want := range map[string]string{
		string(key): "", strings.ToUpper(string(key)): "", strings.ReplaceAll(string(key), "-", ""): "",
		" " + strings.ReplaceAll(string(key), "-", "  ") + " ": "",
		other(3): "group 3 is not as it was shown", strings.ReplaceAll(other(16), "-", " "): "group 16 is not as it was shown",
		other(1, 16):                   "groups 1 and 16 are not as they were shown",
		other(2, 5, 7):                 "groups 2, 5 and 7 are not as they were shown",
		strings.Join(groups[:15], "-"): "that is 60 digits, not 64",
		string(key) + "-0":             "that is 65 digits, not 64",
		strings.Replace(string(key), groups[4], groups[4][1:], 1): "group 5 has 3 digits, not 4",
		"":                                "that is 0 digits, not 64",
		"?" + string(key)[1:]:             "group 1 is not as it was shown",
		groups[0] + "0" + string(key)[5:]: "that is 65 digits, not 64",
	} {
		if got := key.Mistyped(typed); got != want {
			t.Errorf("typed with %d bytes: %q, want %q", len(typed), got, want)
		}
	}
}

// TestMistypedEachDigit changes each digit to each other.
func TestMistypedEachDigit(t *testing.T) {
	key := keys.RecoveryKey(readVectors[recoveryVectors](t, "recovery.json").Key)
	for i := range len(key) {
		for _, digit := range "0123456789abcdef" {
			typed := string(key[:i]) + string(digit) + string(key[i+1:])
			if right := key.Mistyped(typed) == ""; key[i] != '-' && right != (typed == string(key)) {
				t.Errorf("digit %d as %c is right: %v", i, digit, right)
			}
		}
	}
}
