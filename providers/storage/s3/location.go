package s3

import (
	"io/fs"
	"net/url"
	"strings"
	"unicode"

	"chatkeep/providers/storage"
)

// place is a parsed location.
type place struct {
	host   string // with a port where one was given
	secure bool   // https
	bucket string
	prefix string // "" or with a final slash
}

// amazon is the endpoint where none is named. The library turns it into the
// one of the bucket's region.
const amazon = "s3.amazonaws.com"

// maxPrefix leaves room for a key in the 1,024 bytes that S3 gives one.
const maxPrefix = 1024 - storage.MaxKey

// unusable is a location or a setting that means nothing here.
type unusable struct{ what, cure string }

func (e *unusable) Error() string { return e.what }
func (e *unusable) Unwrap() error { return fs.ErrInvalid }

const usage = "s3://BUCKET/PREFIX, or s3:https://HOST[:PORT]/BUCKET/PREFIX for a server by address"

// parse reads a location. endpoint is the setting, which the short form uses.
func parse(text, endpoint string) (place, error) {
	rest, ok := strings.CutPrefix(text, "s3:")
	if !ok {
		return place{}, &unusable{"not an s3 location", "write " + usage}
	}
	var p place
	var err error
	if path, short := strings.CutPrefix(rest, "//"); short {
		p, err = parseEndpoint(endpoint)
		rest = path
	} else {
		var server string
		server, rest, err = splitServer(rest)
		if err == nil {
			p, err = parseEndpoint(server)
		}
	}
	if err != nil {
		return place{}, err
	}
	p.bucket, p.prefix, _ = strings.Cut(rest, "/")
	p.prefix = strings.Trim(p.prefix, "/")
	if err := p.check(); err != nil {
		return place{}, err
	}
	if p.prefix != "" {
		p.prefix += "/"
	}
	return p, nil
}

// splitServer cuts "https://host/bucket/prefix" before the bucket.
func splitServer(text string) (server, path string, err error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return "", "", &unusable{"no server and no bucket", "write " + usage}
	}
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, path, nil
}

// parseEndpoint reads a server's address: a URL, or a host meaning https. The
// empty one is Amazon's.
func parseEndpoint(text string) (place, error) {
	if text == "" {
		text = amazon
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		// Not err itself, which repeats the text.
		return place{}, &unusable{"the server's address is no URL", "write https://HOST[:PORT]"}
	}
	switch {
	case u.User != nil:
		return place{}, &unusable{"the server's address holds credentials",
			"give them in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in a profile"}
	case u.Scheme != "https" && u.Scheme != "http":
		return place{}, &unusable{"the server's address is neither http nor https", "write " + usage}
	case u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return place{}, &unusable{"the server's address is more or less than a host", "write https://HOST[:PORT]"}
	}
	return place{host: u.Host, secure: u.Scheme == "https"}, nil
}

// check looks at bucket and prefix. Servers differ in what they make of odd
// names, and some clean up paths, so those are refused.
func (p place) check() error {
	switch {
	case p.bucket == "":
		return &unusable{"no bucket", "write " + usage}
	case !validBucket(p.bucket):
		return &unusable{"not a name of a bucket", "a bucket has 3 to 63 letters, digits, dots and hyphens"}
	case p.prefix == "":
		return nil
	case len(p.prefix) >= maxPrefix:
		return &unusable{"the prefix is too long", ""}
	case !fs.ValidPath(p.prefix) || strings.ContainsFunc(p.prefix, odd):
		return &unusable{"not a prefix for keys", "leave out empty parts, dots alone, and signs with a meaning in URLs"}
	}
	return nil
}

func odd(r rune) bool {
	return !unicode.IsPrint(r) || strings.ContainsRune(`?#%\*"<>|`, r)
}

func validBucket(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") {
		return false
	}
	for _, r := range name {
		plain := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !plain && r != '-' && r != '.' && r != '_' {
			return false
		}
	}
	return name[0] != '.' && name[0] != '-'
}
