package repo_test

import (
	"bytes"
	"slices"
	"testing"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// epoch commits an authority of epoch 2 that names news for the scene's writer.
func (s *scene) epoch(t *testing.T, news *format.News) {
	t.Helper()
	o := s.owner(t)
	a := o.Authority()
	a.Epoch = 2
	if news != nil {
		h := format.Header{Type: format.TypeNews, Repository: s.master.Repository, Epoch: 2, Writer: s.key.ID}
		object := encrypt(t, format.Seal(h, format.NewCompressor(zstd.SpeedFastest), news.Encode()), s.key.IndexRecipient())
		plant(s.store, func(h format.Hash) string { return format.NewsName(s.key.ID, 1, h) }, object)
		i := slices.IndexFunc(a.Writers, func(w format.AuthorityWriter) bool { return w.ID == s.key.ID })
		a.Writers[i].News = []format.NewsRef{{N: 1, SHA256: format.Sum(object), Size: int64(len(object))}}
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestNewEpoch: a writer encrypts to the epoch that the owner began, of which
// news tell it, and to no other.
func TestNewEpoch(t *testing.T) {
	base := newScene(t)
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	tells := func(change func(n *format.News)) *format.News {
		n := &format.News{Repository: base.master.Repository, Writer: base.key.ID, N: 1, Epoch: 2, Recipient: id.Recipient().String()}
		change(n)
		return n
	}
	t.Run("told", func(t *testing.T) {
		s := base.fork(t)
		s.epoch(t, tells(func(*format.News) {}))
		for range 2 { // a second time from the cache
			h, err := s.run(t.Context(), s.store, smallPacks, before...)
			if err != nil {
				t.Fatal(err)
			}
			if h.Epoch != 2 || s.key.Epoch != 1 {
				t.Errorf("a head of epoch %d by a key of epoch %d", h.Epoch, s.key.Epoch)
			}
		}
		for _, key := range append(s.store.Keys(format.PacksDir), s.store.Keys(format.ManifestsDir)...) {
			if _, err := age.Decrypt(bytes.NewReader(s.store.Bytes(key)), id); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
	})
	for name, test := range map[string]struct {
		want format.Class
		news *format.News
	}{
		"not told":              {format.WrongKey, nil},
		"told of another":       {format.WrongKey, tells(func(n *format.News) { n.Epoch = 3 })},
		"of another repository": {format.WrongRepository, tells(func(n *format.News) { n.Repository = format.Sum(nil) })},
		"for another writer":    {format.WrongPlace, tells(func(n *format.News) { n.Writer = format.Sum(nil) })},
		"no recipient":          {format.Malformed, tells(func(n *format.News) { n.Recipient = "age1x" })},
	} {
		t.Run(name, func(t *testing.T) {
			s := base.fork(t)
			s.epoch(t, test.news)
			if _, err := s.run(t.Context(), s.store, smallPacks, before...); format.ClassOf(err) != test.want {
				t.Errorf("want %s, got %v", test.want, err)
			}
			if packs := s.store.Keys(format.PacksDir); len(packs) > 0 {
				t.Errorf("%q", packs)
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		s := base.fork(t)
		s.epoch(t, tells(func(*format.News) {}))
		s.store.Tamper(s.store.Keys(format.WritersDir)[0], nil)
		if _, err := repo.Begin(t.Context(), s.store, s.load(t, nil), s.key, s.memory, smallPacks); format.ClassOf(err) != format.Missing {
			t.Errorf("%v", err)
		}
	})
}
