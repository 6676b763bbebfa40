package rclone

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"chatkeep/providers/storage"
)

func TestParse(t *testing.T) {
	for _, good := range []string{
		"rclone:gdrive:chats", "rclone:gdrive:", "rclone:my drive:a b/c", "rclone:me@work:x:y,z=1", "rclone::local:/a/b", "rclone:a.b+c-d:/x",
	} {
		remote, err := parse(good)
		if err != nil || "rclone:"+remote != good || storage.Redact(good) != good {
			t.Errorf("%s: %q, %v, shown %s", good, remote, err, storage.Redact(good))
		}
	}
	for _, bad := range []string{
		"", "gdrive:x", "rclone:", "rclone::", "rclone:gdrive", "rclone:/a/b", "rclone:/a:b", "rclone: a:b", "rclone:-a:b", "rclone:a\nb:c",
		"rclone:a:b\x00", "rclone:a:b\nc", "rclone:a,pass=telltale:b", "rclone::sftp,host=h,pass=telltale:", `rclone:a,pass=":telltale":b`, "rclone:a,telltale",
	} {
		remote, err := parse(bad)
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %q, %v", bad, remote, err)
			continue
		}
		if _, err := Provider.Open(t.Context(), storage.Location{Text: bad}, true); err == nil || strings.Contains(err.Error(), "telltale") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestClassify has sentences of rclone's backends, and of the services behind
// them.
func TestClassify(t *testing.T) {
	s := &Store{text: "rclone:gdrive:x", remote: "gdrive:x"}
	for text, want := range map[string]storage.Class{
		`didn't find section in config file ("gdrive")`: storage.NoPlace,
		"error in ListJSON: directory not found":        storage.NoPlace,
		`couldn't find root directory ID: Get "https://www.googleapis.com/drive/v3/files/root": couldn't fetch token: invalid_grant: maybe token expired?`: storage.Login,
		"empty token found - please run \"rclone config reconnect gdrive:\"":                                                                               storage.Login,
		"googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded":                                                    storage.Full,
		"googleapi: Error 403: Quota exceeded for quota metric 'Queries' and limit 'Queries per minute', rateLimitExceeded":                                storage.Unreachable,
		"googleapi: Error 403: User rate limit exceeded., userRateLimitExceeded":                                                                           storage.Unreachable,
		"googleapi: Error 403: The user does not have sufficient permissions for this file., insufficientFilePermissions":                                  storage.Login,
		"trust token expired, please reauth":                                                                   storage.Login,
		"sign in failed: incorrect username or password":                                                       storage.Login,
		"upload failed: path/insufficient_space/.":                                                             storage.Full,
		"expired_access_token/":                                                                                storage.Login,
		"write /mnt/x: no space left on device":                                                                storage.Full,
		"open /mnt/x: read-only file system":                                                                   storage.ReadOnly,
		`dial tcp: lookup www.googleapis.com: no such host`:                                                    storage.Unreachable,
		`Propfind "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused`:                    storage.Unreachable,
		"couldn't connect SSH: ssh: handshake failed: ssh: unable to authenticate":                             storage.Login,
		"operation error S3: PutObject, https response error StatusCode: 403, api error SignatureDoesNotMatch": storage.Login,
		"something that nobody foresaw":                                                                        storage.Other,
	} {
		e := s.trouble("put", "a", &refusal{status: 500, message: text})
		if e.Class != want {
			t.Errorf("%s: class %d, want %d", text, e.Class, want)
		}
		if want != storage.Other && e.Hint() == "" {
			t.Errorf("%s: no hint", text)
		}
		if errors.Is(e, fs.ErrNotExist) {
			t.Errorf("%s: an object is missing", text)
		}
	}
}

func TestVersion(t *testing.T) {
	for text, good := range map[string]bool{
		"v1.76.0": true, "v1.65.0": true, "v2.0.0": true, "v1.66.0-DEV": true, "1.70": true,
		"v1.64.2": false, "v0.99": false, "": false, "v1": false, "rclone": false,
	} {
		if err := checkVersion(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReadList(t *testing.T) {
	for text, want := range map[string]bool{
		`{"list":[]}`: true,
		`{"list":[{"Path":"b","Size":1},{"Path":"a","Size":2},{"Path":"b","Size":1},{"Path":"B"},{"Path":"c","IsDir":true,"Size":-1}]}`: true,
		``: false, `{}`: false, `{"list":[`: false, `{"list":[{"Path":"a"}`: false, `{"list":[]`: false, `[]`: false,
		`{"list":null}`: false, `{"error":"x"}`: false, `{"list":[{"Path":"a","Size":-1}]}`: false,
	} {
		infos, err := readList(strings.NewReader(text), "")
		if (err == nil) != want || len(infos) > 2 {
			t.Errorf("%s: %v, %v", text, infos, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add(`{"list":[{"Path":"packs/b","Name":"b","Size":1,"MimeType":"","ModTime":"","IsDir":false},{"Path":"packs/a","Size":2}]}`, "packs/")
	f.Add(`{"list":[`, "")
	f.Fuzz(func(t *testing.T, text, prefix string) {
		infos, err := readList(strings.NewReader(text), prefix)
		if err != nil && infos != nil {
			t.Fatal("a part of a listing")
		}
		if !slices.IsSortedFunc(infos, func(a, b storage.Info) int { return strings.Compare(a.Key, b.Key) }) {
			t.Fatal("out of order")
		}
		for i, info := range infos {
			if !storage.ValidKey(info.Key) || !strings.HasPrefix(info.Key, prefix) || info.Size < 0 || i > 0 && infos[i-1].Key == info.Key {
				t.Fatalf("%+v", info)
			}
		}
	})
}

func FuzzRefusal(f *testing.F) {
	f.Add(500, `{"error":"failed: https://u:p@h/?q=1 token=abc","status":500}`)
	f.Add(404, "Not Found")
	s := &Store{text: "rclone:gdrive:x", remote: "gdrive:x"}
	f.Fuzz(func(t *testing.T, status int, text string) {
		e := s.trouble("get", "a", parseRefusal(status, []byte(text)))
		if strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' }) || len(e.Error()) > 2*maxMessage {
			t.Fatalf("%q", e.Error())
		}
	})
}

// FuzzClean looks for what is left of a secret.
func FuzzClean(f *testing.F) {
	f.Add("token ", "@host/x")
	f.Add("see password ", " and more")
	f.Fuzz(func(t *testing.T, front, back string) {
		const secret = "vErySecret"
		if strings.Contains(front+back, secret) || strings.ContainsAny(front, "\"'=:?@") {
			return // what is around it may well hide where a secret begins
		}
		for _, text := range []string{
			front + " https://me:" + secret + "@host/x " + back, front + " https://host/x?code=" + secret + " " + back,
			front + " refresh_token=" + secret + " " + back, front + ` "client_secret": "` + secret + `" ` + back,
			front + " Authorization: Bearer " + secret + " " + back,
		} {
			if shown := clean(text); strings.Contains(shown, secret) {
				t.Errorf("%q is shown as %q", text, shown)
			}
		}
	})
}
