// Package sqlite reads the databases of apps: files of strangers, perhaps in a
// zip, perhaps written to at this moment, cut off, or made to do harm.
//
// A database is read from a copy in a spill, together with its write-ahead log;
// the file itself is not opened by SQLite, which would take locks, recover it,
// and write. Nothing that its schema defines is run: names are looked up among its
// plain tables, and no view, trigger or function of it is used.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs/readervfs"
)

// Magic is what every database begins with.
const Magic = "SQLite format 3\x00"

// ErrNotDatabase is what bytes give that are none.
var ErrNotDatabase = errors.New("no SQLite database")

// maxHeap bounds what SQLite allocates for one process, pages and sorting
// included. A query that needs more fails.
const maxHeap = 128 << 20

// Bytes are a file to read at random.
type Bytes interface {
	io.ReaderAt
	Size() int64
}

// DB is an open database. It is used by one goroutine.
type DB struct {
	conn   *sqlite3.Conn
	name   string // in readervfs
	image  *image
	tables map[string]*table // by name in lower case
	close  func() error
	// Warnings say what could make the database be not quite what the app had.
	Warnings []string
}

// serial numbers the databases of this process for readervfs.
var serial atomic.Uint64

// New opens a database and its write-ahead log, which may be nil. They must not
// change, and stay open until the database is closed; it does not close them.
// What is no database gives [ErrNotDatabase].
func New(ctx context.Context, main, wal Bytes) (*DB, error) {
	image, err := newImage(main, wal)
	if err != nil {
		return nil, err
	}
	db := &DB{image: image, name: fmt.Sprintf("/chatkeep/%d", serial.Add(1)), close: func() error { return nil }}
	readervfs.Create(db.name, image)
	if err := db.open(ctx); err != nil {
		db.Close()
		return nil, db.explain(err)
	}
	return db, nil
}

func (db *DB) open(ctx context.Context) (err error) {
	db.conn, err = sqlite3.OpenContext(ctx, "file:"+db.name+"?vfs=reader&mode=ro&immutable=1")
	if err != nil {
		return err
	}
	// What is deleted or sorted must not go to a temporary file, where it would
	// be in the clear.
	for _, pragma := range []string{"trusted_schema=OFF", "cell_size_check=ON", "temp_store=MEMORY", "query_only=ON", "cache_size=-8192"} {
		if err := db.conn.Exec("PRAGMA " + pragma); err != nil {
			return err
		}
	}
	if _, err := db.conn.Config(sqlite3.DBCONFIG_DEFENSIVE, true); err != nil {
		return err
	}
	db.conn.HardHeapLimit(maxHeap)
	return db.readSchema()
}

// maxTables bounds a schema. Apps have a few hundred tables.
const maxTables = 10_000

// readSchema notes the plain tables and their columns.
func (db *DB) readSchema() error {
	db.tables = map[string]*table{}
	rows := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
	var names []string
	for rows.Next() && len(names) < maxTables {
		names = append(names, rows.Text(0))
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, name := range names {
		t := &table{has: map[string]bool{}}
		rows := db.Query("SELECT name FROM pragma_table_info(?)", name)
		for rows.Next() {
			column := strings.ToLower(rows.Text(0))
			t.columns = append(t.columns, column)
			t.has[column] = true
		}
		if err := rows.Close(); err != nil {
			return err
		}
		db.tables[strings.ToLower(name)] = t
	}
	return nil
}

// table is one plain table, its names in lower case.
type table struct {
	columns []string
	has     map[string]bool
}

// Has reports whether there is a plain table of this name.
func (db *DB) Has(table string) bool { return db.tables[strings.ToLower(table)] != nil }

// HasColumn reports whether a table has a column.
func (db *DB) HasColumn(table, column string) bool {
	t := db.tables[strings.ToLower(table)]
	return t != nil && t.has[strings.ToLower(column)]
}

// Tables are the names of all plain tables, sorted and in lower case, which is all
// the same to SQLite.
func (db *DB) Tables() []string { return slices.Sorted(maps.Keys(db.tables)) }

// Columns are the names of a table's columns, in its order and in lower case.
func (db *DB) Columns(table string) []string {
	t := db.tables[strings.ToLower(table)]
	if t == nil {
		return nil
	}
	return t.columns
}

// Name writes the name of a table or column as a query takes it.
func Name(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Column is an expression for a column of a table that a query knows by an alias,
// or NULL where this database does not have it: apps add and drop columns with
// every release.
func (db *DB) Column(alias, table, column string) string {
	if !db.HasColumn(table, column) {
		return "NULL"
	}
	return alias + "." + Name(column)
}

// Truncated reports whether the file is shorter than it says.
func (db *DB) Truncated() bool { return db.image.truncated }

// Close frees what the database took.
func (db *DB) Close() error {
	var err error
	if db.conn != nil {
		err = db.conn.Close()
	}
	readervfs.Delete(db.name)
	return errors.Join(err, db.close())
}

// explain gives errors of a file that was cut off their reason.
func (db *DB) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqlite3.INTERRUPT):
		return fmt.Errorf("%w: %w", context.Canceled, err)
	case errors.Is(err, sqlite3.NOTADB):
		return ErrNotDatabase
	case db.image.trouble() != nil:
		return db.image.trouble()
	case errors.Is(err, sqlite3.CORRUPT):
		return errors.New("the database is damaged")
	}
	return err
}
