//go:build unix

package restore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keyrings stand in for the programs of systems that have a keyring: each keeps what
// it was given in a file, by the words that its manual has for the place, and gives
// it back to the same words alone.
var keyrings = map[string]string{
	"secret-tool": `case $1 in
store)
	case $2 in --label=*) ;; *) exit 2 ;; esac
	shift 2
	cat >"$HOME/secret-tool $*" ;;
lookup)
	shift
	cat "$HOME/secret-tool $*" ;;
*) exit 2 ;;
esac`,
	"security": `verb=$1 account= service= password=
shift
while [ $# -gt 0 ]; do
	case $1 in
	-U) ;;
	-a) account=$2; shift ;;
	-s) service=$2; shift ;;
	-w) [ $# = 1 ] || exit 2; password=yes ;; # what stands behind it would be the password
	*) exit 2 ;;
	esac
	shift
done
[ "$password" ] || exit 2
case $verb in
add-generic-password) cat >"$HOME/security $account $service" ;;
find-generic-password) cat "$HOME/security $account $service" && echo ;;
*) exit 2 ;;
esac`,
}

// TestKeyringPage puts a passphrase where docs/config.md says, with each of its lines,
// and reads a repository with the line that gets it.
func TestKeyringPage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	page, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	stores, _ := fenced(t, string(page), "keyring-store")
	lookups, _ := fenced(t, string(page), "keyring-lookup")
	if len(stores) != len(keyrings) || len(lookups) != len(keyrings) {
		t.Fatalf("docs/config.md has %q and %q", stores, lookups)
	}
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range keyrings {
		write(filepath.Join(bin, name), "#!/bin/sh\n"+text+"\n")
	}
	const passphrase = "lanterns-over-quiet-water-71"
	run := func(line, stdin string, env ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", line)
		cmd.Stdin = strings.NewReader(stdin)
		cmd.Env = append(env, "HOME="+home, "PATH="+strings.Join([]string{bin, built(t), os.Getenv("PATH")}, string(os.PathListSeparator)))
		return cmd.CombinedOutput()
	}
	if out, err := run("chatkeep init --repo $HOME/repository --yes && chatkeep backup --repo $HOME/repository "+filepath.Join(bin, "security"), "", "CHATKEEP_PASSPHRASE="+passphrase); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	used := map[string]bool{}
	for i, lookup := range lookups {
		config := filepath.Join(home, "config.toml")
		write(config, "repository = \"usb\"\n[repositories.usb]\nplace = \"repository\"\n"+lookup+"\n")
		const read = "chatkeep snapshots --config $HOME/config.toml"
		if out, err := run(read, ""); err == nil {
			t.Errorf("docs/config.md: %s: read before anything was put there\n%s", lookup, out)
		}
		if out, err := run(stores[i], passphrase); err != nil {
			t.Errorf("docs/config.md: %s: %v\n%s", stores[i], err, out)
		}
		if out, err := run(read, ""); err != nil || !strings.Contains(string(out), "1 snapshot") {
			t.Errorf("docs/config.md: %s: %v\n%s", lookup, err, out)
		}
		used[strings.Fields(stores[i])[0]] = true
	}
	if len(used) != len(keyrings) {
		t.Errorf("docs/config.md asks only %v", used)
	}
}
