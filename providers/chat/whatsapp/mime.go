package whatsapp

import (
	"path"
	"strings"
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
	kind, _, _ := strings.Cut(mimeOf(name), "/")
	switch kind {
	case "image", "video", "audio":
		return kind
	}
	return "file"
}

// types are the media types of what WhatsApp sends. The table is our own
// because the system's differs from machine to machine, and records may not.
var types = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif", ".heic": "image/heic",
	".mp4": "video/mp4", ".mov": "video/quicktime", ".3gp": "video/3gpp", ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".webm": "video/webm",
	".opus": "audio/ogg", ".ogg": "audio/ogg", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".aac": "audio/aac", ".amr": "audio/amr", ".wav": "audio/wav", ".caf": "audio/x-caf",
	".vcf": "text/vcard", ".pdf": "application/pdf", ".txt": "text/plain", ".zip": "application/zip", ".apk": "application/vnd.android.package-archive",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".csv":  "text/csv", ".html": "text/html", ".json": "application/json", ".was": "application/was",
}

// mimeOf is the media type of a file by its extension, or "".
func mimeOf(name string) string { return types[strings.ToLower(path.Ext(name))] }
