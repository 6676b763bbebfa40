package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"chatkeep/backup/rhythm"
)

// Config is the file as a whole. The zero value is that of an empty file: no
// field has a default that is not its zero value, unless Parse fills it in as the
// field's comment says.
type Config struct {
	// Repository is where commands go that are not told: a name in Repositories,
	// or a place. Empty is the embedded default.
	Repository   string
	Repositories map[string]Repository
	Sources      map[string]Source
	Jobs         map[string]Job
	Notify       map[string]Channel
	Log          Log
	Metrics      Metrics
}

// Repository is a place with a name.
type Repository struct {
	Place         string            // as --repo takes it
	ID            string            // 64 hex digits, or empty
	Settings      map[string]string // the store's own, named like their flags: s3-endpoint
	LimitUpload   string            // as --limit-upload takes it
	LimitDownload string
	StorageClass  []string // as --storage-class takes it
	Witness       string   // as --witness takes it; empty is none

	// Where the passphrase is, for commands that read. Backups need none.
	PassphraseFile    string
	PassphraseCommand string
}

// Source is something that is backed up again and again: what is at a path, or
// what a command prints.
type Source struct {
	Path   string // a file, a folder, or a pattern: ~/Exports/WhatsApp*.zip
	Newest bool   // of what the pattern matches, the newest alone
	// Watch takes the source when it changed since the last time and has been
	// left alone for Settle, and counts as well where nothing changed.
	Watch  bool
	Settle time.Duration // 2 minutes where Watch is set and this is not

	// Before is a command that produces the export first, run by the shell.
	Before        string
	BeforeTimeout time.Duration // one hour where Before is set and this is not

	// Command prints what is to be stored, in place of Path, and is run by the
	// shell. Its output is one file, named like the source.
	Command        string
	CommandTimeout time.Duration // until all is stored; one day where Command is set and this is not

	App, Me, Chat, TZ, DateOrder string // as backup's flags
	KeyFile, KeyCommand          string // where the key of an encrypted export is
	Exclude, Include, Tags       []string
	ExcludeLargerThan            string
	NoVideos, OneFileSystem      bool
	Host                         string
}

// Power says what a job does while the machine is on battery or the network costs
// by volume.
type Power string

// The two ways; Run where nothing is said.
const (
	PowerRun  Power = "run"
	PowerWait Power = "wait"
)

// Job is sources to repositories, again and again.
type Job struct {
	Sources      []string // names in Sources; all of them where it is empty
	Repositories []string // names in Repositories, or places; the default where it is empty

	Every       rhythm.Rhythm // never: only when it is asked for by name
	RandomDelay time.Duration // at most so long after it is due
	Retries     int           // after trouble with the network or the store; 3 where not set
	RetryFor    time.Duration // how long at most; 30 minutes where not set
	CheckEvery  rhythm.Rhythm // keyless check
	PruneEvery  rhythm.Rhythm // with a prune key
	DrillEvery  rhythm.Rhythm // needs a slot: reported as due
	Keep        Keep          // what forget is to keep: needs a slot, reported as due
	MaxAge      time.Duration // older is stale; twice its rhythm and a little where not set

	OnBattery, Metered Power
	LowPriority        bool // true where not set
}

// Keep is a retention policy, as the flags of forget. All zero keeps everything.
type Keep struct {
	Last, Hourly, Daily, Weekly, Monthly, Yearly int
	Within                                       string
	Tags                                         []string
}

// Channel is somebody who is told.
type Channel struct {
	Type string   // ping, ntfy, webhook, smtp, command
	On   []string // failure, warning, recovery, stale, success; the first four where it is empty
	Jobs []string // all where it is empty

	URL                           string // of ping, ntfy, webhook; no secret in it, or URLFile
	URLFile                       string // holds the address, where that is a secret
	TokenFile                     string // of ntfy and webhook: the bearer token
	Command                       string // of command, run by the shell
	Host                          string // of smtp: HOST:PORT
	TLS                           string // of smtp: starttls (where not set), tls, none
	From                          string
	To                            []string
	User                          string
	PasswordFile, PasswordCommand string
	Timeout                       time.Duration // 30 seconds where not set
}

// Log is where runs write what they did.
type Log struct {
	File    string
	JSON    bool
	MaxSize string // of one file, 10MiB where not set
	Keep    int    // older files, 5 where not set
}

// Metrics is a file for a collector of metrics.
type Metrics struct {
	Textfile string // in the format of OpenMetrics, written anew after each run
}

// Source returns the source of a name. The error says what name was probably meant.
func (c *Config) Source(name string) (Source, error) {
	s, ok := c.Sources[name]
	if !ok {
		return s, &oddity{fmt.Sprintf("there is no source %s%s", name, Meant(name, c.SourceNames())), "chatkeep source list shows those there are"}
	}
	return s, nil
}

// JobNames returns the names of the jobs, sorted.
func (c *Config) JobNames() []string { return slices.Sorted(maps.Keys(c.Jobs)) }

// SourceNames returns the names of the sources, sorted.
func (c *Config) SourceNames() []string { return slices.Sorted(maps.Keys(c.Sources)) }
