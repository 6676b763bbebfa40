package server

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestServers(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *Server{"minio": MinIO, "versity": Versity} {
		t.Run(name, func(t *testing.T) {
			var s *Server
			t.Run("up", func(t *testing.T) {
				s = start(t)
				resp, err := http.Get(s.Endpoint)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("a stranger gets %s", resp.Status)
				}
			})
			if s == nil {
				return
			}
			if _, err := http.Get(s.Endpoint); err == nil {
				t.Error("the server outlived its test")
			}
		})
	}
}

// TestVersions compares the versions here with those that .ci/tools builds.
func TestVersions(t *testing.T) {
	script, err := os.ReadFile("../../../../.ci/tools")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"minio_version=" + minioVersion, "mc_version=" + mcVersion, "versitygw_version=" + versitygwVersion, "age_version=" + ageVersion,
		"rclone_version=" + rcloneVersion,
	} {
		if !strings.Contains(string(script), "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}
