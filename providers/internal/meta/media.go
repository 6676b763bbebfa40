package meta

import (
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/mediatype"
)

// media are the files of an export that messages name.
type media struct {
	fsys fs.FS
	root string // the folder "messages"; "" where there is none
	used map[string]bool
}

// failedDownload is what the export of encrypted chats has in place of a path.
const failedDownload = "Failed to download media"

// resolve finds what a message in a thread's folder names. A download writes
// paths from its own root, with or without the folder of the activity; a page
// also from the thread.
func (m *media) resolve(dir, role, uri string) chat.Attachment {
	clean := strings.TrimPrefix(uri, "./")
	a := chat.Attachment{Role: role}
	scheme, _, remote := strings.Cut(clean, ":")
	switch {
	case clean == failedDownload:
		a.State, a.Why = chat.Missing, "the app failed to download it for the export"
		return a
	case clean == "":
		a.State, a.Why = chat.Missing, "named without a path"
		return a
	case remote && (scheme == "https" || scheme == "http"):
		clean, _, _ = strings.Cut(clean, "?")
		a.State, a.Why = chat.Expired, "only an address on the app's servers, which ends"
	case !fs.ValidPath(path.Clean(clean)) || strings.ContainsAny(clean, "\\\x00"):
		a.State, a.Why = chat.Failed, "its path leads out of the export"
	default:
		a.State, a.Why = chat.Missing, "not in the export"
		m.find(&a, dir, clean)
	}
	a.Name = baseName(clean)
	a.MIME = mediatype.ByName(a.Name)
	if role == "voice" || role == "audio" {
		a.MIME = strings.Replace(a.MIME, "video/", "audio/", 1) // voice notes are .mp4
	}
	return a
}

func baseName(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// find looks for a path, and for what follows its first folders, from the
// export's root, from the folder of messages, and from the thread. Names on disk
// may be composed or decomposed (macOS).
func (m *media) find(a *chat.Attachment, dir, uri string) {
	forms := []string{uri}
	for _, form := range []string{norm.NFC.String(uri), norm.NFD.String(uri)} {
		if form != uri {
			forms = append(forms, form)
		}
	}
	for _, form := range forms {
		for rest := path.Clean(form); ; {
			if m.take(a, rest) || m.root != "" && m.take(a, path.Join(m.root, rest)) || m.take(a, path.Join(dir, rest)) {
				return
			}
			_, rest, _ = strings.Cut(rest, "/")
			if !strings.Contains(rest, "/") {
				break
			}
		}
	}
}

// take takes the file of a path, if it is one.
func (m *media) take(a *chat.Attachment, name string) bool {
	info, err := fs.Stat(m.fsys, name)
	if err != nil || info.IsDir() {
		return false
	}
	if !info.Mode().IsRegular() {
		a.State, a.Why = chat.Failed, "no plain file"
		return true
	}
	m.used[name] = true
	a.File, a.Size, a.State, a.Why = name, info.Size(), chat.Stored, ""
	return true
}

// folders are what downloads sort media into.
var folders = []struct{ name, role string }{
	{"photos", "image"}, {"videos", "video"}, {"audio", "voice"}, {"gifs", "gif"}, {"stickers_used", "sticker"}, {"files", "file"},
}

// roleByPath tells what a file is by the folder that it lies in, else by its
// name.
func roleByPath(p string) string {
	for _, f := range folders {
		if strings.Contains("/"+p, "/"+f.name+"/") {
			return f.role
		}
	}
	kind, _, _ := strings.Cut(mediatype.ByName(p), "/")
	switch kind {
	case "image", "video", "audio":
		return kind
	}
	return "file"
}
