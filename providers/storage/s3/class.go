package s3

import (
	"context"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
)

var (
	_ storage.Classed = (*Store)(nil)
	_ storage.Thawer  = (*Store)(nil)
)

// Classes whose objects are, or may be, in an archive. Other providers use the
// same names for theirs. What has another name can be read at any time, or says
// on a Get that it cannot.
const (
	classFlexible    = "GLACIER"
	classDeep        = "DEEP_ARCHIVE"
	classIntelligent = "INTELLIGENT_TIERING" // in an archive only where the bucket was set up so
)

const (
	headerClass   = "X-Amz-Storage-Class"
	headerArchive = "X-Amz-Archive-Status" // of an object of the class INTELLIGENT_TIERING
)

// PutClass implements [storage.Classed].
func (s *Store) PutClass(ctx context.Context, key string, data []byte, class string) (storage.Info, error) {
	info, err := s.put(ctx, key, data, class)
	if err != nil {
		return storage.Info{}, s.trouble("put", key, err)
	}
	return info, nil
}

// Archives implements [storage.Classed].
func (s *Store) Archives(class string) bool { return class == classFlexible || class == classDeep }

// State implements [storage.Thawer]. It asks the server only about objects of
// classes that archives have.
func (s *Store) State(ctx context.Context, info storage.Info) (storage.State, error) {
	if !s.Archives(info.Class) && info.Class != classIntelligent {
		return storage.Ready, nil
	}
	o, err := s.head(ctx, info.Key)
	if err != nil {
		return storage.Ready, s.trouble("stat", info.Key, err)
	}
	return s.stateOf(o), nil
}

// stateOf reads what a HEAD tells. The class is asked for again: an object may
// have moved since it was listed.
func (s *Store) stateOf(o minio.ObjectInfo) storage.State {
	archived := s.Archives(o.Headers.Get(headerClass)) || o.Headers.Get(headerArchive) != ""
	switch {
	case o.Restore != nil && o.Restore.OngoingRestore:
		return storage.Thawing
	case archived && o.Restore == nil:
		return storage.Frozen
	}
	return storage.Ready
}

// Thaw implements [storage.Thawer].
func (s *Store) Thaw(ctx context.Context, info storage.Info, how storage.Thaw) (storage.State, error) {
	state := storage.Thawing
	err := storage.CheckKey(ctx, info.Key)
	if err == nil {
		err = s.retry(ctx, func(ctx context.Context) error {
			ctx, answer := withAnswer(ctx)
			err := s.client.RestoreObject(ctx, s.bucket, s.prefix+info.Key, "", restoreRequest(info.Class, how))
			switch code := minio.ToErrorResponse(err).Code; {
			case code == codeInProgress:
				return nil
			case err == nil && answer.status() == http.StatusOK, code == minio.InvalidObjectState:
				// It is there for longer now, or is in no archive any more.
				state = storage.Ready
				return nil
			}
			return err
		})
	}
	if err != nil {
		return storage.Frozen, s.trouble("thaw", info.Key, err)
	}
	return state, nil
}

// restoreRequest is the body of the request. Objects of the class
// INTELLIGENT_TIERING come back for good, so that days are refused there.
func restoreRequest(class string, how storage.Thaw) (r minio.RestoreRequest) {
	if class != classIntelligent {
		r.SetDays(how.Days)
	}
	r.SetGlacierJobParameters(minio.GlacierJobParameters{Tier: minio.TierType(how.Tier)})
	return r
}

// thawTimes are Amazon's, of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html.
var thawTimes = map[string]map[storage.Tier]time.Duration{
	classFlexible: {storage.Expedited: 5 * time.Minute, storage.Standard: 5 * time.Hour, storage.Bulk: 12 * time.Hour},
	classDeep:     {storage.Standard: 12 * time.Hour, storage.Bulk: 48 * time.Hour},
	// Which of its two archives an object is in, its class does not say.
	classIntelligent: {storage.Expedited: 0, storage.Standard: 12 * time.Hour, storage.Bulk: 48 * time.Hour},
}

// ThawTime implements [storage.Thawer].
func (s *Store) ThawTime(class string, tier storage.Tier) (time.Duration, bool) {
	tiers, known := thawTimes[class]
	if !known {
		return 0, true
	}
	d, ok := tiers[tier]
	return d, ok
}
