package storagetest

import (
	"bytes"
	"io"
	"iter"

	"chatkeep/providers/storage"
)

// damage gives what a Get reads under r.
func (r Rule) damage(key string, body io.ReadCloser) (io.ReadCloser, error) {
	switch r.Do {
	case GetBroken, GetTruncated, GetFlipped, GetStale:
	default:
		return body, nil
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	switch r.Do {
	case GetBroken:
		broken := r
		if broken.Err == nil {
			broken.Err = io.ErrUnexpectedEOF
		}
		half := bytes.NewReader(data[:len(data)/2])
		return io.NopCloser(io.MultiReader(half, failing{broken.failure(OpGet, key)})), nil
	case GetTruncated:
		data = data[:len(data)/2]
	case GetFlipped:
		if len(data) > 0 {
			data[len(data)/2] ^= 0x10
		}
	case GetStale:
		data = r.Stale
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// lie yields what a List gives under r.
func (r Rule) lie(prefix string, seq iter.Seq2[storage.Info, error], yield func(storage.Info, error) bool) {
	n := -1
	var held *storage.Info
	for info, err := range seq {
		if err != nil {
			yield(info, err)
			return
		}
		n++
		entries := []storage.Info{info}
		if n == r.Entry {
			switch r.Do {
			case ListBroken:
				yield(storage.Info{}, r.failure(OpList, prefix))
				return
			case ListReorder:
				held = &info
				continue
			}
			entries = r.entries(info)
		}
		if held != nil {
			entries = append(entries, *held)
			held = nil
		}
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
	r.lieAtEnd(prefix, n, held, yield)
}

// entries are what stands in the place of info.
func (r Rule) entries(info storage.Info) []storage.Info {
	switch r.Do {
	case ListOmit:
		return nil
	case ListAdd:
		return []storage.Info{r.Info, info}
	case ListRepeat:
		return []storage.Info{info, info}
	}
	return []storage.Info{info}
}

// lieAtEnd is for what the listing was too short for: last is the number of
// its last entry.
func (r Rule) lieAtEnd(prefix string, last int, held *storage.Info, yield func(storage.Info, error) bool) {
	switch {
	case held != nil:
		yield(*held, nil)
	case r.Do == ListBroken && last < r.Entry:
		yield(storage.Info{}, r.failure(OpList, prefix))
	case r.Do == ListAdd && last < r.Entry:
		yield(r.Info, nil)
	}
}
