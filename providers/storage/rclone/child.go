package rclone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// child is one running rclone, in a private directory.
type child struct {
	dir      string
	user     string
	password string
	client   *http.Client
	cmd      *exec.Cmd
	leash    io.Closer
	said     *tail
	gone     chan struct{} // closed when the process has ended
	hung     atomic.Bool   // it was killed since it did not answer
	pending  atomic.Int64  // requests that wait for it
	files    atomic.Int64  // names given to objects on their way
	stop     sync.Once
}

// launch starts rclone and waits until it answers.
func launch(ctx context.Context, program, config, remote string, tuning tuning) (*child, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, &missing{program, err}
	}
	sweep(os.TempDir(), tuning.stale)
	dir, err := os.MkdirTemp("", dirPrefix)
	if err != nil {
		return nil, fmt.Errorf("no directory for rclone's socket: %w", err)
	}
	c := &child{dir: dir, user: rand.Text(), password: rand.Text(), said: &tail{}, gone: make(chan struct{})}
	c.client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", c.socket())
		},
		MaxIdleConnsPerHost: maxParallel + 1,
		DisableCompression:  true,
	}}
	c.cmd = exec.Command(path, arguments(c.socket())...)
	c.cmd.Env = environ(os.Environ(), remote, config, c.user, c.password)
	c.cmd.Stderr = c.said
	// Its own group: Ctrl-C is for us, and we decide what still needs it.
	c.cmd.SysProcAttr = ownGroup()
	// A program that rclone started, as ssh, may hold its stderr open.
	c.cmd.WaitDelay = tuning.farewell
	if c.leash, err = c.cmd.StdinPipe(); err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, &missing{program, err}
	}
	go func() {
		c.cmd.Wait()
		close(c.gone)
	}()
	go c.watch(tuning)
	if err := c.await(ctx, tuning); err != nil {
		c.end(tuning.farewell)
		return nil, err
	}
	return c, nil
}

func (c *child) socket() string { return filepath.Join(c.dir, "s") }

// spool names a new file for an object on its way.
func (c *child) spool() string {
	return filepath.Join(c.dir, strconv.FormatInt(c.files.Add(1), 10))
}

// await waits for the first answer, and looks at the version.
func (c *child) await(ctx context.Context, tuning tuning) error {
	c.pending.Add(1)
	defer c.pending.Add(-1)
	deadline := time.After(tuning.start)
	for {
		// The file of the socket is there a moment before somebody listens.
		if conn, err := net.Dial("unix", c.socket()); err == nil {
			conn.Close()
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.gone:
			return c.death()
		case <-deadline:
			c.hung.Store(true)
			return c.death()
		case <-time.After(tuning.glance):
		}
	}
	var version struct{ Version string }
	err := c.call(ctx, "core/version", nil, &version)
	var broke *lost
	if errors.As(err, &broke) {
		return c.mourn(ctx, tuning.farewell, broke)
	}
	if err != nil {
		return err
	}
	return checkVersion(version.Version)
}

// mourn waits for the end of a child whose connection broke, and tells why it
// came; or what broke, where the child lives on.
func (c *child) mourn(ctx context.Context, patience time.Duration, broke *lost) error {
	select {
	case <-c.gone:
		return c.death()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return broke
	}
}

// watch asks a child that has work to do for signs of life, and kills it when it
// gives none: a stopped process holds its connections open for ever.
func (c *child) watch(tuning tuning) {
	ticker := time.NewTicker(tuning.beat)
	defer ticker.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-ticker.C:
		}
		if c.pending.Load() == 0 {
			continue
		}
		if _, err := os.Stat(c.socket()); err != nil {
			continue // still starting, which has a time of its own
		}
		ctx, cancel := context.WithTimeout(context.Background(), tuning.silence)
		err := c.call(ctx, "rc/noop", nil, nil)
		late := errors.Is(err, context.DeadlineExceeded)
		cancel()
		if late {
			c.hung.Store(true)
			c.cmd.Process.Kill()
			return
		}
	}
}

// dead reports whether the process has ended, or is about to.
func (c *child) dead() bool {
	select {
	case <-c.gone:
		return true
	default:
		return c.hung.Load()
	}
}

// end lets the child go, kills it if it lingers, and clears up.
func (c *child) end(patience time.Duration) {
	c.stop.Do(func() {
		c.leash.Close()
		select {
		case <-c.gone:
		case <-time.After(patience):
			c.cmd.Process.Kill()
			<-c.gone
		}
		c.client.CloseIdleConnections()
		os.RemoveAll(c.dir)
	})
}

const dirPrefix = "chatkeep-rclone-"

// sweep removes directories of children whose chatkeep was killed: old ones that
// nobody listens in. They hold objects that were on their way, encrypted.
func sweep(dir string, age time.Duration) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), dirPrefix) {
			continue
		}
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < age {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		if conn, err := net.Dial("unix", filepath.Join(path, "s")); err == nil {
			conn.Close()
			continue
		}
		os.RemoveAll(path)
	}
}
