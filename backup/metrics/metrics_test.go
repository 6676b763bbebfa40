package metrics_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"chatkeep/backup/config"
	"chatkeep/backup/job"
	"chatkeep/backup/metrics"
)

// parse reads a text by the rules of both formats, and wants both to agree. What it
// returns are values by name and labels, as the Prometheus library reads them.
func parse(t *testing.T, text []byte) map[string]float64 {
	t.Helper()
	open, err := strict(string(text))
	if err != nil {
		t.Fatalf("no OpenMetrics: %v\n%s", err, text)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("no Prometheus text: %v\n%s", err, text)
	}
	values := map[string]float64{}
	for name, f := range families {
		for _, m := range f.Metric {
			series := name
			for _, l := range m.Label {
				if !utf8.ValidString(l.GetValue()) {
					t.Errorf("%s is no UTF-8", l.GetValue())
				}
				series += " " + l.GetName() + "=" + l.GetValue()
			}
			if _, twice := values[series]; twice {
				t.Errorf("%s twice", series)
			}
			values[series] = m.Gauge.GetValue()
		}
	}
	if len(open) != len(values) {
		t.Errorf("%d samples of OpenMetrics, %d of Prometheus", len(open), len(values))
	}
	return values
}

func at(hour int) time.Time { return time.Date(2026, 11, 20, hour, 0, 0, 0, time.UTC) }

func seconds(hour int) float64 { return float64(at(hour).Unix()) }

// world is a configuration with two jobs, of which one never ran, and a memory that
// has more than the configuration.
func world() (*job.Memory, *config.Config) {
	c := &config.Config{
		Sources: map[string]config.Source{"phone": {}, "exports": {Path: "/exports/*.zip"}, "exports/old": {}},
		Jobs:    map[string]config.Job{"nightly": {Repositories: []string{"home", "disk"}}, "weekly": {}, "again": {Repositories: []string{"home"}}},
	}
	stored := func(hour int, files, messages, bytes int64) job.Stored {
		return job.Stored{Time: at(hour), Files: files, Messages: messages, BytesRead: bytes}
	}
	past := &job.Past{Began: at(3), Ended: at(4), Good: at(2), Failures: 2, Stale: true,
		Runs: []job.Entry{{Code: 0, Seconds: 9}, {Code: 13, Seconds: 1.5}},
		Repos: map[string]*job.RepoPast{
			"home": {Good: at(1), Checked: at(1), Pruned: at(2), Drilled: at(3)},
			"disk": {Checked: at(5)},
			"gone": {Checked: at(6)},
		},
		Srcs: map[string]*job.SourcePast{
			"phone":              {Stored: map[string]job.Stored{"home": stored(3, 10, 200, 4096), "gone": stored(3, 1, 1, 1)}},
			"exports/Anna.zip":   {Stored: map[string]job.Stored{"home": stored(2, 3, 100, 10)}},
			"exports/Ben.zip":    {Stored: map[string]job.Stored{"home": stored(3, 4, 50, 20), "disk": stored(1, 5, 6, 7)}},
			"exports/old/x/y.gz": {Stored: map[string]job.Stored{"home": stored(1, 1, 2, 3)}},
			"forgotten":          {Stored: map[string]job.Stored{"home": stored(1, 1, 2, 3)}},
		}}
	again := &job.Past{Began: at(1), Ended: at(1), Runs: []job.Entry{{}}, Good: at(1),
		Repos: map[string]*job.RepoPast{"home": {Good: at(4), Pruned: at(1)}},
		Srcs:  map[string]*job.SourcePast{"phone": {Stored: map[string]job.Stored{"home": stored(1, 9, 190, 4000)}}}}
	return &job.Memory{Jobs: map[string]*job.Past{"nightly": past, "again": again, "dropped": {Began: at(1)}}}, c
}

func TestOf(t *testing.T) {
	m, c := world()
	got := parse(t, metrics.Text(metrics.Of(m, c, "v1.2")))
	want := map[string]float64{
		"chatkeep_build_info version=v1.2": 1,

		"chatkeep_job_last_run_timestamp_seconds name=nightly":     seconds(3),
		"chatkeep_job_last_success_timestamp_seconds name=nightly": seconds(2),
		"chatkeep_job_last_exit_code name=nightly":                 13,
		"chatkeep_job_last_duration_seconds name=nightly":          1.5,
		"chatkeep_job_failures_in_a_row name=nightly":              2,
		"chatkeep_job_stale name=nightly":                          1,
		"chatkeep_job_last_run_timestamp_seconds name=again":       seconds(1),
		"chatkeep_job_last_success_timestamp_seconds name=again":   seconds(1),
		"chatkeep_job_last_exit_code name=again":                   0,
		"chatkeep_job_last_duration_seconds name=again":            0,
		"chatkeep_job_failures_in_a_row name=again":                0,
		"chatkeep_job_stale name=again":                            0,
		"chatkeep_job_failures_in_a_row name=weekly":               0,
		"chatkeep_job_stale name=weekly":                           0,

		"chatkeep_repository_last_success_timestamp_seconds repository=home": seconds(4),
		"chatkeep_repository_last_check_timestamp_seconds repository=home":   seconds(1),
		"chatkeep_repository_last_check_timestamp_seconds repository=disk":   seconds(5),
		"chatkeep_repository_last_prune_timestamp_seconds repository=home":   seconds(2),
		"chatkeep_repository_last_drill_timestamp_seconds repository=home":   seconds(3),

		"chatkeep_snapshot_timestamp_seconds repository=home source=phone":       seconds(3),
		"chatkeep_snapshot_files repository=home source=phone":                   10,
		"chatkeep_snapshot_messages repository=home source=phone":                200,
		"chatkeep_snapshot_bytes repository=home source=phone":                   4096,
		"chatkeep_snapshot_timestamp_seconds repository=home source=exports":     seconds(3),
		"chatkeep_snapshot_files repository=home source=exports":                 7,
		"chatkeep_snapshot_messages repository=home source=exports":              150,
		"chatkeep_snapshot_bytes repository=home source=exports":                 30,
		"chatkeep_snapshot_timestamp_seconds repository=disk source=exports":     seconds(1),
		"chatkeep_snapshot_files repository=disk source=exports":                 5,
		"chatkeep_snapshot_messages repository=disk source=exports":              6,
		"chatkeep_snapshot_bytes repository=disk source=exports":                 7,
		"chatkeep_snapshot_timestamp_seconds repository=home source=exports/old": seconds(1),
		"chatkeep_snapshot_files repository=home source=exports/old":             1,
		"chatkeep_snapshot_messages repository=home source=exports/old":          2,
		"chatkeep_snapshot_bytes repository=home source=exports/old":             3,
	}
	for series, value := range want {
		if v, ok := got[series]; !ok || v != value {
			t.Errorf("%s is %v, there %t; not %v", series, v, ok, value)
		}
	}
	for series := range got {
		if _, ok := want[series]; !ok {
			t.Errorf("%s is too much", series)
		}
	}
}

// TestNewMachine remembers nothing yet, and writes to the default repository.
func TestNewMachine(t *testing.T) {
	c := &config.Config{Jobs: map[string]config.Job{"nightly": {}}, Sources: map[string]config.Source{"phone": {}}}
	m := &job.Memory{Jobs: map[string]*job.Past{}}
	if got := parse(t, metrics.Text(metrics.Of(m, c, "devel"))); len(got) != 3 {
		t.Errorf("%v", got)
	}
	m.Of("nightly", at(1)).Srcs["phone"] = &job.SourcePast{Stored: map[string]job.Stored{"": {Time: at(1), Files: 2}}}
	got := parse(t, metrics.Text(metrics.Of(m, c, "devel")))
	if got["chatkeep_snapshot_files repository=(default) source=phone"] != 2 {
		t.Errorf("%v", got)
	}
	if text := string(metrics.Text(nil)); text != "# EOF\n" {
		t.Errorf("%q", text)
	}
}

// FuzzLabels names things in ways that could break out of a label.
func FuzzLabels(f *testing.F) {
	f.Add("plain", "with \"quotes\"", `back\slash`)
	f.Add("a\nb", `a\nb`, "\x00\xff\xfe\u2028é")
	f.Add("} 1\n# EOF\n", "\",x=\"", "a\r\n")
	f.Add("", "\\", "{}")
	f.Fuzz(func(t *testing.T, name, repository, source string) {
		c := &config.Config{
			Sources: map[string]config.Source{source: {}, "a": {}},
			Jobs:    map[string]config.Job{name: {Repositories: []string{repository, "b"}}, "c": {}},
		}
		past := &job.Past{Began: at(1), Repos: map[string]*job.RepoPast{repository: {Checked: at(2)}, "b": {Checked: at(3)}},
			Srcs: map[string]*job.SourcePast{source: {Stored: map[string]job.Stored{repository: {Time: at(1)}}}, "a": {Stored: map[string]job.Stored{"b": {Time: at(1)}}}}}
		m := &job.Memory{Jobs: map[string]*job.Past{name: past}}
		got := parse(t, metrics.Text(metrics.Of(m, c, name)))
		if _, ok := got["chatkeep_repository_last_check_timestamp_seconds repository=b"]; !ok {
			t.Errorf("what is harmless is lost: %v", got)
		}
		for series := range got {
			if strings.ContainsAny(series, "\n\x00\x1b\r") {
				t.Errorf("not clean: %q", series)
			}
		}
	})
}

// TestSame: names that look the same once they are cleaned are one sample.
func TestSame(t *testing.T) {
	f := metrics.Family{Name: "x", Help: "X.", Samples: []metrics.Sample{
		{Labels: []metrics.Label{{Name: "a", Value: "\x01"}}, Value: 1}, {Labels: []metrics.Label{{Name: "a", Value: `\x01`}}, Value: 2}}}
	if got := parse(t, metrics.Text([]metrics.Family{f})); len(got) != 1 || got[`x a=\x01`] != 1 {
		t.Errorf("%v", got)
	}
}

// TestStrict: what the checker of these tests has to refuse.
func TestStrict(t *testing.T) {
	const head = "# HELP a_seconds A.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n"
	for _, text := range []string{
		"", head, head + "a_seconds 1\n", head + "b 1\n# EOF\n", head + "a_seconds 1\na_seconds 2\n# EOF\n", head + "a_seconds{x=\"\\q\"} 1\n# EOF\n",
		head + "a_seconds{x=\"1\",x=\"2\"} 1\n# EOF\n", head + "a_seconds{x=\"1\"}\n# EOF\n", head + "a_seconds NaN\n# EOF\n", head + "\n# EOF\n",
		head + "a_seconds 1\n# EOF\n# EOF\n", "# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n# EOF\n", "# TYPE a info\na 1\n# EOF\n", "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n",
		"# HELP a A.\na 1\n# EOF\n", head + "a_seconds{x=\"1\"y=\"2\"} 1\n# EOF\n", head + "a_seconds{,x=\"1\"} 1\n# EOF\n",
	} {
		if _, err := strict(text); err == nil {
			t.Errorf("%q is OpenMetrics", text)
		}
	}
	if values, err := strict(head + "a_seconds{x=\"1\",y=\"\\\\\\\"\"} 1.5\na_seconds -1\n# EOF\n"); err != nil || len(values) != 2 {
		t.Errorf("%v, %v", values, err)
	}
}

func TestWrite(t *testing.T) {
	m, c := world()
	families := metrics.Of(m, c, "v1.2")
	path := filepath.Join(t.TempDir(), "chatkeep.prom")
	for range 2 { // the second replaces the first
		if err := metrics.Write(path, families); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != string(metrics.Text(families)) {
		t.Errorf("%v\n%s", err, text)
	}
	alone(t, path)
}

// alone looks for a file that was left behind.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestNotWritten(t *testing.T) {
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, "dir.prom")
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "chatkeep.txt"), filepath.Join(dir, "chatkeep.prom.tmp"), filepath.Join(dir, "none", "chatkeep.prom"), inTheWay, ""} {
		if metrics.Write(path, nil) == nil {
			t.Errorf("%s was written", path)
		}
	}
	alone(t, inTheWay)
}

// TestSorted writes the same whatever the order of families was.
func TestSorted(t *testing.T) {
	m, c := world()
	text := string(metrics.Text(metrics.Of(m, c, "v1.2")))
	byName := map[string]metrics.Family{}
	for _, f := range metrics.Of(m, c, "v1.2") {
		byName[f.Name] = f
	}
	for range 10 {
		var mixed []metrics.Family
		for f := range maps.Values(byName) {
			mixed = append(mixed, f)
		}
		if string(metrics.Text(mixed)) != text {
			t.Fatal("it depends on the order")
		}
	}
}
