package chatstorage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/sqlite"
)

// meet fills the book: which addresses are one person's, who the owner is, what
// people are called. What lies beside the database of chats is worth a warning
// where it cannot be read, and no more.
func (s *source) meet(ctx context.Context) error {
	contacts := s.beside(ctx, contactsFile)
	hidden := s.beside(ctx, hiddenFile)
	defer closeAll(contacts, hidden)
	// The app's own list of pairs knows best.
	s.pairs(hidden, hiddenFile, "ZWAPHONENUMBERLIDPAIR", "ZLID", "ZPHONENUMBER")
	s.pairs(hidden, hiddenFile, "ZWAZACCOUNT", "ZIDENTIFIER", "ZPHONENUMBER")
	s.pairs(s.db, s.place.chat, "ZWAPHONENUMBERLIDPAIR", "ZLID", "ZPHONENUMBER")
	s.pairs(s.db, s.place.chat, "ZWACHATSESSION", "ZCONTACTJID", "ZCONTACTIDENTIFIER")
	s.pairs(contacts, contactsFile, "ZWAADDRESSBOOKCONTACT", "ZLID", "ZWHATSAPPID")
	s.findOwner()
	s.names(contacts, contactsFile, "ZWAADDRESSBOOKCONTACT", "ZWHATSAPPID", "contact", "ZFULLNAME")
	s.names(contacts, contactsFile, "ZWAADDRESSBOOKCONTACT", "ZLID", "contact", "ZFULLNAME")
	s.names(s.db, s.place.chat, "ZWAGROUPMEMBER", "ZMEMBERJID", "contact", "ZCONTACTNAME", "ZFIRSTNAME")
	s.names(s.db, s.place.chat, "ZWAPROFILEPUSHNAME", "ZJID", "profile", "ZPUSHNAME")
	s.names(hidden, hiddenFile, "ZWAZACCOUNT", "ZIDENTIFIER", "profile", "ZDISPLAYNAME")
	return context.Cause(ctx)
}

// beside opens a database that need not be there.
func (s *source) beside(ctx context.Context, name string) *sqlite.DB {
	db, err := s.place.database(ctx, name)
	if err != nil {
		s.warn("%v: names and numbers from it are missing", err)
		return nil
	}
	if db != nil && db.Truncated() {
		s.warn("%s: cut off: some names and numbers are missing", name)
	}
	return db
}

func closeAll(list ...*sqlite.DB) {
	for _, db := range list {
		if db != nil {
			db.Close()
		}
	}
}

// each calls do for each row of columns, where the table has the first two.
func (s *source) each(db *sqlite.DB, file, table string, columns []string, do func(rows *sqlite.Rows)) {
	if db == nil || !db.HasColumn(table, columns[0]) || !db.HasColumn(table, columns[1]) {
		return
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = db.Column("t", table, c)
	}
	rows := db.Query("SELECT " + strings.Join(list, ", ") + " FROM " + table + " t ORDER BY t.rowid")
	for rows.Next() {
		do(rows)
	}
	if err := rows.Close(); err != nil {
		s.warn("%s: %v: some names and numbers are missing", file, err)
	}
}

// pairs notes two columns that have two addresses of one person. Those of a hidden
// address may lack the server.
func (s *source) pairs(db *sqlite.DB, file, table, one, other string) {
	s.each(db, file, table, []string{one, other}, func(rows *sqlite.Rows) {
		lid, phone := rows.Text(0), rows.Text(1)
		if one == "ZLID" && lid != "" && !strings.Contains(lid, "@") {
			lid += "@" + jid.Hidden
		}
		s.book.pair(lid, phone)
	})
}

// names notes the first name that a row has, unless it is but a number.
func (s *source) names(db *sqlite.DB, file, table, address, from string, columns ...string) {
	s.each(db, file, table, append([]string{address}, columns...), func(rows *sqlite.Rows) {
		who := rows.Text(0)
		if address == "ZLID" && who != "" && !strings.Contains(who, "@") {
			who += "@" + jid.Hidden
		}
		for i := range columns {
			if name := rows.Text(i + 1); name != "" {
				s.book.name(who, name, from)
				return
			}
		}
	})
}

// findOwner learns the owner's number: from the user, or from the app's settings.
func (s *source) findOwner() {
	if me := s.options.Me; me != "" {
		if j, ok := jid.OfNumber(me); ok {
			s.book.setOwner(j.String())
		}
		if s.book.me == "" {
			s.warn("--me is no phone number: it takes the owner's, as +491701234567")
		}
	}
	settings := s.place.settings()
	for _, key := range []string{"OwnJabberID", "LastOwnJabberID"} {
		if own, _ := settings[key].(string); own != "" {
			s.book.setOwner(own)
		}
	}
	if name, _ := settings["FullUserName"].(string); name != "" && s.book.me != "" {
		s.book.name(s.book.me, name, "profile")
	}
}

// readMembers notes who is who in ZWAGROUPMEMBER, by row, and who is in which
// chat.
func (s *source) readMembers() error {
	s.members, s.rosters = map[int64]string{}, map[int64][]string{}
	if !s.db.HasColumn("ZWAGROUPMEMBER", "ZMEMBERJID") {
		return nil
	}
	rows := s.db.Query("SELECT g.rowid, g.ZMEMBERJID, " + s.db.Column("g", "ZWAGROUPMEMBER", "ZCHATSESSION") + " FROM ZWAGROUPMEMBER g ORDER BY g.rowid")
	for rows.Next() {
		who := s.book.resolve(rows.Text(1))
		if who == "" {
			continue
		}
		s.members[rows.Int(0)] = who
		if session := rows.Int(2); session != 0 {
			s.rosters[session] = append(s.rosters[session], who)
		}
	}
	return s.incomplete(rows.Close(), "members of groups are missing")
}

// incomplete notes what ended a table early. The rest of the export is still worth
// reading.
func (s *source) incomplete(err error, what string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	s.warn("%s: %v: %s", s.place.chat, err, what)
	return nil
}

func (s *source) warn(format string, args ...any) {
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
}
