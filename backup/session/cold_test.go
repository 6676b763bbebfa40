package session_test

import (
	"context"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// TestClassFlag reads --storage-class in the ways that people write it.
func TestClassFlag(t *testing.T) {
	classes := func(messages, media, originals, meta string) session.Classes {
		return session.Classes{format.Messages: messages, format.Media: media, format.Originals: originals, format.Meta: meta}
	}
	for _, test := range []struct {
		flags string
		want  session.Classes
		code  int
	}{
		{"", session.Classes{}, 0},
		{"GLACIER", classes("", "GLACIER", "GLACIER", ""), 0},
		{"media=DEEP_ARCHIVE", classes("", "DEEP_ARCHIVE", "", ""), 0},
		{"messages=STANDARD,originals=GLACIER,media=DEEP_ARCHIVE,meta=STANDARD_IA", classes("STANDARD", "DEEP_ARCHIVE", "GLACIER", "STANDARD_IA"), 0},
		{"originals=GLACIER media=cold-1", classes("", "cold-1", "GLACIER", ""), 0},
		{"media=A,media=A", classes("", "A", "", ""), 0},
		{"media=A,media=B", session.Classes{}, 64},
		{"A,media=B", session.Classes{}, 64},
		{"index=GLACIER", session.Classes{}, 64},
		{"heads=GLACIER", session.Classes{}, 64},
		{"=GLACIER", session.Classes{}, 64},
		{"media=", session.Classes{}, 64},
		{"media", classes("", "media", "media", ""), 0}, // a store will know no such class
		{"media=GLACIER,", session.Classes{}, 64},
		{"media=a\r\nX-Amz-Acl:public-read", session.Classes{}, 64},
		{"media=a b=c", session.Classes{}, 64},
		{"media=" + strings.Repeat("A", 65), session.Classes{}, 64},
	} {
		w := newWorld(t)
		args := []string{"do"}
		if test.flags != "" {
			for one := range strings.SplitSeq(test.flags, " ") {
				args = append(args, "--storage-class", one)
			}
		}
		var got session.Classes
		code := w.run(func(env *session.Env) []*cli.Command {
			return []*cli.Command{{Name: "do", Flags: env.Flags(&cli.StringSliceFlag{Name: "storage-class"}),
				Action: env.Action(func(_ context.Context, c *session.Call) (err error) {
					got, err = c.Classes()
					return err
				})}}
		}, args...)
		if code != test.code || code == 0 && got != test.want {
			t.Errorf("%q: %q, exit code %d\n%s", test.flags, got, code, &w.err)
		}
	}
}

// TestCheckClasses asks stores with and without classes what may go where.
func TestCheckClasses(t *testing.T) {
	provider := storage.Provider{Name: "cold", Schemes: []string{"cold"}, Open: func(context.Context, storage.Location, bool) (storage.Store, error) {
		return storagetest.NewCold(storagetest.NewMemory()), nil
	}}
	media := func(class string) session.Classes { return session.Classes{format.Media: class} }
	for place, tests := range map[string][]struct {
		classes session.Classes
		code    int
		says    string
	}{
		"local": {{media(""), 0, ""}, {media("STANDARD"), 64, "has no classes of storage"}},
		"cold:x": {
			{media("STANDARD"), 0, ""},
			{session.Classes{format.Meta: "STANDARD"}, 0, ""},
			{media("DEEP_ARCHIVE"), 0, ""},
			{session.Classes{format.Messages: "GLACIER"}, 0, "warning: messages go into GLACIER"},
			{session.Classes{format.Meta: "GLACIER"}, 64, "lists of files in GLACIER"},
		},
	} {
		w := newWorld(t)
		w.vars["CHATKEEP_PASSPHRASE"] = strong
		at := place
		if place == "local" {
			at = w.place("repository")
		}
		check := func(ctx context.Context, c *session.Call) error {
			r, _, err := c.Create(ctx, "")
			if err != nil {
				return err
			}
			if (r.Thawer() != nil) != (place != "local") {
				t.Errorf("%s: a thawer where there is none, or none where there is one", place)
			}
			for _, test := range tests {
				w.err.Reset()
				err := r.CheckClasses(test.classes)
				said := w.err.String()
				if err != nil {
					said += err.Error()
				}
				if code := session.ExitCodeOf(err); code != test.code || !strings.Contains(said, test.says) || test.says == "" && said != "" {
					t.Errorf("%s %q: exit code %d, want %d with %q: %s", place, test.classes, code, test.code, test.says, said)
				}
			}
			return nil
		}
		code := w.run(func(env *session.Env) []*cli.Command {
			env.Stores = append(env.Stores, provider)
			own := append(session.SecretFlags(), session.Yes(), &cli.BoolFlag{Name: "classic"})
			return []*cli.Command{{Name: "do", Flags: env.KeyFlags(own...), Action: env.Action(check)}}
		}, "do", "--repo", at, "--yes")
		w.wantCode(code, 0)
	}
}
