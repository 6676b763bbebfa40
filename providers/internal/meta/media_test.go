package meta

import (
	"testing"
	"testing/fstest"

	"golang.org/x/text/unicode/norm"

	"chatkeep/providers/chat"
)

func TestResolve(t *testing.T) {
	thread := "your_facebook_activity/messages/inbox/anna_1"
	fsys := fstest.MapFS{
		thread + "/photos/1.jpg":                              file("jpeg"),
		thread + "/files/" + norm.NFD.String("Účet.pdf"):      file("pdf"),
		thread + "/audio/note.mp4":                            file("mp4"),
		"your_facebook_activity/messages/stickers_used/1.png": file("png"),
		"your_facebook_activity/messages/media/a.jpeg":        file("jpeg"),
		"outside.jpg":   file("secret"),
		thread + "/dir": {Mode: 0o755 | 1<<31},
	}
	inner := fstest.MapFS{} // the thread's folder alone
	for _, name := range []string{"photos/1.jpg", "audio/note.mp4"} {
		inner[name] = fsys[thread+"/"+name]
	}
	for _, c := range []struct {
		where     fstest.MapFS
		root, dir string
		role, uri string
		file      string
		state     chat.AttachmentState
		mime      string
	}{
		{fsys, "your_facebook_activity/messages", thread, "image", "your_facebook_activity/messages/inbox/anna_1/photos/1.jpg", thread + "/photos/1.jpg", chat.Stored, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "messages/inbox/anna_1/photos/1.jpg", thread + "/photos/1.jpg", chat.Stored, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "photos/1.jpg", thread + "/photos/1.jpg", chat.Stored, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "./media/a.jpeg", "your_facebook_activity/messages/media/a.jpeg", chat.Stored, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "sticker", "messages/stickers_used/1.png", "your_facebook_activity/messages/stickers_used/1.png", chat.Stored, "image/png"},
		{fsys, "your_facebook_activity/messages", thread, "file", "messages/inbox/anna_1/files/" + norm.NFC.String("Účet.pdf"), thread + "/files/" + norm.NFD.String("Účet.pdf"), chat.Stored, "application/pdf"},
		{fsys, "your_facebook_activity/messages", thread, "voice", "messages/inbox/anna_1/audio/note.mp4", thread + "/audio/note.mp4", chat.Stored, "audio/mp4"},
		{inner, "", ".", "image", "your_facebook_activity/messages/inbox/anna_1/photos/1.jpg", "photos/1.jpg", chat.Stored, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "messages/inbox/anna_1/photos/2.jpg", "", chat.Missing, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "https://example.org/a/b.png?x=1#y", "", chat.Expired, "image/png"},
		{fsys, "your_facebook_activity/messages", thread, "image", failedDownload, "", chat.Missing, ""},
		{fsys, "your_facebook_activity/messages", thread, "image", "", "", chat.Missing, ""},
		{fsys, "your_facebook_activity/messages", thread, "image", "messages/inbox/anna_1/dir", "", chat.Missing, ""},
		{fsys, "your_facebook_activity/messages", thread, "image", "../outside.jpg", "", chat.Failed, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "messages/../../outside.jpg", "", chat.Failed, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "/outside.jpg", "", chat.Failed, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", `..\outside.jpg`, "", chat.Failed, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "file:///outside.jpg", "", chat.Missing, "image/jpeg"},
		{fsys, "your_facebook_activity/messages", thread, "image", "a\x00b.jpg", "", chat.Failed, "image/jpeg"},
	} {
		m := &media{fsys: c.where, root: c.root, used: map[string]bool{}}
		a := m.resolve(c.dir, c.role, c.uri)
		if a.File != c.file || a.State != c.state || a.MIME != c.mime || (a.State != chat.Stored) != (a.Why != "") || m.used[c.file] != (c.file != "") {
			t.Errorf("%q: %+v", c.uri, a)
		}
		if c.state == chat.Stored && a.Size != int64(len(c.where[c.file].Data)) {
			t.Errorf("%q: %d bytes", c.uri, a.Size)
		}
	}
}
