package backup

import (
	"io/fs"
	"syscall"
)

// identity is what tells one state of a file from another without reading it.
func identity(info fs.FileInfo) fingerprint {
	f := fingerprint{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		f.Ctime, f.Inode = st.Ctim.Nano(), st.Ino
	}
	return f
}

// links returns the file's own number and how many names it has.
func links(info fs.FileInfo) (fileNumber, uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileNumber{}, 1
	}
	return fileNumber{uint64(st.Dev), st.Ino}, uint64(st.Nlink)
}

func device(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}

// sparse reports whether the file takes less room than its size.
func sparse(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Size() > 64<<10 && st.Blocks*512 < info.Size()-64<<10
}
