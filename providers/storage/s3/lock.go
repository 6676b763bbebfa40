package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
)

var _ storage.Locker = (*Store)(nil)

// Wanted implements [storage.Locker].
func (s *Store) Wanted() (keep time.Duration, firm bool) {
	return time.Duration(s.retain.days) * 24 * time.Hour, s.retain.mode == minio.Compliance
}

// Locked implements [storage.Locker].
func (s *Store) Locked(ctx context.Context, key string) (lock storage.Lock, err error) {
	err = storage.CheckKey(ctx, key)
	if err == nil {
		err = s.retry(ctx, func(ctx context.Context) error {
			mode, until, err := s.client.GetObjectRetention(ctx, s.bucket, s.prefix+key, "")
			if minio.ToErrorResponse(err).Code == codeNotLocked {
				return nil
			}
			if err != nil {
				return lockTrouble(err)
			}
			if until != nil && mode != nil {
				lock = storage.Lock{Until: *until, Firm: *mode == minio.Compliance}
			}
			return nil
		})
	}
	if err != nil {
		return storage.Lock{}, s.trouble("look at the lock of", key, s.missing(ctx, key, err))
	}
	return lock, nil
}

// Extend implements [storage.Locker]. A lock of the mode governance that is made one of
// the mode compliance is passed over, which takes s3:BypassGovernanceRetention at Amazon.
func (s *Store) Extend(ctx context.Context, key string, has storage.Lock, until time.Time) error {
	mode := s.retain.mode
	switch {
	case has.Firm:
		mode = minio.Compliance
	case mode == "":
		mode = minio.Governance
	}
	until = until.Truncate(time.Second)
	options := minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until}
	options.GovernanceBypass = mode == minio.Compliance && !has.Firm && has.Until.After(time.Now())
	err := storage.CheckKey(ctx, key)
	if err == nil && until.Before(has.Until) {
		err = fmt.Errorf("it is locked for longer already: %w", fs.ErrInvalid)
	}
	if err == nil {
		err = s.retry(ctx, func(ctx context.Context) error {
			return lockTrouble(s.client.PutObjectRetention(ctx, s.bucket, s.prefix+key, options))
		})
	}
	if err != nil {
		return s.trouble("lock", key, s.missing(ctx, key, err))
	}
	return nil
}

// lockTrouble knows the refusals that are about locks alone.
func lockTrouble(err error) error {
	answer := minio.ToErrorResponse(err)
	switch {
	case err == nil:
		return nil
	case mentionsLock(answer):
		return &refusal{verdict: verdict{sentinel: errors.ErrUnsupported, cure: cureLock}, code: clean(answer.Code), message: clean(answer.Message)}
	case answer.StatusCode == http.StatusMethodNotAllowed:
		// There is nothing but the mark of a delete.
		return &refusal{verdict: codes["NoSuchKey"], code: clean(answer.Code), message: clean(answer.Message)}
	}
	return err
}
