package android

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"chatkeep/providers/internal/sqlite"
)

// maxText is the longest text that is taken out of the database, in bytes. People
// can write 65,536 characters. What is longer stays in the original alone: the text of
// a message is counted, and others are replaced by a word of that.
const maxText = 512 << 10

// store is the open database.
type store struct {
	*sqlite.DB
	name string // of the file
	lost int    // rows that could not be read
	err  error  // why not, of the first
}

// fail notes that a row could not be read.
func (s *store) fail(err error) {
	if err == nil {
		return
	}
	s.lost++
	if s.err == nil || !errors.Is(s.err, io.ErrUnexpectedEOF) && errors.Is(err, io.ErrUnexpectedEOF) {
		s.err = err
	}
}

// failed is the error of what could not be read since the last time, or nil.
func (s *store) failed() error {
	lost, err := s.lost, s.err
	s.lost, s.err = 0, nil
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: rows could not be read, %d times: %w", s.name, lost, err)
}

// column is an expression for a column of table t, NULL where there is none. Bytes
// that are too many are NULL, too. Every table has a rowid, by which others mean its
// row.
func (s *store) column(table, name string) string {
	if name == "rowid" {
		return "t.rowid"
	}
	expression := s.Column("t", table, name)
	if expression == "NULL" {
		return expression
	}
	return fmt.Sprintf("CASE WHEN octet_length(%[1]s) <= %[2]d THEN %[1]s WHEN typeof(%[1]s) = 'text' THEN '(' || octet_length(%[1]s) || ' bytes, in the original alone)' END",
		expression, maxText)
}

// selected is a list of such expressions.
func (s *store) selected(table string, names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = s.column(table, name)
	}
	return strings.Join(list, ", ")
}

// scan reads all rows of a table, if it is there.
func (s *store) scan(table string, columns ...string) iter.Seq[*sqlite.Rows] {
	return func(yield func(*sqlite.Rows) bool) {
		if !s.Has(table) {
			return
		}
		rows := s.Query("SELECT " + s.selected(table, columns) + " FROM " + sqlite.Name(table) + " AS t")
		for rows.Next() {
			if !yield(rows) {
				rows.Close()
				return
			}
		}
		s.fail(rows.Close())
	}
}

// count is the number of rows of a table.
func (s *store) count(table string) (n int) {
	if !s.Has(table) {
		return 0
	}
	rows := s.Query("SELECT count(*) FROM " + sqlite.Name(table))
	if rows.Next() {
		n = int(rows.Int(0))
	}
	s.fail(rows.Close())
	return n
}

// side is a table with rows that belong to those of another.
type side struct {
	store *store
	table string
	index index
	rows  *sqlite.Rows
	*budget
}

// side opens a table whose column key has the number of the other's row. Of a table
// or key that is not there it has no rows.
func (s *store) side(table, key string, columns ...string) *side {
	d := &side{store: s, table: table}
	if !s.HasColumn(table, key) {
		return d
	}
	rows := s.Query("SELECT t." + sqlite.Name(key) + ", t.rowid FROM " + sqlite.Name(table) + " AS t")
	for rows.Next() {
		if !rows.Null(0) {
			d.index.add(rows.Int(0), 0, rows.Int(1))
		}
	}
	s.fail(rows.Close())
	d.index.finish()
	d.rows = s.byRow(table, columns...)
	return d
}

// byRow is a query for one row of a table, to be given its number by Reset.
func (s *store) byRow(table string, columns ...string) *sqlite.Rows {
	return s.Query("SELECT "+s.selected(table, columns)+" FROM "+sqlite.Name(table)+" AS t WHERE t.rowid = ?", int64(0))
}

// of yields the rows that belong to a row of the other table, as far as the budget
// goes. Each is valid until the next; none may be asked for within.
func (d *side) of(owner int64) iter.Seq[*sqlite.Rows] {
	return func(yield func(*sqlite.Rows) bool) {
		for _, row := range d.index.rows(owner) {
			if !d.rows.Reset(row).Next() {
				d.store.fail(d.rows.Err())
				continue
			}
			if !d.take(d.rows.Size()) || !yield(d.rows) {
				return
			}
		}
	}
}

// one returns the first row that belongs to a row of the other table, or nil.
func (d *side) one(owner int64) *sqlite.Rows {
	for rows := range d.of(owner) {
		return rows
	}
	return nil
}

// has says whether there is one.
func (d *side) has(owner int64) bool { return d.index.has(owner) }

func (d *side) close() {
	if d.rows != nil {
		d.rows.Close()
	}
}
