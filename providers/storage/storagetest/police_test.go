package storagetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
)

func hashOf(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

func ageObject(text string) []byte { return []byte(ageMagic + text) }

// head makes a head as docs/format.md has it.
func head(t *testing.T, body map[string]any) (string, []byte) {
	t.Helper()
	inner, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"body": string(inner), "signatures": []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	return "snapshots/" + strings.Repeat("ab", 32) + "/0000000001-" + hashOf(data) + ".json", data
}

func TestPolice(t *testing.T) {
	pack, index, manifest := ageObject("pack"), ageObject("index"), ageObject("manifest")
	entry := func(data []byte) map[string]any { return map[string]any{"sha256": hashOf(data), "size": 1} }
	headKey, headData := head(t, map[string]any{
		"prev": []string{hashOf([]byte("before"))}, "manifest": entry(manifest), "authority": hashOf([]byte("a")),
		"add":  map[string]any{"packs": []any{entry(pack)}, "index": []any{entry(index)}},
		"drop": map[string]any{"packs": []string{hashOf([]byte("dropped"))}},
	})
	badKey, badData := head(t, nil)
	type step struct{ key, data string }
	good := []step{
		{packKey(hashOf(pack)), string(pack)},
		{"index/" + hashOf(index) + ".age", string(index)},
		{"manifests/" + hashOf(manifest) + ".age", string(manifest)},
		{headKey, string(headData)},
		{"chatkeep.txt", "hello"},
	}
	for _, test := range []struct {
		name  string
		steps []step
		want  int
	}{
		{"in order", good, 0},
		{"again", append(slices.Clone(good), good...), 0},
		{"head first", []step{good[3]}, 3},
		{"pack missing", []step{good[1], good[2], good[3]}, 1},
		{"manifest missing", []step{good[0], good[1], good[3]}, 1},
		{"other bytes", []step{{good[0].key, string(pack) + "x"}}, 1},
		{"no hash", []step{{"packs/aa/bb.age", string(pack)}}, 1},
		{"other extension", []step{{"notes/" + hashOf(pack) + ".txt", string(pack)}}, 1},
		{"wrong folder", []step{{"packs/" + hashOf(pack) + ".age", string(pack)}}, 1},
		{"plaintext", []step{{"notes/" + hashOf([]byte("hi")) + ".age", "hi"}}, 1},
		{"bare hash", []step{{"prune/" + hashOf([]byte("{}")) + ".json", "{}"}}, 0},
		{"no body", []step{{badKey, string(badData)}}, 0},
		{"no json", []step{{"snapshots/" + hashOf([]byte("[]")) + ".json", "[]"}}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var reports []string
			p := NewPolice(NewMemory(), func(format string, args ...any) {
				reports = append(reports, fmt.Sprintf(format, args...))
			})
			for _, s := range test.steps {
				p.Put(t.Context(), s.key, []byte(s.data))
			}
			if len(reports) != test.want {
				t.Errorf("%d reports, want %d: %q", len(reports), test.want, reports)
			}
		})
	}
}

// replacing is a store that breaks the first promise.
type replacing struct{ *Memory }

func (r replacing) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	r.Memory.Tamper(key, data)
	return r.Memory.Stat(ctx, key)
}

func TestPoliceSeesReplacingAndDeleting(t *testing.T) {
	reports := 0
	p := NewPolice(replacing{NewMemory()}, func(string, ...any) { reports++ })
	key := "notes/" + hashOf(ageObject("x")) + ".age"
	wantReports := func(want int) {
		t.Helper()
		if reports != want {
			t.Fatalf("%d reports, want %d", reports, want)
		}
	}
	conform.Put(t, p, key, ageObject("x"))
	wantReports(0)
	conform.Put(t, p, key, ageObject("x"))
	wantReports(1)
	p.Delete(t.Context(), key)
	wantReports(1)
	conform.Put(t, p, key, ageObject("x"))
	wantReports(1)
	p.ForbidDelete(true)
	p.Delete(t.Context(), key)
	wantReports(2)
	p.ForbidDelete(false)
	p.Delete(t.Context(), "snapshots/x")
	wantReports(3)
}

func FuzzHeadReferences(f *testing.F) {
	f.Add([]byte(`{"body":"{}"}`))
	f.Add([]byte(`{"body":"{\"manifest\":{\"sha256\":\"` + strings.Repeat("0f", 32) + `\"},\"packs\":[[\"x\"]]}"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := HeadReferences("snapshots/x", data)
		if err != nil && keys != nil {
			t.Fatal("keys and an error")
		}
		for _, key := range keys {
			if !storage.ValidKey(key) {
				t.Fatalf("%q is no key", key)
			}
		}
	})
}
