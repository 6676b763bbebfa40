package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"chatkeep/backup/format"
)

// maxCached bounds what is read back from a cache file, in bytes.
const maxCached = 1 << 30

// CachedObject returns the bytes of an object that was kept as stored, or nil.
// They are checked against the hash: a cache cannot lie.
func (r *Repository) CachedObject(hash format.Hash) []byte {
	data, err := os.ReadFile(r.objectPath(hash))
	if err != nil || format.Sum(data) != hash {
		return nil
	}
	return data
}

// CacheObject keeps an object as stored: signed statements and index objects
// hold nothing that the store does not have. Failing to keep one is no error.
func (r *Repository) CacheObject(hash format.Hash, data []byte) {
	if r.dirs.still {
		return
	}
	// Not synced: what a power cut tears does not have the hash.
	_ = replaceFile(r.objectPath(hash), data, 0o600, false)
}

func (r *Repository) objectPath(hash format.Hash) string {
	name := hash.String()
	return r.cache(filepath.Join("objects", name[:2], name))
}

// Rescue keeps an object durably, as stored, while a damaged one under its name
// is removed and this one put in its place.
func (r *Repository) Rescue(hash format.Hash, data []byte) error {
	return WriteFile(r.rescuePath(hash), data)
}

// Rescued returns an object that was rescued and not dropped since, or nil.
func (r *Repository) Rescued(hash format.Hash) []byte {
	data, err := os.ReadFile(r.rescuePath(hash))
	if err != nil || format.Sum(data) != hash {
		return nil
	}
	return data
}

// DropRescued forgets a rescued object, which is in its place by now.
func (r *Repository) DropRescued(hash format.Hash) error { return removeFile(r.rescuePath(hash)) }

// DropAllRescued forgets all of them: everything is in its place.
func (r *Repository) DropAllRescued() error { return os.RemoveAll(r.state("rescue")) }

func (r *Repository) rescuePath(hash format.Hash) string {
	return r.state(filepath.Join("rescue", hash.String()))
}

// Table is an encrypted file of the cache. It is disposable: a table that is
// absent, torn or for another key reads as empty.
type Table struct {
	path      string
	identity  age.Identity
	recipient age.Recipient
}

const tablePrefix = "table-"

// Table returns the table of a name, which is hashed: names may tell of sources.
func (r *Repository) Table(name string, identity age.Identity, recipient age.Recipient) *Table {
	path := r.cache(tablePrefix + format.Sum([]byte(name)).String()[:32] + ".age")
	return &Table{path, identity, recipient}
}

// Read opens the table's plaintext. An absent table is an empty stream. A torn
// one ends in an error where the damage is; what came before is genuine.
func (t *Table) Read() (io.ReadCloser, error) {
	f, err := os.Open(t.path)
	if err != nil {
		return io.NopCloser(strings.NewReader("")), nil
	}
	plain, err := age.Decrypt(f, t.identity)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cache: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(plain, maxCached), f}, nil
}

// Write starts a new version of the table. It takes the place of the old one
// when Close returns nil; until then, or after Drop, the old one stands.
func (t *Table) Write() (*TableWriter, error) {
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(t.path), ".table.*")
	if err != nil {
		return nil, err
	}
	plain, err := age.Encrypt(f, t.recipient)
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &TableWriter{plain, f, t.path}, nil
}

// TableWriter writes one version of a table.
type TableWriter struct {
	io.Writer
	file *os.File
	path string
}

// Close makes the new version count. It is not synced: a cache may be torn.
func (w *TableWriter) Close() error {
	err := errors.Join(w.Writer.(io.Closer).Close(), w.file.Close())
	if err == nil {
		err = os.Rename(w.file.Name(), w.path)
	}
	if err != nil {
		os.Remove(w.file.Name())
	}
	return err
}

// Drop forgets the new version.
func (w *TableWriter) Drop() {
	w.file.Close()
	os.Remove(w.file.Name())
}

// Journal lists the packs that were put since the last commit, as records of
// an index object, so that a run that was killed leaves work and no litter.
type Journal struct{ path string }

// Journal returns the journal of the repository.
func (r *Repository) Journal() *Journal { return &Journal{r.state("journal")} }

// Append adds a record. It is not synced: it need outlive the process, and a
// record that a power cut takes costs one upload.
func (j *Journal) Append(record []byte) error {
	if err := os.MkdirAll(filepath.Dir(j.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sum := format.Sum(record)
	var line bytes.Buffer
	fmt.Fprintf(&line, "%d %s\n", len(record), sum)
	line.Write(record)
	_, err = f.Write(line.Bytes())
	return errors.Join(err, f.Close())
}

// Left tells when the last record was added, of packs that no commit has named since;
// false where there are none.
func (j *Journal) Left() (time.Time, bool) {
	info, err := os.Stat(j.path)
	if err != nil || info.Size() == 0 {
		return time.Time{}, false
	}
	return info.ModTime(), true
}

// Records returns the records that are whole. A torn end is cut off, or what is
// appended next would stand behind it and never be found.
func (j *Journal) Records() ([][]byte, error) {
	data, err := readFile(j.path)
	if err != nil {
		return nil, err
	}
	var records [][]byte
	left := data
	for {
		record, rest, ok := cutRecord(left)
		if !ok {
			break
		}
		records, left = append(records, record), rest
	}
	if len(left) > 0 {
		err = os.Truncate(j.path, int64(len(data)-len(left)))
	}
	return records, err
}

// cutRecord takes the first record off, if it is whole.
func cutRecord(data []byte) (record, rest []byte, ok bool) {
	line, rest, found := bytes.Cut(data, []byte{'\n'})
	count, sum, spaced := strings.Cut(string(line), " ")
	n, err := strconv.Atoi(count)
	if !found || !spaced || err != nil || n < 0 || n > len(rest) || format.Sum(rest[:n]).String() != sum {
		return nil, nil, false
	}
	return rest[:n], rest[n:], true
}

// Clear empties the journal: everything in it is committed or given up.
func (j *Journal) Clear() error { return removeFile(j.path) }
