package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
)

func TestFaultIsTransparent(t *testing.T) {
	Run(t, func(*testing.T) storage.Store { return NewFault(NewMemory(), Rule{Prefix: "none", Do: FailBefore}) })
}

func TestFaultFails(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		rule Rule
		done bool
		want error
	}{
		{Rule{Op: OpPut, Nth: 2, Do: FailBefore}, false, ErrInjected},
		{Rule{Op: OpPut, Nth: 2, Do: FailAfter}, true, ErrInjected},
		{Rule{Prefix: "b", Do: FailAfter, Err: boom}, true, boom},
		{Rule{Nth: 2, Do: FailBefore, Err: &storage.Error{Class: storage.Full, Err: boom}}, false, boom},
	} {
		m := NewMemory()
		f := NewFault(m, test.rule)
		conform.Put(t, f, "a", nil)
		_, err := f.Put(t.Context(), "b", nil)
		conform.WantError(t, "put", err, test.want)
		if done := len(m.Keys("b")) == 1; done != test.done {
			t.Errorf("%+v: done is %v", test.rule, done)
		}
		f.Script()
		if _, err := f.Put(t.Context(), "c", nil); err != nil {
			t.Error(err)
		}
	}
}

func TestFaultHangs(t *testing.T) {
	for trouble, done := range map[Trouble]bool{HangBefore: false, HangAfter: true} {
		m := NewMemory()
		conform.Put(t, m, "a", nil)
		f := NewFault(m, Rule{Do: trouble})
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- f.Delete(ctx, "a") }()
		for len(f.Calls()) == 0 {
			runtime.Gosched()
		}
		cancel()
		conform.WantError(t, trouble.String(), <-result, context.Canceled)
		if gone := len(m.Keys("")) == 0; gone != done {
			t.Errorf("%v: gone is %v", trouble, gone)
		}
	}
}

func TestFaultDamagesData(t *testing.T) {
	data := conform.Random("data", 1000)
	m := NewMemory()
	conform.Put(t, m, "a", data)
	flipped := bytes.Clone(data)
	flipped[500] ^= 0x10
	for _, test := range []struct {
		rule Rule
		want []byte
		err  error
	}{
		{Rule{Do: GetBroken}, data[:500], io.ErrUnexpectedEOF},
		{Rule{Do: GetBroken, Err: fs.ErrPermission}, data[:500], fs.ErrPermission},
		{Rule{Do: GetTruncated}, data[:500], nil},
		{Rule{Do: GetFlipped}, flipped, nil},
		{Rule{Do: GetStale, Stale: []byte("old")}, []byte("old"), nil},
	} {
		got, err := conform.Read(t.Context(), NewFault(m, test.rule), "a", 0, -1)
		if !bytes.Equal(got, test.want) || !errors.Is(err, test.err) {
			t.Errorf("%v: %d bytes, %v", test.rule.Do, len(got), err)
		}
		conform.WantKeys(t, NewFault(m, test.rule), "", "a")
	}
}

func TestFaultLiesInListings(t *testing.T) {
	m := NewMemory()
	for _, key := range []string{"a", "b", "c"} {
		conform.Put(t, m, key, nil)
	}
	extra := storage.Info{Key: "x"}
	for _, test := range []struct {
		rule Rule
		want string
		fail bool
	}{
		{Rule{Do: ListOmit, Entry: 1}, "ac", false},
		{Rule{Do: ListOmit, Entry: 3}, "abc", false},
		{Rule{Do: ListAdd, Entry: 0, Info: extra}, "xabc", false},
		{Rule{Do: ListAdd, Entry: 3, Info: extra}, "abcx", false},
		{Rule{Do: ListRepeat, Entry: 2}, "abcc", false},
		{Rule{Do: ListReorder, Entry: 0}, "bac", false},
		{Rule{Do: ListReorder, Entry: 2}, "abc", false},
		{Rule{Do: ListBroken, Entry: 1}, "a", true},
		{Rule{Do: ListBroken, Entry: 3}, "abc", true},
		{Rule{Do: FailBefore}, "", true},
	} {
		infos, err := conform.List(NewFault(m, test.rule).List(t.Context(), ""))
		got := ""
		for _, info := range infos {
			got += info.Key
		}
		if got != test.want || errors.Is(err, ErrInjected) != test.fail {
			t.Errorf("%v at %d: %s, %v", test.rule.Do, test.rule.Entry, got, err)
		}
	}
}

func TestSweep(t *testing.T) {
	var stores []*Memory
	fresh := func() storage.Store {
		stores = append(stores, NewMemory())
		return stores[len(stores)-1]
	}
	Sweep(t, fresh, []Trouble{FailBefore, FailAfter}, func(t *testing.T, f *Fault) {
		f.Put(t.Context(), "a", nil)
		f.Put(t.Context(), "b", nil)
	})
	var got []string
	for _, m := range stores {
		state := ""
		for _, key := range m.Keys("") {
			state += key
		}
		got = append(got, state)
	}
	want := []string{"ab", "b", "ab", "a", "ab"}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("states %q, want %q", got, want)
		}
	}
}

func TestCounting(t *testing.T) {
	c := NewCounting(NewMemory())
	conform.Put(t, c, "packs/a", conform.Random("a", 100))
	conform.Put(t, c, "packs/b", conform.Random("b", 10))
	conform.Put(t, c, "index/c", conform.Random("c", 1))
	conform.Read(t.Context(), c, "packs/a", 50, -1)
	conform.List(c.List(t.Context(), "packs/"))
	c.Stat(t.Context(), "none")
	c.Delete(t.Context(), "none")
	for _, test := range []struct {
		op     Op
		folder string
		want   Count
	}{
		{OpPut, "packs", Count{2, 110, 0}},
		{OpPut, "", Count{3, 111, 0}},
		{OpGet, "", Count{1, 50, 0}},
		{OpList, "packs", Count{1, 0, 2}},
		{OpStat, "none", Count{1, 0, 0}},
		{OpDelete, "packs", Count{}},
		{"", "", Count{7, 161, 2}},
	} {
		if got := c.Count(test.op, test.folder); got != test.want {
			t.Errorf("%s %s: %+v, want %+v", test.op, test.folder, got, test.want)
		}
	}
	c.Reset()
	if got := c.Count("", ""); got != (Count{}) {
		t.Errorf("%+v after Reset", got)
	}
}
