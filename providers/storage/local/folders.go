package local

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/providers/storage"
)

var _ storage.Foldered = (*Store)(nil)

// RemoveFolders implements [storage.Foldered]. Temporary files that killed puts left
// are no objects, and go with their folder.
func (s *Store) RemoveFolders(ctx context.Context) error {
	var paths []string
	err := filepath.WalkDir(s.path, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && (d.IsDir() || isTemporary(path, d)) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return s.trouble("delete", "", err)
	}
	slices.Reverse(paths) // what is inside comes first
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			return s.trouble("delete", "", err)
		}
	}
	return nil
}

func isTemporary(path string, d fs.DirEntry) bool {
	return d.Type().IsRegular() && strings.HasPrefix(d.Name(), tempPrefix) && filepath.Base(filepath.Dir(path)) == tempDir
}
