package config

import (
	"time"

	"chatkeep/backup/rhythm"
)

// The keys of every table, in the order in which they are written and explained.

func rootKeys() []key[Config] {
	return []key[Config]{
		text("repository", "where commands go that are not told: a name in repositories, or a place", func(c *Config) *string { return &c.Repository }, place),
	}
}

func repositoryKeys() []key[Repository] {
	type R = Repository
	return []key[R]{
		text("place", "a path, or a place as --repo takes it", func(r *R) *string { return &r.Place }, place),
		text("id", "the repository's id, 64 hex digits, which it has to have", func(r *R) *string { return &r.ID }, hexID),
		text("limit-upload", "at most so much a second, as 500KiB; by the clock as 08:00-18:00=500KiB,2MiB", func(r *R) *string { return &r.LimitUpload }, as("limit-upload")),
		text("limit-download", "at most so much a second", func(r *R) *string { return &r.LimitDownload }, as("limit-download")),
		texts("storage-class", "the class in which the store keeps media and originals, or of one kind: originals=GLACIER", func(r *R) *[]string { return &r.StorageClass }, as("storage-class")),
		text("witness", "a second place, which gets a copy of each signed statement and is asked for the newest one: a path, a place, or a name in repositories", func(r *R) *string { return &r.Witness }, place),
		text("passphrase-file", "a file with the passphrase, for commands that read; backups need none", func(r *R) *string { return &r.PassphraseFile }, path),
		command("passphrase-command", "a command that prints the passphrase, run by the shell", func(r *R) *string { return &r.PassphraseCommand }),
	}
}

func sourceKeys() []key[Source] {
	type S = Source
	return []key[S]{
		text("path", "a file, a folder, or a pattern with *, ? and […]", func(s *S) *string { return &s.Path }, pattern),
		truth("newest", "of what the pattern matches, the newest alone", false, func(s *S) *bool { return &s.Newest }),
		truth("watch", "take it when it changed and was left alone for settle", false, func(s *S) *bool { return &s.Watch }),
		span("settle", "how long it has to be left alone (default 2m)", func(s *S) *time.Duration { return &s.Settle }),
		command("before", "a command that produces the export first, run by the shell", func(s *S) *string { return &s.Before }),
		span("before-timeout", "how long that may take (default 1h)", func(s *S) *time.Duration { return &s.BeforeTimeout }),
		command("command", "a command whose output is the source, in place of path: one file of the source's name; run by the shell", func(s *S) *string { return &s.Command }),
		span("command-timeout", "how long it may take until all is stored (default 1d)", func(s *S) *time.Duration { return &s.CommandTimeout }),
		text("app", "everything is an export of this app; files parses nothing", func(s *S) *string { return &s.App }, as("app")),
		text("me", "the name or id under which you appear in the export", func(s *S) *string { return &s.Me }, plain),
		text("chat", "the conversation's title, where the export does not tell", func(s *S) *string { return &s.Chat }, plain),
		text("tz", "the zone of times without one, as Europe/Berlin", func(s *S) *string { return &s.TZ }, zone),
		word("date-order", "the order of day, month and year in the export", func(s *S) *string { return &s.DateOrder }, "dmy", "mdy", "ymd"),
		text("key-file", "a file with the key of an encrypted export", func(s *S) *string { return &s.KeyFile }, path),
		command("key-command", "a command that prints the key of an encrypted export, run by the shell", func(s *S) *string { return &s.KeyCommand }),
		texts("exclude", "leave out what matches these shell patterns", func(s *S) *[]string { return &s.Exclude }, as("exclude")),
		texts("include", "take what matches these in spite of exclude", func(s *S) *[]string { return &s.Include }, as("include")),
		texts("tags", "tags of its snapshots", func(s *S) *[]string { return &s.Tags }, as("tags")),
		text("exclude-larger-than", "leave out files above this size, as 100MiB", func(s *S) *string { return &s.ExcludeLargerThan }, as("exclude-larger-than")),
		truth("no-videos", "leave out videos", false, func(s *S) *bool { return &s.NoVideos }),
		truth("one-file-system", "do not cross into other file systems", false, func(s *S) *bool { return &s.OneFileSystem }),
		text("host", "the machine that it is from (default this one)", func(s *S) *string { return &s.Host }, plain),
	}
}

// defaultRetries is how often a job tries again.
const defaultRetries = 3

func jobKeys() []key[Job] {
	type J = Job
	return []key[J]{
		texts("sources", "names in sources (default all)", func(j *J) *[]string { return &j.Sources }, plain),
		texts("repositories", "names in repositories, or places (default that of repository)", func(j *J) *[]string { return &j.Repositories }, place),
		beat("every", "when it is due (default never: when it is asked for by name)", func(j *J) *rhythm.Rhythm { return &j.Every }),
		span("random-delay", "at most so long after it is due", func(j *J) *time.Duration { return &j.RandomDelay }),
		count("retries", "how often after trouble with the network or the store (default 3)", 0, defaultRetries, func(j *J) *int { return &j.Retries }),
		span("retry-for", "how long at most (default 30m)", func(j *J) *time.Duration { return &j.RetryFor }),
		beat("check-every", "when the repository is checked, without a key", func(j *J) *rhythm.Rhythm { return &j.CheckEvery }),
		beat("prune-every", "when it is pruned, with this machine's prune key", func(j *J) *rhythm.Rhythm { return &j.PruneEvery }),
		beat("drill-every", "when a drill is reported as due", func(j *J) *rhythm.Rhythm { return &j.DrillEvery }),
		within("keep", "what forget is to keep, as its flags", keepKeys(), func(j *J) *Keep { return &j.Keep }),
		span("max-age", "older is stale (default twice its rhythm and a little)", func(j *J) *time.Duration { return &j.MaxAge }),
		word("on-battery", "what it does while the machine is on battery (default run)", func(j *J) *Power { return &j.OnBattery }, string(PowerRun), string(PowerWait)),
		word("metered", "what it does while the network costs by volume (default run)", func(j *J) *Power { return &j.Metered }, string(PowerRun), string(PowerWait)),
		truth("low-priority", "leave the machine to others first (default true)", true, func(j *J) *bool { return &j.LowPriority }),
	}
}

func keepKeys() []key[Keep] {
	number := func(name, about string, field func(*Keep) *int) key[Keep] {
		return count(name, about+"; -1 is all", -1, 0, field)
	}
	return []key[Keep]{
		number("last", "the newest", func(k *Keep) *int { return &k.Last }),
		number("hourly", "the last of so many hours", func(k *Keep) *int { return &k.Hourly }),
		number("daily", "the last of so many days", func(k *Keep) *int { return &k.Daily }),
		number("weekly", "the last of so many weeks", func(k *Keep) *int { return &k.Weekly }),
		number("monthly", "the last of so many months", func(k *Keep) *int { return &k.Monthly }),
		number("yearly", "the last of so many years", func(k *Keep) *int { return &k.Yearly }),
		text("within", "what is at most so much older than the newest, as 1y5m7d2h", func(k *Keep) *string { return &k.Within }, calendar),
		texts("tags", "what has these tags", func(k *Keep) *[]string { return &k.Tags }, plain),
	}
}

func notifyKeys() []key[Channel] {
	type C = Channel
	return []key[C]{
		word("type", "how they are told", func(c *C) *string { return &c.Type }, channelTypes()...),
		words("on", "of what (default failure, warning, recovery and stale)", func(c *C) *[]string { return &c.On }, "failure", "warning", "recovery", "stale", "success"),
		texts("jobs", "of which jobs (default all)", func(c *C) *[]string { return &c.Jobs }, plain),
		text("url", "the address, where there is no secret in it", func(c *C) *string { return &c.URL }, address),
		text("url-file", "a file that holds the address", func(c *C) *string { return &c.URLFile }, path),
		text("token-file", "a file that holds the bearer token", func(c *C) *string { return &c.TokenFile }, path),
		command("command", "the command, run by the shell", func(c *C) *string { return &c.Command }),
		text("host", "the mail server, HOST:PORT", func(c *C) *string { return &c.Host }, hostPort),
		word("tls", "how the connection is encrypted (default starttls)", func(c *C) *string { return &c.TLS }, "starttls", "tls", "none"),
		text("from", "the sender's address", func(c *C) *string { return &c.From }, mailbox),
		texts("to", "the recipients' addresses", func(c *C) *[]string { return &c.To }, mailbox),
		text("user", "the name to log in with", func(c *C) *string { return &c.User }, plain),
		text("password-file", "a file that holds the password", func(c *C) *string { return &c.PasswordFile }, path),
		command("password-command", "a command that prints the password, run by the shell", func(c *C) *string { return &c.PasswordCommand }),
		span("timeout", "how long it may take (default 30s)", func(c *C) *time.Duration { return &c.Timeout }),
	}
}

// channels are the keys that a channel of each type may have beside type, on,
// jobs and timeout, and of which each needs one, as "url|url-file".
var channels = []struct {
	name  string
	may   []string
	needs [][]string
}{
	{"ping", []string{"url", "url-file"}, [][]string{{"url", "url-file"}}},
	{"ntfy", []string{"url", "url-file", "token-file"}, [][]string{{"url", "url-file"}}},
	{"webhook", []string{"url", "url-file", "token-file"}, [][]string{{"url", "url-file"}}},
	{"smtp", []string{"host", "tls", "from", "to", "user", "password-file", "password-command"}, [][]string{{"host"}, {"from"}, {"to"}}},
	{"command", []string{"command"}, [][]string{{"command"}}},
}

func channelTypes() (names []string) {
	for _, c := range channels {
		names = append(names, c.name)
	}
	return names
}

// defaultLogs is how many older files are kept.
const defaultLogs = 5

func logKeys() []key[Log] {
	return []key[Log]{
		text("file", "the file that runs write what they did to", func(l *Log) *string { return &l.File }, path),
		truth("json", "one JSON object a line", false, func(l *Log) *bool { return &l.JSON }),
		text("max-size", "of one file (default 10MiB)", func(l *Log) *string { return &l.MaxSize }, as("max-size")),
		count("keep", "how many older files (default 5)", 0, defaultLogs, func(l *Log) *int { return &l.Keep }),
	}
}

func metricsKeys() []key[Metrics] {
	return []key[Metrics]{
		text("textfile", "a file for a collector of metrics, written anew after each run", func(m *Metrics) *string { return &m.Textfile }, path),
	}
}
