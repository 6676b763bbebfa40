package restore

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/backup/format"
)

// waitingName is a file in a target that a restore will go on with: it says of
// which snapshot the files are that are there. Names that begin like it belong to
// no snapshot.
const waitingName = temporary + "waiting"

// waiting is what the file says.
type waiting struct {
	Type     string      `json:"type"`
	Snapshot format.Hash `json:"snapshot"`
	// What the restore was asked for, beyond the originals or short of them.
	Path []string `json:"path,omitempty"`
	With []string `json:"with,omitempty"`
}

func (w waiting) same(other waiting) bool {
	return w.Snapshot == other.Snapshot && slices.Equal(w.Path, other.Path) && slices.Equal(w.With, other.With)
}

const maxWaiting = 1 << 20

// readWaiting reads a target's file, of which there may be none.
func readWaiting(target string) (w waiting, there bool, err error) {
	f, err := os.Open(filepath.Join(target, waitingName))
	if errors.Is(err, fs.ErrNotExist) {
		return w, false, nil
	}
	if err != nil {
		return w, false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxWaiting))
	if err != nil {
		return w, false, err
	}
	if json.Unmarshal(data, &w) != nil || w.Type != "waiting" {
		return waiting{}, false, nil // a stranger's: the target is just not empty
	}
	return w, true, nil
}

// writeWaiting notes that files of a snapshot are still to come. What it says of
// the first restore stays, though others may go on with a part.
func writeWaiting(target string, w waiting) error {
	if _, there, err := readWaiting(target); there || err != nil {
		return err
	}
	data, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return keepTime(target, func() error {
		path := filepath.Join(target, waitingName)
		if err := os.WriteFile(path+"-new", append(data, '\n'), 0o600); err != nil {
			return err
		}
		return os.Rename(path+"-new", path)
	})
}

// removeWaiting takes the file away once the restore that it is about is done.
func removeWaiting(target string, done waiting) error {
	found, there, err := readWaiting(target)
	if err != nil || !there || !found.same(done) {
		return err
	}
	return keepTime(target, func() error {
		return os.Remove(filepath.Join(target, waitingName))
	})
}

// keepTime leaves the time of a directory as it was, which may be a restored one.
func keepTime(dir string, change func() error) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return os.Chtimes(dir, info.ModTime(), info.ModTime())
}

// inTarget says which files and links are in a target, by their names on disk: in
// one that holds a part of a snapshot and nothing else, what has its own name is
// whole. What is in a folder that cannot be read is taken not to be there.
func inTarget(target string) (func(name string) bool, error) {
	there := map[string]bool{}
	err := filepath.WalkDir(target, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		path, err = filepath.Rel(target, path)
		there[filepath.ToSlash(path)] = true
		return err
	})
	return func(name string) bool { return there[name] }, err
}

// onDisk is where below a target an entry is, if the system takes its name as it
// is. That will do to tell what is left to read; what is left to write the tree
// knows.
func onDisk(path string) string {
	switch rest, original := strings.CutPrefix(path, format.OriginalsPath+"/"); {
	case original:
		return rest
	case path == format.OriginalsPath:
		return "."
	}
	return MessagesDir + "/" + path
}
