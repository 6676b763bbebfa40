package s3

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"chatkeep/providers/storage"
)

func TestLocations(t *testing.T) {
	for _, test := range []struct {
		text, endpoint string
		want           place
	}{
		{"s3://bucket", "", place{amazon, true, "bucket", ""}},
		{"s3://bucket/", "", place{amazon, true, "bucket", ""}},
		{"s3://bucket/a/b/", "", place{amazon, true, "bucket", "a/b/"}},
		{"s3://bucket//a", "", place{amazon, true, "bucket", "a/"}},
		{"s3://bucket/a", "http://127.0.0.1:9000", place{"127.0.0.1:9000", false, "bucket", "a/"}},
		{"s3://bucket/a", "minio.example", place{"minio.example", true, "bucket", "a/"}},
		{"s3://bucket/a", "minio.example:9000/", place{"minio.example:9000", true, "bucket", "a/"}},
		{"s3:https://h.example/bucket/Chats of 2026/é", "ignored", place{"h.example", true, "bucket", "Chats of 2026/é/"}},
		{"s3:http://[::1]:9000/bucket", "", place{"[::1]:9000", false, "bucket", ""}},
	} {
		got, err := parse(test.text, test.endpoint)
		if err != nil || got != test.want {
			t.Errorf("%q at %q: %+v, %v", test.text, test.endpoint, got, err)
		}
	}
	for _, test := range []struct{ text, endpoint string }{
		{"s3:", ""}, {"s3://", ""}, {"s3:///prefix", ""}, {"s3:bucket/prefix", ""}, {"s3:https://", ""}, {"s3:https://host", ""},
		{"s3:https://host/", ""}, {"s3:https:///bucket", ""}, {"s3:ftp://host/bucket", ""}, {"s4://bucket", ""}, {"s3://b", ""},
		{"s3://buck et", ""}, {"s3://bucket/../x", ""}, {"s3://bucket/a//b", ""}, {"s3://bucket/a?b", ""}, {"s3://bucket/a#b", ""},
		{"s3://bucket/a\x00", ""}, {"s3://bucket/a\x1b[31m", ""}, {"s3://bucket/\xff", ""}, {"s3://bucket/" + strings.Repeat("a", 1024), ""},
		{"s3:https://key:secret@host/bucket", ""}, {"s3://bucket", "https://key:secret@host"}, {"s3://bucket", "https://host/path"},
		{"s3://bucket", "https://host?x=secret"}, {"s3://bucket", "http://ho st:secret"}, {"s3://..", ""}, {"s3://-abc", ""},
	} {
		p, err := parse(test.text, test.endpoint)
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q at %q: %+v, %v", test.text, test.endpoint, p, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "https://all.example")
	t.Setenv("AWS_ENDPOINT_URL_S3", "https://s3.example")
	t.Setenv("AWS_DEFAULT_REGION", "fallback")
	for _, test := range []struct {
		values map[string]string
		want   settings
	}{
		{map[string]string{settingEndpoint: "https://all.example"}, settings{endpoint: "https://s3.example", region: "fallback"}},
		{map[string]string{settingEndpoint: "https://flag.example", settingRegion: "r", settingStyle: "path"},
			settings{endpoint: "https://flag.example", region: "r", style: "path"}},
	} {
		got, err := settingsOf(storage.Location{Values: test.values})
		if err != nil || got != test.want {
			t.Errorf("%v: %+v, %v", test.values, got, err)
		}
	}
	if _, err := settingsOf(storage.Location{Values: map[string]string{settingStyle: "virtually"}}); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://bucket/prefix", "")
	f.Add("s3:https://host:1/bucket/prefix", "")
	f.Add("s3://bucket", "http://host")
	f.Fuzz(func(t *testing.T, text, endpoint string) {
		p, err := parse(text, endpoint)
		if err != nil {
			return
		}
		if p.host == "" || p.bucket == "" || strings.Contains(p.bucket, "/") || strings.Contains(p.host, "@") {
			t.Fatalf("%+v", p)
		}
		if p.prefix != "" && (!strings.HasSuffix(p.prefix, "/") || !fs.ValidPath(strings.TrimSuffix(p.prefix, "/"))) {
			t.Fatalf("%+v", p)
		}
	})
}

// TestErrorsHideSecrets opens what holds credentials: neither the error of a
// place nor one of its server's repeats them.
func TestErrorsHideSecrets(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "key")
	for _, text := range []string{
		"s3:https://KEY:tellingly@host/bucket", "s3:https://KEY:tel/lingly@host/bucket", "s3:https://KEY:tel?lingly@host/bucket",
		"s3://KEY:tellingly@bucket", "s3://bucket/p?X-Amz-Signature=tellingly", "s3:KEY:tellingly@bucket/p",
	} {
		_, err := Provider.Open(t.Context(), storage.Location{Text: text}, true)
		if err == nil || strings.Contains(err.Error(), "lingly") || strings.Contains(err.Error(), "KEY") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestProxyHidesSecrets goes by a proxy whose address is none.
func TestProxyHidesSecrets(t *testing.T) {
	for _, address := range []string{"http://user:tellingly@ho st:1", "http://user:tell%ingly@host"} {
		_, err := hideProxy(nil, errors.New("invalid proxy address "+address))
		if err == nil || strings.Contains(err.Error(), "ingly") {
			t.Errorf("%v", err)
		}
	}
}
