package s3

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/providers/storage/storagetest/server"
)

// TestMain keeps the credentials and settings of whoever runs the tests out,
// and gives those of the fake server.
func TestMain(m *testing.M) {
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "secret",
	} {
		os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

// login gives the test the credentials of a server.
func login(t *testing.T, access, secret string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", access)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
}

// fresh opens a new place on a server.
func fresh(t *testing.T, endpoint, bucket string, tuning tuning) *Store {
	t.Helper()
	text := "s3:" + endpoint + "/" + bucket + "/" + strings.ToLower(rand.Text())
	s, err := open(t.Context(), storage.Location{Text: text}, true, tuning)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var servers = map[string]func(testing.TB) *server.Server{"minio": server.MinIO, "versity": server.Versity}

func TestConformance(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			login(t, s.AccessKey, s.SecretKey)
			storagetest.Run(t, func(t *testing.T) storage.Store { return fresh(t, s.Endpoint, "bucket", standard) })
			t.Run("exclusive", func(t *testing.T) {
				storagetest.Exclusive(t, fresh(t, s.Endpoint, "bucket", standard), 20)
			})
		})
	}
}
