package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"chatkeep/providers/storage"
)

// awsFiles writes both configuration files.
func awsFiles(t *testing.T, config, creds string) {
	t.Helper()
	dir := t.TempDir()
	for env, text := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": creds} {
		path := filepath.Join(dir, env)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(env, path)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
}

func retrieve(t *testing.T, v settings) (credentials.Value, error) {
	t.Helper()
	return newCredentials(v, quick).GetWithContext(&credentials.CredContext{Client: http.DefaultClient, Context: t.Context()})
}

func TestCredentialsInOrder(t *testing.T) {
	awsFiles(t, "[profile other]\nregion = r1\naws_access_key_id = c\naws_secret_access_key = c\n",
		"[default]\naws_access_key_id = d\naws_secret_access_key = d\n[other]\naws_access_key_id = o\naws_secret_access_key = o\naws_session_token = t\n")
	want := func(v settings, key string) {
		t.Helper()
		got, err := retrieve(t, v)
		if err != nil || got.AccessKeyID != key || got.SignerType.IsAnonymous() {
			t.Errorf("%+v: key %q, %v", v, got.AccessKeyID, err)
		}
	}
	want(settings{}, "d")
	want(settings{profile: "other"}, "o")
	login(t, "e", "e")
	want(settings{}, "e")
	want(settings{profile: "other"}, "o")
	t.Setenv("AWS_PROFILE", "other")
	want(settings{profile: "other"}, "e") // from the environment, not by flag
	if v, err := settingsOf(storage.Location{Values: map[string]string{settingProfile: "other"}}); err != nil || v.region != "r1" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestNoCredentials(t *testing.T) {
	awsFiles(t, "", "[half]\naws_access_key_id = k\n[role]\nrole_arn = arn:x\n")
	for _, profile := range []string{"", "missing", "half", "role"} {
		_, err := retrieve(t, settings{profile: profile})
		var login *loginError
		if !errors.As(err, &login) || login.cure == "" {
			t.Errorf("profile %q: %v", profile, err)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "k")
	_, err := retrieve(t, settings{})
	var login *loginError
	if !errors.As(err, &login) {
		t.Errorf("half of a pair: %v", err)
	}
	_, err = open(t.Context(), storage.Location{Text: "s3://bucket"}, false, quick)
	if e := wantTrouble(t, "open", err, storage.Login, nil); e.ExitCode() != 14 || e.Hint() == "" {
		t.Errorf("exit code %d, hint %q", e.ExitCode(), e.Hint())
	}
}

func TestRole(t *testing.T) {
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		if r.Form.Get("RoleArn") != "arn:x" || r.Form.Get("ExternalId") != "ext" || !strings.Contains(r.Header.Get("Authorization"), "base/") {
			w.WriteHeader(400)
			return
		}
		fmt.Fprint(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
			`<AccessKeyId>role</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>`+
			`<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	defer sts.Close()
	awsFiles(t, "[profile role]\nrole_arn = arn:x\nsource_profile = base\nexternal_id = ext\n",
		"[base]\naws_access_key_id = base\naws_secret_access_key = b\n")
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	got, err := retrieve(t, settings{profile: "role"})
	if err != nil || got.AccessKeyID != "role" || got.SessionToken != "t" {
		t.Errorf("%q, %v", got.AccessKeyID, err)
	}
}

// TestMetadataService has one that answers, and one that does not: as on a
// laptop, where its address leads nowhere.
func TestMetadataService(t *testing.T) {
	awsFiles(t, "", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	hang := make(chan struct{})
	var answers atomic.Bool
	answers.Store(true)
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !answers.Load():
			<-hang
		case r.Method == http.MethodPut:
			fmt.Fprint(w, "token")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			fmt.Fprint(w, "role")
		default:
			fmt.Fprint(w, `{"Code":"Success","AccessKeyId":"machine","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}`)
		}
	}))
	defer metadata.Close()
	defer close(hang)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
	if got, err := retrieve(t, settings{}); err != nil || got.AccessKeyID != "machine" {
		t.Errorf("%q, %v", got.AccessKeyID, err)
	}
	answers.Store(false)
	_, err := retrieve(t, settings{})
	var login *loginError
	if !errors.As(err, &login) {
		t.Errorf("nothing answers: %v", err)
	}
}

// TestKeysStayHere listens to every request: the secret key is in none.
func TestKeysStayHere(t *testing.T) {
	const secret = "a-secret-key-that-never-travels"
	t.Setenv("AWS_ACCESS_KEY_ID", "someone")
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	f := newFake(t)
	s := f.mustOpen()
	var heard strings.Builder
	f.misbehave(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		fmt.Fprintln(&heard, r.URL, r.Header)
		return false
	})
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(t, s, "a", 0, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := listed(t, s, ""); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(heard.String(), "someone") || strings.Contains(heard.String(), secret) {
		t.Errorf("the server heard %s", heard.String())
	}
}
