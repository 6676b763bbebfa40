package whatsapp

import (
	"strings"

	"chatkeep/providers/internal/mediatype"
)

// roleOf tells what a file is from the name that WhatsApp gave it:
// IMG-20230630-WA0000.jpg on Android, 00000035-PHOTO-2022-….jpg on iOS; else
// from its extension.
func roleOf(name string) string {
	s := strings.ToUpper(unindexed(name))
	prefix, _, ok := strings.Cut(s, "-")
	if ok {
		switch prefix {
		case "IMG", "PHOTO":
			return "image"
		case "VID", "VIDEO":
			return "video"
		case "PTT":
			return "voice"
		case "AUD", "AUDIO":
			return "audio"
		case "STK", "STICKER":
			return "sticker"
		case "GIF":
			return "gif"
		case "DOC":
			return "file"
		}
	}
	kind, _, _ := strings.Cut(mediatype.ByName(name), "/")
	switch kind {
	case "image", "video", "audio":
		return kind
	}
	return "file"
}
