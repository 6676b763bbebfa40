package android

import (
	"slices"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/sqlite"
)

// row is a row of a table of messages, of the new one or the old.
type row struct {
	table  string
	id     int64
	fromMe bool
	key    string
	sender *person
	stamp  int64 // milliseconds since 1970, by the sender's clock
	kind   int64 // see shapes
	text   string
	length int64 // of the text in bytes, also where it was too long to be taken
	voice  bool
	extra  [][2]string

	forwarded bool
	old       *oldColumns // of the old table
}

// number is the row's number among those of both tables.
func (r *row) number() int64 {
	if r.old != nil {
		return oldRow(r.id)
	}
	return newRow(r.id)
}

// oldColumns are what the new form has in other tables.
type oldColumns struct {
	media     media
	action    int64 // of a system message, or 0
	latitude  float64
	longitude float64
	quoted    int64 // row of messages_quotes
	mentioned string
	deleted   bool
}

// noType is the type of a message that has none.
const noType = -1

// newColumns are what is read of table message, and knownColumns what needs not be:
// what came of sending it, and what only the app has a use for.
var (
	newColumns   = []string{"from_me", "key_id", "sender_jid_row_id", "timestamp", "message_type", "text_data", "origination_flags", "origin", "starred"}
	knownColumns = []string{
		"_id", "chat_row_id", "status", "broadcast", "recipient_count", "participant_hash", "received_timestamp", "receipt_server_timestamp",
		"lookup_tables", "sort_id", "message_add_on_flags", "view_mode", "server_sts",
	}
)

// reader reads rows of both tables.
type reader struct {
	store  *store
	people *people
	fresh  *sqlite.Rows
	more   []string // columns of the new table that are not known
	aged   *sqlite.Rows
}

func newReader(s *store, p *people) *reader {
	d := &reader{store: s, people: p}
	for _, column := range s.Columns("message") {
		if !slices.Contains(newColumns, column) && !slices.Contains(knownColumns, column) && isPlain(column) {
			d.more = append(d.more, column)
		}
	}
	if s.Has("message") {
		d.fresh = s.byMessage("message", "text_data", append(slices.Clone(newColumns), d.more...))
	}
	if s.Has("messages") {
		d.aged = s.byMessage("messages", "data", agedColumns)
	}
	return d
}

// byMessage is byRow, with the length of the text before the columns.
func (s *store) byMessage(table, text string, columns []string) *sqlite.Rows {
	length := "octet_length(" + s.Column("t", table, text) + ")"
	return s.Query("SELECT "+length+", "+s.selected(table, columns)+" FROM "+sqlite.Name(table)+" AS t WHERE t.rowid = ?", int64(0))
}

func (d *reader) close() {
	for _, rows := range []*sqlite.Rows{d.fresh, d.aged} {
		if rows != nil {
			rows.Close()
		}
	}
}

// isPlain says whether the name of a table or column is one as the app gives them.
func isPlain(name string) bool {
	return name != "" && len(name) <= 80 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// read reads a row by its number, see newRow and oldRow.
func (d *reader) read(number int64) (*row, bool) {
	if number&1 == 1 {
		return d.readOld(number >> 1)
	}
	return d.readNew(number >> 1)
}

func (d *reader) readNew(id int64) (*row, bool) {
	c := d.fresh
	if c == nil || !c.Reset(id).Next() {
		if c != nil {
			d.store.fail(c.Err())
		}
		return nil, false
	}
	r := &row{
		table: "message", id: id, length: c.Int(0), fromMe: c.Int(1) == 1, key: c.Text(2), stamp: c.Int(4), kind: c.Int(5), text: c.Text(6),
		forwarded: c.Int(7)&1 == 1, voice: c.Int(8) == 1,
	}
	if c.Null(5) {
		r.kind = noType
	}
	if r.length > maxText {
		r.text = ""
	}
	if c.Int(9) == 1 {
		r.extra = append(r.extra, [2]string{"starred", "1"})
	}
	for i, column := range d.more {
		if at := 1 + len(newColumns) + i; !c.Null(at) && (!c.IsNumber(at) || c.Float(at) != 0) && c.Text(at) != "" {
			r.extra = append(r.extra, [2]string{column, c.Text(at)})
		}
	}
	r.sender = d.people.at(c.Int(3))
	return r, true
}

// agedColumns are what is read of table messages.
var agedColumns = []string{
	"key_from_me", "key_id", "timestamp", "media_wa_type", "data", "status", "media_size", "remote_resource", "origin", "starred", "forwarded",
	"edit_version", "quoted_row_id", "mentioned_jids", "latitude", "longitude", "media_mime_type", "media_name", "media_caption", "media_duration",
	"media_url", "thumb_image", "media_hash",
}

// Of a row in table messages: its status says that it is the system's, and then the
// size of media is what happened, unless its type says so.
const systemStatus = 6

func (d *reader) readOld(id int64) (*row, bool) {
	c := d.aged
	if c == nil || !c.Reset(id).Next() {
		if c != nil {
			d.store.fail(c.Err())
		}
		return nil, false
	}
	r := &row{
		table: "messages", id: id, length: c.Int(0), fromMe: c.Int(1) == 1, key: c.Text(2), stamp: c.Int(3), kind: c.Int(4), text: c.Text(5),
		forwarded: c.Int(11)&1 == 1, voice: c.Int(9) == 1,
	}
	if r.length > maxText {
		r.text = ""
	}
	if address := c.Text(8); address != "" {
		r.sender = d.people.of(jid.Parse(address))
	}
	if c.Int(10) == 1 {
		r.extra = append(r.extra, [2]string{"starred", "1"})
	}
	o := &oldColumns{
		quoted: c.Int(13), mentioned: c.Text(14), latitude: c.Float(15), longitude: c.Float(16), deleted: c.Int(12) == 7,
		media: media{mime: c.Text(17), name: c.Text(18), caption: c.Text(19), duration: c.Int(20), url: c.Text(21), size: c.Int(7), hash: c.Text(23)},
	}
	if c.Int(6) == systemStatus && (r.kind == 0 || r.kind == systemType) {
		r.kind, o.action = systemType, c.Int(7)
	}
	o.media.path = javaPath(c.Raw(22))
	r.old = o
	return r, true
}

// javaPath finds the path of a file in what the app wrote by Java's serialisation: the
// only text in it that leads to its media.
func javaPath(b []byte) string {
	for i := 0; i+3 <= len(b); i++ {
		if b[i] != 0x74 { // a text follows, behind its length
			continue
		}
		n := int(b[i+1])<<8 | int(b[i+2])
		if i+3+n > len(b) {
			continue
		}
		if s := string(b[i+3 : i+3+n]); mediaPath(s) != "" && isText(s) {
			return s
		}
	}
	return ""
}

func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0xfffd })
}

// instant makes a time of milliseconds since 1970. Seconds are what WhatsApp sends;
// what this phone sent has more.
func instant(ms int64) (t time.Time, p chat.Precision, ok bool) {
	if ms <= 0 || ms >= 253402300800000 { // the year 10000
		return t, "", false
	}
	if ms%1000 == 0 {
		return time.UnixMilli(ms).UTC(), chat.Second, true
	}
	return time.UnixMilli(ms).UTC(), chat.Millisecond, true
}

// media is what the database has of a file.
type media struct {
	path, mime, name, caption, url, hash string
	size, duration, width, height        int64
	extra                                [][2]string
}

// isThere says whether it tells of a file at all.
func (m *media) isThere() bool { return m.path != "" || m.mime != "" || m.url != "" }
