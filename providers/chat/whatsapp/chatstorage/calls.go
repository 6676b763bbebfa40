package chatstorage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite"
)

// call is a row of CallHistory.sqlite.
type call struct {
	row      int64
	id       string // the app's, or ""
	address  string // of the conversation
	caller   string // an address, or "" of the owner
	outgoing bool
	date     int64 // in milliseconds
	unit     chat.Precision
	call     chat.Call
	extra    map[string]string
	told     int64 // the row of the message that tells of it, too, or 0
	number   int   // among those of its conversation that have the same id
}

// party is what a row says of who took part.
type party struct {
	creator, group string
	others         []string
	incoming       bool
	directed       bool // incoming is known
}

// readCalls reads the log of calls, oldest first.
func (s *source) readCalls(ctx context.Context) ([]*call, error) {
	s.noCalls = nil
	db, err := s.place.database(ctx, callsFile)
	if err != nil {
		s.noCalls = fmt.Errorf("calls are missing: %w", err)
		return nil, context.Cause(ctx)
	}
	if db == nil {
		return nil, nil
	}
	defer db.Close()
	s.warnings = append(s.warnings, db.Warnings...)
	calls, err := s.callRows(db)
	if err == nil && db.Truncated() {
		err = fmt.Errorf("the database is cut off: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		s.noCalls = fmt.Errorf("%s: %w", callsFile, err)
	}
	slices.SortStableFunc(calls, func(a, b *call) int { return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.row, b.row)) })
	return calls, context.Cause(ctx)
}

// entity is the number of an entity in a column's name, which differs by release:
// Z1CALLEVENTS.
var entity = regexp.MustCompile(`^z\d+(callevents|participants)$`)

// numbered is the column of a table that has such a name.
func numbered(db *sqlite.DB, alias, table string) string {
	for _, column := range db.Columns(table) {
		if entity.MatchString(column) {
			return db.Column(alias, table, column)
		}
	}
	return "NULL"
}

// callRows reads the calls.
func (s *source) callRows(db *sqlite.DB) ([]*call, error) {
	const events, sums = "ZWACDCALLEVENT", "ZWAAGGREGATECALLEVENT"
	if !db.HasColumn(events, "ZDATE") {
		return nil, errors.New("no calls of WhatsApp in it")
	}
	others, err := readParties(db)
	if err != nil {
		return nil, err
	}
	sql := "SELECT e.rowid, e.ZDATE"
	for _, c := range []string{"ZDURATION", "ZOUTCOME", "ZGROUPCALLCREATORUSERJIDSTRING", "ZGROUPJIDSTRING", "ZCALLIDSTRING"} {
		sql += ", " + db.Column("e", events, c)
	}
	from, link := " FROM "+events+" e", numbered(db, "e", events)
	summed := link != "NULL" && db.Has(sums)
	if summed {
		from += " LEFT JOIN " + sums + " a ON a.rowid = " + link
	}
	for _, c := range []string{"ZINCOMING", "ZMISSED", "ZVIDEO"} {
		if summed && db.HasColumn(sums, c) {
			sql += ", " + db.Column("a", sums, c)
		} else {
			sql += ", " + db.Column("e", events, c)
		}
	}
	var calls []*call
	rows := db.Query(sql + from + " ORDER BY e.rowid")
	for rows.Next() {
		k, p := callOfRow(rows)
		p.others = others[k.row]
		s.assign(k, p)
		calls = append(calls, k)
	}
	return calls, rows.Close()
}

// readParties reads who took part in each call.
func readParties(db *sqlite.DB) (map[int64][]string, error) {
	const table = "ZWACDCALLEVENTPARTICIPANT"
	parties := map[int64][]string{}
	link := numbered(db, "p", table)
	if link == "NULL" || !db.HasColumn(table, "ZJIDSTRING") {
		return parties, nil
	}
	rows := db.Query("SELECT " + link + ", p.ZJIDSTRING FROM " + table + " p ORDER BY p.rowid")
	for rows.Next() {
		parties[rows.Int(0)] = append(parties[rows.Int(0)], rows.Text(1))
	}
	return parties, rows.Close()
}

// callOfRow reads one row.
func callOfRow(rows *sqlite.Rows) (*call, party) {
	k := &call{row: rows.Int(0), id: rows.Text(6), outgoing: !rows.Null(7) && rows.Int(7) == 0}
	k.date, k.unit, _ = millis(rows, 1)
	k.call.Video = rows.Int(9) != 0
	if d := rows.Float(2); d > 0 && d < 1e9 {
		k.call.Duration = time.Duration(math.Round(d*1000)) * time.Millisecond
	}
	switch outcome := rows.Int(3); {
	case outcome == 0 && k.call.Duration > 0:
		k.call.Outcome = "answered"
	case outcome == 1 || outcome == 0 && rows.Int(8) != 0:
		k.call.Outcome, k.call.Missed = "missed", !k.outgoing
	case outcome == 4:
		k.call.Outcome = "declined"
	case !rows.Null(3):
		k.extra = map[string]string{"ZOUTCOME": rows.Text(3)}
	}
	return k, party{creator: rows.Text(4), group: rows.Text(5), incoming: rows.Int(7) != 0, directed: !rows.Null(7)}
}

// assign finds the conversation of a call: the group's, else that with who called,
// else that with the first who was called.
func (s *source) assign(k *call, p party) {
	me, creator := s.book.me, s.book.resolve(p.creator)
	var others []string
	for _, o := range p.others {
		if o = s.book.resolve(o); isPerson(o) && o != me && !slices.Contains(others, o) {
			others = append(others, o)
		}
	}
	if !p.directed {
		k.outgoing = creator != "" && (creator == me || me == "" && !slices.Contains(others, creator))
		k.call.Missed = k.call.Missed && !k.outgoing
	}
	group := s.book.resolve(p.group)
	switch {
	case group != "":
		k.address = group
	case !k.outgoing && isPerson(creator) && creator != me:
		k.address = creator
	case len(others) > 0:
		k.address = others[0]
	default:
		k.address = nowhere
	}
	if !k.outgoing {
		k.caller = creator
		if !isPerson(creator) && isPerson(k.address) {
			k.caller = k.address
		}
	}
	if len(others) > 1 || group != "" && len(others) > 0 {
		if k.extra == nil {
			k.extra = map[string]string{}
		}
		k.extra["participants"] = strings.Join(others, " ")
	}
}
