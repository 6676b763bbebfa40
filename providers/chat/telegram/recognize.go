package telegram

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
	"chatkeep/providers/internal/peek"
)

const (
	// headSize is how much of a file is looked at to recognise it.
	headSize = 64 << 10
	// maxFiles bounds the files looked at in one folder.
	maxFiles = 16
	// byName is how sure names alone make, of what is damaged.
	byName = 30
)

// The names that the app gives.
const (
	resultName  = "result.json"
	accountName = "export_results.html"
	pageName    = "messages.html"
)

// ownEntry is what lies in the root of an export.
var ownEntry = regexp.MustCompile(`^(result\.json|export_results\.html|messages\d*\.html|lists|chats|css|js|images|photos|video_files|voice_messages|` +
	`round_video_messages|stickers|files|animations|contacts|profile_pictures|profile_music|stories|other_data|\.DS_Store|Thumbs\.db|desktop\.ini)$`)

// recognize finds the exports in the root of fsys: JSON under any name, for people
// rename it; pages under the app's names; and of one export in both forms the
// JSON alone.
func recognize(fsys fs.FS) ([]chat.Match, error) {
	list, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	foreign := 0
	var names []string
	for _, e := range list {
		name := e.Name()
		if !ownEntry.MatchString(name) {
			foreign++
		}
		if !e.Type().IsRegular() {
			continue
		}
		if name == resultName {
			names = append([]string{name}, names...)
		} else if strings.EqualFold(path.Ext(name), ".json") {
			names = append(names, name)
		}
	}
	var found []chat.Match
	for _, name := range names[:min(len(names), maxFiles)] {
		head, err := peek.Head(fsys, name, headSize)
		j := judge(head)
		sure := j.sure()
		if sure == 0 && name == resultName && foreign == 0 && peek.Torn(head, err) {
			sure = byName // its reader says what is wrong with it
		}
		if sure > 0 {
			whole := name == resultName && (j.account || foreign == 0) || len(list) == 1
			found = append(found, chat.Match{Route: routeJSON, Path: name, Sure: sure, Whole: whole})
		}
	}
	if len(found) > 0 && found[0].Path == resultName && found[0].Sure > byName {
		return found, nil
	}
	return append(found, recognizePages(fsys, foreign)...), nil
}

// judgement is what the head of a JSON text tells of it.
type judgement struct {
	account bool // it says whose account it is of
	lists   bool // it has lists of chats
	typed   bool // it says of a chat what the app calls it
	message bool // the first message is one of Telegram's
	told    bool // it speaks of Telegram
}

func (j *judgement) sure() int {
	switch {
	case j.typed, j.account && (j.lists || j.told), j.lists && j.told:
		return 97
	case j.message:
		return 85
	}
	return 0
}

// judge looks at the head of a text, which is cut off somewhere.
func judge(head []byte) (j judgement) {
	r := jsonstream.NewReader(bytes.NewReader(head), limits)
	if c, err := r.Kind(); err == nil && c == '{' && r.Enter() == nil {
		j.object(r, 0)
	}
	return j
}

// object looks at the members of an object: the whole, a list of chats, or a
// chat.
func (j *judgement) object(r *jsonstream.Reader, depth int) {
	kind := ""
	number := false
	for {
		if more, err := r.Next(); err != nil || !more {
			return
		}
		c, err := r.Kind()
		if err != nil {
			return
		}
		switch name := string(r.Name()); name {
		case "about":
			v, _ := r.Value()
			text, _ := v.Text()
			j.told = j.told || strings.Contains(text, "Telegram")
		case "personal_information":
			v, _ := r.Value()
			_, ok := v.Get("user_id").Int()
			j.account = j.account || ok
		case "chats", "left_chats":
			if depth == 0 && c == '{' && r.Enter() == nil {
				j.lists = true
				j.object(r, 1)
				r.Leave(1)
			}
		case "list":
			if depth == 1 && c == '[' && r.Enter() == nil {
				j.list(r)
			}
		case "type":
			v, _ := r.Value()
			kind, _ = v.Text()
		case "id":
			v, _ := r.Value()
			_, number = v.Int()
		case "messages":
			for v, err := range r.Records() {
				j.message = j.message || err == nil && isMessage(v)
				break
			}
			j.typed = j.typed || number && dialogClass(kind) != ""
			return
		}
	}
}

// list looks at the first chat of a list.
func (j *judgement) list(r *jsonstream.Reader) {
	if more, err := r.Next(); err != nil || !more {
		return
	}
	if c, err := r.Kind(); err == nil && c == '{' && r.Enter() == nil {
		j.object(r, 2)
	}
}

// isMessage says whether an object looks like a message of Telegram's.
func isMessage(v jsonstream.Value) bool {
	switch kind, _ := v.Get("type").Text(); kind {
	case "unsupported":
		_, ok := v.Get("id").Int()
		return ok
	case "message", "service":
		_, dated := readDate(v.Get("date"))
		_, counted := seconds(v.Get("date_unixtime"))
		who := len(v.Get("from")) > 0 || len(v.Get("actor")) > 0 || len(v.Get("action")) > 0
		return (dated || counted) && who
	}
	return false
}
