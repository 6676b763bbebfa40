package repo_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage/storagetest"
)

// parityScene is a repository with parity and some packs of one run.
func parityScene(t *testing.T, files int) *scene { return parityScenePacked(t, files, smallPacks) }

func parityScenePacked(t *testing.T, files int, so repo.SessionOptions) *scene {
	t.Helper()
	s := newScene(t)
	o := s.owner(t)
	o.SetParity(true)
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var contents [][]byte
	for i := range files {
		contents = append(contents, noise(uint64(i), 70<<10+i*9000))
	}
	h, err := s.run(t.Context(), s.store, so, contents...)
	if err != nil {
		t.Fatal(err)
	}
	s.note(h, contents)
	return s
}

func (s *scene) mend(t *testing.T, store *storagetest.Memory) *repo.MendReport {
	t.Helper()
	report, err := repo.Mend(t.Context(), store, s.master.Repository, repo.MendOptions{Place: "here"})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (s *scene) wantHealed(t *testing.T, store *storagetest.Memory, what string) {
	t.Helper()
	report := s.mend(t, store)
	if len(report.Left) > 0 {
		t.Errorf("%s: left: %v", what, report.Left)
	}
	for _, m := range report.Mended {
		if m.From != "parity" {
			t.Errorf("%s: %s comes from %s", what, m.Key, m.From)
		}
	}
	for _, key := range s.store.Keys("") {
		if !bytes.Equal(store.Bytes(key), s.store.Bytes(key)) {
			t.Errorf("%s: %s is not as it was", what, key)
		}
	}
}

// TestParityLoss takes away any one pack, of a small run and of one with several
// groups, and two of a group with two rows.
func TestParityLoss(t *testing.T) {
	for _, files := range []int{1, 5, 30} {
		s := parityScene(t, files)
		packs := s.store.Keys("packs/")
		rows := s.store.Keys("parity/")
		if len(rows) == 0 {
			t.Fatal("there is no parity")
		}
		for i, key := range packs {
			if i%4 != 0 && files > 5 && !long() {
				continue
			}
			c := s.store.Clone()
			c.Tamper(key, nil)
			s.wantHealed(t, c, key+" is gone")
		}
		for _, row := range rows {
			p, err := format.ParseParity(s.store.Bytes(row))
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Packs) < 13 {
				continue
			}
			c := s.store.Clone()
			c.Tamper(format.PackName(p.Packs[2].SHA256), nil)
			c.Tamper(format.PackName(p.Packs[11].SHA256), nil)
			s.wantHealed(t, c, "two packs are gone")
			// With the other row lost, one of them is too many.
			c = s.store.Clone()
			c.Tamper(row, nil)
			c.Tamper(format.PackName(p.Packs[2].SHA256), nil)
			if report := s.mend(t, c); len(report.Left) > 0 {
				t.Errorf("one row, one pack: %v", report.Left)
			}
			c.Tamper(format.PackName(p.Packs[2].SHA256), nil)
			c.Tamper(format.PackName(p.Packs[3].SHA256), nil)
			if report := s.mend(t, c); len(report.Left) != 2 {
				t.Errorf("one row, two packs: %v", report.Left)
			}
		}
	}
}

// TestParityFlips flips a hundredth of a pack's bytes, in one run and anywhere,
// and a run in each of two packs at different places: all of it heals in place.
func TestParityFlips(t *testing.T) {
	s := parityScenePacked(t, 5, repo.SessionOptions{PackSize: 200 << 10})
	r := rand.New(rand.NewPCG(8, 9))
	packs := s.store.Keys("packs/")
	rounds := 3
	if long() {
		rounds = 60
	}
	for range rounds {
		for _, key := range packs {
			object := s.store.Bytes(key)
			n := max(1, len(object)/100)
			burst, scattered := bytes.Clone(object), bytes.Clone(object)
			for i, at := 0, r.IntN(len(object)-n+1); i < n; i++ {
				burst[at+i] ^= byte(1 + r.IntN(255))
				scattered[r.IntN(len(object))] ^= byte(1 + r.IntN(255))
			}
			for what, bad := range map[string][]byte{"burst": burst, "scattered": scattered, "cut": object[:r.IntN(len(object))], "longer": append(bytes.Clone(object), 1)} {
				c := s.store.Clone()
				c.Tamper(key, bad)
				s.wantHealed(t, c, what+" in "+key)
			}
		}
	}
	// The damage of two packs meets in no block.
	large := slices.DeleteFunc(slices.Clone(packs), func(key string) bool { return len(s.store.Bytes(key)) < 2*format.ParityBlock })
	if len(large) < 2 {
		t.Fatal("no two packs have two blocks")
	}
	c := s.store.Clone()
	a, b := c.Bytes(large[0]), c.Bytes(large[1])
	a[100] ^= 1
	b[format.ParityBlock+100] ^= 1
	c.Tamper(large[0], a)
	c.Tamper(large[1], b)
	s.wantHealed(t, c, "two packs")
}

// TestParityDamaged damages parity itself: that is noted, costs nothing but its
// power, and never puts a wrong byte in place.
func TestParityDamaged(t *testing.T) {
	s := parityScene(t, 3)
	row := s.store.Keys("parity/")[0]
	packs := s.store.Keys("packs/")
	for _, at := range []int{0, 60, len(s.store.Bytes(row)) / 2, len(s.store.Bytes(row)) - 1} {
		c := s.store.Clone()
		bad := c.Bytes(row)
		bad[at] ^= 1
		c.Tamper(row, bad)
		v := s.load(t, nil)
		report, err := repo.Check(t.Context(), c, v, nil, repo.CheckOptions{ReadData: true})
		if err != nil || len(report.Problems) > 0 || !slices.ContainsFunc(report.Notes, func(n string) bool { return bytes.Contains([]byte(n), []byte(row)) }) {
			t.Errorf("%v: problems %v, notes %v", err, report.Problems, report.Notes)
		}
		c.Tamper(packs[0], nil)
		if report := s.mend(t, c); len(report.Mended) > 0 || len(report.Left) != 1 {
			t.Errorf("mended %v, left %v", report.Mended, report.Left)
		}
	}
}

// TestParityFails: a store that takes no parity takes the backup all the same.
func TestParityFails(t *testing.T) {
	s := parityScene(t, 1)
	f := storagetest.NewFault(s.store, storagetest.Rule{Op: storagetest.OpPut, Prefix: "parity/", Do: storagetest.FailBefore})
	h, err := s.run(t.Context(), f, smallPacks, noise(50, 100<<10))
	if err != nil || h == nil {
		t.Fatalf("a backup without parity: %v", err)
	}
}

// TestDeadParity: parity is dead when all of its packs are.
func TestDeadParity(t *testing.T) {
	s := parityScene(t, 2)
	s.commit(t, noise(70, 90<<10))
	var names []format.Name
	for _, key := range s.store.Keys("") {
		name, _ := format.ParseName(key)
		names = append(names, name)
	}
	p, err := format.ParseParity(s.store.Bytes(s.store.Keys("parity/")[0]))
	if err != nil {
		t.Fatal(err)
	}
	for spare := range len(p.Packs) + 1 {
		dead, err := repo.DeadParity(t.Context(), s.store, names, func(h format.Hash) bool {
			i := slices.IndexFunc(p.Packs, func(r format.Ref) bool { return r.SHA256 == h })
			return i >= 0 && i != spare
		})
		want := spare == len(p.Packs)
		if err != nil || (len(dead) == 1) != want {
			t.Errorf("all but %d of %d packs are dead: %v, %v", spare, len(p.Packs), dead, err)
		}
	}
}

// TestParityRows holds the rows that writers put against the sums that the
// specification asks for, worked out one byte at a time.
func TestParityRows(t *testing.T) {
	s := parityScene(t, 30)
	second := false
	for _, key := range s.store.Keys("parity/") {
		p, err := format.ParseParity(s.store.Bytes(key))
		if err != nil {
			t.Fatal(err)
		}
		second = second || p.Row == 1
		want := make([]byte, len(p.Data))
		factor := byte(1)
		for c, ref := range p.Packs {
			pack := s.store.Bytes(format.PackName(ref.SHA256))
			if format.Sum(pack) != ref.SHA256 || !slices.Equal(p.Sums[c], format.SumBlocks(pack)) {
				t.Errorf("%s is wrong about %s", key, ref.SHA256)
			}
			for i, b := range pack {
				want[i] ^= times(factor, b)
			}
			if p.Row == 1 {
				factor = times(factor, 2)
			}
		}
		if !bytes.Equal(want, p.Data) {
			t.Errorf("%s is not the row that it should be", key)
		}
	}
	if !second {
		t.Error("no group has a second row")
	}
}

// times multiplies in the field of 256 elements with the polynomial 0x11d.
func times(a, b byte) (product byte) {
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		high := a&0x80 != 0
		if a <<= 1; high {
			a ^= 0x1d
		}
	}
	return product
}
