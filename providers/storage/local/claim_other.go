//go:build !linux

package local

import "errors"

// renameNew has no portable form.
func (s *Store) renameNew(string, string) error { return errors.ErrUnsupported }
