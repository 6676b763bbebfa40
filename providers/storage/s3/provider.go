// Package s3 keeps a repository in a bucket of Amazon S3 or of any server that
// speaks its protocol, https://docs.aws.amazon.com/AmazonS3/latest/API/.
//
// An object is one PUT, never a multipart upload, as some servers forget the
// condition there. The condition is If-None-Match: *, which makes a put
// create-only; where a server refuses it, a look comes before the put instead.
// A server that takes the condition and ignores it is not noticed: it replaces
// an object by what is put under the same name, which in a repository are the
// same bytes. The bytes are signed with their SHA-256, so a server that checks
// signatures takes no others.
//
// A request that fails for a reason that may pass is made again, with growing
// pauses, for about two minutes; ten seconds where the server never answered.
// A connection on which nothing moves for a minute is given up.
//
// Credentials that may only write suffice for puts: no method needs more
// rights than its own request, s3:PutObject, s3:GetObject, s3:ListBucket,
// s3:DeleteObject or, for a thaw, s3:RestoreObject, with a retention and for locks
// s3:PutObjectRetention and s3:GetObjectRetention, and for what was first in a bucket
// s3:ListBucketVersions and s3:GetObjectVersion. Servers answer a Stat or Get of a missing object with
// AccessDenied to those who may not list. To those who may list below a prefix
// alone they often do as well, so that a listing decides there; without one it is
// not ErrNotExist.
package s3

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"chatkeep/providers/storage"
)

// The settings, by name.
const (
	settingEndpoint = "s3-endpoint"
	settingRegion   = "s3-region"
	settingCA       = "s3-ca-file"
	settingProfile  = "s3-profile"
	settingStyle    = "s3-path-style"
	settingLock     = "s3-object-lock"
	settingLockMode = "s3-object-lock-mode"
)

// Provider takes locations that begin with "s3:".
var Provider = storage.Provider{
	Name:    "s3",
	Schemes: []string{"s3"},
	Usage:   usage,
	Settings: []storage.Setting{
		{Name: settingEndpoint, Env: "AWS_ENDPOINT_URL", Usage: "server for s3://BUCKET locations, a host or URL (default Amazon's)"},
		{Name: settingRegion, Env: "AWS_REGION", Usage: "region of the bucket (default: AWS_DEFAULT_REGION, or ask the server)"},
		{Name: settingCA, Env: "AWS_CA_BUNDLE", Usage: "PEM file of certificates to trust beside the system's"},
		{Name: settingProfile, Env: "AWS_PROFILE", Usage: "profile in the AWS configuration files to take credentials from"},
		{Name: settingStyle, Usage: "where the bucket stands in URLs: auto, path or virtual (default auto)"},
		{Name: settingLock, Keeps: true, Usage: "nobody may delete what is put for so many days, as 30d, in a bucket with object lock"},
		{Name: settingLockMode, Keeps: true, Usage: "who may nevertheless: governance, those with a right of their own (default), or compliance, nobody"},
	},
	Secrets: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, hold credentials; the address goes without",
	Open: func(ctx context.Context, location storage.Location, create bool) (storage.Store, error) {
		s, err := open(ctx, location, create, standard)
		if err != nil {
			return nil, err
		}
		return s, nil
	},
	Policy: policyOf,
}

// tuning are the times of a store. Tests have shorter ones.
type tuning struct {
	budget    time.Duration // for trying a request again, from its first failure
	strange   time.Duration // the same while the server never answered
	pause     time.Duration // before the second try, then doubled
	longest   time.Duration // pause
	dial      time.Duration
	idle      time.Duration // on a connection without progress
	metadata  time.Duration // for the instance metadata service
	resumes   int           // of one Get without progress
	listCheck int           // objects to ask for when opening
}

var standard = tuning{
	budget: 110 * time.Second, strange: 10 * time.Second, pause: 200 * time.Millisecond, longest: 20 * time.Second,
	dial: 10 * time.Second, idle: time.Minute, metadata: 2 * time.Second, resumes: 4, listCheck: 1,
}

func open(ctx context.Context, location storage.Location, create bool, tuning tuning) (*Store, error) {
	s, err := newStore(ctx, location, tuning)
	if err != nil {
		failed := &storage.Error{Op: "open", Place: storage.Redact(location.Text), Err: err}
		var odd *unusable
		if errors.As(err, &odd) {
			failed.Cure = odd.cure
		}
		var login *loginError
		if errors.As(err, &login) {
			failed.Class, failed.Cure = storage.Login, login.cure
		}
		return nil, failed
	}
	err = s.look(ctx)
	if create && storage.ClassOf(err) == storage.NoPlace {
		err = s.makeBucket(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// settings are the values of a location with what else the environment says.
type settings struct {
	endpoint, region, caFile, profile, style string
	retention                                retention
}

func settingsOf(location storage.Location) (settings, error) {
	v := settings{
		endpoint: location.Values[settingEndpoint],
		region:   location.Values[settingRegion],
		caFile:   location.Values[settingCA],
		profile:  location.Values[settingProfile],
		style:    location.Values[settingStyle],
	}
	// The name for S3 alone comes before the one for all services.
	if special := os.Getenv("AWS_ENDPOINT_URL_S3"); special != "" && v.endpoint == os.Getenv("AWS_ENDPOINT_URL") {
		v.endpoint = special
	}
	if v.region == "" {
		v.region = os.Getenv("AWS_DEFAULT_REGION")
	}
	if v.region == "" {
		p, _ := readProfile(cmp.Or(v.profile, defaultProfile))
		v.region = p["region"]
	}
	var err error
	if v.retention, err = parseRetention(location.Values[settingLock], location.Values[settingLockMode]); err != nil {
		return v, err
	}
	switch v.style {
	case "", "auto", "path", "virtual":
		return v, nil
	}
	return v, &unusable{"--" + settingStyle + " is none of auto, path, virtual", ""}
}
