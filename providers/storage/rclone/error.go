package rclone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"chatkeep/providers/storage"
)

// refusal is rclone's answer that was no success.
type refusal struct {
	status  int
	bare    bool // without words of rclone's own
	message string
}

func (e *refusal) Error() string { return e.message }

// lost is a connection to rclone that broke, or an answer that did.
type lost struct{ err error }

func (e *lost) Error() string { return "the connection to rclone broke: " + e.err.Error() }
func (e *lost) Unwrap() error { return e.err }

// died is a child that ended.
type died struct{ said string }

func (e *died) Error() string {
	if e.said == "" {
		return "rclone ended without a word"
	}
	return "rclone ended: " + e.said
}

// silent is a child that no longer answered and was killed.
type silent struct{ said string }

func (e *silent) Error() string {
	if e.said == "" {
		return "rclone does not answer, and was ended"
	}
	return "rclone does not answer, and was ended; it said: " + e.said
}

// missing is a program that cannot be started.
type missing struct {
	program string
	err     error
}

func (e *missing) Error() string { return "rclone cannot be started: " + e.err.Error() }

// unopened is an object that rclone finds and cannot open.
type unopened struct{ remote, key string }

func (e *unopened) Error() string { return "rclone finds the object and cannot open it" }

// gone is a place that is not there. It hides from errors.Is that its cause is a
// missing file.
type gone struct{ err error }

func (e *gone) Error() string { return e.err.Error() }

// isMissing reports whether rclone found nothing of a name: no object, or no
// folder.
func isMissing(err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	var said *refusal
	return errors.As(err, &said) && !said.bare && containsAny(said.message, "object not found", "directory not found",
		"is a directory not a file", "is a file not a directory", "is not a regular file", ": not a directory")
}

// noPlace makes err one of class NoPlace where it says that the folder is not
// there.
func noPlace(err error) error {
	if isMissing(err) {
		return &gone{err}
	}
	return err
}

const (
	cureInstall = "install rclone 1.65 or later from https://rclone.org/install/, or name the program with --" + settingProgram
	cureRemote  = "rclone listremotes shows the remotes there are, rclone config makes one; another configuration is named with --" + settingConfig
	cureFolder  = "check the path; chatkeep init makes the folder"
	cureReach   = "check the network; running it again later may help"
	cureAgain   = "running it again may help"
	cureFull    = "free some space, its trash included, or raise the quota, and run it again"
	cureSealed  = "rclone's configuration is encrypted: set RCLONE_CONFIG_PASS or RCLONE_PASSWORD_COMMAND"
	cureRead    = "the remote takes no writes: look at its configuration, and at what the account may do there"
)

// signs are words of rclone's and of the services' and what they mean, in lower
// case. The first row with one of its words in an error decides.
var signs = []struct {
	class    storage.Class
	sentinel error
	cure     string
	words    []string
}{
	{storage.Login, nil, cureSealed, []string{
		"unable to decrypt configuration", "couldn't decrypt configuration", "not allowed to ask for password",
	}},
	{storage.NoPlace, nil, cureRemote, []string{
		"didn't find section in config file", "didn't find backend called", "can't point alias remote at itself",
	}},
	{storage.NoPlace, nil, cureFolder, []string{
		"directory not found", "is a file not a directory", "nosuchbucket", "bucket does not exist", "containernotfound",
		"bucket or container name is needed", "teamdrive not found", "drive not found",
	}},
	// Before the quotas: a service that is asked too often speaks of quotas too.
	{storage.Unreachable, nil, cureReach, []string{
		"ratelimit", "rate limit", "toomanyrequests", "too many requests", "too_many_requests", "too_many_write_operations",
		"slowdown", "error 429", "429 too", "quota metric",
	}},
	{storage.Full, nil, cureFull, []string{
		"storagequotaexceeded", "storage quota", "quota exceeded", "quotaexceeded", "quotalimitreached", "over quota", "overquota",
		"insufficient_space", "insufficient_storage", "insufficient storage", "insufficientstorage", "no space left", "not enough space",
		"not enough quota", "disk quota", "storage full", "storagefull", "quota_exceeded", "507 ",
	}},
	{storage.ReadOnly, nil, cureRead, []string{"read-only file system", "read only file system", "read only remote", "readonly"}},
	{storage.Login, fs.ErrPermission, "", []string{
		"invalid_grant", "token expired", "couldn't fetch token", "empty token found", "no refresh token", "expired_access_token",
		"invalid_access_token", "invalidauthenticationtoken", "trust token", "2fa", "incorrect username or password", "sign in failed",
		"pcs cookie", "requestpcs", "reauth", "invalid_client", "unauthorized_client", "deleted_client", "autherror",
		"unauthorized", "error 401", "401 ", "accessdenied", "access denied", "access_denied", "invalidaccesskeyid",
		"signaturedoesnotmatch", "authentication failed", "unable to authenticate", "ssh: handshake failed", "login incorrect",
		"530 ", "error 403", "403 forbidden", "statuscode: 403", "insufficient permission", "insufficientfilepermissions",
		"need to be logged in", "login_required", "bad username or password", "account is disabled",
	}},
	{storage.Other, fs.ErrPermission, "check what the account may do there", []string{"permission denied", "forbidden"}},
	{storage.Unreachable, nil, cureReach, []string{
		"no such host", "connection refused", "connection reset", "connection timed out", "i/o timeout", "timeout", "timed out",
		"network is unreachable", "no route to host", "unexpected eof", "broken pipe", "temporary failure", "server misbehaving",
		"tls: ", "x509: ", "error 500", "error 502", "error 503", "error 504", "500 internal", "502 bad", "503 service", "504 gateway",
		"statuscode: 500", "statuscode: 502", "statuscode: 503", "internalerror", "internal_error", "backenderror", "serviceunavailable",
		"couldn't connect", "failed to connect", "dial tcp", "connection closed", "use of closed network connection", "corrupted on transfer",
	}},
}

// classify sorts what rclone says into a class.
func (s *Store) classify(text string) (class storage.Class, cure string, sentinel error) {
	text = strings.ToLower(text)
	for _, sign := range signs {
		if !containsAny(text, sign.words...) {
			continue
		}
		if sign.class == storage.Login && sign.cure == "" {
			return sign.class, s.cureLogin(), sign.sentinel
		}
		return sign.class, sign.cure, sign.sentinel
	}
	return storage.Other, "", nil
}

// cureLogin names the remote that wants a new login.
func (s *Store) cureLogin() string {
	name := nameOf(s.remote)
	if strings.HasPrefix(name, ":") {
		return "make a remote that logs in, with \"rclone config\", and name that"
	}
	return fmt.Sprintf("log in anew with: rclone config reconnect %[1]s: (rclone lsd %[1]s: shows whether it works)", quote(name))
}

// quote makes a name one word of a command line.
func quote(name string) string {
	if strings.Contains(name, " ") {
		return "\"" + name + "\""
	}
	return name
}

// marked is an error with the sentinel it stands for.
type marked struct {
	err      error
	sentinel error
}

func (e *marked) Error() string   { return e.err.Error() }
func (e *marked) Unwrap() []error { return []error{e.err, e.sentinel} }

// trouble makes an error of the store's.
func (s *Store) trouble(op, key string, err error) *storage.Error {
	failed := &storage.Error{Op: op, Key: key, Place: s.text, Err: err}
	var (
		odd      *unusable
		program  *missing
		shut     *unopened
		noWord   *silent
		ended    *died
		cut      *lost
		nowhere  *gone
		answered *refusal
	)
	switch {
	case errors.As(err, &odd):
		failed.Cure = odd.cure
	case errors.As(err, &program):
		failed.Cure = cureInstall
	case errors.As(err, &nowhere):
		failed.Class, failed.Cure = storage.NoPlace, cureFolder
	case errors.As(err, &noWord):
		failed.Class, failed.Cure = storage.Unreachable, cureReach
	case errors.As(err, &ended):
		failed.Class, failed.Cure, _ = s.classify(ended.said)
		if failed.Class == storage.Other {
			failed.Class, failed.Cure = storage.Unreachable, cureAgain
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.As(err, &shut):
		failed.Class = storage.Unreachable
		failed.Cure = fmt.Sprintf("rclone cat %q shows why", strings.TrimSuffix(shut.remote, "/")+"/"+shut.key)
	case errors.As(err, &cut):
		failed.Class, failed.Cure = storage.Unreachable, cureReach
	case errors.As(err, &answered):
		s.refused(failed, answered)
	}
	return failed
}

// refused sorts an answer.
func (s *Store) refused(failed *storage.Error, answered *refusal) {
	class, cure, sentinel := s.classify(answered.message)
	if class == storage.Other && sentinel == nil && answered.bare && answered.status >= http.StatusInternalServerError {
		class, cure = storage.Unreachable, cureReach
	}
	failed.Class, failed.Cure = class, cure
	if sentinel != nil {
		failed.Err = &marked{failed.Err, sentinel}
	}
}

func containsAny(text string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
