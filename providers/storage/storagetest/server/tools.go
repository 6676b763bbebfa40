// Package server starts real S3 servers for tests, on loopback, with random
// ports and credentials, and stops them with the test. The programs are built
// by .ci/tools; a test that needs a missing one is skipped, or fails where
// CHATKEEP_REQUIRE_ALL is set.
package server

import (
	"os"
	"path/filepath"
	"testing"
)

// The versions that .ci/tools builds.
const (
	minioVersion     = "v0.0.0-20260212201848-7aac2a2c5b7c"
	mcVersion        = "v0.0.0-20250313080218-cf909e1063a9"
	versitygwVersion = "v1.8.0"
	ageVersion       = "v1.3.2"
	rcloneVersion    = "v1.76.0"
)

// Tool finds a program that .ci/tools built: "minio", "mc", "versitygw", "rclone",
// "age", "age-keygen", "age-inspect" or "age-plugin-batchpass".
func Tool(t testing.TB, name string) string {
	t.Helper()
	version := map[string]string{"minio": minioVersion, "mc": mcVersion, "versitygw": versitygwVersion, "rclone": rcloneVersion}[name]
	if version == "" {
		version = ageVersion
	}
	path := filepath.Join(toolsDir(t), name+"-"+version)
	if _, err := os.Stat(path); err != nil {
		missing := t.Skipf
		if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
			missing = t.Fatalf
		}
		missing("%s is missing: run .ci/tools", path)
	}
	return path
}

func toolsDir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("CHATKEEP_TOOLS"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "chatkeep-tools", "bin")
}
