package telegram

import (
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// roles are what the kinds of media are in the model. A file without a kind is a
// document.
var roles = map[string]string{
	"": "file", "sticker": "sticker", "video_message": "video", "voice_message": "voice", "animation": "gif",
	"video_file": "video", "audio_file": "audio",
}

// absent are the ends of the phrases that stand in place of a path. Releases and
// fields differ in what they call the file before them: File, Photo, Story.
var absent = []struct {
	end   string
	state chat.AttachmentState
	why   string
}{
	{"not included. Change data exporting settings to download.)", chat.Omitted, "not chosen in the settings of the export"},
	{"exceeds maximum size. Change data exporting settings to download.)", chat.TooLarge, "larger than the size limit of the export"},
	{"unavailable, please try again later)", chat.Missing, "Telegram did not deliver it to the export"},
}

// once is the period of media that are shown once.
const once = 1<<31 - 1

// media reads the files of a message.
func (m *maker) media() {
	r, msg := &m.record, &m.message
	if r.has(fPhoto) {
		m.attach("image", fPhoto, fPhotoSize)
		msg.Kind = chat.Media
	}
	if r.has(fFile) {
		kind := r.text(fMediaType)
		role, known := roles[kind]
		if !known {
			role = "file"
		}
		if !known || kind == "video_message" { // one that is shown round
			m.extra(fieldNames[fMediaType], kind)
		}
		m.attach(role, fFile, fFileSize)
		m.thumbnail()
		msg.Kind = chat.Media
		if role == "sticker" {
			msg.Kind = chat.Sticker
		}
	}
	if r.has(fPaid) {
		msg.Kind = chat.Media
		msg.Attachments = append(msg.Attachments, chat.Attachment{State: chat.Omitted, Why: "paid media are not exported"})
	}
}

// attach adds the file that a field names, with what the message says of it.
func (m *maker) attach(role string, file, size field) {
	r := &m.record
	a := chat.Attachment{Role: role, Width: m.small(fWidth), Height: m.small(fHeight), Size: r.number(size)}
	a.Duration = time.Duration(m.small(fSeconds)) * time.Second
	if file == fFile {
		a.Name, a.MIME = r.text(fFileName), r.text(fMIME)
	} else {
		a.MIME = "image/jpeg"
	}
	m.locate(&a, file)
	if period, ok := r.fields[fSelfDestruct].Int(); ok && a.File == "" {
		if period == once {
			a.State = chat.ViewOnce
		}
		a.Why = "it deletes itself, and is not exported"
	}
	m.message.Attachments = append(m.message.Attachments, a)
}

// small takes a number out that is one of pixels or seconds.
func (m *maker) small(f field) int {
	if n := number(m.record.fields[f]); n < 1 || n >= 1<<31 {
		return 0
	}
	return int(m.record.number(f))
}

// locate finds the file of an attachment, or says why there is none.
func (m *maker) locate(a *chat.Attachment, file field) {
	p, ok := m.record.fields[file].Text()
	if !ok {
		a.State, a.Why = chat.Missing, "the export names no file"
		return
	}
	m.record.take(file)
	if state, why := absence(p); state != "" {
		a.State, a.Why = state, why
		return
	}
	m.files.find(a, p)
}

// absence is why a phrase stands in place of a path; it is "" for a path.
func absence(p string) (chat.AttachmentState, string) {
	if !strings.HasSuffix(p, ")") {
		return "", ""
	}
	for _, phrase := range absent {
		if strings.HasSuffix(p, phrase.end) {
			return phrase.state, phrase.why
		}
	}
	return "", ""
}

// thumbnail adds the small picture of a file. Of one that was not exported there
// is none either, which need not be said twice.
func (m *maker) thumbnail() {
	r := &m.record
	p, ok := r.fields[fThumb].Text()
	if !ok {
		return
	}
	if state, why := absence(p); state != "" {
		if main := &m.message.Attachments[len(m.message.Attachments)-1]; main.Why == why {
			r.take(fThumb)
		}
		return
	}
	r.take(fThumb)
	a := chat.Attachment{Role: "thumbnail", Size: r.number(fThumbSize)}
	m.files.find(&a, p)
	m.message.Attachments = append(m.message.Attachments, a)
}

// emojiFile adds the picture of a custom emoji, where there is one.
func (m *maker) emojiFile(p string) {
	if state, _ := absence(p); state == "" && strings.Contains(p, "/") {
		m.files.emoji(&m.message, p)
	}
}

// types are the media types of pictures of which the app does not say them: of
// stickers since April 2024 only, of small pictures never.
var types = map[string]string{
	".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".webm": "video/webm", ".tgs": "application/x-tgsticker",
}

func number(v jsonstream.Value) int64 {
	n, _ := v.Int()
	return n
}
