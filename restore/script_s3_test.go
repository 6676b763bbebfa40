//go:build unix

package restore_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chatkeep/providers/storage/storagetest/server"
)

// lockScript needs a server that has object lock.
const lockScript = "testdata/script/s3/lock.txtar"

// TestScriptsS3 runs a script against each S3 server that there is.
func TestScriptsS3(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *server.Server{"minio": server.MinIO, "versity": server.Versity} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			p := scripts(t, "", "", "ENDPOINT="+s.Endpoint, "AWS_ACCESS_KEY_ID="+s.AccessKey, "AWS_SECRET_ACCESS_KEY="+s.SecretKey)
			p.Files = []string{"testdata/script/s3/bucket.txtar"}
			if name == "minio" {
				p.Files = append(p.Files, lockScript)
			}
			testscript.Run(t, p)
		})
	}
}

// TestScriptsTrouble has servers that give nothing but trouble.
func TestScriptsTrouble(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	refusing := func(status int, code string, clock time.Time) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", clock.UTC().Format(http.TimeFormat))
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			if r.Method != http.MethodHead {
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
			}
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	strange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<html>Welcome to the guest network</html>")
	}))
	t.Cleanup(strange.Close)
	nowhere := httptest.NewServer(http.NotFoundHandler())
	nowhere.Close()
	p := scripts(t, "", "",
		"SKEWED="+refusing(http.StatusForbidden, "RequestTimeTooSkewed", time.Now().Add(20*time.Minute)),
		"REFUSING="+refusing(http.StatusForbidden, "AccessDenied", time.Now()),
		"STRANGE="+strange.URL, "NOWHERE="+nowhere.URL,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	p.Files = []string{"testdata/script/s3/trouble.txtar"}
	testscript.Run(t, p)
}
