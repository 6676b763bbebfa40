package session_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup/session"
)

// signed are the objects of a place that a witness gets, by their names.
func (w *world) signed(place string) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"authority", "snapshots"} {
		err := filepath.WalkDir(filepath.Join(w.place(place), folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			all[strings.TrimPrefix(path, w.place(place))] = string(data)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.t.Fatal(err)
		}
	}
	return all
}

// wantTold asks whether a witness has all that the repository has.
func (w *world) wantTold(witness string, want bool) {
	w.t.Helper()
	here, there := w.signed("r"), w.signed(witness)
	same := len(here) == len(there)
	for key, data := range here {
		same = same && there[key] == data
	}
	if same != want {
		w.t.Errorf("%s has %d statements of %d", witness, len(there), len(here))
	}
}

// TestWitnessIsTold: at the end of whatever has signed something, however that ends,
// and by no other command.
func TestWitnessIsTold(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	w.store("witness")
	args := []string{"-r", place, "--witness", w.place("witness")}
	w.wantCode(w.does(read, args...), 0)
	if len(w.signed("witness")) > 0 {
		t.Error("a command that reads wrote to it")
	}
	w.wantCode(w.does(enrolAnother, args...), 0)
	w.wantTold("witness", true)
	failing := func(ctx context.Context, c *session.Call) error {
		return errors.Join(enrolAnother(ctx, c), errors.New("and then it went wrong"))
	}
	w.wantCode(w.does(failing, args...), session.ExitFailed)
	w.wantTold("witness", true)
	elsewhere := func(ctx context.Context, c *session.Call) error {
		there := c.At(place)
		defer there.Close()
		return enrolAnother(ctx, there)
	}
	w.wantCode(w.does(elsewhere, "--witness", w.place("witness")), 0)
	w.wantTold("witness", true)

	// Interrupted, it leaves that to the next time.
	interrupted := func(ctx context.Context, c *session.Call) error {
		ctx, cancel := context.WithCancelCause(ctx)
		c.Context.Context = ctx
		defer cancel(nil)
		err := enrolAnother(ctx, c)
		cancel(session.ErrInterrupted)
		return errors.Join(err, context.Cause(ctx))
	}
	w.wantCode(w.does(interrupted, args...), session.ExitInterrupted)
	w.wantTold("witness", false)
	w.wantCode(w.does(enrolAnother, args...), 0)
	w.wantTold("witness", true)
}

// TestWitnessIsAway: what was done is done, and the code says that something is left.
// The command's own failure goes first.
func TestWitnessIsAway(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	args := []string{"-r", place, "--witness", w.place("witness")}
	w.wantCode(w.does(read, args...), 0)
	if !strings.Contains(w.err.String(), "warning: the witness at ") || !strings.Contains(w.err.String(), "is not known") {
		t.Errorf("stderr: %s", &w.err)
	}
	before := len(w.signed("r"))
	w.wantCode(w.does(enrolAnother, args...), session.ExitIncomplete)
	if !strings.Contains(w.err.String(), "hint: the next command that writes makes up for it") || len(w.signed("r")) != before+1 {
		t.Errorf("stderr: %s", &w.err)
	}
	failing := func(ctx context.Context, c *session.Call) error {
		return errors.Join(enrolAnother(ctx, c), errors.New("and then it went wrong"))
	}
	w.wantCode(w.does(failing, args...), session.ExitFailed)
	if bytes.Count(w.err.Bytes(), []byte("warning: the repository has everything, but its witness")) != 1 {
		t.Errorf("stderr: %s", &w.err)
	}
	if _, err := os.Stat(w.place("witness")); err == nil {
		t.Error("a folder was made where the witness's disk should be")
	}
	w.store("witness")
	w.wantCode(w.does(enrolAnother, args...), 0)
	w.wantTold("witness", true)
}

// TestWhichWitness: the flag goes before the environment.
func TestWhichWitness(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	w.store("one")
	w.store("two")
	w.vars["CHATKEEP_WITNESS"] = w.place("one")
	w.wantCode(w.does(enrolAnother, "-r", place, "--witness", w.place("two")), 0)
	w.wantTold("one", false)
	w.wantTold("two", true)
	w.wantCode(w.does(enrolAnother, "-r", place), 0)
	w.wantTold("one", true)
	w.wantTold("two", false)
}

// TestWitnessAtFirstSight: a machine that has seen nothing, and is to leave nothing
// behind where something is wrong.
func TestWitnessAtFirstSight(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	old := w.place("old")
	if err := os.CopyFS(old, os.DirFS(place)); err != nil {
		t.Fatal(err)
	}
	w.store("witness")
	w.wantCode(w.does(enrolAnother, "-r", place, "--witness", w.place("witness")), 0)

	other := newWorld(t)
	other.vars = w.vars
	meet := func(ctx context.Context, c *session.Call) error {
		_, _, err := c.Meet(ctx)
		return err
	}
	args := []string{"-r", old, "--witness", w.place("witness")}
	other.wantCode(other.does(meet, args...), session.ExitDamaged)
	other.wantCode(other.does(read, args...), session.ExitDamaged)
	if _, err := os.Stat(other.place(".local/state")); err == nil {
		t.Error("an older state was remembered")
	}
	other.wantCode(other.does(meet, append(args, "--accept", "rollback")...), 0)
	other.wantCode(other.does(read, args...), 0)
	other.wantCode(other.does(meet, "-r", place, "--witness", w.place("witness")), 0)
}
