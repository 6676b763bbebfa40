package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
)

// Get implements [storage.Reader]. A connection that breaks while the object
// is read is made anew for the rest.
func (s *Store) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := s.get(ctx, key, offset, length)
	if err != nil {
		return nil, s.trouble("get", key, err)
	}
	return r, nil
}

func (s *Store) get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fmt.Errorf("offset %d: %w", offset, fs.ErrInvalid)
	}
	if length == 0 || length > math.MaxInt64-offset {
		// No range says this, so the object's size decides.
		return s.getNothing(ctx, key, offset, length)
	}
	r := &reader{ctx: ctx, store: s, key: key, at: offset, left: length}
	err := r.connect()
	if length < 0 && errors.Is(err, errRange) {
		return s.getNothing(ctx, key, offset, 0)
	}
	if err != nil {
		return nil, s.missing(ctx, key, err)
	}
	return r, nil
}

// getNothing gives the empty stream if the object reaches as far as offset
// and no further bytes are asked for.
func (s *Store) getNothing(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	info, _, err := s.stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if length != 0 || offset > info.Size {
		return nil, fmt.Errorf("beyond byte %d: %w", info.Size, errRange)
	}
	return &reader{ctx: ctx, store: s, key: key, body: http.NoBody}, nil
}

// errRange says that a range is not in the object.
var errRange = fmt.Errorf("no such range: %w", io.ErrUnexpectedEOF)

// reader gives a part of an object, exactly.
type reader struct {
	ctx     context.Context
	store   *Store
	key     string
	version string // "" for the newest
	at      int64
	left    int64 // negative: to the end, until the server tells where that is
	body    io.ReadCloser
	etag    string
	stuck   int // connections made since the last byte came
}

// connect asks for what is left.
func (r *reader) connect() error {
	return r.store.retry(r.ctx, func(ctx context.Context) error {
		options := minio.GetObjectOptions{VersionID: r.version}
		switch {
		case r.left >= 0:
			options.Set("Range", fmt.Sprintf("bytes=%d-%d", r.at, r.at+r.left-1))
		case r.at > 0:
			options.Set("Range", fmt.Sprintf("bytes=%d-", r.at))
		}
		ctx, answer := withAnswer(ctx)
		body, info, header, err := r.store.client.GetObject(ctx, r.store.bucket, r.store.prefix+r.key, options)
		if err != nil {
			return err
		}
		r.store.there.Store(true)
		if err := r.accept(answer.status(), header, info); err != nil {
			body.Close()
			return err
		}
		r.body = body
		return nil
	})
}

// accept holds an answer against what was asked for.
func (r *reader) accept(status int, header http.Header, info minio.ObjectInfo) error {
	size, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return errors.New("the server does not tell the length of its answer")
	}
	if r.etag != "" && info.ETag != r.etag {
		return errors.New("the object was replaced while it was read")
	}
	if whole := r.at == 0 && r.left < 0; !whole {
		if status != http.StatusPartialContent {
			return errors.New("the server ignores ranges")
		}
		if !strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", r.at)) {
			return errors.New("the server gives another range than the one asked for")
		}
	}
	switch {
	case r.left < 0:
		r.left = size
	case size < r.left:
		return fmt.Errorf("%d bytes from %d on, of %d: %w", r.left, r.at, r.at+size, errRange)
	case size > r.left:
		return errors.New("the server gives more than asked for")
	}
	r.etag = info.ETag
	return nil
}

func (r *reader) Read(p []byte) (int, error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return 0, r.store.trouble("get", r.key, err)
		}
		if r.left == 0 {
			return 0, io.EOF
		}
		if int64(len(p)) > r.left {
			p = p[:r.left]
		}
		n, err := r.body.Read(p)
		r.at += int64(n)
		r.left -= int64(n)
		if n > 0 {
			r.stuck = 0
			return n, nil // the error comes again
		}
		if err == nil {
			return 0, nil
		}
		if err := r.resume(err); err != nil {
			return 0, r.store.trouble("get", r.key, err)
		}
	}
}

// resume connects anew after the body broke off.
func (r *reader) resume(cause error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	if r.stuck >= r.store.tuning.resumes {
		return fmt.Errorf("broke off at byte %d: %w", r.at, &network{cause})
	}
	r.stuck++
	r.body.Close()
	r.body = http.NoBody // for Close, if there will be no other
	return r.connect()
}

func (r *reader) Close() error { return r.body.Close() }

var _ storage.Reader = (*Store)(nil)
