package repo_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage/storagetest"
)

// encrypt seals a plaintext as everybody can who knows the recipients.
func encrypt(t *testing.T, plaintext []byte, to ...age.Recipient) []byte {
	t.Helper()
	var object bytes.Buffer
	w, err := age.Encrypt(&object, to...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plaintext); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return object.Bytes()
}

// forgeIndex puts an index object that says records, and a checkpoint of our own
// key that names it with its packs.
func (s *scene) forgeIndex(t *testing.T, writer format.Hash, records ...format.IndexPack) (index, head string) {
	t.Helper()
	slices.SortFunc(records, func(a, b format.IndexPack) int { return a.Pack.Compare(b.Pack) })
	live := noLive()
	for i := range records {
		live.Packs = append(live.Packs, format.Ref{SHA256: records[i].Pack, Size: records[i].Size})
	}
	return s.forgeIndexOf(t, writer, live, records...)
}

// forgeIndexOf is forgeIndex with a live set that says something else.
func (s *scene) forgeIndexOf(t *testing.T, writer format.Hash, live format.LiveSet, records ...format.IndexPack) (index, head string) {
	t.Helper()
	object := s.sealedIndex(t, writer, records...)
	index = plant(s.store, format.IndexName, object)
	live.Index = append(live.Index, format.Ref{SHA256: format.Sum(object), Size: int64(len(object))})
	live.Sort()
	head, signed := signedHead(s.key.Signer(), s, 1, []format.Hash{}, nil, live)
	s.store.Tamper(head, signed)
	return index, head
}

// sealedIndex is an index object as everybody can make one who knows the
// recipients.
func (s *scene) sealedIndex(t *testing.T, writer format.Hash, records ...format.IndexPack) []byte {
	t.Helper()
	var data []byte
	for i := range records {
		data = format.AppendIndexPack(data, &records[i])
	}
	h := format.Header{Type: format.TypeIndex, Repository: s.master.Repository, Epoch: 1, Writer: writer}
	return encrypt(t, format.Seal(h, format.NewCompressor(zstd.SpeedFastest), data), s.key.IndexRecipients()...)
}

// orphans leaves packs in the store of which nobody but the journal knows, and
// returns what an index would say of them.
func (s *scene) orphans(t *testing.T) []format.IndexPack {
	t.Helper()
	for n, call := range calls(t, s, false) {
		if call.Op == storagetest.OpPut && strings.HasPrefix(call.Key, format.IndexDir) {
			s.die(t, n+1, crashBefore, after...)
		}
	}
	records, err := s.memory.Journal().Records()
	if err != nil || len(records) == 0 {
		t.Fatalf("%d packs in the journal, %v", len(records), err)
	}
	var packs []format.IndexPack
	for _, record := range records {
		for p, err := range format.ParseIndex(record[8:]) { // behind the epoch
			if err != nil {
				t.Fatal(err)
			}
			packs = append(packs, p)
		}
	}
	return packs
}

func (s *scene) problems(t *testing.T) []error {
	t.Helper()
	report, err := repo.Check(t.Context(), s.store, s.load(t, nil), s.reader(t), repo.CheckOptions{ReadData: true})
	if err != nil {
		t.Fatal(err)
	}
	return report.Problems
}

func wantProblem(t *testing.T, problems []error, class format.Class, what string) {
	t.Helper()
	var f *format.Error
	for _, p := range problems {
		if errors.As(p, &f) && f.Class == class && strings.Contains(f.What, what) {
			return
		}
	}
	t.Errorf("want %s of %s, got %v", class, what, problems)
}

// TestLyingIndex: an index object, duly signed for, that says of packs what is
// not so.
func TestLyingIndex(t *testing.T) {
	base := newScene(t)
	packs := base.orphans(t)
	for _, test := range []struct {
		name string
		want format.Class
		lie  func(p *format.IndexPack)
	}{
		{"kind", format.WrongKind, func(p *format.IndexPack) { p.Kind = format.Media }},
		{"size", format.Truncated, func(p *format.IndexPack) { p.Size++ }},
		{"directory", format.Malformed, func(p *format.IndexPack) {
			p.Frames = slices.Clone(p.Frames)
			p.Frames[0].Members = slices.Clone(p.Frames[0].Members)
			p.Frames[0].Members[0].ID[0] ^= 1
		}},
		{"one frame less", format.Malformed, func(p *format.IndexPack) {
			p.Frames = append(slices.Clone(p.Frames), p.Frames[0])
		}},
		{"absent", format.Missing, func(p *format.IndexPack) { p.Pack = format.Sum([]byte("none")) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := base.fork(t)
			p := packs[0]
			test.lie(&p)
			s.forgeIndex(t, s.key.ID, p)
			wantProblem(t, s.problems(t), test.want, format.PackName(p.Pack))
		})
	}
	t.Run("another size than the head", func(t *testing.T) {
		s := base.fork(t)
		lie, live := packs[0], noLive()
		live.Packs = append(live.Packs, format.Ref{SHA256: lie.Pack, Size: lie.Size})
		lie.Size++
		_, head := s.forgeIndexOf(t, s.key.ID, live, lie)
		ref := s.load(t, nil).Chains[s.key.ID].Tip().Live.Index[0]
		s.snapshotOf(t, head)
		_, err := s.reader(t).Open(t.Context(), s.load(t, nil).Chains[s.key.ID].Tip())
		if format.ClassOf(err) != format.Malformed || !strings.Contains(err.Error(), format.IndexName(ref.SHA256)) {
			t.Errorf("%v", err)
		}
	})
	t.Run("truth", func(t *testing.T) {
		s := base.fork(t)
		s.forgeIndex(t, s.key.ID, packs...)
		if found := s.problems(t); len(found) > 0 {
			t.Error(found)
		}
	})
}

// snapshotOf makes a snapshot of a checkpoint, the only head, by giving it a
// manifest.
func (s *scene) snapshotOf(t *testing.T, head string) {
	t.Helper()
	s.snapshotSaying(t, head, manifest())
}

// snapshotSaying is snapshotOf with what the manifest says of its contents.
func (s *scene) snapshotSaying(t *testing.T, head string, m *format.Manifest) {
	t.Helper()
	h := s.load(t, nil).Chains[s.key.ID].Tip()
	m.Repository, m.Writer, m.Seq, m.Prev, m.Live = s.master.Repository, s.key.ID, h.Seq, h.Prev, h.Live.Hash()
	header := format.Header{Type: format.TypeManifest, Repository: s.master.Repository, Epoch: 1, Writer: s.key.ID}
	object := encrypt(t, format.Seal(header, format.NewCompressor(zstd.SpeedFastest), m.Encode()), s.key.EpochRecipient()...)
	plant(s.store, format.ManifestName, object)
	ref := &format.Ref{SHA256: format.Sum(object), Size: int64(len(object))}
	s.store.Tamper(head, nil)
	key, signed := signedHead(s.key.Signer(), s, h.Seq, h.Prev, ref, *h.Live)
	s.store.Tamper(key, signed)
}

// TestFalseMember: a pack that claims a chunk with other bytes. As an orphan
// nobody reads it; named in an index it is refused.
func TestFalseMember(t *testing.T) {
	s := newScene(t)
	packs := s.orphans(t)
	record, object := falsePack(t, s, packs[0])
	key := plant(s.store, format.PackName, object)

	named := s.fork(t)
	named.forgeIndex(t, s.key.ID, record)
	wantProblem(t, named.problems(t), format.Flipped, key)

	s.commit(t, after...)
	s.sound(t)
}

// TestIndexOfAnother: a chain that names an index object it cannot read goes on,
// and stores anew what that covers.
func TestIndexOfAnother(t *testing.T) {
	s := newScene(t)
	packs := s.orphans(t)
	other := s.enrol(t, "other")
	h := format.Header{Type: format.TypeIndex, Repository: s.master.Repository, Epoch: 1, Writer: other.key.ID}
	var data []byte
	for i := range packs[:1] {
		data = format.AppendIndexPack(data, &packs[i])
	}
	object := encrypt(t, format.Seal(h, format.NewCompressor(zstd.SpeedFastest), data), other.key.IndexRecipients()...)
	plant(s.store, format.IndexName, object)
	live := noLive()
	live.Packs = append(live.Packs, format.Ref{SHA256: packs[0].Pack, Size: packs[0].Size})
	live.Index = append(live.Index, format.Ref{SHA256: format.Sum(object), Size: int64(len(object))})
	key, head := signedHead(s.key.Signer(), s, 1, []format.Hash{}, nil, live)
	s.store.Tamper(key, head)
	if err := s.load(t, nil).Remember(s.memory); err != nil {
		t.Fatal(err)
	}
	s.commit(t, after...)
	s.sound(t)
}

// TestWriterCannotRead takes all that a backup host has, its key file, its state
// and its caches, and tries every identity and secret in them on every object
// of the store.
func TestWriterCannotRead(t *testing.T) {
	s := oneSnapshot(t)
	other := s.enrol(t, "other")
	s.commitBy(t, other, after...)
	s.commit(t, after...)
	if err := os.WriteFile(filepath.Join(s.dir, "writer.key"), s.key.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	news := encrypt(t, []byte("news"), s.key.IndexRecipient())
	plant(s.store, func(h format.Hash) string { return format.NewsName(s.key.ID, 1, h) }, news)

	ids := identitiesIn(t, s.dir)
	if len(ids) == 0 {
		t.Fatal("the key file has no identity: this test looks in the wrong place")
	}
	r := s.reader(t)
	own := map[string]bool{}
	for _, ref := range r.View().Chains[s.key.ID].Ever().Index {
		own[format.IndexName(ref.SHA256)] = true
	}
	opened := 0
	for _, key := range s.store.Keys("") {
		if !strings.HasSuffix(key, ".age") {
			continue
		}
		_, err := age.Decrypt(bytes.NewReader(s.store.Bytes(key)), ids...)
		may := own[key] || strings.HasPrefix(key, format.WritersDir+s.key.ID.String())
		if may != (err == nil) {
			t.Errorf("%s: may open it: %v, does: %v", key, may, err == nil)
		}
		if err == nil {
			opened++
		}
	}
	if opened != len(own)+1 {
		t.Errorf("%d objects open, of %d own index objects and the news", opened, len(own))
	}
	secretsNowhere(t, s)
}

// identitiesIn collects every age identity in files. Other secrets of the key
// file serve as passphrases, and as seeds of SSH keys.
func identitiesIn(t *testing.T, dir string) []age.Identity {
	t.Helper()
	var ids []age.Identity
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, word := range bytes.FieldsFunc(data, func(r rune) bool { return strings.ContainsRune("\" \n,", r) }) {
			if len(word) == 64 && strings.HasSuffix(path, "writer.key") {
				ids = append(ids, secretAs(t, string(word))...)
			}
			if !bytes.HasPrefix(word, []byte("AGE-SECRET-KEY-")) {
				continue
			}
			found, err := age.ParseIdentities(bytes.NewReader(word))
			if err != nil {
				return err
			}
			ids = append(ids, found...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// secretAs is every identity that 64 hex digits could be.
func secretAs(t *testing.T, word string) []age.Identity {
	t.Helper()
	seed, err := format.ParseHash(word)
	if err != nil {
		return nil
	}
	pass, err := age.NewScryptIdentity(word)
	if err != nil {
		t.Fatal(err)
	}
	ssh, err := agessh.NewEd25519Identity(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	return []age.Identity{pass, ssh}
}

// secretsNowhere asks that neither the master's nor the epoch's secrets, nor any
// stored content, stand in a file of the host.
func secretsNowhere(t *testing.T, s *scene) {
	t.Helper()
	r := s.reader(t)
	seed := format.Hash(s.master.RootKey.Seed()).String()
	dedup := format.Hash(r.Keyring().Dedup).String()
	var master, epoch string
	for line := range strings.Lines(string(s.master.File())) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			master = strings.TrimSpace(line)
		}
	}
	for line := range strings.Lines(string(r.Keyring().File())) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			epoch = strings.TrimSpace(line)
		}
	}
	if master == "" || epoch == "" {
		t.Fatal("this test looks for nothing")
	}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for name, secret := range map[string]string{"root key": seed, "keyring's dedup": dedup, "master": master, "epoch": epoch, "content": string(after[1][:200])} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds the %s", path, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWriterCannotEnrol: with a writer's key nobody makes an authority.
func TestWriterCannotEnrol(t *testing.T) {
	s := oneSnapshot(t)
	a := *s.load(t, nil).Authority
	a.N, a.Previous = 2, []format.Hash{s.load(t, nil).AuthorityHash}
	key := plant(s.store, func(h format.Hash) string { return format.AuthorityName(2, h) }, keys.SignAuthority(s.key.Signer(), &a))
	refused(t, s, nil, format.WrongWriter, key)
}
