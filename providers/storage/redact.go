package storage

import (
	"regexp"
	"strings"
)

// scheme matches the word in front of a location that is no plain path. One
// letter before the colon is a drive.
var scheme = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z0-9+.-]+):`)

// Redact returns a location, or a server's address, without what secrets are
// written in: what stands before an @ where the server does, and a query or a
// fragment, and the options of a remote of rclone's with all that follows. It is
// for whoever shows or keeps one, and whoever refuses one that
// has such parts: those it changes. A plain path, and what is behind "file:", has
// none and comes back as it is.
func Redact(location string) string {
	if remote, ok := strings.CutPrefix(location, rclone); ok {
		if shown := redactRemote(remote); shown != remote || !strings.Contains(remote, "://") {
			return rclone + shown
		}
	}
	start := 0
	if i := strings.Index(location, "://"); i >= 0 {
		start = i + len("://")
	} else if m := scheme.FindStringSubmatch(location); m != nil {
		start = len(m[0])
	}
	if start == 0 || isFile(location) {
		return location
	}
	rest := location[start:]
	server := rest[:end(rest, `/\?#`)]
	at := strings.LastIndexByte(server, '@')
	if at < 0 && !plainServer(server) {
		// A secret may have a slash in it, as those of AWS often do: what looks
		// like a server's end is none where the port is no number.
		at = strings.LastIndexByte(rest, '@')
	}
	rest = rest[at+1:]
	return location[:start] + rest[:end(rest, "?#")]
}

const rclone = "rclone:"

// redactRemote cuts "remote,option=value:path" before the options. They end at a
// colon that may stand in quotes too, so that nothing behind them is safe to show.
// Other signs have no meaning there, and a name or a path may have them.
func redactRemote(remote string) string {
	name := strings.TrimPrefix(remote, ":")
	front := len(remote) - len(name)
	if i := strings.IndexAny(name, ",:"); i >= 0 && name[i] == ',' {
		return remote[:front+i]
	}
	return remote
}

// end is where in text the first of some characters stands, else its length.
func end(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

func isFile(location string) bool {
	m := scheme.FindStringSubmatch(location)
	return m != nil && strings.EqualFold(m[1], "file")
}

// plainServer reports whether a server is written without or with a port.
func plainServer(server string) bool {
	if i := strings.LastIndexByte(server, ']'); i >= 0 {
		server = server[i+1:]
	}
	_, port, has := strings.Cut(server, ":")
	return !has || strings.Trim(port, "0123456789") == ""
}
