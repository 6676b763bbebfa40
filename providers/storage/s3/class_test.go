package s3

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/providers/storage/storagetest/server"
)

// TestClasses has a real server behind a proxy that plays the cold classes.
func TestClasses(t *testing.T) {
	behind := server.MinIO(t)
	a := server.NewArchive(t, behind)
	login(t, a.AccessKey, a.SecretKey)
	for _, cold := range []string{"GLACIER", "DEEP_ARCHIVE"} {
		for _, warm := range []string{"STANDARD", "STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"} {
			t.Run(cold+" "+warm, func(t *testing.T) {
				storagetest.Classes(t, fresh(t, a.Endpoint, "bucket", standard), warm, cold, func(*Store) { a.Ripen() })
			})
		}
	}
	for _, endpoint := range []string{a.Endpoint, behind.Endpoint} {
		_, err := fresh(t, endpoint, "bucket", standard).PutClass(t.Context(), "a", []byte("x"), "ICE_CAVE")
		if e := wantTrouble(t, "put", err, storage.Other, nil); !strings.Contains(e.Hint(), "class") || e.ExitCode() != 1 {
			t.Errorf("hint %q, exit code %d", e.Hint(), e.ExitCode())
		}
	}
}

// TestArchivedAnswers has a server give the answers about archives that the
// protocol knows.
func TestArchivedAnswers(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, class, archive, restore string
		want                          storage.State
	}{
		{"warm", "", "", "", storage.Ready},
		{"cold", "GLACIER", "", "", storage.Frozen},
		{"asked for", "GLACIER", "", `ongoing-request="true"`, storage.Thawing},
		{"thawed", "DEEP_ARCHIVE", "", `ongoing-request="false", expiry-date="Fri, 21 Dec 2040 00:00:00 GMT"`, storage.Ready},
		{"intelligent and warm", "INTELLIGENT_TIERING", "", "", storage.Ready},
		{"intelligent and cold", "INTELLIGENT_TIERING", "DEEP_ARCHIVE_ACCESS", "", storage.Frozen},
		{"intelligent and asked for", "INTELLIGENT_TIERING", "ARCHIVE_ACCESS", `ongoing-request="true"`, storage.Thawing},
		{"moved since", "STANDARD", "", "", storage.Ready},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
				for name, value := range map[string]string{headerClass: c.class, headerArchive: c.archive, "X-Amz-Restore": c.restore} {
					if value != "" {
						w.Header().Set(name, value)
					}
				}
				return false
			})
			listed := c.class
			if c.name == "moved since" {
				listed = "GLACIER"
			}
			if got, err := s.State(t.Context(), storage.Info{Key: "a", Class: listed}); err != nil || got != c.want {
				t.Errorf("state %d, %v, want %d", got, err, c.want)
			}
		})
	}
	f.misbehave(nil)
	for _, class := range []string{"", "STANDARD", "GLACIER_IR", "COLDLINE"} {
		if state, err := s.State(t.Context(), storage.Info{Key: "a", Class: class}); err != nil || state != storage.Ready {
			t.Errorf("class %q: %d, %v", class, state, err)
		}
	}
	if n := f.count[http.MethodHead]; n != 0 {
		t.Errorf("%d requests about what a listing tells", n)
	}
}

// TestThawAnswers asks for thaws of a server that refuses in all ways.
func TestThawAnswers(t *testing.T) {
	f := newFake(t)
	s := f.mustOpen()
	how := storage.Thaw{Tier: storage.Expedited, Days: 2}
	info := storage.Info{Key: "a", Class: "GLACIER"}
	answer := func(status int, code string) {
		f.misbehave(func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || !r.URL.Query().Has("restore") || r.URL.Path != "/bucket/p/a" {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			if code == "" {
				w.WriteHeader(status)
				return true
			}
			return refuse(w, status, code)
		})
	}
	for _, c := range []struct {
		status int
		code   string
		want   storage.State
		class  storage.Class // of the error, if it is one
		exit   int
	}{
		{202, "", storage.Thawing, -1, 0},
		{200, "", storage.Ready, -1, 0},
		{409, codeInProgress, storage.Thawing, -1, 0},
		{403, "InvalidObjectState", storage.Ready, -1, 0},
		{503, codeNoHaste, storage.Frozen, storage.Unreachable, 13},
		{403, "AccessDenied", storage.Frozen, storage.Login, 14},
		{404, "NoSuchKey", storage.Frozen, storage.Other, 1},
		{501, "NotImplemented", storage.Frozen, storage.Other, 1},
	} {
		answer(c.status, c.code)
		state, err := s.Thaw(t.Context(), info, how)
		if state != c.want || (err == nil) != (c.class < 0) {
			t.Errorf("%d %s: state %d, %v", c.status, c.code, state, err)
			continue
		}
		var e *storage.Error
		if err != nil && (!errors.As(err, &e) || e.Class != c.class || e.ExitCode() != c.exit || e.Op != "thaw") {
			t.Errorf("%d %s: %v of class %d", c.status, c.code, err, storage.ClassOf(err))
		}
		if n := f.count[http.MethodPost]; n != 1 {
			t.Errorf("%d %s: asked %d times", c.status, c.code, n)
		}
	}
	if _, err := s.Thaw(t.Context(), storage.Info{Key: "../a"}, how); err == nil {
		t.Error("a thaw of no key succeeds")
	}
}

// TestThawRequest looks at what is asked for.
func TestThawRequest(t *testing.T) {
	how := storage.Thaw{Tier: storage.Bulk, Days: 5}
	r := restoreRequest("DEEP_ARCHIVE", how)
	if r.Days == nil || *r.Days != 5 || r.GlacierJobParameters.Tier != "Bulk" {
		t.Errorf("%+v", r)
	}
	if r := restoreRequest(classIntelligent, how); r.Days != nil {
		t.Errorf("%d days, where the server refuses them", *r.Days)
	}
	s := &Store{}
	if _, ok := s.ThawTime("DEEP_ARCHIVE", storage.Expedited); ok {
		t.Error("the deep archive has a thaw in haste")
	}
	for class, tiers := range thawTimes {
		if bulk, ok := s.ThawTime(class, storage.Bulk); !ok || bulk < tiers[storage.Standard] {
			t.Errorf("%s: what is cheap takes %v", class, bulk)
		}
	}
	if d, ok := s.ThawTime("ARCHIVE", storage.Standard); !ok || d != 0 {
		t.Errorf("of a class that is not known: %v, %v", d, ok)
	}
}
