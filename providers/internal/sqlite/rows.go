package sqlite

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// Rows are what a query gives, one at a time:
//
//	rows := db.Query("SELECT a FROM t WHERE b = ?", 7)
//	for rows.Next() { … rows.Text(0) … }
//	err := rows.Close()
//
// Columns are numbered from 0. A value of another type than the one asked for is
// converted as SQLite does it; NULL is "", 0 and nil.
type Rows struct {
	db   *DB
	stmt *sqlite3.Stmt
	err  error
	left int64
}

// errEndless is for b-trees that name their pages again and again.
var errEndless = errors.New("the database is damaged: it has more rows than bytes")

// Query begins a query. Its error comes from Close. Arguments are int64, int,
// string, []byte or nil.
func (db *DB) Query(sql string, args ...any) *Rows {
	// A row takes at least two bytes of its table or index.
	r := &Rows{db: db, left: db.image.size/2 + 1000}
	r.stmt, _, r.err = db.conn.Prepare(sql)
	for i, arg := range args {
		if r.err == nil {
			r.err = bind(r.stmt, i+1, arg)
		}
	}
	return r
}

func bind(stmt *sqlite3.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case int64:
		return stmt.BindInt64(i, v)
	case int:
		return stmt.BindInt(i, v)
	case string:
		return stmt.BindText(i, v)
	case []byte:
		return stmt.BindBlob(i, v)
	}
	return stmt.BindNull(i)
}

// Reset begins the query again, with other arguments. It may come instead of
// Close as often as is wanted, and is quicker than a new query.
func (r *Rows) Reset(args ...any) *Rows {
	if r.err == nil {
		r.err = r.stmt.Reset()
	}
	r.left = r.db.image.size/2 + 1000
	for i, arg := range args {
		if r.err == nil {
			r.err = bind(r.stmt, i+1, arg)
		}
	}
	return r
}

// Next moves to the next row.
func (r *Rows) Next() bool {
	if r.err != nil {
		return false
	}
	if r.left--; r.left < 0 {
		r.err = errEndless
		return false
	}
	if r.stmt.Step() {
		return true
	}
	r.err = r.stmt.Err()
	return false
}

// Err is what ended the rows, nil at their end.
func (r *Rows) Err() error { return r.db.explain(r.err) }

// Close ends the query and returns what ended the rows.
func (r *Rows) Close() error {
	if r.stmt != nil {
		r.stmt.Close()
	}
	return r.Err()
}

// Null reports whether a value is NULL.
func (r *Rows) Null(i int) bool { return r.stmt.ColumnType(i) == sqlite3.NULL }

// IsNumber reports whether a value is a number.
func (r *Rows) IsNumber(i int) bool {
	t := r.stmt.ColumnType(i)
	return t == sqlite3.INTEGER || t == sqlite3.FLOAT
}

// IsBlob reports whether a value is bytes.
func (r *Rows) IsBlob(i int) bool { return r.stmt.ColumnType(i) == sqlite3.BLOB }

// Size is how many bytes the row's texts and blobs have.
func (r *Rows) Size() (n int) {
	for i := range r.stmt.ColumnCount() {
		switch r.stmt.ColumnType(i) {
		case sqlite3.TEXT:
			n += len(r.stmt.ColumnRawText(i))
		case sqlite3.BLOB:
			n += len(r.stmt.ColumnRawBlob(i))
		}
	}
	return n
}

// Int is a value as a whole number.
func (r *Rows) Int(i int) int64 { return r.stmt.ColumnInt64(i) }

// Float is a value as a number.
func (r *Rows) Float(i int) float64 { return r.stmt.ColumnFloat(i) }

// Text is a value as text. It need not be valid UTF-8.
func (r *Rows) Text(i int) string { return r.stmt.ColumnText(i) }

// Blob is a copy of a value's bytes.
func (r *Rows) Blob(i int) []byte { return r.stmt.ColumnBlob(i, nil) }

// Raw are a value's bytes, valid until Next.
func (r *Rows) Raw(i int) []byte { return r.stmt.ColumnRawBlob(i) }
