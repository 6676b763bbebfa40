package runlog

import (
	"io"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
)

// isJournal reports whether stderr is the stream of the journal that the variable
// names. The variable alone tells nothing: it is handed down to processes whose
// stderr is another.
func isJournal(stderr io.Writer, stream string) bool {
	f, ok := stderr.(interface{ Stat() (fs.FileInfo, error) })
	device, inode, named := parseStream(stream)
	if !ok || !named {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && uint64(stat.Dev) == device && stat.Ino == inode
}

// parseStream reads DEVICE:INODE, both decimal.
func parseStream(text string) (device, inode uint64, ok bool) {
	before, after, _ := strings.Cut(text, ":")
	device, err1 := strconv.ParseUint(before, 10, 64)
	inode, err2 := strconv.ParseUint(after, 10, 64)
	return device, inode, err1 == nil && err2 == nil
}
