package server

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running S3 server without buckets.
type Server struct {
	Endpoint  string // "http://127.0.0.1:port"
	AccessKey string
	SecretKey string
	Data      string // the directory it serves, for tests that look behind it
}

// patience is how long a server may take to answer its first request.
const patience = 30 * time.Second

// MinIO starts a MinIO server on one drive.
func MinIO(t testing.TB) *Server {
	t.Helper()
	program := Tool(t, "minio")
	return start(t, func(s *Server, address string) *exec.Cmd {
		cmd := supervised(program, "server", "--quiet", "--address", address, s.Data)
		cmd.Env = append(cmd.Env, "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey,
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CI_CD=1")
		return cmd
	})
}

// Versity starts a Versity S3 gateway over a directory.
func Versity(t testing.TB) *Server {
	t.Helper()
	program := Tool(t, "versitygw")
	return start(t, func(s *Server, address string) *exec.Cmd {
		sidecar := filepath.Join(filepath.Dir(s.Data), "sidecar")
		if err := os.Mkdir(sidecar, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := supervised(program, "--quiet", "--keep-alive", "--port", address, "posix", "--sidecar", sidecar, s.Data)
		cmd.Env = append(cmd.Env, "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
		return cmd
	})
}

// supervised runs a program under a shell that ends it when its own input
// ends: with the test process, however that ends. Nothing of the environment
// that could hold credentials or settings is passed on.
func supervised(program string, args ...string) *exec.Cmd {
	const script = `"$@" </dev/null & pid=$!
trap 'kill -9 $pid; wait $pid' EXIT
read -r _`
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "sh", program}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	return cmd
}

func start(t testing.TB, command func(s *Server, address string) *exec.Cmd) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{
		AccessKey: "test" + strings.ToLower(rand.Text()[:12]),
		SecretKey: rand.Text(),
		Data:      filepath.Join(dir, "data"),
	}
	if err := os.Mkdir(s.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	s.Endpoint = "http://" + address
	cmd := command(s, address)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "HOME="+dir, "TMPDIR="+dir)
	log := &output{}
	cmd.Stdout, cmd.Stderr = log, log
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		leash.Close()
		cmd.Wait()
	})
	if err := s.await(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return s
}

// freeAddress names a port that was free a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await waits until the server answers with anything but trouble of its own.
func (s *Server) await() error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.Now().Add(patience)
	for {
		resp, err := client.Get(s.Endpoint + "/")
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode < 500 {
				return nil
			}
			err = fmt.Errorf("answers %s", resp.Status)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("server does not come up: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// output keeps what a server prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
