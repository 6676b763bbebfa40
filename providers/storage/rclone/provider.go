// Package rclone keeps a repository wherever rclone can write: Google Drive,
// iCloud Drive, Dropbox, OneDrive, WebDAV, SFTP and the rest.
//
// The work is done by the rclone program, https://rclone.org, which a store
// starts as its child at the first request, at a version of its user's choice
// from [oldest] on. It speaks rclone's remote control, https://rclone.org/rc/,
// over a socket in a private directory: the only one of rclone's protocols that
// says in words why something failed. Of the others, "serve restic" answers with
// bare status codes and lists names without their folders, and "serve webdav"
// and "serve s3" have a cache of their own in between.
//
// The child is on a leash. It is started as "rclone rcat" with the remote control
// beside it, which reads its standard input to the end and then exits; that input
// is a pipe that we never write to. The kernel closes it when this process ends,
// however it ends, on every system, and rclone goes. Only a child that is stopped
// at that moment stays until it is continued. Close ends it sooner, with SIGKILL
// if need be. A child that no longer answers is killed and a child that died is
// started again, once for each request.
//
// rclone's configuration is the user's own, and gets nothing from us. A location
// holds no options of rclone's, which may be secrets; the child learns the place
// from its environment, as it does the random password of its socket.
//
//   - Put looks whether the key is free, and then has rclone copy a file that
//     holds the object, which is encrypted, from the private directory. This is
//     rclone's own copying: it tries again, and compares size and checksum with
//     what the service tells afterwards. Where a file shows while it is being
//     uploaded, as with SFTP, rclone uploads it under a name of [unfinished]
//     and renames it. A place that shows it and cannot rename takes no puts.
//   - Two puts of one key at the same instant: within one store the second one
//     finds the first. From two processes both may succeed, and the later one
//     replaces the other, whole. On Google Drive both may even stay, as it has
//     files of the same name; a listing then tells of one of them. No service
//     behind rclone has a conditional write that rclone makes use of.
//   - Durable is what the service calls so. rclone does not sync files of this
//     machine, so "rclone::local:/path" is no match for the plain path.
//   - Info.Time is always zero: the time that rclone tells is mostly the one of
//     the file that was uploaded, by this machine's clock.
//   - List holds all infos below a prefix in memory, some 200 bytes for each
//     object, as does rclone, since it lists in no order. Names that are not keys
//     are left out, and so are unfinished uploads.
//   - Get asks for ranges, and goes on where a connection broke.
//
// Waiting for a service is bounded by rclone's own times: one minute without a
// byte, by default five, and ten tries.
package rclone

import (
	"context"

	"chatkeep/providers/storage"
)

// The settings, by name.
const (
	settingProgram = "rclone-program"
	settingConfig  = "rclone-config"
)

const usage = "rclone:REMOTE:PATH, a remote of rclone's configuration and a folder in it"

// Provider takes locations that begin with "rclone:".
var Provider = storage.Provider{
	Name:    "rclone",
	Schemes: []string{"rclone"},
	Usage:   usage,
	Settings: []storage.Setting{
		{Name: settingProgram, Env: "CHATKEEP_RCLONE", Usage: "the rclone program, a path or a name in PATH (default rclone)"},
		{Name: settingConfig, Env: "RCLONE_CONFIG", Usage: "rclone's configuration file (default rclone's own)"},
	},
	Secrets: "rclone's configuration holds credentials and options: give them to a remote with \"rclone config\", and name that",
	Topics:  topics,
	Open: func(ctx context.Context, location storage.Location, create bool) (storage.Store, error) {
		s, err := open(ctx, location, create, standard)
		if err != nil {
			return nil, err
		}
		return s, nil
	},
}

func open(ctx context.Context, location storage.Location, create bool, tuning tuning) (*Store, error) {
	remote, err := parse(location.Text)
	if err != nil {
		failed := &storage.Error{Op: "open", Place: storage.Redact(location.Text), Err: err}
		if odd, ok := err.(*unusable); ok {
			failed.Cure = odd.cure
		}
		return nil, failed
	}
	s := newStore(location, remote, tuning)
	if err := s.prepare(ctx, create); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
