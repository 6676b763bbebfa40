//go:build unix

package restore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/script run the program that a user runs: built once,
// found in PATH as chatkeep, on a machine of its own for each script.

func TestMain(m *testing.M) {
	code := m.Run()
	if program.dir != "" {
		os.RemoveAll(program.dir)
	}
	os.Exit(code)
}

// program is the built program and what stands beside it in PATH.
var program struct {
	once sync.Once
	dir  string
	err  error
}

// tools are programs that scripts put before chatkeep.
var tools = map[string]string{
	// mortal takes from root what root may do beyond the modes of files.
	"mortal": `if [ "$(id -u)" = 0 ]; then
	exec setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -dac_override,-dac_read_search "$@"
fi
exec "$@"`,
	// interrupt DIR COMMAND… interrupts a command once it made a file in a
	// directory.
	"interrupt": `dir=$1
shift
files() { find "$dir" -type f 2>/dev/null | wc -l; }
before=$(files)
"$@" &
pid=$!
until [ "$(files)" -gt "$before" ]; do
	kill -0 $pid || break
	sleep 0.02
done
kill -INT $pid
wait $pid`,
}

// built builds the program and returns the directory that it is in.
func built(t *testing.T) string {
	t.Helper()
	program.once.Do(func() {
		if program.dir, program.err = os.MkdirTemp("", "chatkeep-script"); program.err != nil {
			return
		}
		// Without the paths of this machine the build is the same one that the
		// test of the README makes elsewhere.
		build := exec.Command("go", "build", "-trimpath", "-o", program.dir, ".")
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			program.err = fmt.Errorf("%w\n%s", err, out)
		}
		for name, text := range tools {
			if err := os.WriteFile(filepath.Join(program.dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
				program.err = err
			}
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.dir
}

// turns bounds how many scripts run at a time: each unlocking takes a quarter
// of a gigabyte.
var turns = make(chan struct{}, 2)

// scripts are the parameters of the scripts in a directory, or of the one that
// a short run has. More is environment that they get.
func scripts(t *testing.T, dir, short string, more ...string) testscript.Params {
	p := testscript.Params{Dir: dir, Cmds: commands, Condition: condition, RequireUniqueNames: true}
	if testing.Short() {
		p.Dir, p.Files = "", []string{filepath.Join(dir, short)}
	}
	bin := built(t)
	p.Setup = func(env *testscript.Env) error {
		turns <- struct{}{}
		env.Defer(func() { <-turns })
		home := filepath.Join(env.WorkDir, "home")
		kept := []string{}
		for _, v := range env.Vars {
			if !strings.HasPrefix(v, "PATH=") && !strings.HasPrefix(v, "HOME=") {
				kept = append(kept, v)
			}
		}
		env.Vars = append(append(kept, more...), "HOME="+home, "TZ=UTC",
			"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true")
		env.Values[machineKey{}] = &machine{env.T(), map[string]map[string]string{}, map[string]bool{}}
		return os.Mkdir(home, 0o700)
	}
	return p
}

// condition knows of what a machine lets a test do: [mounts] is that file
// systems can be mounted, as root on Linux outside of most containers, and
// [windowsdisk] that there is a program beside for one that takes "a" for "A".
func condition(name string) (bool, error) {
	if name == "windowsdisk" {
		_, missing := exec.LookPath("lowntfs-3g")
		return missing == nil && mounts(), nil
	}
	if name != "mounts" {
		return false, fmt.Errorf("no condition is named %q", name)
	}
	return os.Getenv("CHATKEEP_REQUIRE_ALL") != "" && isLinux || mounts(), nil
}

var mounts = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "chatkeep-mount")
	if err != nil || !isLinux || os.Geteuid() != 0 {
		return false
	}
	defer os.Remove(dir)
	if exec.Command("mount", "-t", "tmpfs", "none", dir).Run() != nil {
		return false
	}
	return exec.Command("umount", dir).Run() == nil
})

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts(t, "testdata/script", "first.txtar"))
}
