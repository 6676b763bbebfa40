//go:build unix

package restore_test

import (
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"chatkeep/providers/storage/storagetest/server"
)

// TestLocks has a real server keep a repository against whoever has its own administrator's
// credentials, and renews what it keeps.
func TestLocks(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	s := server.MinIO(t)
	for _, mode := range []string{"governance", "compliance"} {
		t.Run(mode, func(t *testing.T) {
			w := newLocked(t, s, mode)
			t.Run("who locks", w.testLocker)
			t.Run("cut off", w.testCutOff)
			t.Run("forgotten", w.testForgotten)
			t.Run("thief", w.testThief)
			t.Run("hidden packs", w.testHiddenPacks)
			t.Run("all hidden", w.testAllHidden)
		})
	}
}

// locked is a repository in a bucket with object lock, all of it locked for two days.
type locked struct {
	roles
	flags []string // the settings of the place
	first string   // of two snapshots
}

func newLocked(t *testing.T, s *server.Server, mode string) *locked {
	w := &locked{flags: []string{"--s3-object-lock=2d", "--s3-object-lock-mode=" + mode}}
	w.roles = roles{t: t, s: s, program: filepath.Join(built(t), "chatkeep"), bucket: mode}
	w.repository = "s3:" + s.Endpoint + "/" + mode + "/" + strings.TrimSuffix(rolesPrefix, "/")
	w.owner = w.client(t, credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""))
	w.h = initialised(t, w.program, w.repository, map[string]string{"AWS_ACCESS_KEY_ID": s.AccessKey, "AWS_SECRET_ACCESS_KEY": s.SecretKey},
		append(w.flags, "--grace", "2s")...)
	w.h.run(0, w.with("writer", "add", "--role", "prune")...)
	w.h.run(0, w.with("parity", "on")...)
	for seed := range byte(2) {
		must(t, os.RemoveAll(w.source()))
		noiseFiles(t, w.source(), 1+seed, 2, 1<<20)
		id := w.h.json(0, w.with("backup", w.source(), "--pack-size", "1MiB")...).text("snapshot")
		if seed == 0 {
			w.first = id
		}
	}
	return w
}

// with is a command line with the settings of the place.
func (w *locked) with(args ...string) []string { return append(args, w.flags...) }

// untils are the ends of the locks of what is there.
func (w *locked) untils(t *testing.T) map[string]time.Time {
	t.Helper()
	untils := map[string]time.Time{}
	for _, o := range w.objects(t, "") {
		mode, until, err := w.owner.GetObjectRetention(t.Context(), w.bucket, o.Key, "")
		must(t, err)
		if !strings.EqualFold(string(*mode), w.bucket) {
			t.Errorf("%s is locked in the mode %s", o.Key, *mode)
		}
		untils[o.Key] = *until
	}
	return untils
}

// replaced reports whether an object may be one that a newer one took the place of.
func replaced(key string) bool { return strings.HasPrefix(key, rolesPrefix+"keyring/") }

// testLocker has a user that may lock, and nothing else, renew.
func (w *locked) testLocker(t *testing.T) {
	c, h := w.as(t, "locker", w.flags...)
	delete(h.env, "CHATKEEP_PASSPHRASE_FILE")
	if n := h.json(0, w.with("lock", "extend")...).objects[0]["extended"].(map[string]any)["objects"]; n != 0.0 {
		t.Errorf("%v objects were locked for longer on the first day", n)
	}
	h.run(0, append(w.with("lock", "extend"), "--for=71h")...)
	for key, until := range w.untils(t) {
		if until.Before(time.Now().Add(70*time.Hour)) && !replaced(key) {
			t.Errorf("%s is locked until %v", key, until)
		}
	}
	// What its policy bounds, and what a lock is.
	mode := minio.RetentionMode(strings.ToUpper(w.bucket))
	lock := func(o minio.ObjectInfo, d time.Duration, bypass bool) error {
		until := time.Now().Add(d)
		return c.PutObjectRetention(t.Context(), w.bucket, o.Key, minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, GovernanceBypass: bypass})
	}
	for _, folder := range []string{"packs/", "snapshots/"} {
		o := w.objects(t, folder)[0]
		if err := lock(o, 100*24*time.Hour, false); err == nil {
			t.Errorf("%s was locked for a hundred days", o.Key)
		}
		if err := lock(o, time.Hour, false); err == nil {
			t.Errorf("the lock of %s was made shorter", o.Key)
		}
		if folder != "packs/" {
			continue
		}
		_, err := w.get(t.Context(), c, o)
		denied(t, "get of "+o.Key, err)
	}
	w.cannot(t, c, "", "")

	// Others see how long, where their policy says so.
	_, reader := w.as(t, "reader", w.flags...)
	reader.json(0, w.with("check")...)
	reader.json(15, append(w.with("check"), "--locked=80h")...)
	_, blind := w.as(t, "reader")
	if r := blind.run(0, w.with("check")...); !strings.Contains(r.stderr, "cannot be seen") {
		t.Errorf("who may not see locks is told %q", r.stderr)
	}
	blind.run(14, append(w.with("check"), "--locked=1d")...)
	_, writer := w.as(t, "writer", w.flags...)
	writer.run(14, w.with("lock", "extend")...)
}

// testCutOff kills a run in the middle. The next one does the rest.
func (w *locked) testCutOff(t *testing.T) {
	before := w.untils(t)
	const most = 5
	reached := make(chan struct{})
	front := w.slow(t, most, reached)
	h := *w.h
	h.t, h.env = t, maps.Clone(w.h.env)
	h.env["CHATKEEP_REPOSITORY"] = strings.Replace(w.repository, w.s.Endpoint, front, 1)
	cmd, _, stderr := h.command(w.with("lock", "extend", "--for=5d")...)
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-reached:
		must(t, cmd.Process.Kill())
		<-ended
	case err := <-ended:
		t.Fatalf("it ended too early: %v\n%s", err, stderr)
	}
	done := 0
	for key, until := range w.untils(t) {
		if until.After(before[key]) {
			done++
		}
	}
	if done == 0 || done > most {
		t.Errorf("%d objects of %d were locked when it was killed", done, len(before))
	}
	r := w.h.json(0, w.with("lock", "extend", "--for=5d")...)
	extended := r.objects[0]["extended"].(map[string]any)["objects"].(float64)
	live := r.objects[0]["live"].(map[string]any)["objects"].(float64)
	if int(extended)+done != int(live) {
		t.Errorf("%v objects of %v were locked, after %d", extended, live, done)
	}
	if again := w.h.json(0, w.with("lock", "extend", "--for=5d")...); again.objects[0]["extended"].(map[string]any)["objects"] != 0.0 {
		t.Errorf("a third run locks more: %s", again.stdout)
	}
}

// slow is a way to the server on which only so many locks are set. The next one hangs.
func (w *locked) slow(t *testing.T, most int64, reached chan<- struct{}) (endpoint string) {
	target, err := url.Parse(w.s.Endpoint)
	must(t, err)
	// The host stays as the client signed it.
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
		ErrorLog: log.New(io.Discard, "", 0)}
	var n atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Query().Has("retention") {
			switch m := n.Add(1); {
			case m == most+1:
				close(reached)
				fallthrough
			case m > most:
				_, _ = io.Copy(io.Discard, r.Body) // or the end of the client would go unnoticed
				<-r.Context().Done()
				return
			}
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// testForgotten locks for longer after a snapshot was forgotten: what prune then deletes,
// and nothing else, was let alone.
func (w *locked) testForgotten(t *testing.T) {
	w.h.run(0, w.with("forget", w.first)...)
	w.h.run(0, w.with("prune")...)
	before := w.untils(t)
	w.h.run(0, append(w.with("lock", "extend"), "--for=20d")...)
	dead := map[string]bool{}
	for key, until := range w.untils(t) {
		if !until.After(before[key]) {
			dead[key] = true
		}
	}
	time.Sleep(3 * time.Second) // the grace, by the server's clock
	w.h.run(0, w.with("prune")...)
	gone := maps.Clone(before)
	for _, o := range w.objects(t, "") {
		delete(gone, o.Key)
	}
	if len(gone) < 5 {
		t.Errorf("prune took %d objects", len(gone))
	}
	for key := range gone {
		if !dead[key] {
			t.Errorf("%s was locked for longer, and prune takes it", key)
		}
		delete(dead, key)
	}
	for key := range dead {
		if !replaced(key) {
			t.Errorf("%s was not locked for longer, and prune leaves it", key)
		}
	}
	w.h.run(0, append(w.with("lock", "extend"), "--for=20d")...) // the new tombstone
	w.h.json(0, append(w.with("check", "--read-data"), "--locked=19d")...)
}

// testThief has the server's own administrator try to get rid of the snapshot for good.
func (w *locked) testThief(t *testing.T) {
	ctx := t.Context()
	bypass := w.bucket == "compliance" // with governance that is what an owner may
	tried := 0
	for o := range w.owner.ListObjects(ctx, w.bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		must(t, o.Err)
		if o.IsDeleteMarker {
			continue
		}
		tried++
		if err := w.owner.RemoveObject(ctx, w.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: bypass}); err == nil {
			t.Errorf("%s was deleted for good", o.Key)
		}
		mode, soon := minio.Governance, time.Now().Add(time.Second)
		if err := w.owner.PutObjectRetention(ctx, w.bucket, o.Key, minio.PutObjectRetentionOptions{VersionID: o.VersionID, Mode: &mode, RetainUntilDate: &soon, GovernanceBypass: bypass}); err == nil {
			t.Errorf("the lock of %s was made shorter", o.Key)
		}
	}
	if tried < 20 {
		t.Errorf("%d versions", tried)
	}
	if err := w.owner.SuspendVersioning(ctx, w.bucket); err == nil {
		t.Error("the bucket keeps no versions any more")
	}
	if err := w.owner.RemoveBucketWithOptions(ctx, w.bucket, minio.RemoveBucketOptions{ForceDelete: true}); err == nil {
		t.Error("the bucket was deleted")
	}
	w.restores(t)
}

// restores gives back what was backed up last.
func (w *locked) restores(t *testing.T) {
	t.Helper()
	back := filepath.Join(t.TempDir(), "back")
	w.h.run(0, w.with("restore", "--target", back)...)
	compareFolders(t, w.source(), back)
}

// testHiddenPacks deletes and replaces packs, as an administrator can, and gets them back.
func (w *locked) testHiddenPacks(t *testing.T) {
	ctx := t.Context()
	packs := w.objects(t, "packs/")
	for _, o := range packs {
		must(t, w.owner.RemoveObject(ctx, w.bucket, o.Key, minio.RemoveObjectOptions{}))
	}
	told := w.h.run(11, w.with("restore", "--target", filepath.Join(t.TempDir(), "hurt"))...).stderr
	_, err := w.owner.PutObject(ctx, w.bucket, packs[0].Key, strings.NewReader("garbage"), 7, minio.PutObjectOptions{SendContentMd5: true})
	must(t, err)
	r := w.h.run(11, w.with("check", "--read-data")...)
	for _, o := range packs {
		if hash := strings.TrimSuffix(path.Base(o.Key), ".age"); !strings.Contains(r.stdout, hash) {
			t.Errorf("check does not name %s", hash)
		}
	}
	for _, told := range []string{told, r.stderr, w.h.json(11, w.with("lock", "extend")...).stderr} {
		if !strings.Contains(told, "--versions") {
			t.Errorf("the cure is not told: %s", told)
		}
	}
	w.h.run(0, w.with("repair", "--versions", "--keyless", "--dry-run")...)
	w.h.run(11, w.with("check")...)
	w.mended(t, len(packs))
}

// testAllHidden deletes everything, as an administrator can, and gets it back.
func (w *locked) testAllHidden(t *testing.T) {
	all := w.objects(t, "")
	for _, o := range all {
		must(t, w.owner.RemoveObject(t.Context(), w.bucket, o.Key, minio.RemoveObjectOptions{}))
	}
	w.h.run(10, w.with("snapshots")...)
	w.mended(t, 0)
}

// mended puts back what was deleted or replaced, which is locked then.
func (w *locked) mended(t *testing.T, objects int) {
	t.Helper()
	r := w.h.json(0, w.with("repair", "--versions", "--keyless")...)
	if n := len(r.objects) - 1; n < objects {
		t.Errorf("%d objects were put back: %s", n, r.stdout)
	}
	w.h.json(0, w.with("check", "--read-data")...)
	w.restores(t)
}
