package android

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
)

// someCuts is at how many lengths something is cut off.
func someCuts() int {
	if os.Getenv("CHATKEEP_LONG") != "" {
		return 2000
	}
	return 400
}

// checkCuts cuts a database off at lengths that a seed gives.
func checkCuts(t *testing.T, whole []byte) (best int) {
	t.Helper()
	want := readAny(t, fstest.MapFS{"msgstore.db": {Data: whole, Mode: 0o644}}, chat.Options{Me: "4400000009"})
	known := map[string]*chat.Message{}
	for _, list := range want.messages {
		for _, m := range list {
			known[m.Source.At] = m
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	lengths := []int{0, 1, 15, 16, 99, 100, 101, 1023, 1024, 1025, len(whole) - 1, len(whole) - 2, len(whole) - 1024, len(whole) - 1025}
	for range someCuts() {
		lengths = append(lengths, r.IntN(len(whole)))
	}
	if testing.Short() {
		lengths = lengths[:30]
	}
	for _, n := range lengths {
		got := readAny(t, fstest.MapFS{"msgstore.db": {Data: whole[:n], Mode: 0o644}}, chat.Options{Me: "4400000009"})
		if !slices.ContainsFunc(got.errs, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }) {
			t.Fatalf("cut at %d of %d: %v", n, len(whole), got.errs)
		}
		for _, list := range got.messages {
			for _, m := range list {
				// What it belongs to may be lost, and what tells of a call.
				if full := known[m.Source.At]; full == nil && m.Kind != chat.CallKind || m.Text != "" && m.Text != full.Text {
					t.Fatalf("cut at %d of %d: a message that is none: %+v, %+v", n, len(whole), m, full)
				}
			}
		}
		best = max(best, got.count())
	}
	return best
}

// TestCuts cuts the exports of testdata off.
func TestCuts(t *testing.T) {
	for folder, name := range map[string]string{"android-phone": "databases/msgstore.db", "android-2019": "msgstore.db"} {
		t.Run(folder, func(t *testing.T) {
			if checkCuts(t, load(t, folder)[name].Data) == 0 {
				t.Error("whatever was cut off, nothing was left")
			}
		})
	}
}

// TestCutBackup cuts an encrypted backup off: nothing of it is trusted.
func TestCutBackup(t *testing.T) {
	export := load(t, "android-crypt")
	whole := export["Databases/msgstore.db.crypt15"].Data
	r := rand.New(rand.NewPCG(3, 4))
	for i := range someCuts() {
		n := i
		if i > 20 {
			n = r.IntN(len(whole) - 16) // what is behind is a checksum that need not be there
		}
		export["Databases/msgstore.db.crypt15"] = &fstest.MapFile{Data: whole[:n], Mode: 0o644}
		got := readAny(t, export, chat.Options{})
		if got.count() > 0 || len(got.errs) != 1 || !errors.Is(got.errs[0], io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d of %d: %d messages, %v", n, len(whole), got.count(), got.errs)
		}
	}
}

// TestStopped ends at every point where it may.
func TestStopped(t *testing.T) {
	for _, folder := range []string{"android-phone", "android-crypt"} {
		export := load(t, folder)
		list, err := Recognize(export)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		s, err := Open(export, list[0], chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for c, err := range s.Conversations(ctx) {
			if c != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %+v, %v", folder, c, err)
			}
		}
	}
	s, err := Open(alone(t, many(5000)), chat.Match{Route: RoutePlain, Path: "msgstore.db"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for c := range s.Conversations(t.Context()) {
		for m, err := range s.Messages(ctx, c) {
			if last = err; m != nil {
				n++
			}
			if n == 100 {
				cancel()
			}
		}
	}
	if !errors.Is(last, context.Canceled) || n >= 5000 {
		t.Errorf("%d messages, %v", n, last)
	}
}
