package s3

import (
	"crypto/rand"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
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
	// The library pauses after a failure even where it does not try again.
	minio.DefaultRetryUnit = time.Millisecond
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
			testLogin(t, s)
			t.Run("exclusive", func(t *testing.T) {
				conform.Exclusive(t, fresh(t, s.Endpoint, "bucket", standard), 8)
			})
		})
	}
}

// testLogin has the real servers refuse and miss what the fake one only
// claims to.
func testLogin(t *testing.T, s *server.Server) {
	at := func(bucket string) storage.Location {
		return storage.Location{Text: "s3:" + s.Endpoint + "/" + bucket + "/p"}
	}
	t.Run("wrong secret", func(t *testing.T) {
		login(t, s.AccessKey, "not"+s.SecretKey)
		_, err := open(t.Context(), at("bucket"), false, standard)
		if e := wantTrouble(t, "open", err, storage.Login, fs.ErrPermission); e.ExitCode() != 14 {
			t.Errorf("exit code %d", e.ExitCode())
		}
	})
	t.Run("unknown key", func(t *testing.T) {
		login(t, "nobody", s.SecretKey)
		_, err := open(t.Context(), at("bucket"), false, standard)
		wantTrouble(t, "open", err, storage.Login, fs.ErrPermission)
	})
	t.Run("no bucket", func(t *testing.T) {
		_, err := open(t.Context(), at("missing"), false, standard)
		if e := wantTrouble(t, "open", err, storage.NoPlace, nil); e.ExitCode() != 10 || e.Hint() == "" {
			t.Errorf("exit code %d, hint %q", e.ExitCode(), e.Hint())
		}
	})
	t.Run("through a bad line", func(t *testing.T) {
		bad := quick
		bad.idle = 500 * time.Millisecond
		store := fresh(t, badLine(t, s.Endpoint), "bucket", bad)
		testBadLine(t, store)
	})
}
