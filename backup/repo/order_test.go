package repo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

// clocked is a store with a clock of its own; a zero time is none.
type clocked struct {
	storage.Store
	now time.Time
}

func (c clocked) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := c.Store.Put(ctx, key, data)
	info.Time = c.now
	return info, err
}

// TestOrder: snapshots of one writer stand in the order of their numbers,
// whatever the store's clock said, and one wrong time does not last.
func TestOrder(t *testing.T) {
	const none = -1 // no time at all
	for name, test := range map[string]struct {
		runs []string // writer, and the day that the store tells
		want string   // the order, by numbers from 0
	}{
		"in order":             {[]string{"a 1", "b 2", "a 3", "b 4"}, "0 1 2 3"},
		"one from the future":  {[]string{"a 1", "a 900", "a 3", "b 4"}, "0 1 2 3"},
		"the last from there":  {[]string{"a 1", "b 2", "a 900", "b 3"}, "0 1 3 2"},
		"one from the past":    {[]string{"b 5", "a 6", "a 0", "a 7"}, "1 2 0 3"},
		"the last from there ": {[]string{"a 5", "a 6", "a 0"}, "0 1 2"},
		"one without a time":   {[]string{"a 1", "b 2", "a 3", "a -1", "b 4"}, "0 1 2 3 4"},
		"none with a time":     {[]string{"a -1", "a -1", "a -1"}, "0 1 2"},
		"the first without":    {[]string{"b 1", "a -1", "a 2"}, "1 0 2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			machines := map[string]*machine{"a": s.machine, "b": s.enrol(t, "b")}
			number := map[format.Hash]string{}
			for i, run := range test.runs {
				var who string
				var day int
				if _, err := fmt.Sscan(run, &who, &day); err != nil {
					t.Fatal(err)
				}
				store := clocked{Store: s.store}
				if day != none {
					store.now = time.Unix(1700000000, 0).AddDate(0, 0, day)
				}
				h, err := machines[who].run(t.Context(), store, smallPacks, before...)
				if err != nil {
					t.Fatal(err)
				}
				number[h.Hash] = fmt.Sprint(i)
			}
			var got []string
			for _, h := range s.reader(t).Heads() {
				got = append(got, number[h.Hash])
			}
			if order := strings.Join(got, " "); order != test.want {
				t.Errorf("%s, not %s", order, test.want)
			}
		})
	}
}

// TestClocks: who backs up is told when the store's clock and this machine's are
// far apart.
func TestClocks(t *testing.T) {
	here := time.Unix(1700000000, 0)
	for apart, told := range map[time.Duration]bool{
		0: false, 23 * time.Hour: false, -23 * time.Hour: false, 25 * time.Hour: true, -25 * time.Hour: true, 300 * 24 * time.Hour: true,
	} {
		s := newScene(t)
		o := smallPacks
		o.Now = func() time.Time { return here }
		run, err := repo.Begin(t.Context(), clocked{s.store, here.Add(apart)}, s.load(t, s.memory), s.key, s.memory, o)
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		if _, err := commitFiles(t.Context(), run, before); err != nil {
			t.Fatal(err)
		}
		if found := slices.ContainsFunc(run.Notes(), func(n string) bool { return strings.Contains(n, "clock") }); found != told {
			t.Errorf("%v apart: %q", apart, run.Notes())
		}
	}
}
