package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/config"
)

// TestMatches looks for what patterns match in a folder whose own name looks like
// one.
func TestMatches(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [b]*")
	old, late := time.Unix(1_000_000, 0), time.Unix(2_000_000, 0)
	for name, at := range map[string]time.Time{
		"one.zip": late, "two.zip": late, "zzz.zip": old, ".part.zip": late, "sub/one.txt": old, "tub/one.txt": old, "x[1].zip": old, "plain": old,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path   string
		newest bool
		want   string // "" for Vanished
	}{
		{"*.zip", false, "one.zip two.zip x[1].zip zzz.zip"},
		{"*.zip", true, "two.zip"},
		{"zz?.zip", false, "zzz.zip"},
		{"[^z]*.zip", false, "one.zip two.zip x[1].zip"},
		{".*.zip", false, ".part.zip"},
		{"?ub/*.txt", false, "sub/one.txt tub/one.txt"},
		{"*/one.txt", false, "sub/one.txt tub/one.txt"},
		{"x[1].zip", false, "x[1].zip"},
		{`x\[1\].*`, false, "x[1].zip"},
		{"plain", true, "plain"},
		{"sub", false, "sub"},
		{"*.tar", false, ""},
		{"*.tar", true, ""},
		{"nowhere", false, ""},
		{"plain/*", false, ""},
		{"plain/x", false, ""},
		{"nowhere/*.zip", false, ""},
	} {
		path, err := config.SourcePath(c.path, "/home/me", dir)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		found, err := config.Source{Path: path, Newest: c.newest}.Matches()
		var names []string
		for _, one := range found {
			name, _ := filepath.Rel(dir, one)
			names = append(names, filepath.ToSlash(name))
		}
		var gone *config.Vanished
		if is := errors.As(err, &gone); is != (c.want == "") || !is && err != nil || !slices.Equal(names, strings.Fields(c.want)) {
			t.Errorf("%s: %q, %v", c.path, names, err)
		}
		if gone != nil && (gone.ExitCode() != 16 || !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), path)) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}

// TestMatchesUnreadable does not take a folder that cannot be read for an empty
// one.
func TestMatchesUnreadable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(dir); err == nil {
		t.Skip("this user may read everything")
	}
	if found, err := (config.Source{Path: dir + "/*"}).Matches(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%q, %v", found, err)
	}
}

// TestSeries: what a pattern matches has a name of its own each, and what comes in
// place of the last one has the same.
func TestSeries(t *testing.T) {
	for _, c := range []struct {
		source     config.Source
		path, want string
	}{
		{config.Source{Path: "/exports"}, "/exports", "phone"},
		{config.Source{Path: "/exports/*.zip", Newest: true}, "/exports/b.zip", "phone"},
		{config.Source{Path: "/exports/*.zip"}, "/exports/b.zip", "phone/b.zip"},
		{config.Source{Path: "/exports/*/chat.txt"}, "/exports/anna/chat.txt", "phone/anna/chat.txt"},
		{config.Source{Path: "/exp*/chat.txt"}, "/exports/chat.txt", "phone/exports/chat.txt"},
		{config.Source{Command: "dump"}, "", "phone"},
	} {
		if got := c.source.Series("phone", c.path); got != c.want {
			t.Errorf("%s of %s is the series %s, not %s", c.path, c.source.Path, got, c.want)
		}
	}
}
