package s3

import (
	"context"
	"io"
	"iter"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/ranged"
)

var _ storage.Versioned = (*Store)(nil)

// first reads the oldest version of each object. In a bucket without versions that is
// the object. It needs s3:ListBucketVersions and s3:GetObjectVersion.
type first struct{ *Store }

// First implements [storage.Versioned].
func (s *Store) First() storage.Reader { return first{s} }

// List implements [storage.Reader].
func (f first) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return f.list(ctx, prefix, (*listing).runFirst)
}

// runFirst lists from behind the last name on. A server lists the versions of an object
// one after the other, the newest first, with the marks of deletes among them.
func (l *listing) runFirst(ctx context.Context) error {
	var oldest minio.ObjectInfo
	give := func() error {
		if oldest.Key == "" {
			return nil
		}
		o := oldest
		oldest = minio.ObjectInfo{}
		return l.entry(o)
	}
	for o := range l.versions(ctx, l.store.prefix+l.prefix) {
		if o.Err != nil {
			return o.Err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if o.Key != oldest.Key {
			if err := give(); err != nil {
				return err
			}
		}
		if !o.IsDeleteMarker {
			oldest = o
		}
	}
	if err := ctx.Err(); err != nil {
		return err // the library then just ends
	}
	return give()
}

func (l *listing) versions(ctx context.Context, prefix string) iter.Seq[minio.ObjectInfo] {
	return l.store.client.ListObjectsIter(ctx, l.store.bucket, minio.ListObjectsOptions{
		Prefix: prefix, Recursive: true, WithVersions: true, StartAfter: l.last,
	})
}

// find returns the oldest version of an object.
func (f first) find(ctx context.Context, key string) (found minio.ObjectInfo, err error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return found, err
	}
	err = f.retry(ctx, func(ctx context.Context) error {
		found = minio.ObjectInfo{}
		l := &listing{store: f.Store}
		for o := range l.versions(ctx, f.prefix+key) {
			if o.Err != nil {
				return o.Err
			}
			if o.Key != f.prefix+key {
				break
			}
			if !o.IsDeleteMarker {
				found = o
			}
		}
		return ctx.Err()
	})
	if err == nil && found.Key == "" {
		err = &refusal{verdict: codes["NoSuchKey"], code: "NoSuchKey", message: "it has no version"}
	}
	return found, err
}

// Stat implements [storage.Reader].
func (f first) Stat(ctx context.Context, key string) (storage.Info, error) {
	o, err := f.find(ctx, key)
	if err != nil {
		return storage.Info{}, f.trouble("stat", key, err)
	}
	return storage.Info{Key: key, Size: o.Size, Time: o.LastModified, Class: clean(o.StorageClass)}, nil
}

// Get implements [storage.Reader].
func (f first) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	version, err := f.find(ctx, key)
	if err != nil {
		return nil, f.trouble("get", key, err)
	}
	return ranged.Get(ctx, &object{store: f.Store, key: key, version: &version}, offset, length)
}
