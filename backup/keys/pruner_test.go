package keys_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

func newPruner(t testing.TB) (*keys.Pruner, *keys.Keyring, *keys.Master) {
	t.Helper()
	m, err := keys.NewMaster(true)
	if err != nil {
		t.Fatal(err)
	}
	k, err := keys.NewKeyring(m.Repository, true)
	if err != nil {
		t.Fatal(err)
	}
	p, err := keys.NewPruner(k, m.Root, "tidy")
	if err != nil {
		t.Fatal(err)
	}
	return p, k, m
}

func TestPrunerFile(t *testing.T) {
	p, k, m := newPruner(t)
	if entry, ok := k.Writer(p.ID); !ok || entry.Label != "tidy" {
		t.Error("the keyring does not have the pruner's label")
	}
	if p.Repository != m.Repository || p.Signer().Public().ID() != p.ID {
		t.Error("the key is not of the repository, or not the pruner's")
	}
	file := p.Marshal()
	got, err := keys.ParsePruner(file)
	if err != nil || !bytes.Equal(got.Marshal(), file) {
		t.Fatalf("another key came back: %v", err)
	}
	seed := p.Signer().Seed()
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%v %+v %#v %s", p, *p, p, p)} {
		if strings.Contains(text, format.Hash(seed).String()) {
			t.Errorf("the key prints its secret: %s", text)
		}
	}
}

func TestPrunerFileRefused(t *testing.T) {
	p, _, _ := newPruner(t)
	other, _, _ := newPruner(t)
	file := string(p.Marshal())
	change := func(from, to string) string { return strings.Replace(file, from, to, 1) }
	seed, strange := format.Hash(p.Signer().Seed()), format.Hash(other.Signer().Seed())
	for name, c := range map[string]struct {
		file string
		want format.Class
	}{
		"empty":             {"", format.Malformed},
		"cut off":           {file[:len(file)-3], format.Malformed},
		"no line feed":      {file[:len(file)-1], format.NonCanonical},
		"a space":           {change(":", ": "), format.NonCanonical},
		"another field":     {change("{", `{"x":1,`), format.NonCanonical},
		"a writer key":      {change("prune-key", "writer-key"), format.WrongKind},
		"a newer format":    {change(`"format":1`, `"format":2`), format.NewerFormat},
		"format 0":          {change(`"format":1`, `"format":0`), format.Malformed},
		"another root":      {change(p.Root.String(), other.Root.String()), format.Malformed},
		"another's secret":  {change(seed.String(), strange.String()), format.Malformed},
		"another's id":      {change(p.ID.String(), other.ID.String()), format.Malformed},
		"much too long":     {file + strings.Repeat(" ", 5000), format.Oversized},
		"another's project": {change(p.Repository.String(), other.Repository.String()), format.Malformed},
	} {
		_, err := keys.ParsePruner([]byte(c.file))
		if got := format.ClassOf(err); got != c.want {
			t.Errorf("%s: %q, want %q: %v", name, got, c.want, err)
		}
		if err != nil && strings.Contains(err.Error(), seed.String()) {
			t.Errorf("%s: the error has the secret in it", name)
		}
	}
}

func FuzzParsePruner(f *testing.F) {
	p, _, _ := newPruner(f)
	f.Add(string(p.Marshal()))
	f.Fuzz(func(t *testing.T, file string) {
		p, err := keys.ParsePruner([]byte(file))
		if err == nil && string(p.Marshal()) != file {
			t.Errorf("%q is read as %q", file, p.Marshal())
		}
		if (err == nil) == (format.ClassOf(err) != "") {
			t.Errorf("an error without a class: %v", err)
		}
	})
}
