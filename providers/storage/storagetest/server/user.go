package server

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// User makes a user of a MinIO server with a policy, and no other rights, as its
// administrator does: by the admin API, with MinIO's own client.
func (s *Server) User(t testing.TB, policy []byte) (accessKey, secretKey string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "policy.json")
	if err := os.WriteFile(file, policy, 0o600); err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(rand.Text())[:16]
	accessKey, secretKey = "user-"+name, rand.Text()
	for _, args := range [][]string{
		{"user", "add", "server", accessKey, secretKey},
		{"policy", "create", "server", "policy-" + name, file},
		{"policy", "attach", "server", "policy-" + name, "--user", accessKey},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, Tool(t, "mc"), append([]string{"--config-dir", dir, "--quiet", "admin"}, args...)...)
		cmd.Env = []string{"HOME=" + dir, "MC_HOST_server=" + strings.Replace(s.Endpoint, "://", "://"+s.AccessKey+":"+s.SecretKey+"@", 1)}
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("mc admin %s: %v\n%s", strings.Join(args[:2], " "), err, out)
		}
	}
	return accessKey, secretKey
}
