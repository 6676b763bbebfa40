package repo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// openPrefix opens a pack of which the end is damaged or gone, and keeps in
// memory what can be decrypted from its beginning on: whoever wants the remains
// of a pack takes what there is. Each chunk is held against its id as always.
func (c *ChunkReader) openPrefix(ctx context.Context, pack *format.IndexPack) (*openedPack, error) {
	name := format.PackName(pack.Pack)
	body, err := c.s.store.Get(ctx, name, 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(name, err)
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	plain, err := age.Decrypt(io.LimitReader(body, format.MaxPackObject), c.s.identities()...)
	if err != nil {
		return nil, sealFailure(name, err)
	}
	var prefix bytes.Buffer
	if _, err = prefix.ReadFrom(plain); ctx.Err() != nil || storage.ClassOf(err) != storage.Other {
		return nil, err
	}
	header, first, err := format.ReadHeader(bytes.NewReader(prefix.Bytes()), int64(prefix.Len()))
	if err != nil {
		return nil, format.At(name, err)
	}
	if first != pack.FirstFrame {
		return nil, format.Fail(format.Malformed, name, "its first frame is not where the index says")
	}
	hasher, err := c.s.packHasher(name, header, pack.Kind, c.hashers)
	if err != nil {
		return nil, err
	}
	return &openedPack{plain: bytes.NewReader(prefix.Bytes()), hasher: hasher}, nil
}

// prefix returns a frame of a pack of which only the beginning is there.
func (o *openedPack) prefix(frame *format.Frame, name string) ([]byte, error) {
	compressed := make([]byte, frame.Length)
	if n, _ := o.plain.ReadAt(compressed, frame.Offset); n < len(compressed) {
		return nil, format.Fail(format.Truncated, name, "a frame is not there")
	}
	return compressed, nil
}
