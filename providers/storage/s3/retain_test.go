package s3

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/providers/storage/storagetest/server"
)

func lockedAt(s *server.Server, bucket, mode string) storage.Location {
	return storage.Location{Text: "s3:" + s.Endpoint + "/" + bucket + "/" + strings.ToLower(rand.Text()),
		Values: map[string]string{settingLock: "30d", settingLockMode: mode}}
}

// TestRetention has a real server keep what was put, against its owner.
func TestRetention(t *testing.T) {
	s := server.MinIO(t)
	login(t, s.AccessKey, s.SecretKey)
	owner, err := minio.New(strings.TrimPrefix(s.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	for mode, bypass := range map[string]bool{"": true, "governance": true, "compliance": false} {
		t.Run("mode "+mode, func(t *testing.T) {
			testRetention(t, s, owner, mode, bypass)
		})
	}
	t.Run("conformance", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storage.Store {
			store, err := open(t.Context(), lockedAt(s, "locked", ""), true, standard)
			if err != nil {
				t.Fatal(err)
			}
			return store
		})
	})
	t.Run("bucket without lock", func(t *testing.T) {
		fresh(t, s.Endpoint, "plain", standard)
		store, err := open(t.Context(), lockedAt(s, "plain", ""), true, standard)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Put(t.Context(), "a", []byte("x"))
		if e := wantTrouble(t, "put", err, storage.Other, nil); !strings.Contains(e.Hint(), "without object lock") {
			t.Errorf("hint %q of %v", e.Hint(), e)
		}
	})
}

// testRetention puts an object into a bucket that it makes, and has the owner try to get
// rid of it. With governance, and a right of its own, that works.
func testRetention(t *testing.T, s *server.Server, owner *minio.Client, mode string, bypass bool) {
	ctx := t.Context()
	store, err := open(ctx, lockedAt(s, "locked", mode), true, standard)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("to stay")
	if _, err := store.Put(ctx, "a", data); err != nil {
		t.Fatal(err)
	}
	key := store.prefix + "a"
	o, err := owner.StatObject(ctx, store.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, until, err := owner.GetObjectRetention(ctx, store.bucket, key, o.VersionID)
	if want := time.Now().AddDate(0, 0, 30); err != nil || until == nil || until.Sub(want).Abs() > time.Hour {
		t.Errorf("it is kept until %v, %v", until, err)
	}
	version := minio.RemoveObjectOptions{VersionID: o.VersionID}
	if err := owner.RemoveObject(ctx, store.bucket, key, version); err == nil {
		t.Error("the owner of the server removed it")
	}
	if err := store.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if _, err := store.Stat(ctx, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was deleted is there: %v", err)
	}
	got, err := owner.GetObject(ctx, store.bucket, key, minio.GetObjectOptions{VersionID: o.VersionID})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(got); err != nil || !bytes.Equal(b.Bytes(), data) {
		t.Errorf("below the mark is %q, %v", b.Bytes(), err)
	}
	version.GovernanceBypass = true
	if err := owner.RemoveObject(ctx, store.bucket, key, version); (err == nil) != bypass {
		t.Errorf("with the right to pass over it: %v", err)
	}
}

func TestParseRetention(t *testing.T) {
	for _, test := range []struct {
		days, mode string
		want       retention
		ok         bool
	}{
		{"", "", retention{}, true}, {"30d", "", retention{minio.Governance, 30}, true}, {"1d", "governance", retention{minio.Governance, 1}, true},
		{"36500d", "compliance", retention{minio.Compliance, 36500}, true},
		{"", "governance", retention{}, false}, {"0d", "", retention{}, false}, {"36501d", "", retention{}, false}, {"30", "", retention{}, false},
		{"-1d", "", retention{}, false}, {"1h", "", retention{}, false}, {"30d", "GOVERNANCE", retention{}, false}, {"99999999999999999999d", "", retention{}, false},
	} {
		got, err := parseRetention(test.days, test.mode)
		if (err == nil) != test.ok || test.ok && got != test.want {
			t.Errorf("%q, %q: %+v, %v", test.days, test.mode, got, err)
		}
		if err != nil && !errors.Is(err, fs.ErrInvalid) {
			t.Error(err)
		}
	}
}

// TestRetentionRights has a policy allow what puts with a retention need, and what sees
// locks and makes them longer: where the settings say for how long, no longer than that.
func TestRetentionRights(t *testing.T) {
	const put, see = "s3:PutObjectRetention", "s3:GetObjectRetention"
	rights := map[string]storage.Right{"create": {Create: true}, "see": {Get: true, Locked: true}, "lock": {Lock: true}, "read": {Get: true}}
	for _, test := range []struct {
		days, right string
		want        []string // statements
	}{
		{"", "create", nil}, {"", "see", nil}, {"", "lock", []string{"Lock", "Locked"}}, {"", "read", nil},
		{"30d", "create", []string{"Retain"}}, {"30d", "see", []string{"Locked"}}, {"30d", "lock", []string{"Lock", "Locked"}}, {"30d", "read", nil},
	} {
		got, err := policyOf(storage.Location{Text: "s3://bucket", Values: map[string]string{settingLock: test.days}}, storage.Grant{Rights: []storage.Right{rights[test.right]}})
		if err != nil {
			t.Fatal(err)
		}
		var has []string
		for sid, action := range map[string]string{"Retain": put, "Lock": put, "Locked": see} {
			s, ok := statements(t, got.Text)[sid]
			if !ok {
				continue
			}
			has = append(has, sid)
			if s.Action[0] != action {
				t.Errorf("%+v: %s allows %s", test, sid, s.Action[0])
			}
			bounded := s.Condition["NumericLessThanEquals"]["s3:object-lock-remaining-retention-days"] == "31"
			if bounded != (sid == "Lock" && test.days != "") {
				t.Errorf("%+v: %s has the condition %v", test, sid, s.Condition)
			}
		}
		if slices.Sort(has); !slices.Equal(has, test.want) {
			t.Errorf("%+v: %q", test, has)
		}
	}
}
