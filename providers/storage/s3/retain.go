package s3

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// retention is how long nobody may delete what is put, as
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html has it. The
// zero value sets none.
type retention struct {
	mode minio.RetentionMode
	days int
}

// The longest retention that Amazon takes, in days.
const maxRetention = 36_500

var retentionDays = regexp.MustCompile(`^([0-9]{1,5})d$`)

// parseRetention reads the settings.
func parseRetention(days, mode string) (r retention, err error) {
	if days == "" {
		if mode != "" {
			return r, &unusable{"--" + settingLockMode + " without --" + settingLock, "--" + settingLock + " 30d says how long"}
		}
		return r, nil
	}
	m := retentionDays.FindStringSubmatch(days)
	if m == nil {
		return r, &unusable{"--" + settingLock + " is no number of days", "write 30d, say"}
	}
	r.days, _ = strconv.Atoi(m[1]) // five digits
	if r.days < 1 || r.days > maxRetention {
		return r, &unusable{"--" + settingLock + " is none of 1d to " + strconv.Itoa(maxRetention) + "d", ""}
	}
	switch mode {
	case "", "governance":
		r.mode = minio.Governance
	case "compliance":
		r.mode = minio.Compliance
	default:
		return r, &unusable{"--" + settingLockMode + " is neither governance nor compliance", ""}
	}
	return r, nil
}

// on sets the retention of one put, which begins now by this machine's clock.
func (r retention) on(o *minio.PutObjectOptions, now time.Time) {
	if r.days > 0 {
		o.Mode, o.RetainUntilDate = r.mode, now.AddDate(0, 0, r.days)
	}
}

// mentionsLock tells of an answer whether the bucket was made without object lock.
func mentionsLock(answer minio.ErrorResponse) bool {
	spaceless := strings.ReplaceAll(answer.Message, " ", "")
	return answer.Code == "InvalidRequest" && strings.Contains(spaceless, "ObjectLockConfiguration") ||
		answer.Code == "InvalidBucketObjectLockConfiguration" || answer.Code == "ObjectLockConfigurationNotFoundError"
}
