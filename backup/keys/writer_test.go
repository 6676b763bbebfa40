package keys_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

func TestKeyringRoundTrip(t *testing.T) {
	for _, classic := range []bool{false, true} {
		m := newMaster(t, classic)
		k := newKeyring(t, m)
		w := newWriter(t, k, m.Root)
		n, err := k.AddEpoch(classic)
		if err != nil || n != 2 || k.Newest() != 2 {
			t.Fatalf("second epoch is %d, %v", n, err)
		}
		object, err := k.Seal(m.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		got, err := keys.OpenKeyring(format.KeyringName(1, format.Sum(object)), object, m)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.File()) != string(k.File()) {
			t.Error("another keyring came back")
		}
		if _, ok := got.Writer(w.ID); !ok {
			t.Error("the writer is not in it")
		}
		for n := range uint64(4) {
			id, ok := got.Identity(n)
			r, _, also := got.Recipient(n)
			if ok != (n == 1 || n == 2) || also != ok {
				t.Errorf("epoch %d: %v", n, ok)
			}
			if !ok {
				continue
			}
			if plain, err := decrypt(encrypt(t, "x", r), id); err != nil || plain != "x" {
				t.Errorf("epoch %d: identity and recipient do not fit: %v", n, err)
			}
			if plain, err := decrypt(encrypt(t, "x", r), got.Identities()...); err != nil || plain != "x" {
				t.Errorf("epoch %d: not among all identities: %v", n, err)
			}
		}
	}
}

// TestLabels puts labels into a keyring that try to be more than labels.
func TestLabels(t *testing.T) {
	m := newMaster(t, true)
	k := newKeyring(t, m)
	alphabet := []rune("a \n\r\t\"\\#\x00\x1f\x7f\u0085\u2028\u2029\U0001f600<>&é")
	labels := []string{"", "# epoch 7", "x\"\n# epoch 7\nAGE-SECRET-KEY-1X\n# writer ", `\u000a`, strings.Repeat("é", keys.MaxLabel/2)}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var b strings.Builder
		for range rng.IntN(12) {
			b.WriteRune(alphabet[rng.IntN(len(alphabet))])
		}
		labels = append(labels, b.String())
	}
	index, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	want := map[format.Hash]string{}
	for _, label := range labels {
		id := format.Hash{byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32())}
		want[id] = label
		if err := k.PutWriter(keys.KeyringWriter{ID: id, Index: index.String(), Label: label}); err != nil {
			t.Fatal(err)
		}
	}
	file := k.File()
	if lines := strings.Count(string(file), "\n"); lines != 3+len(want)+2 {
		t.Errorf("%d lines for %d writers", lines, len(want))
	}
	got, err := keys.ParseKeyring(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Writers) != len(want) || len(got.Epochs) != 1 {
		t.Errorf("%d writers and %d epochs", len(got.Writers), len(got.Epochs))
	}
	for id, label := range want {
		if w, ok := got.Writer(id); !ok || w.Label != label {
			t.Errorf("label %q came back as %q", label, w.Label)
		}
	}
	ids, err := age.ParseIdentities(strings.NewReader(string(file)))
	if err != nil || len(ids) != 1 {
		t.Errorf("stock age sees %d identities, %v", len(ids), err)
	}
}

func TestKeyringRefuses(t *testing.T) {
	m := newMaster(t, true)
	k := newKeyring(t, m)
	w := newWriter(t, k, m.Root)
	good := k.Writers[0]
	for name, bad := range map[string]keys.KeyringWriter{
		"label too long":   {ID: good.ID, Index: good.Index, Label: strings.Repeat("x", keys.MaxLabel+1)},
		"label no UTF-8":   {ID: good.ID, Index: good.Index, Label: "\xff"},
		"no identity":      {ID: good.ID},
		"plugin":           {ID: good.ID, Index: "AGE-PLUGIN-YUBIKEY-1QQPSXQYZPEA6AEFH7WG"},
		"line after it":    {ID: good.ID, Index: good.Index + "\n# epoch 3"},
		"identity, lower":  {ID: good.ID, Index: strings.ToLower(good.Index)},
		"recipient, wrong": {ID: good.ID, Index: text(w.IndexRecipient())},
	} {
		if err := k.PutWriter(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
		broken := *k
		broken.Writers = []keys.KeyringWriter{bad}
		if _, err := broken.Seal(m.Recipient()); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
	twice := *k
	twice.Writers = []keys.KeyringWriter{good, good}
	if _, err := twice.Seal(m.Recipient()); err == nil {
		t.Error("a writer twice: sealed")
	}
	if _, err := (&keys.Keyring{Repository: m.Repository}).Seal(m.Recipient()); err == nil {
		t.Error("no epoch: sealed")
	}
	if err := k.PutWriter(keys.KeyringWriter{ID: good.ID, Index: good.Index, Label: "new"}); err != nil || len(k.Writers) != 1 || k.Writers[0].Label != "new" {
		t.Errorf("a label cannot be changed: %v", err)
	}
}

// TestWriterOpensNoPack is what a stolen backup machine must not be able to.
func TestWriterOpensNoPack(t *testing.T) {
	for _, classic := range []bool{false, true} {
		m := newMaster(t, classic)
		k := newKeyring(t, m)
		w := newWriter(t, k, m.Root)
		other := newWriter(t, k, m.Root)
		epoch, _ := k.Identity(1)

		pack := encrypt(t, "pack", w.EpochRecipient()...)
		if got, err := decrypt(pack, epoch); err != nil || got != "pack" {
			t.Errorf("the epoch does not open a pack: %v", err)
		}
		index := encrypt(t, "index", w.IndexRecipients()...)
		for _, id := range []age.Identity{epoch, w.IndexIdentity()} {
			if got, err := decrypt(index, id); err != nil || got != "index" {
				t.Errorf("an index object does not open: %v", err)
			}
		}
		news := encrypt(t, "news", w.IndexRecipient())
		if got, err := decrypt(news, w.IndexIdentity()); err != nil || got != "news" {
			t.Errorf("news do not open: %v", err)
		}
		if _, err := decrypt(pack, w.IndexIdentity()); err == nil {
			t.Error("a writer opens a pack")
		}
		if _, err := decrypt(index, other.IndexIdentity()); err == nil {
			t.Error("a writer opens the index of another")
		}
		for _, secret := range []string{"root-key", text(m.Recipient())} {
			if strings.Contains(string(w.Marshal()), secret) {
				t.Errorf("the key file holds %.20s", secret)
			}
		}
	}
}

func TestWriterSecrets(t *testing.T) {
	m := newMaster(t, true)
	k := newKeyring(t, m)
	a, b := newWriter(t, k, m.Root), newWriter(t, k, m.Root)
	seen := map[[32]byte]string{}
	note := func(name string, key [32]byte) {
		if before, ok := seen[key]; ok {
			t.Errorf("%s is also %s", name, before)
		}
		seen[key] = name
	}
	for name, w := range map[string]*keys.Writer{"a": a, "b": b} {
		if k.Secrets(w.Dedup).CutKey() != w.CutKey() {
			t.Errorf("%s: readers derive another cut key", name)
		}
		note(name+" cut", w.CutKey())
		for kind := format.Kind(0); kind < format.Kinds; kind++ {
			if k.Secrets(w.Dedup).IDKey(kind) != w.IDKey(kind) {
				t.Errorf("%s: readers derive another id key", name)
			}
			note(name+" "+kind.String(), w.IDKey(kind))
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind that does not exist has a key")
		}
	}()
	a.IDKey(format.Kinds)
}

func TestInherit(t *testing.T) {
	m := newMaster(t, false)
	k := newKeyring(t, m)
	old := newWriter(t, k, m.Root)
	next, err := keys.InheritWriter(k, m.Root, "new laptop", old.ID, old.Dedup)
	if err != nil {
		t.Fatal(err)
	}
	third, err := keys.InheritWriter(k, m.Root, "newer laptop", next.ID, next.Dedup)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*keys.Writer{next, third} {
		if w.ID == old.ID || w.Signer().Seed() == old.Signer().Seed() {
			t.Error("it signs as the old one")
		}
		if w.Dedup != old.Dedup || w.CutKey() != old.CutKey() || text(w.IndexRecipient()) != text(old.IndexRecipient()) {
			t.Error("it does not know what the old one stored")
		}
	}
	if len(k.Writers) != 3 {
		t.Errorf("the keyring has %d writers", len(k.Writers))
	}
	if _, err := keys.InheritWriter(k, m.Root, "x", format.Hash{1}, old.Dedup); format.ClassOf(err) != format.Missing {
		t.Errorf("a writer that is not there: %v", err)
	}
	if _, err := keys.NewWriter(k, newMaster(t, true).Root, "x"); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("a foreign root: %v", err)
	}
	if _, err := k.AddEpoch(true); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.InheritWriter(k, m.Root, "x", old.ID, old.Dedup); err == nil {
		t.Error("a hybrid index identity goes with a classic epoch, which age cannot encrypt to")
	}
}

func TestEnterEpoch(t *testing.T) {
	m := newMaster(t, false)
	k := newKeyring(t, m)
	w := newWriter(t, k, m.Root)
	before := string(w.Marshal())
	n, err := k.AddEpoch(false)
	if err != nil {
		t.Fatal(err)
	}
	_, recipient, _ := k.Recipient(n)
	classic, _ := age.GenerateX25519Identity()
	for name, bad := range map[string]struct {
		n uint64
		r string
	}{
		"the same epoch":   {1, recipient},
		"classic":          {2, classic.Recipient().String()},
		"plugin":           {2, "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"},
		"SSH key":          {2, m.Root.String()},
		"with a line feed": {2, recipient + "\n"},
		"upper case":       {2, strings.ToUpper(recipient)},
		"identity":         {2, classic.String()},
	} {
		if err := w.Enter(bad.n, bad.r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if string(w.Marshal()) != before {
		t.Error("a refused epoch has changed the writer")
	}
	if err := w.Enter(n, recipient); err != nil {
		t.Fatal(err)
	}
	again, err := keys.ParseWriter(w.Marshal())
	if err != nil || again.Epoch != n || text(again.EpochRecipient()[0]) != recipient {
		t.Errorf("the key file does not hold the epoch: %v", err)
	}
}

func TestWriterFileTooLarge(t *testing.T) {
	_, err := keys.ParseWriter([]byte(strings.Repeat(" ", 1<<20)))
	wantClass(t, err, string(format.Oversized))
	_, err = keys.ParseKeyring([]byte(strings.Repeat("#", format.MaxKeyring+1)))
	wantClass(t, err, string(format.Oversized))
}
