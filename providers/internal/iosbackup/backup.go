// Package iosbackup reads the backups that Finder, iTunes and idevicebackup2 make
// of an iPhone or iPad, as long as they are not encrypted.
//
//	Info.plist Manifest.plist Status.plist   of the backup as a whole
//	Manifest.db                              which file is where: table Files
//	7c/7c7fba66680ef796b916b067077cc246adacf01d
//
// A file is named by the SHA-1 of "domain-path" in hex, where a domain is what
// belongs to one app or part of the system, as
// AppDomainGroup-group.net.whatsapp.WhatsApp.shared. Its first two digits are a
// folder; before iOS 10 there was none, and Manifest.mbdb instead of Manifest.db,
// which is not read: files of such a backup can be opened and not listed.
//
// The form is that of iOS 10 to 26 as public readers of backups describe it.
package iosbackup

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"chatkeep/providers/internal/plist"
	"chatkeep/providers/internal/sqlite"
)

// listName is the list of files.
const listName = "Manifest.db"

// manifests are the files that make a folder a backup.
var manifests = []string{listName, "Manifest.plist", "Manifest.mbdb"}

// maxPlist bounds a property list of a backup. The longest name some hundred apps.
const maxPlist = 8 << 20

// ErrEncrypted is what a backup gives that was made with a password.
var ErrEncrypted error = encrypted{}

type encrypted struct{}

func (encrypted) Error() string { return "the backup is encrypted, which is not read yet" }

// Hint says what to do.
func (encrypted) Hint() string {
	return `turn off "Encrypt local backup" for the device in Finder or iTunes, and back it up again`
}

// Is reports whether a folder is a backup, by the names of few files.
func Is(fsys fs.FS) bool {
	for _, name := range manifests {
		if info, err := fs.Stat(fsys, name); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// Locate finds a file of a domain in a backup by its name alone. The path that it
// returns is one of the backup's folder.
func Locate(fsys fs.FS, domain, name string) (string, bool) {
	return locate(fsys, fileID(domain, name))
}

func locate(fsys fs.FS, id string) (string, bool) {
	for _, p := range []string{id[:2] + "/" + id, id} {
		if info, err := fs.Stat(fsys, p); err == nil && info.Mode().IsRegular() {
			return p, true
		}
	}
	return "", false
}

// fileID is the name that a backup gives a file.
func fileID(domain, name string) string {
	sum := sha1.Sum([]byte(domain + "-" + name))
	return hex.EncodeToString(sum[:])
}

// Backup is an open backup. It is used by one goroutine, its domains included.
type Backup struct {
	fsys     fs.FS
	manifest *sqlite.DB // nil where there is none that can be read
	// Warnings say what could make the backup be less than it should.
	Warnings []string
}

// Open opens a backup. An encrypted one gives [ErrEncrypted].
func Open(ctx context.Context, fsys fs.FS) (*Backup, error) {
	b := &Backup{fsys: fsys}
	if err := b.readManifest(); err != nil {
		return nil, err
	}
	b.readStatus()
	return b, b.openList(ctx)
}

// readManifest looks into Manifest.plist whether the backup is encrypted.
func (b *Backup) readManifest() error {
	m := b.readPlist("Manifest.plist")
	_, key := m["ManifestKey"]
	if is, _ := m["IsEncrypted"].(bool); is || key {
		return ErrEncrypted
	}
	return nil
}

// readStatus looks into Status.plist whether the backup came to its end.
func (b *Backup) readStatus() {
	if state, _ := b.readPlist("Status.plist")["SnapshotState"].(string); state != "" && state != "finished" {
		b.warn("Status.plist: the backup was not finished: files may be missing")
	}
}

func (b *Backup) warn(s string) { b.Warnings = append(b.Warnings, s) }

// readPlist reads a dictionary, which may be missing.
func (b *Backup) readPlist(name string) map[string]any {
	f, err := b.fsys.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPlist))
	if err != nil {
		b.warn(fmt.Sprintf("%s: %v", name, err))
		return nil
	}
	v, err := plist.Parse(data)
	m, ok := v.(map[string]any)
	if err != nil || !ok {
		b.warn(name + ": not understood")
	}
	return m
}

// openList opens Manifest.db. From iOS 10.2 on, that of an encrypted backup is
// encrypted itself.
func (b *Backup) openList(ctx context.Context) error {
	db, err := sqlite.Open(ctx, b.fsys, listName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.warn("the backup has no Manifest.db: files are found by name alone")
		return nil
	case errors.Is(err, sqlite.ErrNotDatabase):
		return ErrEncrypted
	case err != nil:
		return err
	}
	for _, column := range []string{"fileID", "domain", "relativePath", "flags"} {
		if !db.HasColumn("Files", column) {
			db.Close()
			return fmt.Errorf("%s: no list of files in it", listName)
		}
	}
	b.manifest = db
	b.Warnings = append(b.Warnings, db.Warnings...)
	if db.Truncated() {
		b.warn("Manifest.db: cut off: some files are found by name alone")
	}
	return nil
}

// Close frees what Open took.
func (b *Backup) Close() error {
	if b.manifest == nil {
		return nil
	}
	return b.manifest.Close()
}
