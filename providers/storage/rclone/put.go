package rclone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"chatkeep/providers/storage"
)

// Put implements [storage.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if err := s.put(ctx, key, data); err != nil {
		return storage.Info{}, s.trouble("put", key, err)
	}
	return storage.Info{Key: key, Size: int64(len(data))}, nil
}

func (s *Store) put(ctx context.Context, key string, data []byte) error {
	if err := storage.CheckKey(ctx, key); err != nil {
		return err
	}
	if len(data) > storage.MaxObject {
		return fmt.Errorf("%d bytes are too many: %w", len(data), fs.ErrInvalid)
	}
	if s.features.Features.PartialUploads && !s.features.Features.Move {
		return errInPart
	}
	unlock, err := s.keys.lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.sure(ctx); err != nil {
		return err
	}
	// Each try looks again: a child that died may have finished the upload.
	return s.do(ctx, func(ctx context.Context, c *child) error {
		if err := c.free(ctx, key); err != nil {
			return err
		}
		return c.upload(ctx, key, data)
	})
}

var errInPart = &unusable{"rclone shows files of this place while they are being uploaded, and cannot rename them",
	"use a remote of another kind; reading works"}

// free looks whether there is an object.
func (c *child) free(ctx context.Context, key string) error {
	var answer struct{ Item *item }
	err := c.call(ctx, "operations/stat", params{"fs": alias + ":", "remote": key,
		"opt": params{"noModTime": true, "noMimeType": true, "filesOnly": true}}, &answer)
	if isMissing(err) {
		return nil
	}
	if err == nil && answer.Item != nil {
		return fmt.Errorf("the key is taken: %w", fs.ErrExist)
	}
	return err
}

// upload has rclone copy a file that holds the object. It looked already
// whether there is one.
func (c *child) upload(ctx context.Context, key string, data []byte) error {
	path := c.spool()
	defer os.Remove(path)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		// Not as it is: the place is not full, this machine is.
		return errors.New("the object cannot be laid down for rclone: " + err.Error())
	}
	return c.call(ctx, "operations/copyfile", params{
		"srcFs": c.dir, "srcRemote": filepath.Base(path), "dstFs": alias + ":", "dstRemote": key,
		"_config": params{"NoCheckDest": true},
	}, nil)
}
