package rclone

import (
	"regexp"
	"strings"
)

// alias is the name under which the child knows the place: a remote of rclone's
// kind of that name, made of environment variables.
const (
	alias    = "chatkeep_place"
	aliasEnv = "RCLONE_CONFIG_CHATKEEP_PLACE_"
)

// unfinished ends the names of files that rclone is uploading. No key has an
// underscore.
const unfinished = ".chatkeep_part"

// kept out are variables that change what rclone lists, copies or prints, and
// those that set up the remote control, which is ours. A dry run of rclone's
// would report puts that never were.
var keptOut = regexp.MustCompile(`^(?:RCLONE_(?:` +
	`RC|RC_.*|METRICS_.*|` +
	`LOG_.*|USE_JSON_LOG|QUIET|VERBOSE|SYSLOG.*|DUMP.*|STATS.*|PROGRESS.*|` +
	`FILTER.*|INCLUDE.*|EXCLUDE.*|FILES_FROM.*|HASH_FILTER|IGNORE_.*|M(?:IN|AX)_(?:SIZE|AGE|DEPTH|DURATION|TRANSFER)|METADATA.*|` +
	`DRY_RUN|INTERACTIVE|IMMUTABLE|UPDATE|SIZE_ONLY|CHECKSUM|INPLACE|PARTIAL_SUFFIX|NO_CHECK_DEST|NO_UPDATE_.*|` +
	`COMPARE_DEST|COPY_DEST|BACKUP_DIR|SUFFIX.*|CUTOFF_MODE|NAME_TRANSFORM|LINKS|COPY_LINKS|SKIP_LINKS|DISABLE|SIZE` +
	`)|CHATKEEP_.*|NOTIFY_SOCKET|LISTEN_.*)=`)

// environ makes the child's environment of ours. Secrets of chatkeep stay here.
func environ(ours []string, remote, config, user, password string) []string {
	given := map[string]bool{}
	var env []string
	for _, kv := range ours {
		if name, _, _ := strings.Cut(kv, "="); !keptOut.MatchString(kv) && !strings.HasPrefix(name, aliasEnv) {
			given[name] = true
			env = append(env, kv)
		}
	}
	// What is wrong with the network is to be known within minutes.
	for name, value := range map[string]string{"RCLONE_TIMEOUT": "1m", "RCLONE_CONTIMEOUT": "15s"} {
		if !given[name] {
			env = append(env, name+"="+value)
		}
	}
	if config != "" {
		env = append(env, "RCLONE_CONFIG="+config)
	}
	return append(env,
		aliasEnv+"TYPE=alias", aliasEnv+"REMOTE="+remote,
		"RCLONE_RC_USER="+user, "RCLONE_RC_PASS="+password,
		// An upload over a slow line is one request.
		"RCLONE_RC_SERVER_READ_TIMEOUT=24h", "RCLONE_RC_SERVER_WRITE_TIMEOUT=24h",
		"RCLONE_PARTIAL_SUFFIX="+unfinished,
		"RCLONE_LOG_LEVEL=NOTICE", "RCLONE_STATS=0", "RCLONE_ASK_PASSWORD=false")
}

// arguments are the child's. None is a secret, nor the place.
func arguments(socket string) []string {
	return []string{"rcat", ":memory:chatkeep/leash", "--rc", "--rc-addr", "unix://" + socket, "--rc-serve"}
}
