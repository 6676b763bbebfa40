package state

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// temporary matches the names that os.CreateTemp makes for this package.
var temporary = regexp.MustCompile(`^\..+\.[0-9]+$`)

// maxTemporaryAge is after how long a temporary file is one that a killed
// process left: none is written for so long.
const maxTemporaryAge = 24 * time.Hour

// sweep removes what killed processes left of this repository's files, and of all
// repositories' in the state folder. It does what it can: litter is no reason to
// stop a backup.
func (r *Repository) sweep(now time.Time) {
	for _, root := range []string{r.data(""), r.dirs.State, r.cache("")} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !temporary.MatchString(d.Name()) {
				return nil
			}
			if info, err := d.Info(); err == nil && now.Sub(info.ModTime()) > maxTemporaryAge {
				_ = os.Remove(path)
			}
			return nil
		})
	}
}
