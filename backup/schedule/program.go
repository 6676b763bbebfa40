package schedule

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is the path under which this program will be found again. The name by
// which it was called comes first: behind a link that a package manager keeps may
// lie a folder that the next release has not.
func program() (string, error) {
	itself, err := os.Executable()
	if err != nil {
		return "", err
	}
	called, err := exec.LookPath(os.Args[0])
	if err != nil {
		return itself, nil
	}
	called, err = filepath.Abs(called)
	if err != nil || !sameFile(called, itself) {
		return itself, nil
	}
	return called, nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// Temporary reports whether a program lies where it will not stay: in a folder
// for temporary files, or where go run builds.
func Temporary(program string) bool {
	for element := range strings.SplitSeq(filepath.ToSlash(program), "/") {
		if strings.HasPrefix(element, "go-build") {
			return true
		}
	}
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp", "/private/tmp", "/dev/shm", "/run"} {
		for _, path := range []string{program, resolved(program)} {
			relative, err := filepath.Rel(dir, path)
			if err == nil && filepath.IsLocal(relative) {
				return true
			}
		}
	}
	return false
}

// resolved is a path without links, or as it is where it leads nowhere.
func resolved(path string) string {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		return to
	}
	return path
}
