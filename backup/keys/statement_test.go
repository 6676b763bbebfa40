package keys_test

import (
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// repository is a repository with one writer and one key that prunes.
type repository struct {
	id             format.Hash
	root           keys.SigningKey
	writer, pruner keys.SigningKey
	authority      *format.Authority
}

func newRepository() *repository {
	r := &repository{root: keys.GenerateSigningKey(), writer: keys.GenerateSigningKey(), pruner: keys.GenerateSigningKey()}
	r.id = r.root.Public().ID()
	r.authority = &format.Authority{
		Repository: r.id, N: 1, Root: r.root.Public().String(), Epoch: 1,
		Slots:   []format.Slot{{Name: "recovery", Kind: format.SlotRecovery, SHA256: format.Hash{1}, Size: 1}},
		Keyring: format.KeyringRef{N: 1, SHA256: format.Hash{2}, Size: 1},
		Writers: []format.AuthorityWriter{entry(r.writer, format.RoleWriter), entry(r.pruner, format.RolePrune)},
		Grace:   172800, Session: 86400,
	}
	if w := r.authority.Writers; w[0].ID.Compare(w[1].ID) > 0 {
		w[0], w[1] = w[1], w[0]
	}
	return r
}

func entry(k keys.SigningKey, role string) format.AuthorityWriter {
	id := k.Public().ID()
	return format.AuthorityWriter{ID: id, Key: k.Public().String(), Role: role, Dedup: id}
}

func (r *repository) head(seq uint64) *format.Head {
	h := &format.Head{
		Repository: r.id, Writer: r.writer.Public().ID(), Seq: seq, Epoch: 1,
		Live: &format.LiveSet{}, Authority: format.Hash{3},
	}
	if seq > 1 {
		h.Prev = []format.Hash{{4}}
	}
	return h
}

func TestSignAndOpen(t *testing.T) {
	r := newRepository()
	writer := must(keys.WriterKey(r.authority, r.writer.Public().ID(), format.RoleWriter))
	pruner := must(keys.WriterKey(r.authority, r.pruner.Public().ID(), format.RolePrune))

	object := keys.SignAuthority(r.root, r.authority)
	a, err := keys.OpenAuthority(format.AuthorityName(1, format.Sum(object)), object, r.id)
	if err != nil || string(a.Encode()) != string(r.authority.Encode()) {
		t.Errorf("authority: %v", err)
	}

	object = keys.SignHead(r.writer, r.head(7))
	h, err := keys.OpenHead(format.HeadName(writer.ID(), 7, format.Sum(object)), object, r.id, writer)
	if err != nil || h.Seq != 7 {
		t.Errorf("head: %v", err)
	}

	stone := &format.Tombstone{Repository: r.id, Signer: pruner.ID(), Time: time.Unix(1700000000, 0), Packs: []format.Hash{{5}}}
	object = keys.SignTombstone(r.pruner, stone)
	s, err := keys.OpenTombstone(format.TombstoneName(format.Sum(object)), object, r.id, pruner)
	if err != nil || len(s.Packs) != 1 {
		t.Errorf("tombstone: %v", err)
	}

	note := &format.Note{Repository: r.id, Writer: writer.ID(), About: "drill", Time: time.Unix(1700000000, 0), Text: "fine"}
	plain := keys.SignNote(r.writer, note)
	if note.Signature != "" {
		t.Error("signing has changed the note that was given")
	}
	n, err := keys.OpenNote(format.NoteName(writer.ID(), format.Hash{6}), plain, r.id, writer)
	if err != nil || n.Text != "fine" {
		t.Errorf("note: %v", err)
	}
}

// TestFlippedStatements flips each byte of a signed head, under a name that
// goes with the damage: no such head may open.
func TestFlippedStatements(t *testing.T) {
	r := newRepository()
	object := keys.SignHead(r.writer, r.head(1))
	writer := r.writer.Public()
	for i := range object {
		object[i] ^= 1
		name := format.HeadName(writer.ID(), 1, format.Sum(object))
		if _, err := keys.OpenHead(name, object, r.id, writer); format.ClassOf(err) == "" {
			t.Errorf("byte %d: %v", i, err)
		}
		object[i] ^= 1
	}
}

func TestWriterKey(t *testing.T) {
	r := newRepository()
	lying := newRepository()
	lying.authority.Writers[0].Key, lying.authority.Writers[1].Key = lying.authority.Writers[1].Key, lying.authority.Writers[0].Key
	for _, c := range []struct {
		name string
		a    *format.Authority
		id   format.Hash
		role string
		ok   bool
	}{
		{"writer", r.authority, r.writer.Public().ID(), format.RoleWriter, true},
		{"pruner", r.authority, r.pruner.Public().ID(), format.RolePrune, true},
		{"writer who prunes", r.authority, r.writer.Public().ID(), format.RolePrune, false},
		{"pruner who writes", r.authority, r.pruner.Public().ID(), format.RoleWriter, false},
		{"root who writes", r.authority, r.id, format.RoleWriter, false},
		{"nobody", r.authority, format.Hash{}, format.RoleWriter, false},
		{"keys in each other's place", lying.authority, lying.writer.Public().ID(), format.RoleWriter, false},
	} {
		key, err := keys.WriterKey(c.a, c.id, c.role)
		if (err == nil) != c.ok || c.ok && key.ID() != c.id {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			wantClass(t, err, string(format.WrongWriter))
		}
	}
}

func TestZeroSigningKey(t *testing.T) {
	if !(keys.SigningKey{}).IsZero() || keys.GenerateSigningKey().IsZero() {
		t.Error("the zero key is not told from others")
	}
}
