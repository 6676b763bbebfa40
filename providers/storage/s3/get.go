package s3

import (
	"context"
	"io"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/ranged"
)

// Get implements [storage.Reader]. A connection that breaks while the object
// is read is made anew for the rest.
func (s *Store) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return nil, s.trouble("get", key, err)
	}
	return ranged.Get(ctx, &object{store: s, key: key}, offset, length)
}

// object is one to read from.
type object struct {
	store   *Store
	key     string
	version *minio.ObjectInfo // nil for the newest
}

var _ ranged.Object = (*object)(nil)

func (o *object) Size(ctx context.Context) (int64, error) {
	if o.version != nil {
		return o.version.Size, nil
	}
	info, _, err := o.store.stat(ctx, o.key)
	return info.Size, err
}

func (o *object) Ask(ctx context.Context, words string) (*ranged.Answer, error) {
	var options minio.GetObjectOptions
	if words != "" {
		options.Set("Range", words)
	}
	if o.version != nil {
		options.VersionID = o.version.VersionID
	}
	given := &ranged.Answer{}
	err := o.store.retry(ctx, func(ctx context.Context) error {
		ctx, answer := withAnswer(ctx)
		body, _, header, err := o.store.client.GetObject(ctx, o.store.bucket, o.store.prefix+o.key, options)
		if err != nil {
			return err
		}
		given.Status, given.Header, given.Body = answer.status(), header, body
		return nil
	})
	if err != nil {
		return nil, o.absent(ctx, err)
	}
	o.store.there.Store(true)
	return given, nil
}

// absent tells a missing object from one that may not be read. Of versions the
// listing of the newest says nothing.
func (o *object) absent(ctx context.Context, err error) error {
	if o.version != nil {
		return err
	}
	return o.store.missing(ctx, o.key, err)
}

func (o *object) Broken(_ context.Context, cause error, barren int) error {
	if barren >= o.store.tuning.resumes {
		return &network{cause}
	}
	return nil
}

func (o *object) Trouble(err error) error { return o.store.trouble("get", o.key, err) }

var _ storage.Reader = (*Store)(nil)
