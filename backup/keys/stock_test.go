//go:build unix

package keys_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/creack/pty"
	"golang.org/x/crypto/ssh"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// These tests hold the promise that a repository can be opened and verified
// without this program, with the tools that people have.

// noTool skips a test, or fails it where everything must run.
func noTool(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
		t.Fatalf("%s is not there", tool)
	}
	t.Skipf("%s is not there", tool)
}

func stockSSHKeygen(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		noTool(t, "ssh-keygen")
	}
	return path
}

// stockAge finds age: $CHATKEEP_AGE, else in PATH if it is new enough for
// hybrid keys, else where .ci/tools puts it.
func stockAge(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("CHATKEEP_AGE"); path != "" {
		return path
	}
	if path, err := exec.LookPath("age"); err == nil && knowsHybrid(path) {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		noTool(t, "age")
	}
	found, _ := filepath.Glob(filepath.Join(cache, "chatkeep-tools", "bin", "age-v1.3.2*"))
	if len(found) == 0 {
		noTool(t, "age")
	}
	return found[0]
}

// knowsHybrid reports whether an age reads hybrid recipients, as those from
// 1.3 on do.
func knowsHybrid(program string) bool {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return false
	}
	return exec.Command(program, "-e", "-r", id.Recipient().String()).Run() == nil
}

// run runs a program and returns what it prints.
func run(t *testing.T, stdin []byte, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), args[0], err, complaints.String())
	}
	return out.String()
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sshPrivateKey writes a key as OpenSSH keeps it.
func sshPrivateKey(t *testing.T, k keys.SigningKey) string {
	t.Helper()
	seed := k.Seed()
	block, err := ssh.MarshalPrivateKey(ed25519.NewKeyFromSeed(seed[:]), "")
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "id", pem.EncodeToMemory(block))
}

func TestStockSignatures(t *testing.T) {
	keygen := stockSSHKeygen(t)
	key := keys.GenerateSigningKey()
	private := sshPrivateKey(t, key)
	allowed := writeFile(t, "allowed", []byte("root "+key.Public().String()+"\n"))

	message := []byte("{\"type\":\"head\"}\n\x00\xff")
	namespaces := []string{format.NamespaceAuthority, format.NamespaceHead, format.NamespaceTombstone, format.NamespaceNote}
	// The last line of the armour has every length, full ones included.
	for n := 1; n <= 54; n += 3 {
		namespaces = append(namespaces, strings.Repeat("n", n))
	}
	fullLine := false
	for _, namespace := range namespaces {
		ours := key.Sign(namespace, message)
		theirs := run(t, message, keygen, "-Y", "sign", "-f", private, "-n", namespace)
		if ours != theirs {
			t.Errorf("namespace of %d characters: ours\n%s\ntheirs\n%s", len(namespace), ours, theirs)
		}
		if err := key.Public().Verify(namespace, message, theirs); err != nil {
			t.Errorf("theirs does not verify: %v", err)
		}
		signature := writeFile(t, "signature", []byte(ours))
		run(t, message, keygen, "-Y", "verify", "-f", allowed, "-I", "root", "-n", namespace, "-s", signature)
		lines := strings.Split(strings.TrimSpace(ours), "\n")
		fullLine = fullLine || len(lines[len(lines)-2]) == 70
	}
	if !fullLine {
		t.Error("no armour ended in a full line; choose other namespaces")
	}
}

func TestStockFingerprint(t *testing.T) {
	keygen := stockSSHKeygen(t)
	key := keys.GenerateSigningKey().Public()
	file := writeFile(t, "id.pub", []byte(key.String()+"\n"))
	out := run(t, nil, keygen, "-lf", file)
	id := key.ID()
	want := ssh.FingerprintSHA256(must(ssh.ParsePublicKey(wireOf(t, key))))
	if !strings.Contains(out, want) {
		t.Errorf("ssh-keygen says %s, want %s", out, want)
	}
	if format.Sum(wireOf(t, key)) != id {
		t.Error("the id is not the hash that the fingerprint is of")
	}
}

func wireOf(t *testing.T, p keys.PublicKey) []byte {
	t.Helper()
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(p.String()))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Marshal()
}

// onTerminal runs age on a terminal of its own, types the secret at the first
// prompt, and returns what age writes to a file.
func onTerminal(t *testing.T, secret, program string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(program, slices.Concat([]string{"-o", out}, args)...)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var screen bytes.Buffer
	typed := false
	for buf := make([]byte, 1024); ; {
		n, err := terminal.Read(buf)
		screen.Write(buf[:n])
		if !typed && strings.Contains(screen.String(), "passphrase") {
			typed = true
			if _, err := io.WriteString(terminal, secret+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil { // the terminal ends with its program
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("age: %v\n%s", err, screen.String())
	}
	return string(must(os.ReadFile(out)))
}

// TestStockRecovery walks from each secret to the plaintext of a pack with
// stock age alone.
func TestStockRecovery(t *testing.T) {
	program := stockAge(t)
	for _, classic := range []bool{false, true} {
		t.Run(fmt.Sprintf("classic=%v", classic), func(t *testing.T) {
			m := newMaster(t, classic)
			k := newKeyring(t, m)
			newWriter(t, k, m.Root)
			_, epoch, _ := k.Recipient(1)

			recovery := keys.NewRecoveryKey()
			slot := writeFile(t, "slot.age", must(keys.SealRecovery(m, recovery)))
			master := onTerminal(t, string(recovery), program, "-d", slot)
			if master != string(m.File()) {
				t.Fatal("the slot does not open to the master file")
			}
			keyring := run(t, must(k.Seal(m.Recipient())), program, "-d", "-i", writeFile(t, "master.txt", []byte(master)))
			if keyring != string(k.File()) {
				t.Fatal("the keyring does not open")
			}
			pack := run(t, []byte("hello"), program, "-e", "-r", epoch)
			if got := run(t, []byte(pack), program, "-d", "-i", writeFile(t, "keyring.txt", []byte(keyring))); got != "hello" {
				t.Errorf("the pack opens to %q", got)
			}
		})
	}
}

func TestStockPassphrase(t *testing.T) {
	program := stockAge(t)
	m := newMaster(t, true)
	secret := keys.GeneratePassphrase()
	object := must(keys.SealPassphrase(m, secret))
	if !bytes.Contains(object[:200], []byte(" 18\n")) {
		t.Error("the work factor is not 18")
	}
	if got := onTerminal(t, secret, program, "-d", writeFile(t, "slot.age", object)); got != string(m.File()) {
		t.Error("the slot does not open to the master file")
	}
}

// TestStockSlots opens slots that stock age has made.
func TestStockSlots(t *testing.T) {
	program := stockAge(t)
	m := newMaster(t, false)
	key := keys.GenerateSigningKey()
	native := must(age.GenerateHybridIdentity())
	sshIDs := must(keys.ParseIdentityFile(bytes.NewReader(must(os.ReadFile(sshPrivateKey(t, key)))), keys.Prompts{}))
	for _, c := range []struct {
		recipient string
		id        age.Identity
	}{
		{native.Recipient().String(), native},
		{key.Public().String(), sshIDs[0]},
	} {
		object := []byte(run(t, m.File(), program, "-e", "-r", c.recipient))
		got, err := keys.OpenSlot(format.SlotName("x", format.Sum(object)), object, c.id)
		if err != nil || !bytes.Equal(got.File(), m.File()) || got.Proven() {
			t.Errorf("%.20s: %v", c.recipient, err)
		}
	}
}
