package metrics

import (
	"maps"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/job"
)

// Of makes families of what is remembered of the jobs, repositories and sources
// that the configuration has now. What it has no more is left out, or it would be
// told of as late for ever. Version is that of the program.
func Of(m *job.Memory, c *config.Config, version string) []Family {
	families := []Family{{Name: "chatkeep_build_info", Help: "The program that wrote this file.",
		Samples: []Sample{{[]Label{{"version", version}}, 1}}}}
	families = append(families, jobFamilies(m, c)...)
	families = append(families, repositoryFamilies(m, c)...)
	return append(families, snapshotFamilies(m, c)...)
}

// jobFamilies are one sample each for a job. A value that there is not yet is no
// sample.
func jobFamilies(m *job.Memory, c *config.Config) []Family {
	// The label is not called job, which is what a scraper calls its own.
	run := Family{Name: "chatkeep_job_last_run_timestamp_seconds", Unit: "seconds", Help: "When the last run of the job began."}
	good := Family{Name: "chatkeep_job_last_success_timestamp_seconds", Unit: "seconds", Help: "When the last run began that stored everything it was to store."}
	took := Family{Name: "chatkeep_job_last_duration_seconds", Unit: "seconds", Help: "How long the last run took that ended."}
	code := Family{Name: "chatkeep_job_last_exit_code", Help: "How the last run ended: 0 well, 3 with something left out, anything else badly."}
	failures := Family{Name: "chatkeep_job_failures_in_a_row", Help: "How many runs failed since the last success."}
	stale := Family{Name: "chatkeep_job_stale", Help: "1 where nothing good came for longer than the job allows, else 0."}
	for _, name := range c.JobNames() {
		of := []Label{{"name", name}}
		p := m.Jobs[name]
		if p == nil {
			p = &job.Past{}
		}
		run.time(of, p.Began)
		good.time(of, p.Good)
		if n := len(p.Runs); n > 0 {
			took.add(of, p.Runs[n-1].Seconds)
			code.add(of, float64(p.Runs[n-1].Code))
		}
		failures.add(of, float64(p.Failures))
		stale.add(of, number(p.Stale))
	}
	return []Family{run, good, took, code, failures, stale}
}

// repositoryFamilies tell what was last done at each repository, by whichever job.
func repositoryFamilies(m *job.Memory, c *config.Config) []Family {
	kinds := []struct {
		name, help string
		of         func(*job.RepoPast) time.Time
	}{
		{"success", "When the last run began that stored everything there.", func(p *job.RepoPast) time.Time { return p.Good }},
		{"check", "When it was last checked and found good.", func(p *job.RepoPast) time.Time { return p.Checked }},
		{"prune", "When it was last pruned.", func(p *job.RepoPast) time.Time { return p.Pruned }},
		{"forget", "When snapshots were last thinned out.", func(p *job.RepoPast) time.Time { return p.Forgot }},
		{"drill", "When a test restore last went well.", func(p *job.RepoPast) time.Time { return p.Drilled }},
	}
	var families []Family
	for _, kind := range kinds {
		f := Family{Name: "chatkeep_repository_last_" + kind.name + "_timestamp_seconds", Unit: "seconds", Help: kind.help}
		newest := map[string]time.Time{}
		for _, name := range c.JobNames() {
			for _, repository := range job.Repositories(c, c.Jobs[name]) {
				if p := m.Jobs[name]; p != nil && p.Repos[repository] != nil {
					newest[repository] = later(newest[repository], kind.of(p.Repos[repository]))
				}
			}
		}
		for _, repository := range slices.Sorted(maps.Keys(newest)) {
			f.time([]Label{{"repository", job.RepositoryName(repository)}}, newest[repository])
		}
		families = append(families, f)
	}
	return families
}

// place is a source in a repository.
type place struct{ source, repository string }

// snapshotFamilies tell what the newest snapshots have. A source that is a pattern
// has one for each file that it matches; their names, which have people's names in
// them, are not told to everybody who can read the file, but summed up.
func snapshotFamilies(m *job.Memory, c *config.Config) []Family {
	sums := map[place]job.Stored{}
	for series, s := range newestSnapshots(m, c) {
		at := place{sourceOf(c, series.source), series.repository}
		if at.source == "" {
			continue
		}
		sum := sums[at]
		sums[at] = job.Stored{Time: later(sum.Time, s.Time), Files: sum.Files + s.Files, Messages: sum.Messages + s.Messages, BytesRead: sum.BytesRead + s.BytesRead}
	}
	when := Family{Name: "chatkeep_snapshot_timestamp_seconds", Unit: "seconds", Help: "When the run began that made the newest snapshot of the source."}
	files := Family{Name: "chatkeep_snapshot_files", Help: "Files in the newest snapshot of the source."}
	messages := Family{Name: "chatkeep_snapshot_messages", Help: "Messages in the newest snapshot of the source."}
	size := Family{Name: "chatkeep_snapshot_bytes", Unit: "bytes", Help: "Size of what the newest snapshot of the source was made of."}
	for _, at := range slices.SortedFunc(maps.Keys(sums), comparePlaces) {
		of := []Label{{"repository", job.RepositoryName(at.repository)}, {"source", at.source}}
		when.time(of, sums[at].Time)
		files.add(of, float64(sums[at].Files))
		messages.add(of, float64(sums[at].Messages))
		size.add(of, float64(sums[at].BytesRead))
	}
	return []Family{when, files, messages, size}
}

// newestSnapshots are, by series and repository, those of whichever job was last.
func newestSnapshots(m *job.Memory, c *config.Config) map[place]job.Stored {
	newest := map[place]job.Stored{}
	for _, name := range c.JobNames() {
		if m.Jobs[name] == nil {
			continue
		}
		for series, p := range m.Jobs[name].Srcs {
			for _, repository := range job.Repositories(c, c.Jobs[name]) {
				at := place{series, repository}
				if s, ok := p.Stored[repository]; ok && !s.Time.Before(newest[at].Time) {
					newest[at] = s
				}
			}
		}
	}
	return newest
}

// sourceOf is the name in the configuration of the source that a series is of, or
// "". The names of series begin with it.
func sourceOf(c *config.Config, series string) string {
	for name := series; name != ""; name = name[:max(0, strings.LastIndexByte(name, '/'))] {
		if _, ok := c.Sources[name]; ok {
			return name
		}
	}
	return ""
}

func comparePlaces(a, b place) int {
	if c := strings.Compare(a.repository, b.repository); c != 0 {
		return c
	}
	return strings.Compare(a.source, b.source)
}

// time adds a time, and nothing for one that never was.
func (f *Family) time(of []Label, t time.Time) {
	if !t.IsZero() {
		f.add(of, float64(t.UnixMilli())/1000)
	}
}

func (f *Family) add(of []Label, value float64) { f.Samples = append(f.Samples, Sample{of, value}) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
