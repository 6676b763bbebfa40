// Package storage is the contract between chatkeep and the places where
// repositories are kept. Its comments are the specification; the suite in
// storagetest is their proof, and a new place is done when that suite passes.
//
// A store holds objects: immutable byte strings under a key. Every object is
// created once, whole, and never changed. That is all a repository asks for,
// and all a provider may assume.
package storage

import (
	"context"
	"io"
	"iter"
	"time"
)

// MaxObject is the largest object a store must take, in bytes. Objects are
// held in memory while they are put, so it is also a bound on memory.
const MaxObject = 256 << 20

// Info is what a store tells about one object without reading it.
type Info struct {
	Key  string
	Size int64
	// Time is the moment of creation by the store's own clock. No other
	// clock decides a deletion or a matter of trust. It is zero where the
	// store does not tell.
	Time time.Time
	// Class is the class of storage that the object is in, as the store names
	// it: "" where there is only one, or where the store does not tell. Put
	// need not tell.
	Class string
}

// Reader reads objects. All methods are safe for use by several goroutines at
// once, and return soon after ctx ends, with an error that matches ctx's.
//
// Keys are relative slash paths as in [io/fs.ValidPath], of lower-case ASCII
// letters, digits, '-', '.' and '/', 256 bytes at most, and no element begins
// with a dot or is longer than 128: [ValidKey] decides. Any other key is an error that matches
// [io/fs.ErrInvalid]. No key that is in use is a directory of another: with
// "a/b" there is no "a", and a store may refuse to create it.
//
// A missing object is an error that matches [io/fs.ErrNotExist], a refused one
// [io/fs.ErrPermission]. Every error of a store is an [Error]; its class says
// more. A place that does not exist, or no longer, is of class [NoPlace] from
// every method and does not match io/fs.ErrNotExist: a vanished disk is not a
// missing object.
type Reader interface {
	// Get returns length bytes of an object from offset on, or all from
	// offset to the end where length is negative. The reader must deliver
	// exactly that many bytes: a stream that ends early, or an offset or
	// length beyond the end, is an [io.ErrUnexpectedEOF], never a silently
	// short read. Either Get says so or the reader does. An offset at the end
	// with a length of 0 or less is an empty stream; a negative offset
	// matches [io/fs.ErrInvalid]. The reader is for one goroutine, ends with
	// ctx, and must be closed.
	Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

	// Stat tells about one object.
	Stat(ctx context.Context, key string) (Info, error)

	// List yields every object whose key begins with prefix, in ascending
	// order of keys (bytewise), each once. It yields at most one error, as the
	// last pair. An object that was durably put before List was called is in
	// the listing. A prefix is compared with the bytes of the key and may end
	// within a name; one that nothing matches is an empty listing. Files of
	// others, whose names are not keys, are left out, and so is whatever is
	// not a plain object, as a symbolic link. The sequence may be run through
	// again and then lists anew.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Store can also write.
type Store interface {
	Reader

	// Put creates an object. When it returns nil the object is durable and
	// complete, and visible to every later Get, Stat and List. When the key is
	// taken the object there stays as it is and the error matches
	// [io/fs.ErrExist]; where a store cannot promise this against a put at the
	// same instant, one of the two wins whole. On any other error the object
	// may or may not be there, but never in part. Put does not change data and
	// keeps no reference to it. It may retry within itself, as data is all
	// there. After a retry whose first try did it, Put may report either nil
	// or ErrExist. Like nil, ErrExist means that the object there is durable.
	// More than [MaxObject] bytes match [io/fs.ErrInvalid].
	Put(ctx context.Context, key string, data []byte) (Info, error)

	// Delete removes an object. A key that is not there is no error.
	Delete(ctx context.Context, key string) error
}
