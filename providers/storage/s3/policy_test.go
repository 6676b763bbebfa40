package s3

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// grant is one of each right.
func grant(form, principal string) storage.Grant {
	return storage.Grant{Form: form, Principal: principal, Rights: []storage.Right{
		{Prefix: "all/", Get: true, Create: true, Delete: true}, {Prefix: "read/", Get: true}, {},
	}}
}

func statements(t *testing.T, text []byte) map[string]statement {
	t.Helper()
	var p policy
	if err := json.Unmarshal(text, &p); err != nil || p.Version != "2012-10-17" {
		t.Fatalf("%v\n%s", err, text)
	}
	byID := map[string]statement{}
	for _, s := range p.Statement {
		if denies := s.Sid == "KeepVersions"; (s.Effect == "Deny") != denies || (s.Effect == "Allow") == denies || len(s.Action) != 1 {
			t.Errorf("%+v", s)
		}
		byID[s.Sid] = s
	}
	return byID
}

func TestPolicy(t *testing.T) {
	const account = "123456789012"
	for _, test := range []struct {
		text, region, form, principal string
		wantForm, arn, prefix         string
		condition                     bool
	}{
		{"s3://bucket/p", "", "", "", "aws", "arn:aws:s3:::bucket", "p/", true},
		{"s3://bucket", "cn-north-1", "", "", "aws", "arn:aws-cn:s3:::bucket", "", true},
		{"s3://bucket/a/b", "us-gov-west-1", "bucket", account, "bucket", "arn:aws-us-gov:s3:::bucket", "a/b/", true},
		{"s3:https://s3.eu-central-1.amazonaws.com/bucket", "", "", "", "aws", "arn:aws:s3:::bucket", "", true},
		{"s3:https://minio.example/bucket/p", "cn-north-1", "", "", "minio", "arn:aws:s3:::bucket", "p/", false},
		{"s3:https://minio.example/bucket/p", "", "aws", "", "aws", "arn:aws:s3:::bucket", "p/", true},
		{"s3://bucket/a${b}", "", "", "", "aws", "arn:aws:s3:::bucket", "a${$}{b}/", true},
	} {
		got, err := policyOf(storage.Location{Text: test.text, Values: map[string]string{settingRegion: test.region}}, grant(test.form, test.principal))
		if err != nil || got.Form != test.wantForm {
			t.Errorf("%+v: form %s, %v", test, got.Form, err)
			continue
		}
		s := statements(t, got.Text)
		at := test.arn + "/" + test.prefix
		for sid, want := range map[string][]string{
			"List": {test.arn}, "Region": {test.arn}, "Get": {at + "all/*", at + "read/*"}, "Create": {at + "all/*"}, "Delete": {at + "all/*"}, "KeepVersions": {at + "*"},
		} {
			if !slices.Equal(s[sid].Resource, want) {
				t.Errorf("%s of %+v is for %q, want %q", sid, test, s[sid].Resource, want)
			}
			if (s[sid].Principal != nil) != (test.wantForm == formBucket) || s[sid].Principal != nil && s[sid].Principal.AWS != account {
				t.Errorf("%s of %+v names %+v", sid, test, s[sid].Principal)
			}
		}
		if (s["Create"].Condition["Null"]["s3:if-none-match"] == "false") != test.condition {
			t.Errorf("create of %+v has the condition %v", test, s["Create"].Condition)
		}
		list, _ := json.Marshal(s["List"].Condition)
		if want := `{"StringLike":{"s3:prefix":["` + test.prefix + `*"]}}`; test.prefix != "" && string(list) != want || test.prefix == "" && string(list) != "null" {
			t.Errorf("list of %+v has the condition %s", test, list)
		}
	}
	for _, verb := range []string{"Create", "Delete", "KeepVersions"} {
		got, err := policyOf(storage.Location{Text: "s3://bucket"}, storage.Grant{Rights: []storage.Right{{Get: true}}})
		if err != nil || strings.Contains(string(got.Text), verb) {
			t.Errorf("who may only read: %v\n%s", err, got.Text)
		}
	}
}

// TestPolicyRefused asks for policies that there are not.
func TestPolicyRefused(t *testing.T) {
	for _, test := range []struct{ text, form, principal string }{
		{"s3://b", "", ""}, {"s3://bucket", "azure", ""}, {"s3://bucket", "bucket", ""}, {"s3://bucket", "bucket", "*"},
		{"s3://bucket", "bucket", "12345678901"}, {"s3://bucket", "bucket", "arn:aws:iam::*:root"}, {"s3://bucket", "bucket", `123456789012"`},
		{"s3://bucket", "aws", "123456789012"}, {"s3://bucket", "", "123456789012"},
	} {
		got, err := policyOf(storage.Location{Text: test.text}, grant(test.form, test.principal))
		var e *storage.Error
		if !errors.As(err, &e) || e.Cure == "" || !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%+v: %v\n%s", test, err, got.Text)
		}
	}
	for _, principal := range []string{"123456789012", "arn:aws:iam::123456789012:user/backup", "arn:aws-cn:iam::123456789012:role/a/b@c"} {
		if _, err := policyOf(storage.Location{Text: "s3://bucket"}, grant("bucket", principal)); err != nil {
			t.Errorf("%s: %v", principal, err)
		}
	}
}

func TestNow(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	date := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	f.misbehave(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", date.Format(http.TimeFormat))
		return refuse(w, http.StatusForbidden, "RequestTimeTooSkewed")
	})
	if now, err := s.Now(t.Context()); err != nil || !now.Equal(date) {
		t.Errorf("the time is %v, %v", now, err)
	}
	f.misbehave(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header()["Date"] = nil
		return refuse(w, http.StatusForbidden, "AccessDenied")
	})
	if now, err := s.Now(t.Context()); storage.ClassOf(err) != storage.Login {
		t.Errorf("a server without a clock tells %v, %v", now, err)
	}
}

// TestMissingOrRefused has a server refuse what is missing in the same words as what
// may not be read.
func TestMissingOrRefused(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	for _, key := range []string{"there", "there2"} {
		if _, err := s.Put(t.Context(), key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	mayList := true
	f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if mayList && r.URL.Query().Get("list-type") != "" {
			return false
		}
		return refuse(w, http.StatusForbidden, "AccessDenied")
	})
	ask := func(key string) (all []error) {
		_, stat := s.Stat(t.Context(), key)
		_, get := s.Get(t.Context(), key, 0, -1)
		_, none := s.Get(t.Context(), key, 0, 0)
		return []error{stat, get, none}
	}
	for _, key := range []string{"ther", "there3", "a"} {
		for _, err := range ask(key) {
			wantTrouble(t, key, err, storage.Other, fs.ErrNotExist)
		}
	}
	for _, err := range ask("there") {
		wantTrouble(t, "there", err, storage.Login, fs.ErrPermission)
	}
	mayList = false
	for _, err := range ask("a") {
		wantTrouble(t, "without a listing", err, storage.Login, fs.ErrPermission)
	}
}
