package repo_test

import (
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

func aRun(n int64) repo.JobRun {
	return repo.JobRun{Job: "nightly", Time: noteTime.Add(time.Duration(n) * time.Hour), Seconds: n, Code: int(n % 3), Message: "no route", Missed: n, Bytes: n}
}

// runs reads all runs with fresh eyes, long after.
func (s *scene) runs(t *testing.T) []repo.JobRun {
	t.Helper()
	runs, problems, err := s.reader(t).Runs(t.Context(), time.Now().Add(100*365*24*time.Hour))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	return runs
}

// TestRunsComeBack notes runs one by one, and now and then all again.
func TestRunsComeBack(t *testing.T) {
	s := newScene(t)
	n := noterOf(t, s, s.machine, s.store)
	var all []repo.JobRun
	var notes []format.Hash
	for i := range int64(20) {
		all = append(all, aRun(i))
		told, replaces := all[len(all)-1:], []format.Hash(nil)
		if len(notes) == 6 {
			told, replaces, notes = all, notes, nil
		}
		hash, err := n.NoteRuns(t.Context(), told, replaces)
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, hash)
		got := s.runs(t)
		if len(got) != len(all) {
			t.Fatalf("after %d runs, %d are told of", len(all), len(got))
		}
		for k := range got {
			if want := all[k]; got[k].Writer != s.key.ID || !got[k].Time.Equal(want.Time) || got[k].Seconds != want.Seconds ||
				got[k].Code != want.Code || got[k].Message != want.Message || got[k].Missed != want.Missed || got[k].Bytes != want.Bytes {
				t.Errorf("run %d is %+v", k, got[k])
			}
		}
	}
}

// TestOddRuns puts what a note cannot tell as it is.
func TestOddRuns(t *testing.T) {
	s := newScene(t)
	n := noterOf(t, s, s.machine, s.store)
	odd := repo.JobRun{Job: strings.Repeat("\xff", 5000), Time: time.Unix(-5, 0), Seconds: -1, Code: 70_000, Message: strings.Repeat("é", 600), Missed: -3, Bytes: -9}
	if _, err := n.NoteRuns(t.Context(), []repo.JobRun{odd}, nil); err != nil {
		t.Fatal(err)
	}
	got := s.runs(t)
	if len(got) != 1 || got[0].Seconds != 0 || got[0].Code != 255 || got[0].Missed != 0 || got[0].Bytes != 0 || !strings.HasPrefix(got[0].Message, "éé") {
		t.Errorf("%+v", got)
	}
	many := make([]repo.JobRun, 1500)
	for i := range many {
		many[i] = aRun(int64(i))
	}
	if _, err := n.NoteRuns(t.Context(), many, nil); err != nil {
		t.Fatal(err)
	}
	if got = s.runs(t); len(got) != 1001 || got[1000].Seconds != 1499 {
		t.Errorf("%d of too many runs", len(got))
	}
}

// TestBadRuns has texts that no program of ours writes.
func TestBadRuns(t *testing.T) {
	const good = `{"job":"a","time":"2026-01-02T03:04:05Z","seconds":1,"code":0,"message":"","missed":0,"bytes":0}`
	for name, text := range map[string]string{
		"a time before 1970": strings.Replace(good, "2026", "1926", 1),
		"a negative length":  strings.Replace(good, `"seconds":1`, `"seconds":-1`, 1),
		"a code of 256":      strings.Replace(good, `"code":0`, `"code":256`, 1),
		"an unknown key":     strings.Replace(good, `"bytes":0`, `"bytes":0,"more":1`, 1),
		"a long message":     strings.Replace(good, `"message":""`, `"message":"`+strings.Repeat("x", 3001)+`"`, 1),
	} {
		s := newScene(t)
		n := noterOf(t, s, s.machine, s.store)
		if _, _, err := n.Put(t.Context(), repo.AboutRun, []byte(`{"version":1,"replaces":[],"runs":[`+text+"]}\n")); err != nil {
			t.Fatal(err)
		}
		runs, problems, err := s.reader(t).Runs(t.Context(), time.Now())
		if err != nil || len(runs) != 0 || len(problems) != 1 {
			t.Errorf("%s: %v, %v, %v", name, runs, problems, err)
		}
	}
}
