package rclone

import (
	"regexp"
	"strings"
	"unicode"
)

// secret is a name that says so.
const secret = `[a-z0-9_-]*(?:token|secret|pass|passwd|password|cookies?|signature|credential|api_?key|access_?key(?:_id)?)`

// What secrets look like in texts of rclone's and of the services': the login in
// an address, what stands behind its question mark, and the value of a setting or
// of a member that is named like one.
var (
	userinfo = regexp.MustCompile(`(://)[^/\s"']*@`)
	query    = regexp.MustCompile(`(://[^\s"'?]*)\?[^\s"']*`)
	member   = regexp.MustCompile(`(?i)(["']` + secret + `["']\s*:\s*)("[^"]*"?|'[^']*'?|[^\s,;&"'}]+)`)
	setting  = regexp.MustCompile(`(?i)(` + secret + `\s*=\s*)("[^"]*"?|'[^']*'?|[^\s,;&"']+)`)
	header   = regexp.MustCompile(`(?i)\b((?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}`)
)

const maxMessage = 400

// clean makes a text of rclone's fit for a message: in one line, of bearable
// length, without control characters and without what looks like a secret.
func clean(text string) string {
	text = userinfo.ReplaceAllString(text, "$1")
	text = query.ReplaceAllString(text, "$1")
	text = header.ReplaceAllString(text, "$1***")
	text = member.ReplaceAllString(text, "$1***")
	text = setting.ReplaceAllString(text, "$1***")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxMessage {
		return strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}
