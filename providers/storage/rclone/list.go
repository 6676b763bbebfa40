package rclone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"chatkeep/providers/storage"
)

// List implements [storage.Reader]. It holds the infos of all objects.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		infos, err := s.list(ctx, prefix)
		for _, info := range infos {
			if err = ctx.Err(); err != nil {
				break
			}
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(storage.Info{}, s.trouble("list", "", err))
		}
	}
}

func (s *Store) list(ctx context.Context, prefix string) ([]storage.Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !storage.ValidPrefix(prefix) {
		return nil, nil
	}
	// The folder in which all that begins with prefix is.
	dir := strings.TrimSuffix(path.Dir(prefix+"x"), ".")
	var infos []storage.Info
	err := s.do(ctx, func(ctx context.Context, c *child) error {
		body, err := c.open(ctx, "operations/list", params{"fs": alias + ":", "remote": dir,
			"opt": params{"noModTime": true, "noMimeType": true, "filesOnly": true, "recurse": true}})
		if err != nil {
			return err
		}
		defer body.Close()
		infos, err = readList(body, prefix)
		return c.cutOff(ctx, err)
	})
	if err != nil {
		// A folder that nothing was put into, or a file.
		if err = s.absent(ctx, err); dir != "" && isMissing(err) {
			err = nil
		}
		return nil, err
	}
	s.there()
	return infos, nil
}

// readList reads an answer to operations/list: {"list": [{"Path": ...}, ...]}.
// It returns the objects in it, in order, each once.
func readList(answer io.Reader, prefix string) ([]storage.Info, error) {
	d := json.NewDecoder(answer)
	for _, want := range []json.Token{json.Delim('{'), "list", json.Delim('[')} {
		if err := expect(d, want); err != nil {
			return nil, err
		}
	}
	var infos []storage.Info
	for d.More() {
		var it item
		if err := d.Decode(&it); err != nil {
			return nil, noEOF(err)
		}
		if it.IsDir || !strings.HasPrefix(it.Path, prefix) || !storage.ValidKey(it.Path) {
			continue
		}
		if it.Size < 0 {
			return nil, fmt.Errorf("%s has no size", it.Path)
		}
		infos = append(infos, storage.Info{Key: strings.Clone(it.Path), Size: it.Size})
	}
	for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
		if err := expect(d, want); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(infos, func(a, b storage.Info) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(infos, func(a, b storage.Info) bool { return a.Key == b.Key }), nil
}

var errNoList = errors.New("rclone's answer is no listing")

// expect reads one token.
func expect(d *json.Decoder, want json.Token) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = errNoList
	}
	return noEOF(err)
}

// noEOF makes an early end one.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
