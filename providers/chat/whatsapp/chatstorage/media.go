package chatstorage

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/mediatype"
)

// media reads a message that is a file, and its caption.
func (r *reader) media(k medium) {
	m := r.message
	m.Kind = k.kind
	title := r.rows.Text(cTitle)
	r.file(k.role, k.once)
	a := &m.Attachments[0]
	switch {
	case k.role == "file":
		if title != "" {
			a.Name = line(title)
		}
	case m.Text == "":
		m.Text = title
	case title != m.Text:
		a.Caption = title
	}
	if k.role == "audio" && strings.EqualFold(path.Ext(r.rows.Text(cPath)), ".opus") {
		a.Role = "voice"
	}
	r.mentions()
	if a.State != chat.Stored {
		r.thumbnail()
	}
}

// file adds the file of a message. A medium has one, be it here or not, which
// has a role; other messages only where they name one.
func (r *reader) file(role string, once bool) {
	local := r.rows.Text(cPath)
	optional := role == "" || role == "thumbnail"
	if local == "" && optional {
		return
	}
	a := chat.Attachment{Role: role, Name: path.Base(local), Size: max(r.rows.Int(cSize), 0)}
	if local == "" {
		a.Name = ""
	}
	a.MIME = mediatype.ByName(a.Name)
	if mime := r.rows.Text(cMIME); isMIME(mime) {
		a.MIME = mime
	}
	if role == "" {
		a.Role = roleOf(a.MIME)
	}
	if !optional {
		r.measure(&a)
	}
	r.find(&a, local, once)
	if optional && a.State != chat.Stored && role != "" {
		return // a preview that the app threw away
	}
	r.message.Attachments = append(r.message.Attachments, a)
}

// isMIME says whether ZVCARDSTRING is a media type.
func isMIME(s string) bool {
	return len(s) < 128 && strings.Count(strings.SplitN(s, ";", 2)[0], "/") == 1 && !strings.ContainsAny(s, "\r\n\x00") && !strings.HasPrefix(s, cardMark)
}

func roleOf(mime string) string {
	kind, _, _ := strings.Cut(mime, "/")
	switch kind {
	case "image", "video", "audio":
		return kind
	}
	return "file"
}

// measure reads how large and long a medium is. The columns of a place on earth
// hold the width and the height of pictures.
func (r *reader) measure(a *chat.Attachment) {
	a.Duration = seconds(r.rows.Float(cDuration))
	if a.Role == "file" || a.Role == "audio" {
		return
	}
	width, height := r.rows.Float(cLatitude), r.rows.Float(cLongitude)
	if width >= 1 && height >= 1 && width < 1e6 && height < 1e6 {
		a.Width, a.Height = int(width), int(height)
	}
}

// find looks for a file in the app's folder.
func (r *reader) find(a *chat.Attachment, local string, once bool) {
	if local == "" {
		a.State, a.Why = chat.Missing, "not downloaded by the phone"
		if once {
			a.State, a.Why = chat.ViewOnce, "shown once"
		}
		return
	}
	name := r.source.place.inMedia(local)
	if name == "" {
		a.State, a.Why = chat.Missing, "its path is none in the app's folder"
		return
	}
	at, info, err := r.source.place.stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && once:
		a.State, a.Why = chat.ViewOnce, "shown once"
	case errors.Is(err, fs.ErrNotExist):
		a.State, a.Why = chat.Missing, "not in the export"
	case errors.Is(err, fs.ErrInvalid) || err == nil && !info.Mode().IsRegular():
		a.State, a.Why = chat.Failed, "not a plain file" // a link leads to what is not the export's
	case err != nil:
		a.State, a.Why = chat.Failed, "it cannot be read"
	default:
		a.State, a.File, a.Size = chat.Stored, at, info.Size()
		r.source.used[at] = true
	}
}

// thumbnail adds the small picture of a medium that is gone.
func (r *reader) thumbnail() {
	local := r.rows.Text(cThumb)
	if local == "" {
		return
	}
	a := chat.Attachment{Role: "thumbnail", Name: path.Base(local), MIME: "image/jpeg"}
	if r.find(&a, local, false); a.State == chat.Stored {
		r.message.Attachments = append(r.message.Attachments, a)
	}
}
