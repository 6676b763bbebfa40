package rclone

import (
	"context"

	"chatkeep/providers/storage"
)

var _ storage.Foldered = (*Store)(nil)

// RemoveFolders implements [storage.Foldered], by rclone's own walk.
func (s *Store) RemoveFolders(ctx context.Context) error {
	if err := s.ask(ctx, "operations/rmdirs", params{"remote": "", "leaveRoot": false}, nil); err != nil {
		return s.trouble("delete", "", err)
	}
	return nil
}
