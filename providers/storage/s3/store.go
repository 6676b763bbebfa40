package s3

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"chatkeep/providers/storage"
)

// Store is a bucket, or what is below a prefix in one.
type Store struct {
	text   string // the location, as it may be shown
	bucket string
	prefix string
	region string // "" where the server is asked
	retain retention
	client minio.Core
	creds  *credentials.Credentials
	tuning tuning

	reached       atomic.Bool // the server has answered once
	there         atomic.Bool // the bucket is known to exist
	unconditional atomic.Bool // the server refused If-None-Match
	md5           atomic.Bool // the server wants Content-MD5, as with object lock
}

var (
	_ storage.Store   = (*Store)(nil)
	_ storage.Clocked = (*Store)(nil)
)

func newStore(ctx context.Context, location storage.Location, tuning tuning) (*Store, error) {
	v, err := settingsOf(location)
	if err != nil {
		return nil, err
	}
	p, err := parse(location.Text, v.endpoint)
	if err != nil {
		return nil, err
	}
	s := &Store{text: storage.Redact(location.Text), bucket: p.bucket, prefix: p.prefix, region: v.region, retain: v.retention, tuning: tuning}
	transport, err := newTransport(v.caFile, tuning)
	if err != nil {
		return nil, err
	}
	s.creds = newCredentials(v, tuning)
	client := &http.Client{Transport: transport}
	if _, err := s.creds.GetWithContext(&credentials.CredContext{Client: client, Context: ctx}); err != nil {
		return nil, err
	}
	core, err := minio.NewCore(p.host, &minio.Options{
		Creds:        s.creds,
		Secure:       p.secure,
		Transport:    &traffic{store: s, base: transport, limit: newLimit(startParallel, maxParallel)},
		Region:       v.region,
		BucketLookup: map[string]minio.BucketLookupType{"path": minio.BucketLookupPath, "virtual": minio.BucketLookupDNS}[v.style],
		MaxRetries:   1, // this package does it
	})
	if err != nil {
		return nil, &unusable{"the library refuses the server's address", "write " + usage}
	}
	core.SetAppInfo("chatkeep", "1")
	s.client = *core
	return s, nil
}

// look asks for one name in the bucket, to find out early what is wrong. Of
// the requests that would do, this one is answered with a reason.
func (s *Store) look(ctx context.Context) error {
	err := s.retry(ctx, s.listOne)
	var answer *refusal
	if errors.As(err, &answer) && answer.code == minio.AccessDenied {
		// These credentials may not list. They may be good for puts.
		return nil
	}
	if err != nil {
		return s.trouble("open", "", err)
	}
	s.there.Store(true)
	return nil
}

// listOne lists one name.
func (s *Store) listOne(ctx context.Context) error {
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{
		Prefix: s.prefix, Recursive: true, MaxKeys: s.tuning.listCheck,
	}) {
		return o.Err
	}
	return ctx.Err()
}

// Now implements [storage.Clocked]: the date of an answer, be it a refusal.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.retry(ctx, func(ctx context.Context) error {
		ctx, answer := withAnswer(ctx)
		err := s.listOne(ctx)
		now = answerTime(answer.header())
		if !now.IsZero() {
			return nil
		}
		return err
	})
	if err != nil {
		return now, s.trouble("list", "", err)
	}
	return now, nil
}

func (s *Store) makeBucket(ctx context.Context) error {
	err := s.retry(ctx, func(ctx context.Context) error {
		err := s.client.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: s.region, ObjectLocking: s.retain.days > 0})
		switch minio.ToErrorResponse(err).Code {
		case minio.BucketAlreadyOwnedByYou, minio.BucketAlreadyExists:
			// Somebody was faster; whose it is the next request will tell.
			return nil
		}
		return err
	})
	if err != nil {
		return s.trouble("open", "", err)
	}
	return nil
}

// Stat implements [storage.Reader].
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, _, err := s.stat(ctx, key)
	if err != nil {
		return storage.Info{}, s.trouble("stat", key, err)
	}
	return info, nil
}

func (s *Store) stat(ctx context.Context, key string) (info storage.Info, etag string, err error) {
	o, err := s.head(ctx, key)
	if err != nil {
		return info, "", err
	}
	return storage.Info{Key: key, Size: o.Size, Time: o.LastModified, Class: clean(o.Headers.Get(headerClass))}, o.ETag, nil
}

func (s *Store) head(ctx context.Context, key string) (o minio.ObjectInfo, err error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return o, err
	}
	err = s.retry(ctx, func(ctx context.Context) error {
		var err error
		o, err = s.client.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		// The answer to a HEAD has no text, so that a missing bucket looks
		// like a missing object.
		err = errors.Join(err, s.lookOnce(ctx))
	}
	err = s.missing(ctx, key, err)
	if err == nil {
		s.there.Store(true)
	}
	return o, err
}

// missing tells a missing object from one that may not be read. Servers refuse both in
// the same words to credentials that may list what is below a prefix alone.
func (s *Store) missing(ctx context.Context, key string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	for info, failed := range s.List(ctx, key) {
		if failed != nil || info.Key == key {
			return err
		}
		break
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &refusal{verdict: codes["NoSuchKey"], code: "NoSuchKey", message: "it is in no listing"}
}

// lookOnce returns an error of class NoPlace where the bucket does not exist.
func (s *Store) lookOnce(ctx context.Context) error {
	if s.there.Load() {
		return nil
	}
	if err := s.look(ctx); storage.ClassOf(err) == storage.NoPlace {
		return err
	}
	return nil
}

// Delete implements [storage.Store]. In a bucket with versions it leaves the
// old version behind a mark.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := storage.CheckKey(ctx, key)
	if err == nil {
		err = s.retry(ctx, func(ctx context.Context) error {
			return s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
		})
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.trouble("delete", key, err)
}
