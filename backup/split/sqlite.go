package split

import "bytes"

// sqliteMagic begins every database file; the page size follows it as a
// big-endian 16-bit number, with 1 for 65,536. Source: "The Database Header"
// in https://www.sqlite.org/fileformat2.html.
const (
	sqliteMagic = "SQLite format 3\x00"
	sqliteHead  = len(sqliteMagic) + 2
)

// A unit is half a page, as a row that changes leaves half of its page alone
// more often than not. More than a page at once re-stores neighbours that did
// not change; less than 1 KiB costs more in ids than it saves in bytes.
const (
	sqliteUnitMin = 1 << 10
	sqliteUnitMax = 4 << 10
)

// sqliteUnit is the piece length for a database that begins with head, or 0 if
// head does not begin a database or names a page size there cannot be.
func sqliteUnit(head []byte) int {
	if len(head) < sqliteHead || !bytes.HasPrefix(head, []byte(sqliteMagic)) {
		return 0
	}
	page := int(head[16])<<8 | int(head[17])
	if page == 1 {
		page = 1 << 16
	}
	if page < 512 || page&(page-1) != 0 {
		return 0
	}
	return min(max(page/2, sqliteUnitMin), sqliteUnitMax)
}
