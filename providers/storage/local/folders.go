package local

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"chatkeep/providers/storage"
)

var _ storage.Foldered = (*Store)(nil)

// RemoveFolders implements [storage.Foldered]. What puts left half done is no object
// and is not asked after: the folder of temporary files goes only if it is empty.
func (s *Store) RemoveFolders(ctx context.Context) error {
	var folders []string
	err := filepath.WalkDir(s.path, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, path)
		}
		if err == nil {
			err = ctx.Err()
		}
		return err
	})
	if err != nil {
		return s.trouble("delete", "", err)
	}
	slices.Reverse(folders) // those inside come first
	for _, path := range folders {
		if err := os.Remove(path); err != nil {
			return s.trouble("delete", "", err)
		}
	}
	return nil
}
