package storage_test

import (
	"strings"
	"testing"

	"chatkeep/providers/storage"
)

func TestRedact(t *testing.T) {
	for location, want := range map[string]string{
		"s3:https://KEY:SECRET@host/b":                    "s3:https://host/b",
		"s3:https://KEY:SEC/RET@host/b":                   "s3:https://host/b",
		"s3:https://KEY:SEC?RET@host/b":                   "s3:https://host/b",
		"s3:https://KEY:S@CRET@host:9000/b":               "s3:https://host:9000/b",
		"s3:https://KEY@host/b/p":                         "s3:https://host/b/p",
		"s3://KEY:SECRET@bucket/p":                        "s3://bucket/p",
		"s3:KEY:SECRET@bucket/p":                          "s3:bucket/p",
		"s3://bucket/p?X-Amz-Signature=SECRET":            "s3://bucket/p",
		"s3://bucket/p?X-Amz-Credential=KEY@x&a=SECRET":   "s3://bucket/p",
		"s3:https://host/b#SECRET":                        "s3:https://host/b",
		"https://KEY:SECRET@host?a=SECRET":                "https://host",
		"htps://KEY:SECRET@host/b":                        "htps://host/b",
		" s3:https://KEY:SECRET@host/b":                   " s3:https://host/b",
		"S3:HTTPS:KEY:SECRET@host":                        "S3:host",
		`s3:https://KEY:SECRET@host\b`:                    `s3:https://host\b`,
		"s3:http://KEY:SECRET@[::1]:9000/b":               "s3:http://[::1]:9000/b",
		"rclone:https://KEY:SECRET@host/b?token=SECRET#x": "rclone:https://host/b",
		"rclone:sftp,user=me,pass=SECRET:chats":           "rclone:sftp",
		`rclone::ftp,pass="a:SECRET":x`:                   "rclone::ftp",
		"rclone:sftp,pass=SECRET":                         "rclone:sftp",
		"rclone:dav,url=https://host,pass=SECRET:x":       "rclone:dav",
	} {
		if got := storage.Redact(location); got != want {
			t.Errorf("%s is shown as %s, want %s", location, got, want)
		}
	}
	for _, plain := range []string{
		"", "/home/me/chats", "./a?b#c@d", "me@host", "me@host:/chats", "what?", `C:\chats@home?`, "C:/chats", "file:/a?b", "file:///a@b#c",
		"FILE:a@b", "s3://bucket", "s3://bucket/me@home", "s3:https://host:9000/b/me@home", "s3:http://[::1]:9000/b/a@b", "s3:http://[::1]/b@c",
		"https://host", "http://127.0.0.1:9000", "rclone:remote:path", "s3:bucket", "s3:", "rclone::local:/a@b", "rclone:me@work:a,b=c?d#e:f", "rclone:", "s3://", "://",
	} {
		if got := storage.Redact(plain); got != plain {
			t.Errorf("%s is shown as %s", plain, got)
		}
	}
}

// FuzzRedact looks for what is left of a secret.
func FuzzRedact(f *testing.F) {
	f.Add("s3:https://", "host/b")
	f.Add("x", "[::1]:9000/b?q")
	f.Fuzz(func(t *testing.T, front, back string) {
		const secret = "vErySecret"
		if strings.Contains(front+back, secret) {
			return
		}
		shown := storage.Redact("s3:https://" + secret + ":" + secret + "@" + back)
		if strings.Contains(shown, secret) {
			t.Errorf("%q", shown)
		}
		if shown = storage.Redact("s3://" + front + "?" + secret); strings.Contains(shown, secret) {
			t.Errorf("%q", shown)
		}
		if again := storage.Redact(shown); again != shown {
			t.Errorf("%q becomes %q", shown, again)
		}
	})
}
