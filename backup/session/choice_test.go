package session_test

import (
	"context"
	"testing"

	"chatkeep/backup/session"
)

// TestChoose takes a name or a number, and nothing where nobody knows or is there.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		answers []string
		want    string
	}{
		{[]string{"2"}, "messenger"}, {[]string{" Instagram "}, "instagram"}, {[]string{"3", "telegram", "1"}, "instagram"},
		{[]string{""}, ""}, {[]string{"0", "3", "x"}, ""},
	} {
		w := newWorld(t)
		w.person = &person{answers: c.answers}
		got := ""
		w.does(func(ctx context.Context, call *session.Call) error {
			got = call.Choose(ctx, "message_1.json", []string{"instagram", "messenger"})
			return nil
		})
		if got != c.want || len(w.person.answers) > 0 {
			t.Errorf("%q gives %q, not %q", c.answers, got, c.want)
		}
	}
	w := newWorld(t)
	w.does(func(ctx context.Context, call *session.Call) error {
		if got := call.Choose(ctx, "message_1.json", []string{"instagram", "messenger"}); got != "" {
			t.Errorf("nobody says %q", got)
		}
		return nil
	})
}
