package harden

import (
	"os"
	"runtime"
	"slices"
	"strings"
)

// secrets begin the names of variables that hold a secret of a repository or an
// export, or tell where one is.
var secrets = []string{"CHATKEEP_PASSPHRASE", "CHATKEEP_NEW_PASSPHRASE", "CHATKEEP_EXPORT_KEY"}

// IsSecret reports whether a variable is one that no other program is to see, in
// whatever case.
func IsSecret(name string) bool {
	name = strings.ToUpper(name)
	return slices.ContainsFunc(secrets, func(s string) bool { return strings.HasPrefix(name, s) })
}

// fold is a variable's name as the system compares it.
func fold(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// TakeSecrets takes the secrets out of this process's environment, so that no program
// that it starts inherits them, whoever starts it. It returns what looks a variable
// up, taken or not. It has to be called before any other goroutine runs.
func TakeSecrets() (getenv func(name string) string) {
	taken := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); IsSecret(name) {
			taken[fold(name)] = value
			_ = os.Unsetenv(name)
		}
	}
	return func(name string) string {
		if value, ok := taken[fold(name)]; ok {
			return value
		}
		return os.Getenv(name)
	}
}
