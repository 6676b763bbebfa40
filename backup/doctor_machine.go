package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"chatkeep/backup/session"
)

// Free space, in bytes, of the disk that a repository is on.
const (
	spaceWarning = 1 << 30
	spaceFailure = 64 << 20 // about what one run holds back before it puts it
)

// space tells how much room there is, where that is known.
func (x *examination) space(a *session.Archive) {
	root := a.Root()
	if root == "" {
		x.ok("space", "how much room there is, the store does not tell")
		return
	}
	free, ok := freeSpace(root)
	const cure = "make room, or chatkeep forget and chatkeep prune"
	switch {
	case !ok:
		x.ok("space", "how much room there is, the system does not tell")
	case free < spaceFailure:
		x.fail("space", cure, "%s are free at %s", session.Size(free), root)
	case free < spaceWarning:
		x.warn("space", cure, "%s are free at %s", session.Size(free), root)
	default:
		x.ok("space", "%s are free at %s", session.Size(free), root)
	}
}

// modes collects what is wrong with the modes of files and folders.
type modes struct {
	x      *examination
	looked int
	wrong  bool
}

// secret looks at a file that only its owner may read.
func (m *modes) secret(path string) { m.look(path, 0o077, levelFailure, "600") }

// plain looks at a file that nobody else may write: what it says is done.
func (m *modes) plain(path string) { m.look(path, 0o022, levelWarning, "go-w") }

// folder looks at a folder of ours.
func (m *modes) folder(path string) { m.look(path, 0o077, levelWarning, "700") }

// look tells of a file whose mode has bits that it must not have. What is not there is
// no trouble here.
func (m *modes) look(path string, mask fs.FileMode, level, mode string) {
	if path == "" {
		return
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	m.looked++
	if err != nil {
		m.wrong = true
		m.x.trouble("permissions", err)
		return
	}
	if info.Mode().Perm()&mask != 0 {
		m.wrong = true
		m.x.tell("permissions", level, fmt.Sprintf("others on this machine may use %s, with mode %04o", path, info.Mode().Perm()), shellLine([]string{"chmod", mode, path}))
	}
}

func (m *modes) end(what string) {
	if !m.wrong && m.looked > 0 {
		m.x.ok("permissions", "%s, %d looked at, are for nobody else", what, m.looked)
	}
}

// files looks at the modes of what belongs to no repository.
func (x *examination) files() {
	if x.c.Env.OS == "windows" {
		x.ok("permissions", "not looked at: this system has no modes")
		return
	}
	m := &modes{x: x}
	for _, dir := range []string{x.c.Dirs.Config, x.c.Dirs.Data, x.c.Dirs.State, x.c.Dirs.Cache} {
		m.folder(dir)
	}
	path, _ := x.c.ConfigPath()
	m.plain(path)
	for _, path := range x.secretFiles() {
		m.secret(path)
	}
	m.end("folders, the configuration and the files with secrets that it names")
}

// secretFiles are those that the configuration and the environment name.
func (x *examination) secretFiles() []string {
	paths := []string{x.c.Env.Getenv("CHATKEEP_PASSPHRASE_FILE"), x.c.Env.Getenv("CHATKEEP_NEW_PASSPHRASE_FILE")}
	paths = append(paths, x.c.StringSlice("identity")...)
	for _, r := range x.conf.Repositories {
		paths = append(paths, r.PassphraseFile)
	}
	for _, s := range x.conf.Sources {
		paths = append(paths, s.KeyFile)
	}
	for _, n := range x.conf.Notify {
		paths = append(paths, n.URLFile, n.TokenFile, n.PasswordFile)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// repositoryFiles looks at the modes of this machine's keys for a repository, and of
// what it remembers of it.
func (x *examination) repositoryFiles(a *session.Archive) {
	if x.c.Env.OS == "windows" {
		return
	}
	m := &modes{x: x}
	key := a.Memory.WriterKeyPath()
	m.folder(filepath.Dir(key))
	m.secret(key)
	m.secret(a.Memory.PruneKeyPath())
	id := a.ID().String()
	m.folder(filepath.Join(x.c.Dirs.State, id))
	m.folder(filepath.Join(x.c.Dirs.Cache, id))
	m.end("the keys and the memory of this repository")
}

// maxJournalAge is from when on packs that no commit names are not those of a run
// under way.
const maxJournalAge = 24 * time.Hour

// leftovers tells of what runs left that were cut off. Locks are none of it: they end
// with their process.
func (x *examination) leftovers(ctx context.Context, a *session.Archive) {
	left := false
	if at, ok := a.Memory.Journal().Left(); ok {
		left = true
		age := x.c.Env.Clock.Now().Sub(at)
		text := "a backup has put packs that no snapshot names yet, the last of them " + days(age)
		if age > maxJournalAge {
			x.warn("leftovers", "the next chatkeep backup goes on with them", "%s: it was cut off", text)
		} else {
			x.ok("leftovers", "%s", text)
		}
	}
	n := 0
	for info, err := range a.Store.List(ctx, scratchPrefix) {
		if err != nil {
			x.trouble("leftovers", err)
			return
		}
		if isScratch(info.Key) {
			n++
		}
	}
	if n > 0 {
		left = true
		x.warn("leftovers", "the next chatkeep doctor storage removes them", "%s of a test of the storage that was cut off, or runs now; chatkeep prune waits until they are gone", session.Plural(int64(n), "object", "objects"))
	}
	if !left {
		x.ok("leftovers", "no run was cut off")
	}
}
