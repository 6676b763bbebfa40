package whatsapp

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"chatkeep/providers/chat"
)

// media is a file that a message names, or says it would have.
type media struct {
	name  string // as written, with the running index that iOS puts first
	role  string
	state chat.AttachmentState
	why   string
}

// omittedRoles are what iOS names when it leaves something out.
var omittedRoles = map[string]string{
	"omitted": "", "omitted-image": "image", "omitted-video": "video", "omitted-audio": "audio",
	"omitted-document": "file", "omitted-sticker": "sticker", "omitted-gif": "gif", "omitted-contact": "file",
	"view-once": "",
}

// media reads a body that is an attachment with maybe a caption.
func (r *content) media(c bodyContext, b, first, more []byte) bool {
	if bytes.IndexByte(b, '<') >= 0 && r.angled(c, b, first, more) {
		return true
	}
	if c.written() && r.attachedAfter(c, first, more) {
		return true
	}
	if !c.bracket || len(first) == 0 {
		return false
	}
	return r.omittedTail(c, first, more)
}

// angled reads "<attached: name>" anywhere in the body, and "<Media omitted>"
// at its head.
func (r *content) angled(c bodyContext, b, first, more []byte) bool {
	trimmed := trimMarks(first)
	if len(trimmed) > 1 && trimmed[0] == '<' && c.written() {
		code := known.bracketed(trimmed)
		if code == "" && c.omitted[string(trimmed)] > 1 {
			code = "omitted"
		}
		if _, ok := omittedRoles[code]; ok {
			r.leftOut(code, "", more)
			return true
		}
	}
	if !c.bracket && !c.app {
		return false
	}
	for i := 0; i < len(b); i++ {
		j := bytes.IndexByte(b[i:], '<')
		if j < 0 {
			return false
		}
		i += j
		end := bytes.IndexByte(b[i:], '>')
		if end < 0 || end > 1024 {
			continue
		}
		marked := i >= 3 && isAppMark(b[i-3:]) || i == 0 && c.app || c.line || c.unmarked
		if name := attachedName(b[i : i+end+1]); name != "" && marked {
			r.attach(name, b[:i], chompFirst(b[i+end+1:]))
			return true
		}
	}
	return false
}

// chompFirst takes the line end off the head of what follows a marker.
func chompFirst(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\r"))
	return bytes.TrimPrefix(b, []byte("\n"))
}

func trimMarks(b []byte) []byte {
	for markLen(b) > 0 {
		b = b[markLen(b):]
	}
	for len(b) >= 3 && markLen(b[len(b)-3:]) > 0 {
		b = b[:len(b)-3]
	}
	return b
}

// attachedName is the file's name in "<attached: name>", or "".
func attachedName(b []byte) string {
	inner := strings.Trim(string(trimMarks(b[1:len(b)-1])), " \u00a0")
	if strings.Contains(inner, "\n") {
		return ""
	}
	label, name, ok := strings.Cut(inner, ":")
	if !ok {
		label, name, ok = strings.Cut(inner, "：")
	}
	if ok {
		name = strings.Trim(string(trimMarks([]byte(name))), " \u00a0")
		var f folded
		if known.phrase[string(f.fold([]byte(label)))+":"] == "attached-label" || indexed(name) {
			return name
		}
	}
	return known.formName(inner)
}

// formName matches the few languages that put their words elsewhere.
func (t *tables) formName(s string) string {
	for _, f := range t.forms {
		if name, ok := cutAround(s, f[0], f[1]); ok && path.Ext(name) != "" {
			return name
		}
	}
	return ""
}

func cutAround(s, before, after string) (string, bool) {
	s, ok := strings.CutPrefix(s, before)
	if !ok {
		return "", false
	}
	s, ok = strings.CutSuffix(s, after)
	return strings.Trim(s, " "), ok && s != ""
}

// indexed says whether a name begins with the running index of iOS, as in
// "00000035-PHOTO-2022-03-27-21-41-55.jpg".
func indexed(name string) bool {
	for i := range 8 {
		if i >= len(name) || name[i] < '0' || name[i] > '9' {
			return false
		}
	}
	return len(name) > 9 && name[8] == '-'
}

// ownName is what Android's WhatsApp calls a file. In front of parentheses it
// means an attachment in a language that the tables lack.
var ownName = regexp.MustCompile(`^(IMG|VID|PTT|AUD|STK|DOC)-\d{8}-WA\d+\.\w+$`)

// attachedAfter reads Android's "name (file attached)".
func (r *content) attachedAfter(c bodyContext, first, more []byte) bool {
	if c.bracket || len(first) > 1024 {
		return false
	}
	line := string(trimMarks(bytes.TrimRight(first, " ")))
	name := ""
	if strings.HasSuffix(line, ")") {
		before, tail, ok := cutLast(line, "(")
		var f folded
		before = strings.TrimRight(before, " \u00a0")
		if ok && (known.phrase["("+string(f.fold([]byte(tail)))] == "attached-after" || ownName.MatchString(before)) {
			name = before
		}
	} else {
		name = known.formName(line)
	}
	if name == "" {
		return false
	}
	r.attach(string(trimMarks([]byte(name))), nil, more)
	return true
}

// omittedTail reads iOS's "image omitted" and "Name.pdf • 2 pages document
// omitted".
func (r *content) omittedTail(c bodyContext, first, more []byte) bool {
	tail, head := first, []byte(nil)
	if i := lastMark(first); i > 0 {
		tail, head = first[i:], first[:i]
	} else if !c.app && !c.unmarked {
		return false
	}
	code := known.code(tail)
	if _, ok := omittedRoles[code]; !ok || code == "omitted" {
		return false
	}
	r.leftOut(code, strings.Trim(string(trimMarks(bytes.Trim(head, " "))), " "), more)
	return true
}

// lastMark is where the last mark of a line stands that has text behind it, or
// -1.
func lastMark(b []byte) int {
	for i := len(b) - 4; i >= 0; i-- {
		if isAppMark(b[i:]) {
			return i
		}
	}
	return -1
}

// leftOut makes the content of media that were not exported.
func (r *content) leftOut(code, name string, caption []byte) {
	m := media{role: omittedRoles[code], state: chat.Omitted, why: "exported without media"}
	if code == "view-once" {
		m.state, m.why = chat.ViewOnce, "shown once and never exported"
	}
	if code == "omitted-document" || code == "omitted-contact" {
		m.name = documentName(name)
		name = ""
	}
	r.kind = kindOf(m.role, code == "omitted-contact")
	r.attached = []media{m}
	r.text = joinCaption(name, caption)
}

// documentName takes the count of pages off "Name.pdf • 2 pages".
func documentName(s string) string {
	name, _, _ := strings.Cut(s, " • ")
	return strings.Trim(string(trimMarks([]byte(name))), " ")
}

// attach makes the content of a named file. before is what stands in front of
// the marker: a document's name again, or a caption.
func (r *content) attach(name string, before, caption []byte) {
	m := media{name: name, role: roleOf(name)}
	head := strings.Trim(string(trimMarks(bytes.TrimRight(before, " "))), " \r\n")
	if plain := strings.TrimSpace(unindexed(name)); head != "" && (documentName(head) == plain || documentName(head) == strings.TrimSuffix(plain, path.Ext(plain))) {
		head = ""
	}
	r.kind = kindOf(m.role, strings.EqualFold(path.Ext(name), ".vcf"))
	r.attached = []media{m}
	r.text = joinCaption(head, caption)
}

func joinCaption(head string, more []byte) string {
	for isAppMark(more) {
		more = more[3:]
	}
	if head == "" || len(more) == 0 {
		return head + string(more)
	}
	return head + "\n" + string(more)
}

// unindexed takes the running index of iOS off a name: it changes from export
// to export.
func unindexed(name string) string {
	if indexed(name) {
		return name[9:]
	}
	return name
}

func kindOf(role string, contact bool) chat.MessageKind {
	switch {
	case contact:
		return chat.Contact
	case role == "sticker":
		return chat.Sticker
	}
	return chat.Media
}
