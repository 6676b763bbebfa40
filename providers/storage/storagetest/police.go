package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"chatkeep/providers/storage"
)

// Police is a store that watches over the invariants of a repository and
// reports each breach, but lets the request pass:
//
//   - an object's name ends in the SHA-256 of its bytes, before the extension;
//     chatkeep.txt alone is free;
//   - a pack stands in the folder of its first two digits;
//   - what ends in ".age" is an age file;
//   - a put never replaces an object;
//   - when a head is put, everything it refers to is there;
//   - heads are never deleted, and while [Police.ForbidDelete] says so nothing is.
//
// It asks the store it stands over, so a [Fault] goes above it, not below.
type Police struct {
	storage.Store

	// References tells which keys must be there when the object is put. It is
	// [HeadReferences] unless replaced before first use.
	References func(key string, data []byte) ([]string, error)

	report   func(format string, args ...any)
	noDelete atomic.Bool

	mu    sync.Mutex
	known map[string]bool // objects put through this store
}

// NewPolice makes a store over another that reports each breach: to t.Errorf
// of a test, for example.
func NewPolice(s storage.Store, report func(format string, args ...any)) *Police {
	return &Police{Store: s, References: HeadReferences, report: report, known: map[string]bool{}}
}

// ForbidDelete makes each Delete a breach, as during a backup, or no longer.
func (p *Police) ForbidDelete(forbid bool) { p.noDelete.Store(forbid) }

// ageMagic is how an age file begins: the version line of age-encryption.org/v1.
const ageMagic = "age-encryption.org/v1\n"

// Put implements [storage.Store].
func (p *Police) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if err := checkObject(key, data); err != nil {
		p.report("put %s: %v", key, err)
	}
	p.checkReferences(ctx, key, data)
	there := p.there(ctx, key)
	before := bytes.Clone(data)
	info, err := p.Store.Put(ctx, key, data)
	if !bytes.Equal(before, data) {
		p.report("put %s: the data changed meanwhile", key)
	}
	if err == nil && there {
		p.report("put %s: replaced an object", key)
	}
	if err == nil {
		p.mu.Lock()
		p.known[key] = true
		p.mu.Unlock()
	}
	return info, err
}

// Delete implements [storage.Store].
func (p *Police) Delete(ctx context.Context, key string) error {
	if p.noDelete.Load() {
		p.report("delete %s: nothing may be deleted now", key)
	}
	if strings.HasPrefix(key, "snapshots/") {
		p.report("delete %s: heads stay for ever", key)
	}
	p.mu.Lock()
	delete(p.known, key)
	p.mu.Unlock()
	return p.Store.Delete(ctx, key)
}

// there asks the store itself too: what was put before, or behind its back.
// An error other than a missing object leaves the question open, and what is
// not known is no breach.
func (p *Police) there(ctx context.Context, key string) bool {
	p.mu.Lock()
	known := p.known[key]
	p.mu.Unlock()
	if known {
		return true
	}
	_, err := p.Store.Stat(ctx, key)
	return err == nil
}

func (p *Police) missing(ctx context.Context, key string) bool {
	_, err := p.Store.Stat(ctx, key)
	return errors.Is(err, fs.ErrNotExist)
}

func (p *Police) checkReferences(ctx context.Context, key string, data []byte) {
	keys, err := p.References(key, data)
	if err != nil {
		p.report("put %s: %v", key, err)
	}
	for _, other := range keys {
		if p.missing(ctx, other) {
			p.report("put %s before %s", key, other)
		}
	}
}

var hashName = regexp.MustCompile(`(?:^|[/-])([0-9a-f]{64})\.(age|json)$`)

// checkObject holds an object against its name.
func checkObject(key string, data []byte) error {
	if key == "chatkeep.txt" {
		return nil
	}
	m := hashName.FindStringSubmatch(key)
	if m == nil {
		return errors.New("the name does not end in a hash and .age or .json")
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != m[1] {
		return fmt.Errorf("the bytes hash to %x", sum)
	}
	if strings.HasPrefix(key, "packs/") && key != packKey(m[1]) {
		return errors.New("a pack belongs in the folder of its first two digits")
	}
	if m[2] == "age" && !bytes.HasPrefix(data, []byte(ageMagic)) {
		return errors.New("not an age file")
	}
	return nil
}

func packKey(hash string) string { return "packs/" + hash[:2] + "/" + hash + ".age" }
