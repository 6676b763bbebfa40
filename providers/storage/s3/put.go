package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
)

// Put implements [storage.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := s.put(ctx, key, data, "")
	if err != nil {
		return storage.Info{}, s.trouble("put", key, err)
	}
	return info, nil
}

func (s *Store) put(ctx context.Context, key string, data []byte, class string) (storage.Info, error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return storage.Info{}, err
	}
	if len(data) > storage.MaxObject {
		return storage.Info{}, fmt.Errorf("%d bytes are too many: %w", len(data), fs.ErrInvalid)
	}
	sum := sha256.Sum256(data)
	var header http.Header
	broken := false
	err := s.retry(ctx, func(ctx context.Context) error {
		// After a break the object may well be there: the answer was lost, or
		// the server refused it in the middle of the upload and hung up, as
		// Versity's does, which looks the same from here however often it is
		// tried.
		if broken || s.unconditional.Load() {
			if err := s.free(ctx, key); err != nil {
				return err
			}
		}
		var err error
		header, err = s.putOnce(ctx, key, data, sum, class)
		broken = err != nil && isNetwork(err)
		return s.adapt(err)
	})
	if err != nil {
		return storage.Info{}, err
	}
	s.there.Store(true)
	return storage.Info{Key: key, Size: int64(len(data)), Time: answerTime(header)}, nil
}

// putOnce makes one request, and gives the header of the answer to it.
func (s *Store) putOnce(ctx context.Context, key string, data []byte, sum [32]byte, class string) (http.Header, error) {
	// Not the streaming signature, which signs piece by piece: this one also
	// has the server check the whole.
	options := minio.PutObjectOptions{
		DisableMultipart: true, DisableContentSha256: true, ContentType: "application/octet-stream", StorageClass: class,
	}
	if !s.unconditional.Load() {
		options.SetMatchETagExcept("*")
	}
	s.retain.on(&options, time.Now())
	md5Base64 := ""
	if s.md5.Load() || s.retain.days > 0 {
		m := md5.Sum(data)
		md5Base64 = base64.StdEncoding.EncodeToString(m[:])
	}
	ctx, answer := withAnswer(ctx)
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(data), int64(len(data)),
		md5Base64, hex.EncodeToString(sum[:]), options)
	header := answer.header()
	if err == nil && header.Get("ETag") == "" {
		return nil, errNotS3
	}
	return header, err
}

// free looks before a put whether there is an object. Credentials that may not
// look put without it: objects are named by their content.
func (s *Store) free(ctx context.Context, key string) error {
	_, err := s.client.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	switch classify(err).sentinel {
	case fs.ErrNotExist, fs.ErrPermission:
		return nil
	}
	if err == nil {
		return fs.ErrExist
	}
	return err
}

// errAgain asks for another try with what was learnt.
var errAgain = errors.New("to be tried again in another way")

// adapt learns from a refusal what the server cannot do, or wants.
func (s *Store) adapt(err error) error {
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NotImplemented || answer.StatusCode == http.StatusNotImplemented:
		if s.unconditional.CompareAndSwap(false, true) {
			return errAgain
		}
	case answer.StatusCode == http.StatusBadRequest && mentionsMD5(answer):
		// Buckets with object lock: "Content-MD5 OR x-amz-checksum- HTTP header
		// is required for Put Object requests with Object Lock parameters".
		if s.md5.CompareAndSwap(false, true) {
			return errAgain
		}
	}
	if s.retain.days > 0 && mentionsLock(answer) {
		return &refusal{verdict: verdict{cure: cureLock}, code: clean(answer.Code), message: clean(answer.Message)}
	}
	return err
}

func mentionsMD5(answer minio.ErrorResponse) bool {
	return answer.Code == "MissingContentMD5" ||
		answer.Code == "InvalidRequest" && strings.Contains(answer.Message, "Content-MD5")
}

// answerTime is when the server says it answered, in whole seconds.
func answerTime(h http.Header) time.Time {
	for _, name := range []string{"Last-Modified", "Date"} {
		if t, err := http.ParseTime(h.Get(name)); err == nil {
			return t
		}
	}
	return time.Time{}
}
