//go:build unix

package restore_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"chatkeep/providers/storage/storagetest/server"
)

// roles is a repository in a bucket with versions on a real server, and what the
// owner of the server can see of it.
type roles struct {
	t          *testing.T
	s          *server.Server
	owner      *minio.Client
	program    string
	bucket     string
	repository string
	writer     string
	h          *host // with the owner's credentials
}

const rolesPrefix = "chats of ours/"

// TestRoles gives credentials to a real server that have the rights that the program
// prints for each role, and no others: each role can do what it is for, and nothing
// else.
func TestRoles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	w := newRoles(t, filepath.Join(built(t), "chatkeep"))
	t.Run("writer", w.testWriter)
	t.Run("reader", w.testReader)
	t.Run("pruner", w.testPruner)
	t.Run("doctor", w.testDoctor)
	t.Run("object lock", w.testObjectLock)
}

func newRoles(t *testing.T, program string) *roles {
	s := server.MinIO(t)
	w := &roles{t: t, s: s, program: program, bucket: "bucket", repository: "s3:" + s.Endpoint + "/bucket/" + strings.TrimSuffix(rolesPrefix, "/")}
	w.owner = w.client(t, credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""))
	must(t, w.owner.MakeBucket(t.Context(), w.bucket, minio.MakeBucketOptions{}))
	must(t, w.owner.EnableVersioning(t.Context(), w.bucket))
	w.h = initialised(t, program, w.repository, map[string]string{"AWS_ACCESS_KEY_ID": s.AccessKey, "AWS_SECRET_ACCESS_KEY": s.SecretKey}, "--grace", "2s")
	w.h.run(0, "writer", "add", "--role", "prune")
	w.h.run(0, "parity", "on")
	noiseFiles(t, w.source(), 1, 1, 1<<20)
	w.h.run(0, "backup", w.source())
	for _, one := range w.h.json(0, "writer", "list").objects {
		if one["role"] == "writer" {
			w.writer = one["id"].(string)
		}
	}
	return w
}

func (w *roles) source() string { return filepath.Join(w.h.home, "source") }

func (w *roles) client(t *testing.T, c *credentials.Credentials) *minio.Client {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(w.s.Endpoint, "http://"), &minio.Options{Creds: c, Region: "us-east-1", MaxRetries: 1})
	must(t, err)
	return client
}

// as gives the credentials of a role: a client, and a machine that has them. They are
// those of a user of the server's, with the policy that the program prints and no other.
// The machine is the owner's, with its keys.
func (w *roles) as(t *testing.T, role string, flags ...string) (*minio.Client, *host) {
	t.Helper()
	printed := w.h.run(0, append([]string{"doctor", "storage", "--print-policy", role}, flags...)...).stdout
	user, secret := w.s.User(t, []byte(printed))
	h := *w.h
	h.t, h.env = t, maps.Clone(w.h.env)
	h.env["AWS_ACCESS_KEY_ID"], h.env["AWS_SECRET_ACCESS_KEY"] = user, secret
	return w.client(t, credentials.NewStaticV4(user, secret, "")), &h
}

// objects are the keys below a folder of the repository, with their versions.
func (w *roles) objects(t *testing.T, folder string) (infos []minio.ObjectInfo) {
	t.Helper()
	for o := range w.owner.ListObjects(t.Context(), w.bucket, minio.ListObjectsOptions{Prefix: rolesPrefix + folder, Recursive: true, WithVersions: true}) {
		must(t, o.Err)
		if o.IsLatest && !o.IsDeleteMarker {
			infos = append(infos, o)
		}
	}
	return infos
}

// compareFolders asks that two folders hold the same.
func compareFolders(t *testing.T, a, b string) {
	t.Helper()
	if out, err := exec.Command("diff", "-r", a, b).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func (w *roles) get(ctx context.Context, c *minio.Client, o minio.ObjectInfo) ([]byte, error) {
	r, err := c.GetObject(ctx, w.bucket, o.Key, minio.GetObjectOptions{VersionID: o.VersionID})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// denied asks that the server refused something.
func denied(t *testing.T, what string, err error) {
	t.Helper()
	if code := minio.ToErrorResponse(err).Code; code != minio.AccessDenied {
		t.Errorf("%s: %v, want AccessDenied", what, err)
	}
}

// allFolders are the folders of a repository, and one that is none.
var allFolders = []string{"authority/", "keys/", "keyring/", "packs/", "index/", "manifests/", "snapshots/", "notes/", "parity/", "prune/", "writers/", "chatkeep-doctor-x/"}

// cannot asks that a role can delete nothing outside of some folders, and put nothing.
func (w *roles) cannot(t *testing.T, c *minio.Client, mayPut, mayDelete string) {
	t.Helper()
	ctx := t.Context()
	for _, folder := range allFolders {
		for i, o := range w.objects(t, folder) {
			if i > 1 || strings.Contains(mayDelete, folder) {
				break
			}
			denied(t, "delete "+o.Key, c.RemoveObject(ctx, w.bucket, o.Key, minio.RemoveObjectOptions{}))
		}
		if objects := w.objects(t, folder); len(objects) > 0 {
			o := objects[0]
			denied(t, "delete a version of "+o.Key, c.RemoveObject(ctx, w.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID}))
		}
		if !strings.Contains(mayPut, folder) {
			_, err := c.PutObject(ctx, w.bucket, rolesPrefix+folder+"x", strings.NewReader("x"), 1, minio.PutObjectOptions{})
			denied(t, "put below "+folder, err)
		}
	}
	for _, key := range []string{"x", rolesPrefix + "x", rolesPrefix + "chatkeep.txt"} {
		_, err := c.PutObject(ctx, w.bucket, key, strings.NewReader("x"), 1, minio.PutObjectOptions{})
		denied(t, "put of "+key, err)
	}
	for o := range c.ListObjects(ctx, w.bucket, minio.ListObjectsOptions{Recursive: true}) {
		denied(t, "list outside of the prefix", o.Err)
	}
}

func (w *roles) testWriter(t *testing.T) {
	before := w.objects(t, "packs/")
	for i, flags := range [][]string{nil, {"--writer-id", w.writer}} {
		c, h := w.as(t, "writer", flags...)
		noiseFiles(t, w.source(), byte(2+i), 1, 1<<20)
		must(t, os.RemoveAll(filepath.Join(h.home, ".cache"))) // what it knows of its packs it reads again
		before := len(w.objects(t, "packs/"))
		h.run(0, "backup", w.source())
		if n := len(w.objects(t, "packs/")) - before; n > 2 {
			t.Errorf("%d packs for one new file: the writer cannot read its index", n)
		}
		for _, folder := range []string{"packs/", "manifests/", "keys/", "keyring/", "notes/", "parity/"} {
			for _, o := range w.objects(t, folder) {
				if _, err := w.get(t.Context(), c, o); folder != "notes/" || err != nil {
					denied(t, "get of "+o.Key, err)
				}
			}
		}
		w.cannot(t, c, "packs/ index/ manifests/ snapshots/ notes/ parity/", "")
		if flags != nil {
			for _, folder := range []string{"snapshots/", "notes/"} {
				key := rolesPrefix + folder + strings.Repeat("0", 64) + "/x"
				_, err := c.PutObject(t.Context(), w.bucket, key, strings.NewReader("x"), 1, minio.PutObjectOptions{})
				denied(t, "put into another writer's "+folder, err)
			}
		}
		h.run(14, "restore", "--target", filepath.Join(t.TempDir(), "back"))
	}
	w.h.run(0, "check", "--read-data")
	w.testOverwrite(t, before[0])
	w.testOverwrite(t, w.objects(t, "index/")[0])
	w.testOverwrite(t, w.objects(t, "snapshots/")[0])
}

// testOverwrite has a stolen writer put something else in the place of an object, which
// a server without conditions in policies lets it do: the old version stays, the next
// check names the object, and once the new version is gone all is well.
func (w *roles) testOverwrite(t *testing.T, o minio.ObjectInfo) {
	t.Helper()
	ctx := t.Context()
	c, _ := w.as(t, "writer")
	was, err := w.get(ctx, w.owner, o)
	must(t, err)
	info, err := c.PutObject(ctx, w.bucket, o.Key, strings.NewReader("garbage"), 7, minio.PutObjectOptions{SendContentMd5: true})
	must(t, err)
	denied(t, "delete the old version", c.RemoveObject(ctx, w.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID}))
	if still, err := w.get(ctx, w.owner, o); err != nil || !bytes.Equal(still, was) {
		t.Errorf("the old version of %s is not what it was: %v", o.Key, err)
	}
	hash := strings.TrimSuffix(path.Base(o.Key), path.Ext(o.Key))
	r := w.h.run(11, "check", "--read-data")
	if !strings.Contains(r.stdout+r.stderr, hash) {
		t.Errorf("check does not name %s:\n%s%s", hash, r.stdout, r.stderr)
	}
	must(t, w.owner.RemoveObject(ctx, w.bucket, o.Key, minio.RemoveObjectOptions{VersionID: info.VersionID}))
	w.h.run(0, "check", "--read-data")
}

func (w *roles) testReader(t *testing.T) {
	c, h := w.as(t, "reader")
	back := filepath.Join(t.TempDir(), "back")
	h.run(0, "restore", "--target", back)
	compareFolders(t, w.source(), back)
	h.run(0, "check", "--read-data")
	if r := h.run(0, "drill"); !strings.Contains(r.stderr, "could not be noted") {
		t.Errorf("a drill that cannot be noted says %q", r.stderr)
	}
	w.cannot(t, c, "", "")
	h.run(14, "backup", w.source())

	// A machine that has nothing but a secret.
	elsewhere := newHost(t, w.program, w.repository)
	for name, value := range h.env {
		if name != "HOME" {
			elsewhere.env[name] = value
		}
	}
	again := filepath.Join(t.TempDir(), "again")
	elsewhere.run(0, "restore", "--target", again)
	compareFolders(t, w.source(), again)

	// A missing object is missing, and not refused.
	o := slices.MaxFunc(w.objects(t, "packs/"), func(a, b minio.ObjectInfo) int { return cmp.Compare(a.Size, b.Size) })
	must(t, w.owner.RemoveObject(t.Context(), w.bucket, o.Key, minio.RemoveObjectOptions{}))
	h.run(11, "check")
	h.run(11, "restore", "--target", filepath.Join(t.TempDir(), "hurt"))
	w.undelete(t, o.Key)
	w.h.run(0, "check", "--read-data")
}

// undelete takes the mark away that a delete leaves in a bucket with versions.
func (w *roles) undelete(t *testing.T, key string) {
	t.Helper()
	for o := range w.owner.ListObjects(t.Context(), w.bucket, minio.ListObjectsOptions{Prefix: key, WithVersions: true}) {
		must(t, o.Err)
		if o.IsDeleteMarker {
			must(t, w.owner.RemoveObject(t.Context(), w.bucket, key, minio.RemoveObjectOptions{VersionID: o.VersionID}))
		}
	}
}

func (w *roles) testPruner(t *testing.T) {
	must(t, os.RemoveAll(w.source()))
	noiseFiles(t, w.source(), 9, 1, 1<<20)
	last := w.h.json(0, "backup", w.source()).text("snapshot")
	for _, s := range w.h.json(0, "snapshots").objects {
		if id, ok := s["id"].(string); ok && s["type"] == "snapshot" && id != last {
			w.h.run(0, "forget", id)
		}
	}
	packs := len(w.objects(t, "packs/"))
	c, h := w.as(t, "pruner")
	h.run(0, "prune")
	time.Sleep(3 * time.Second) // the grace, by the server's clock
	r := h.run(0, "prune", "--json")
	if len(w.objects(t, "packs/")) >= packs {
		t.Errorf("%d packs of %d are left: %s", len(w.objects(t, "packs/")), packs, r.stdout)
	}
	for _, folder := range []string{"packs/", "index/", "manifests/", "keys/", "keyring/", "notes/"} {
		for _, o := range w.objects(t, folder) {
			_, err := w.get(t.Context(), c, o)
			denied(t, "get of "+o.Key, err)
		}
	}
	w.cannot(t, c, "prune/", "packs/ index/ manifests/ parity/")

	// Writers read what was condemned.
	_, writer := w.as(t, "writer")
	writer.run(0, "backup", w.source())
	w.h.run(0, "check", "--read-data")
	back := filepath.Join(t.TempDir(), "back")
	w.h.run(0, "restore", "--target", back)
	compareFolders(t, w.source(), back)
}

// testDoctor has doctor look with each role's credentials: it needs to write nothing.
func (w *roles) testDoctor(t *testing.T) {
	for _, role := range []string{"reader", "pruner", "writer"} {
		_, h := w.as(t, role)
		delete(h.env, "CHATKEEP_PASSPHRASE_FILE")
		h.run(14, "doctor", "storage")
	}
	_, h := w.as(t, "reader")
	h.json(0, "doctor")
	w.h.json(0, "doctor", "--storage")
	if left := w.objects(t, "chatkeep-doctor-"); len(left) > 0 {
		t.Errorf("%d objects of the test are left", len(left))
	}
}

// testObjectLock makes a repository in a bucket with object lock: a writer that says for
// how long puts nothing that the server's owner could remove, and one whose policy does
// not have that right puts nothing.
func (w *roles) testObjectLock(t *testing.T) {
	ctx := t.Context()
	const lock = "--s3-object-lock=1d"
	locked := *w
	locked.bucket, locked.repository = "locked", strings.Replace(w.repository, "/"+w.bucket+"/", "/locked/", 1)
	locked.h = initialised(t, w.program, locked.repository, map[string]string{"AWS_ACCESS_KEY_ID": w.s.AccessKey, "AWS_SECRET_ACCESS_KEY": w.s.SecretKey}, lock)
	noiseFiles(t, locked.source(), 1, 1, 1<<20)
	_, h := locked.as(t, "writer")
	h.run(14, "backup", locked.source(), lock)
	_, h = locked.as(t, "writer", lock)
	h.run(0, "backup", locked.source(), lock)
	objects := locked.objects(t, "")
	for _, o := range objects {
		_, until, err := w.owner.GetObjectRetention(ctx, locked.bucket, o.Key, o.VersionID)
		if err != nil || until == nil || until.Before(time.Now().Add(20*time.Hour)) {
			t.Errorf("%s is kept until %v, %v", o.Key, until, err)
		}
		if err := w.owner.RemoveObject(ctx, locked.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID}); err == nil {
			t.Errorf("the owner removed %s", o.Key)
		}
	}
	if len(objects) < 8 {
		t.Errorf("%d objects", len(objects))
	}
	locked.h.run(0, "check", "--read-data")
	locked.testOverwrite(t, locked.objects(t, "packs/")[0])
	locked.testOverwrite(t, locked.objects(t, "snapshots/")[0])
	locked.h.run(0, "doctor", "storage", lock)
	for o := range w.owner.ListObjects(ctx, locked.bucket, minio.ListObjectsOptions{Prefix: rolesPrefix + "chatkeep-doctor-", Recursive: true, WithVersions: true}) {
		must(t, o.Err)
		if o.IsDeleteMarker {
			continue
		}
		if _, until, _ := w.owner.GetObjectRetention(ctx, locked.bucket, o.Key, o.VersionID); until != nil {
			t.Errorf("%s of a test is kept until %v", o.Key, until)
		}
		break
	}
}
