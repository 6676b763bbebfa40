package restore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mount is a folder or a file of this machine in a container.
type mount struct {
	from, to string
	readOnly bool
}

// container is how an image is run: what docker run is told.
type container struct {
	t        *testing.T
	image    *image
	user     string // that of the image where it is empty
	hostname string
	env      []string
	mounts   []mount
}

// enter makes of a process, in name spaces of its own, one that sees the image and
// what is mounted, and nothing else. The files of the image cannot be changed. It
// stays the same process, the first one of its name space, as in Docker.
const enter = `
root=$1 user=$2 name=$3
shift 3
mount --make-rprivate /
echo "$name" >/proc/sys/kernel/hostname
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
	from=$1 to=$root$2 how=$3
	shift 3
	mount --bind "$from" "$to"
	[ "$how" = rw ] || mount -o remount,bind,ro "$to"
done
shift
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups="" "$root" "$@"
`

// process is a command in a container.
type process struct {
	cmd  *exec.Cmd
	out  strings.Builder
	over chan struct{}
}

// start starts a command in the container.
func (c *container) start(argv ...string) *process {
	c.t.Helper()
	user, hostname := c.user, c.hostname
	if user == "" {
		user = c.image.user
	}
	if hostname == "" {
		hostname = "6f0c1a2b3d4e" // as Docker makes them up
	}
	line := []string{"-euc", enter, "sh", c.image.root, user, hostname}
	for _, m := range c.mounts {
		line = append(line, m.from, m.to, map[bool]string{true: "ro", false: "rw"}[m.readOnly])
	}
	cmd := exec.CommandContext(c.t.Context(), "sh", append(append(line, "--"), argv...)...)
	cmd.Env = slices.Concat([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, c.image.env, c.env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS}
	p := &process{cmd: cmd, over: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	must(c.t, cmd.Start())
	go func() {
		defer close(p.over)
		_ = cmd.Wait() // the code says it
	}()
	return p
}

// wait waits for the end.
func (p *process) wait() (code int, said string) {
	<-p.over
	return p.cmd.ProcessState.ExitCode(), p.out.String()
}

// until asks until something is so, for as long as nobody would wait who did not
// have to.
func (p *process) until(t *testing.T, is func() bool) {
	t.Helper()
	for tries := time.Now(); !is(); {
		select {
		case <-p.over:
			t.Fatalf("it ended by itself, with %v, and said %q", p.cmd.ProcessState, p.out.String())
		default:
		}
		if time.Since(tries) > 5*time.Minute {
			t.Fatal("it does not come to that")
		}
	}
}

// stop ends it as docker stop does, which has to be its good end.
func (p *process) stop(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code, said := p.wait(); code != 0 || said != "" {
		t.Fatalf("stopped, it ends with code %d and says %q", code, said)
	}
}

// run runs chatkeep with arguments in the container, which must end with a code.
func (c *container) run(code int, args ...string) string {
	c.t.Helper()
	got, out := c.start(append(slices.Clone(c.image.entry), args...)...).wait()
	if got != code {
		c.t.Fatalf("in the container: chatkeep %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out)
	}
	return out
}

// mountpoint makes a folder or a file in the image to mount something on, as Docker
// does when a container is made.
func (c *container) mountpoint(m mount) {
	c.t.Helper()
	to := filepath.Join(c.image.root, m.to)
	info, err := os.Stat(m.from)
	must(c.t, err)
	if _, err := os.Stat(to); err == nil {
		return
	}
	must(c.t, os.MkdirAll(filepath.Dir(to), 0o755))
	if info.IsDir() {
		must(c.t, os.Mkdir(to, 0o755))
		return
	}
	must(c.t, os.WriteFile(to, nil, 0o644))
}

func (c *container) mount(from, to string, readOnly bool) {
	c.t.Helper()
	m := mount{from, to, readOnly}
	c.mountpoint(m)
	c.mounts = append(c.mounts, m)
}

// folder makes one of this machine that a user of containers owns.
func folder(t *testing.T, user string) string {
	t.Helper()
	dir := t.TempDir()
	var uid, gid int
	_, err := fmt.Sscanf(user, "%d:%d", &uid, &gid)
	must(t, err)
	must(t, os.Chown(dir, uid, gid))
	must(t, os.Chmod(dir, 0o700))
	must(t, os.Chmod(filepath.Dir(dir), 0o711))
	return dir
}

// needsContainers skips a test where folders cannot be mounted.
func needsContainers(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short")
	}
	if os.Getenv("CHATKEEP_REQUIRE_ALL") == "" && !mounts() {
		t.Skip("it takes root, and a system that lets it mount folders")
	}
}
