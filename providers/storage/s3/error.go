package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/ranged"
)

// verdict is what an error of the library's or of the network means.
type verdict struct {
	class    storage.Class
	sentinel error // of io/fs, or nil
	cure     string
	passing  bool // trying again may help
	renew    bool // trying again once, with new credentials or region, may help
}

// refusal is a server's answer that was no success.
type refusal struct {
	verdict
	code    string
	message string
}

func (e *refusal) Error() string {
	if e.message == "" || e.message == e.code {
		return e.code
	}
	return e.code + ": " + e.message
}

func (e *refusal) Unwrap() error { return e.sentinel }

// network is trouble on the way to the server.
type network struct{ err error }

func (e *network) Error() string { return e.err.Error() }
func (e *network) Unwrap() error { return e.err }

const (
	cureLogin    = "check the access key, the secret key and the rights of the account"
	cureReach    = "check the network and the server's address; running it again later may help"
	cureBucket   = "check the name, or create the bucket"
	cureClock    = "set this machine's clock: servers refuse requests that are more than 15 minutes off"
	cureRegion   = "name the bucket's region with --" + settingRegion + ", or another server with --" + settingEndpoint
	cureCert     = "if the certificate is your own, name its authority's file with --" + settingCA
	cureFull     = "free some space, or raise the quota, and run it again"
	cureAnswer   = "is this an S3 server? check its address"
	cureReadOnly = "the server takes no writes now"
	cureArchived = "the store has it in an archive, from which it takes hours to come back: chatkeep restore --thaw asks for what a restore needs"
	cureLock     = "the bucket was made without object lock: make another with it, or leave --" + settingLock + " out"
	cureHidden   = "somebody deleted it, and the store may have kept it: chatkeep repair --versions looks"
	cureClass    = "the server has no such class of storage; its documentation lists those it has"
)

// codeNotLocked answers who asks for the lock of an object that has none.
const codeNotLocked = "NoSuchObjectLockConfiguration"

// headerMark tells in the answer about a missing object that somebody deleted it, and
// that a version may be below.
const headerMark = "X-Amz-Delete-Marker"

// Codes that answer a thaw.
const (
	codeInProgress = "RestoreAlreadyInProgress"
	codeNoHaste    = "GlacierExpeditedRetrievalNotAvailable"
)

// codes are the answers that mean something here. See
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and, for
// those with XMinio, MinIO's documentation of its errors.
var codes = map[string]verdict{
	"NoSuchKey":    {sentinel: fs.ErrNotExist},
	"NoSuchBucket": {class: storage.NoPlace, cure: cureBucket},

	"PreconditionFailed":         {sentinel: fs.ErrExist},
	"ConditionalRequestConflict": {class: storage.Unreachable, passing: true},
	"OperationAborted":           {class: storage.Unreachable, passing: true},
	"InvalidRange":               {sentinel: ranged.ErrRange},

	"AccessDenied":          {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"InvalidAccessKeyId":    {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"SignatureDoesNotMatch": {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"InvalidToken":          {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"InvalidSecurity":       {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"AccountProblem":        {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"AllAccessDisabled":     {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"NotSignedUp":           {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	// Versity's, for an access key that it does not know, with status 404.
	"XAdminUserNotFound":   {class: storage.Login, sentinel: fs.ErrPermission, cure: cureLogin},
	"ExpiredToken":         {class: storage.Login, sentinel: fs.ErrPermission, cure: "log in anew", renew: true},
	"TokenRefreshRequired": {class: storage.Login, sentinel: fs.ErrPermission, cure: "log in anew", renew: true},
	// The keys are right, but it is still the login that is refused, and
	// trying again does not help.
	"RequestTimeTooSkewed": {class: storage.Login, cure: cureClock},
	"RequestExpired":       {class: storage.Login, cure: cureClock},

	"AuthorizationHeaderMalformed": {cure: cureRegion, renew: true},
	"InvalidRegion":                {cure: cureRegion, renew: true},
	"IllegalLocationConstraint":    {cure: cureRegion},
	"PermanentRedirect":            {cure: cureRegion},
	"TemporaryRedirect":            {class: storage.Unreachable, passing: true},

	"QuotaExceeded":                    {class: storage.Full, cure: cureFull},
	"InsufficientStorage":              {class: storage.Full, cure: cureFull},
	"XMinioStorageFull":                {class: storage.Full, cure: cureFull},
	"XMinioAdminBucketQuotaExceeded":   {class: storage.Full, cure: cureFull},
	"XMinioServerReadOnly":             {class: storage.ReadOnly, cure: cureReadOnly},
	"XMinioStorageInsufficientStorage": {class: storage.Full, cure: cureFull},

	// What was changed or lost on the way there.
	"BadDigest":                  {class: storage.Unreachable, passing: true},
	"XAmzContentSHA256Mismatch":  {class: storage.Unreachable, passing: true},
	"IncompleteBody":             {class: storage.Unreachable, passing: true},
	"RequestTimeout":             {class: storage.Unreachable, passing: true, cure: cureReach},
	"SlowDown":                   {class: storage.Unreachable, passing: true, cure: cureReach},
	"Throttling":                 {class: storage.Unreachable, passing: true, cure: cureReach},
	"ThrottlingException":        {class: storage.Unreachable, passing: true, cure: cureReach},
	"RequestLimitExceeded":       {class: storage.Unreachable, passing: true, cure: cureReach},
	"NotImplemented":             {cure: cureAnswer},
	"XMinioServerNotInitialized": {class: storage.Unreachable, passing: true, cure: cureReach},
	"XMinioReadQuorum":           {class: storage.Unreachable, passing: true, cure: cureReach},
	"XMinioWriteQuorum":          {class: storage.Unreachable, passing: true, cure: cureReach},
	"InternalError":              {class: storage.Unreachable, passing: true, cure: cureReach},
	"ServiceUnavailable":         {class: storage.Unreachable, passing: true, cure: cureReach},
	"MalformedXML":               {cure: cureAnswer},
	"XMinioParentIsObject":       {},
	"InvalidObjectState":         {class: storage.Archived, cure: cureArchived},
	"InvalidStorageClass":        {cure: cureClass},
	// Of a thaw in haste, when many want one.
	codeNoHaste:               {class: storage.Unreachable, cure: "a thaw in less haste is taken at any time"},
	"XMinioInvalidObjectName": {sentinel: fs.ErrInvalid},
}

func classify(err error) verdict {
	var mine *refusal
	var answer minio.ErrorResponse
	switch {
	case err == nil:
		return verdict{}
	case errors.As(err, &mine):
		return mine.verdict
	case errors.Is(err, errNotS3):
		return verdict{cure: cureAnswer}
	case errors.Is(err, errDisorder), errors.Is(err, errEndless), errors.Is(err, errStop), errors.Is(err, ranged.ErrRange), errors.Is(err, fs.ErrExist):
		return verdict{}
	case errors.As(err, &answer):
		return classifyAnswer(answer)
	}
	var login *loginError
	if errors.As(err, &login) {
		return verdict{class: storage.Login, cure: login.cure}
	}
	if isCertificate(err) {
		return verdict{cure: cureCert}
	}
	if isNetwork(err) {
		return verdict{class: storage.Unreachable, passing: true, cure: cureReach}
	}
	return verdict{cure: cureAnswer}
}

func classifyAnswer(answer minio.ErrorResponse) verdict {
	if answer.StatusCode == 0 {
		// The library's own word for an answer that it cannot read.
		return verdict{cure: cureAnswer}
	}
	if v, ok := codes[answer.Code]; ok {
		return v
	}
	switch status := answer.StatusCode; {
	case status == http.StatusPreconditionFailed || status == http.StatusConflict:
		return codes["PreconditionFailed"]
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return codes["AccessDenied"]
	case status == http.StatusRequestedRangeNotSatisfiable:
		return codes["InvalidRange"]
	case status == http.StatusInsufficientStorage:
		return codes["QuotaExceeded"]
	case status == http.StatusNotImplemented:
		return codes["NotImplemented"]
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500:
		return codes["InternalError"]
	}
	return verdict{}
}

// isCertificate tells trouble with a certificate from a network's.
func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &invalid)
}

// isNetwork is generous with what the http package wraps: all of it happened
// between here and there. The exceptions are answers in the wrong protocol.
func isNetwork(err error) bool {
	var wrapped *url.Error
	var op net.Error
	var broken *network
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return false
	}
	return errors.As(err, &wrapped) || errors.As(err, &op) || errors.As(err, &broken) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// sorted makes err one of this package's, free of what a server could smuggle
// in, with the sentinel it stands for.
func (v verdict) sorted(err error, header http.Header) error {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the URL, which the location says already
		}
		if v.passing {
			return &network{err}
		}
		return err
	}
	if v.cure == cureClock {
		v.cure += skew(header)
	}
	if v.sentinel == fs.ErrNotExist && header.Get(headerMark) == "true" {
		v.cure = cureHidden
	}
	return &refusal{verdict: v, code: clean(answer.Code), message: clean(answer.Message)}
}

// skew tells how far apart the clocks are, where the server says its time.
func skew(header http.Header) string {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return ""
	}
	d := time.Since(theirs).Round(time.Second)
	if d < 0 {
		return fmt.Sprintf(" (it is %v behind the server's)", -d)
	}
	return fmt.Sprintf(" (it is %v ahead of the server's)", d)
}

const maxMessage = 200

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, shorten(s))
}

func shorten(s string) string {
	if len(s) > maxMessage {
		return strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}

// trouble makes an error of the store's.
func (s *Store) trouble(op, key string, err error) error {
	var done *storage.Error
	if errors.As(err, &done) {
		return &storage.Error{Class: done.Class, Op: op, Key: key, Place: s.text, Err: done.Err, Cure: done.Cure}
	}
	failed := &storage.Error{Op: op, Key: key, Place: s.text, Err: err}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		var broken *network
		if !errors.As(err, &broken) {
			return failed
		}
	}
	v := classify(err)
	failed.Class, failed.Cure = v.class, v.cure
	return failed
}
