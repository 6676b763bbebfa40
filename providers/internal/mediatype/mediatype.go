// Package mediatype tells the media type of a file by its name. The table is our
// own because the system's differs from machine to machine, and records may not.
package mediatype

import (
	"path"
	"strings"
)

// types are the media types of what chat apps send.
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

// ByName is the media type of a file by its name's extension, or "".
func ByName(name string) string { return types[strings.ToLower(path.Ext(name))] }
