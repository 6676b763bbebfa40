package repo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// listener is a store that notes all that it is told.
type listener struct {
	storage.Store
	mu     sync.Mutex
	heard  bytes.Buffer
	writes int
}

func (l *listener) hear(write bool, parts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, part := range parts {
		l.heard.WriteString(part + "\n")
	}
	if write {
		l.writes++
	}
}

func (l *listener) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	l.hear(true, key, string(data))
	return l.Store.Put(ctx, key, data)
}

func (l *listener) Delete(ctx context.Context, key string) error {
	l.hear(true, key)
	return l.Store.Delete(ctx, key)
}

func (l *listener) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	l.hear(false, key)
	return l.Store.Get(ctx, key, offset, length)
}

func (l *listener) Stat(ctx context.Context, key string) (storage.Info, error) {
	l.hear(false, key)
	return l.Store.Stat(ctx, key)
}

func (l *listener) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	l.hear(false, prefix)
	return l.Store.List(ctx, prefix)
}

// TestTypedSecretsStay does each of the deeds at a store that listens, the owner's
// and one that is another's in its place: it is never told the secret, and where one
// only reads it is told nothing but names.
func TestTypedSecretsStay(t *testing.T) {
	base := newRig(t)
	reading := map[string]bool{opening: true, listing: true, restoring: true, restoringAnew: true}
	for _, strange := range []bool{false, true} {
		for _, d := range deeds {
			r := base.fork(t)
			if strange {
				attackNamed(t, "put another repository in the place").do(t, r)
			}
			l := &listener{Store: r.evil}
			_ = d.do(r, t.Context(), t, l)
			digits := strings.ReplaceAll(r.recovery, "-", "")
			raw, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			for _, spelt := range []string{
				r.recovery, digits, string(raw), hex.EncodeToString([]byte(r.recovery)),
				base64.StdEncoding.EncodeToString([]byte(r.recovery))[:40], base64.StdEncoding.EncodeToString(raw)[:40],
			} {
				if strings.Contains(l.heard.String(), spelt) {
					t.Errorf("%s, another's %v: the store was told the secret", d.name, strange)
				}
			}
			if reading[d.name] && l.writes > 0 {
				t.Errorf("%s, another's %v: %d writes", d.name, strange, l.writes)
			}
			if l.heard.Len() == 0 {
				t.Errorf("%s: nothing was heard", d.name)
			}
		}
	}
}

// TestForgedRecipient: somebody who may create objects, and knows a writer's index
// recipient, tells it of an epoch with a recipient of their own, and puts a keyring
// with one in the place: the writer goes on to the owner's.
func TestForgedRecipient(t *testing.T) {
	s := oneSnapshot(t)
	thief, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	n := &format.News{Repository: s.master.Repository, Writer: s.key.ID, N: 1, Epoch: 2, Recipient: thief.Recipient().String()}
	h := format.Header{Type: format.TypeNews, Repository: s.master.Repository, Epoch: 2, Writer: s.key.ID}
	plant(s.store, func(hash format.Hash) string { return format.NewsName(s.key.ID, 1, hash) },
		encrypt(t, format.Seal(h, format.NewCompressor(zstd.SpeedFastest), n.Encode()), s.key.IndexRecipient()))
	s.commit(t, after...)
	s.sound(t)
	opened := 0
	for _, key := range s.store.Keys("") {
		if !strings.HasSuffix(key, ".age") {
			continue
		}
		opened++
		if _, err := age.Decrypt(bytes.NewReader(s.store.Bytes(key)), thief); err == nil {
			t.Errorf("%s is sealed to the thief", key)
		}
	}
	if opened < 5 {
		t.Errorf("only %d objects were tried", opened)
	}
}

var _ storage.Store = (*listener)(nil)
