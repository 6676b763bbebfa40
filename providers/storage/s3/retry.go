package s3

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/minio/minio-go/v7"
)

// retry runs do until it succeeds, fails for good, ctx ends or patience does.
// The error is then one of this package's: see sorted.
func (s *Store) retry(ctx context.Context, do func(context.Context) error) error {
	var failing time.Time // since when
	pause := s.tuning.pause
	renewed := false
	for {
		ctx, answer := withAnswer(ctx)
		err := do(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errAgain) {
			continue
		}
		v := classify(err)
		if v.renew && !renewed {
			// Credentials that ran out, or a region just learnt.
			renewed = true
			s.renew(err)
			continue
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		wait := pause/2 + rand.N(pause/2+1)
		if !v.passing || time.Since(failing)+wait > s.patience() {
			return v.sorted(err, answer.header())
		}
		pause = min(2*pause, s.tuning.longest)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// patience is short with a server that never answered: its address may be
// wrong, or this machine has no network.
func (s *Store) patience() time.Duration {
	if s.reached.Load() {
		return s.tuning.budget
	}
	return s.tuning.strange
}

func (s *Store) renew(err error) {
	switch minio.ToErrorResponse(err).Code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		s.creds.Expire()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
