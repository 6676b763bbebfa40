package restore_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// thief has a secret that opened a repository, and sees the store.
type thief struct {
	t          *testing.T
	repository string
	secret     age.Identity
	masters    []*keys.Master
	epochs     []age.Identity
}

// testLeaks plays through what becomes of a secret that somebody else has: what each
// command takes from him, and what none does.
func testLeaks(t *testing.T, program string) {
	t.Run("a passphrase", func(t *testing.T) {
		repository := filepath.Join(t.TempDir(), "repository")
		owner := initialised(t, program, repository, nil, "--grace", "2s")
		first := owner.env["CHATKEEP_PASSPHRASE_FILE"]
		owner.env["CHATKEEP_NEW_PASSPHRASE_FILE"] = secretFile(t, "lanterns over quiet water")
		leak(t, owner, &thief{t: t, repository: repository, secret: keys.Passphrase("a rather long passphrase")},
			func() { owner.run(0, "key", "passwd") }, first)
	})
	t.Run("a recovery key", func(t *testing.T) {
		repository := filepath.Join(t.TempDir(), "repository")
		owner := initialised(t, program, repository, nil, "--grace", "2s")
		key, err := keys.ParseRecoveryKey(text(t, owner.env["CHATKEEP_PASSPHRASE_FILE"]))
		must(t, err)
		owner.env["CHATKEEP_NEW_PASSPHRASE_FILE"] = secretFile(t, "lanterns over quiet water")
		second := filepath.Join(t.TempDir(), "second.txt")
		leak(t, owner, &thief{t: t, repository: repository, secret: key.Identity()}, func() {
			owner.run(0, "key", "add", "--recovery", "--name", "second", "--recovery-key-file", second)
			owner.run(0, "key", "remove", format.SlotRecovery)
		}, second)
	})
}

// leak takes the way out of a leak, step by step. Change replaces the secret, and
// opens is a file with one that opens the repository then.
func leak(t *testing.T, owner *host, th *thief, change func(), opens string) {
	th.backup(owner, 1)
	th.wantReads("who has the secret", 1)
	change()
	owner.env["CHATKEEP_PASSPHRASE_FILE"] = opens
	th.backup(owner, 2)
	// The old file is in the store, or in his copy of it, and opens the master.
	th.wantReads("who had the secret before it was changed", 1, 2)

	rotated := filepath.Join(t.TempDir(), "rotated.txt")
	owner.env["CHATKEEP_NEW_PASSPHRASE_FILE"] = secretFile(t, "marmalade at the signal box")
	owner.run(0, "key", "rotate", "--recovery-key-file", rotated)
	owner.env["CHATKEEP_PASSPHRASE_FILE"] = rotated
	th.backup(owner, 3)
	th.wantReads("who had the secret before the rotation", 1, 2)
	// He has the root, and takes the repository over wherever he can write.
	forged := th.sign()
	owner.run(12, "snapshots")
	must(t, os.Remove(forged))
	owner.run(0, "snapshots", "--accept", "rollback") // to before what he signed

	anew := filepath.Join(t.TempDir(), "anew.txt")
	owner.env["CHATKEEP_NEW_PASSPHRASE_FILE"] = secretFile(t, "gravel and herons by noon")
	owner.run(0, "key", "rotate", "--new-root", "--recovery-key-file", anew)
	owner.env["CHATKEEP_PASSPHRASE_FILE"] = anew
	th.backup(owner, 4)
	th.wantReads("who had the secret before the new root", 1, 2)
	forged = th.sign()
	owner.run(11, "backup", filepath.Join(owner.home, "export"))
	owner.run(0, "snapshots", "--accept", "wrong-repository")
	must(t, os.Remove(forged))

	owner.run(0, "writer", "add", "--role", "prune")
	owner.run(0, "key", "rotate", "--reencrypt")
	owner.run(0, "prune")
	time.Sleep(3 * time.Second) // longer than the grace, and the store's times are whole seconds
	owner.run(0, "prune")
	th.wantReads("who sees the store after old packs were stored anew and pruned")
	for n := 1; n <= 4; n++ {
		target := filepath.Join(owner.home, fmt.Sprint("back-", n))
		owner.run(0, "restore", fmt.Sprintf("latest~%d", 4-n), "--target", target)
		if got := text(t, filepath.Join(target, "said.txt")); got != said(n) {
			t.Errorf("the snapshot of step %d has %q", n, got)
		}
	}
}

// said is what stands in the backup of a step.
func said(n int) string { return strings.Repeat(fmt.Sprintf("told in confidence, step %d\n", n), 40) }

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.txt")
	must(t, os.WriteFile(path, []byte(secret), 0o600))
	return path
}

// backup stores what is said in a step.
func (th *thief) backup(owner *host, n int) {
	th.t.Helper()
	dir := filepath.Join(owner.home, "export")
	must(th.t, os.MkdirAll(dir, 0o755))
	must(th.t, os.WriteFile(filepath.Join(dir, "said.txt"), []byte(said(n)), 0o644))
	owner.run(0, "backup", dir)
}

// objects are those of the store below a folder, by name.
func (th *thief) objects(dir string) map[string][]byte {
	all := map[string][]byte{}
	root := filepath.Join(th.repository, dir)
	for _, path := range filesBelow(th.t, root) {
		key, err := filepath.Rel(th.repository, path)
		must(th.t, err)
		all[filepath.ToSlash(key)] = []byte(text(th.t, path))
	}
	return all
}

// learn opens all slots and keyrings that there ever were, with what he has.
func (th *thief) learn() {
	for name, object := range th.objects("keys") {
		if m, err := keys.OpenSlot(name, object, th.secret); err == nil {
			th.masters = append(th.masters, m)
		}
	}
	for name, object := range th.objects("keyring") {
		for _, m := range th.masters {
			if ring, err := keys.OpenKeyring(name, object, m); err == nil {
				th.epochs = append(th.epochs, ring.Identities()...)
			}
		}
	}
}

// wantReads fails unless he reads what was said in these steps, and nothing else.
func (th *thief) wantReads(who string, steps ...int) {
	th.t.Helper()
	if th.learn(); len(th.epochs) == 0 {
		th.t.Fatalf("%s opens nothing: this proves nothing", who)
	}
	var all bytes.Buffer
	for _, object := range th.objects("packs") {
		plain, err := age.Decrypt(bytes.NewReader(object), th.epochs...)
		if err != nil {
			continue
		}
		d, err := zstd.NewReader(plain)
		must(th.t, err)
		_, err = io.Copy(&all, d)
		must(th.t, err)
		d.Close()
	}
	for n := 1; n <= 4; n++ {
		reads := strings.Contains(all.String(), fmt.Sprintf("told in confidence, step %d\n", n))
		if reads != slices.Contains(steps, n) {
			th.t.Errorf("%s reads step %d: %t", who, n, reads)
		}
	}
}

// sign puts a statement into the store that he has signed with the root he has: that
// nothing but his own slot and keyring counts. It returns its file.
func (th *thief) sign() string {
	th.t.Helper()
	m := th.masters[0]
	var newest *format.Authority
	for name, object := range th.objects("authority") {
		if a, err := keys.OpenAuthority(name, object, m.Repository); err == nil && (newest == nil || a.N > newest.N) {
			newest = a
		}
	}
	names := slices.Sorted(maps.Keys(th.objects("authority")))
	last, _ := format.ParseName(names[len(names)-1])
	own, err := keys.NewKeyring(m.Repository, m.Classic())
	must(th.t, err)
	ring, err := own.Seal(m.Recipient())
	must(th.t, err)
	a := *newest
	a.N, a.Previous, a.Successor = last.N+1, []format.Hash{last.Hash}, format.Hash{}
	a.Keyring = format.KeyringRef{N: a.N, SHA256: format.Sum(ring), Size: int64(len(ring))}
	th.put(format.KeyringName(a.Keyring.N, a.Keyring.SHA256), ring)
	object := keys.SignAuthority(m.RootKey, &a)
	return th.put(format.AuthorityName(a.N, format.Sum(object)), object)
}

func (th *thief) put(name string, object []byte) (path string) {
	th.t.Helper()
	path = filepath.Join(th.repository, filepath.FromSlash(name))
	must(th.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(th.t, os.WriteFile(path, object, 0o600))
	return path
}
