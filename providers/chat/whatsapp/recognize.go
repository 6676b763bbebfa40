package whatsapp

import (
	"bytes"
	"io/fs"
	"regexp"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/android"
	"chatkeep/providers/chat/whatsapp/chatstorage"
	"chatkeep/providers/internal/peek"
)

const (
	// headSize is how much of a text is looked at to recognise it.
	headSize = 16 << 10
	// maxTexts bounds the texts looked at in one folder.
	maxTexts = 64
	// byName is how sure a name alone makes.
	byName = 30
)

// recognize finds exported chats, and the databases of phones and Macs.
func recognize(fsys fs.FS) ([]chat.Match, error) {
	texts, err := recognizeTexts(fsys)
	if err != nil {
		return nil, err
	}
	databases, err := android.Recognize(fsys)
	if err != nil {
		return nil, err
	}
	list, err := fs.ReadDir(fsys, ".")
	databases = append(databases, chatstorage.Recognize(fsys, list)...)
	return append(databases, texts...), err
}

// recognizeTexts finds the exported chats in the root of fsys by the first lines of
// its texts: their names are translated, and anybody's to change.
func recognizeTexts(fsys fs.FS) ([]chat.Match, error) {
	list, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var found []chat.Match
	others, looked := 0, 0
	for _, e := range list {
		if e.IsDir() || !hasExt(e.Name(), ".txt") {
			if e.IsDir() || !mediaName.MatchString(e.Name()) {
				others++
			}
			continue
		}
		if looked++; looked > maxTexts || !e.Type().IsRegular() {
			continue
		}
		head, err := peek.Head(fsys, e.Name(), headSize)
		sure := judge(e.Name(), head)
		if sure == 0 && appName(e.Name()) && peek.Torn(head, err) {
			sure = byName // its reader says what is wrong with it
		}
		if sure > 0 {
			found = append(found, chat.Match{Route: routeText, Path: e.Name(), Sure: sure})
		}
	}
	if len(found) == 1 {
		found[0].Whole = strings.EqualFold(found[0].Path, "_chat.txt") || others == 0
	}
	return found, nil
}

func hasExt(name, ext string) bool {
	return len(name) > len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext)
}

// mediaName is what the app calls the media beside a text.
var mediaName = regexp.MustCompile(`^(\d{8}-.+|(IMG|VID|PTT|AUD|STK|DOC)-\d{8}-WA\d+.*|.+\.vcf)$`)

// appName says whether a text has a name that the app gives.
func appName(name string) bool {
	_, titled := titleIn(name)
	return titled || strings.EqualFold(name, "_chat.txt")
}

// judge says how sure it is that a text is a chat, from 0 to 100.
func judge(name string, head []byte) int {
	if bytes.IndexByte(head, 0) >= 0 {
		return 0
	}
	headers, sent, foreign, app, lines := 0, 0, 0, 0, 0
	leading := -1
	for line := range bytes.Lines(head) {
		if isBlank(line) {
			continue
		}
		lines++
		h, ok := parseHeader(line)
		if !ok {
			continue
		}
		if leading < 0 {
			leading = lines - 1
		}
		headers++
		rest := chomp(line[h.rest:])
		_, body, ok := cutSender(rest)
		code, _, _ := known.event(rest, false)
		switch {
		case len(rest) > 0 && (rest[0] == '<' || rest[0] == '*'):
			foreign++ // IRC and its like: <nick>, * nick
		case ok:
			sent++
		}
		if h.line || h.body || isAppMark(body) || code == "encryption" || ok && omittedPhrase(body) {
			app++
		}
	}
	return score(appName(name), headers, sent, foreign, app, leading)
}

// omittedPhrase says whether a body is the app's for media left out.
func omittedPhrase(body []byte) bool {
	_, ok := omittedRoles[known.bracketed(body)]
	return ok
}

func score(named bool, headers, sent, foreign, app, leading int) int {
	switch {
	case headers == 0 && named:
		return byName // a form of date not yet known is worth an error
	case headers == 0 || foreign*2 > headers:
		return 0
	case named:
		return 98
	case app > 0:
		return 90
	case leading > 5 || sent*2 < headers:
		return 0
	}
	return 60
}
