package schedule

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"chatkeep/providers/storage"
)

// carried are the variables that a run goes by, beside those that stores name
// themselves. None is a secret.
var carried = []string{
	"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
	"CHATKEEP_REPOSITORY", "CHATKEEP_WITNESS", "CHATKEEP_PASSPHRASE_FILE", "CHATKEEP_PASSPHRASE_COMMAND", "RCLONE_PASSWORD_COMMAND",
	"CHATKEEP_EXPORT_KEY_FILE", "CHATKEEP_EXPORT_KEY_COMMAND",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
	"AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_STS", "AWS_EC2_METADATA_DISABLED",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "TZ",
}

// secrets are the variables that hold one, and how else to give it.
var secrets = []struct{ name, instead string }{
	{"CHATKEEP_PASSPHRASE", "backups need none; for the rest name a file in CHATKEEP_PASSPHRASE_FILE or in the configuration"},
	{"CHATKEEP_EXPORT_KEY", "name a file by key-file at the source, in the configuration"},
	{"AWS_SECRET_ACCESS_KEY", "put it in ~/.aws/credentials, under a profile if you like"},
	{"AWS_SESSION_TOKEN", "it ends soon anyway; a timer needs lasting credentials in ~/.aws/credentials"},
	{"RCLONE_CONFIG_PASS", "name a program that prints it in RCLONE_PASSWORD_COMMAND"},
}

// Withheld is a variable that is set and that no timer is given.
type Withheld struct {
	Name    string
	Instead string // how to give it to runs, or ""
}

// Environment returns the variables of now that a run goes by, by name, those
// that stores read among them, and those that are withheld because they hold a
// secret. Getenv is the environment; nothing but known names is asked for.
func Environment(getenv func(string) string, home string, stores []storage.Provider) (set []Variable, withheld []Withheld) {
	names := slices.Clone(carried)
	for _, p := range stores {
		for _, s := range p.Settings {
			if s.Env != "" && !slices.Contains(names, s.Env) {
				names = append(names, s.Env)
			}
		}
	}
	for _, name := range names {
		value := getenv(name)
		switch {
		case value == "":
		case holdsAddress(name) && hasLogin(value):
			withheld = append(withheld, Withheld{name, "its address has a login or a query; give it without"})
		default:
			if value = fromAnywhere(name, value); value != "" {
				set = append(set, Variable{name, value})
			}
		}
	}
	for _, s := range secrets {
		if getenv(s.name) != "" {
			withheld = append(withheld, Withheld{s.name, s.instead})
		}
	}
	set = append(set, Variable{"HOME", home})
	if path := lasting(getenv("PATH")); path != "" {
		set = append(set, Variable{"PATH", path})
	}
	slices.SortFunc(set, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return set, withheld
}

// holdsAddress reports whether a variable's value is one. In a command a query is
// no secret, and a path may have any letter.
func holdsAddress(name string) bool {
	upper := strings.ToUpper(name)
	return name == "CHATKEEP_REPOSITORY" || name == "CHATKEEP_WITNESS" || strings.HasSuffix(upper, "S_PROXY") || strings.HasSuffix(upper, "P_PROXY") || strings.Contains(upper, "URL")
}

// hasLogin reports whether a value is an address with a part that secrets are
// written in. That of a proxy may lack its scheme.
func hasLogin(value string) bool {
	if storage.Redact(value) != value {
		return true
	}
	bare := !strings.Contains(value, "://") && strings.Contains(value, "@") && !strings.HasPrefix(value, "/")
	return bare && storage.Redact("https://"+value) != "https://"+value
}

// foreign matches a place that is no path, as s3://bucket.
var foreign = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// fromAnywhere is the value of a variable with the same meaning in whatever folder
// a timer starts in, "" where it has none.
func fromAnywhere(name, value string) string {
	var isPath bool
	switch {
	case filepath.IsAbs(value):
		return value
	case strings.HasPrefix(name, "XDG_"):
		return "" // as the specification has it
	case name == "CHATKEEP_REPOSITORY", name == "CHATKEEP_WITNESS":
		isPath = !foreign.MatchString(value)
	case name == "CHATKEEP_RCLONE":
		isPath = strings.ContainsRune(value, filepath.Separator) // else it is looked for in PATH
	default:
		isPath = strings.HasSuffix(name, "_FILE") || name == "RCLONE_CONFIG" || name == "AWS_CA_BUNDLE"
	}
	if !isPath {
		return value
	}
	if path, err := filepath.Abs(value); err == nil {
		return path
	}
	return ""
}

// lasting is PATH without the folders that mean something else in a timer, or
// will be gone by then.
func lasting(path string) string {
	var kept []string
	for _, dir := range filepath.SplitList(path) {
		if filepath.IsAbs(dir) && !Temporary(dir) && !slices.Contains(kept, dir) {
			kept = append(kept, dir)
		}
	}
	return strings.Join(kept, string(filepath.ListSeparator))
}

// Foreign is the environment of an account other than the one that asks, of
// which nothing is known but its home.
func Foreign(home string) []Variable {
	return []Variable{{"HOME", home}, {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}}
}
