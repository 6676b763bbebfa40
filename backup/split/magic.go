package split

import (
	"bytes"
	"encoding/binary"
)

// mark is a run of bytes at a place in the head that tells a kind of file.
type mark struct {
	at    int
	bytes string
}

func (m mark) in(head []byte) bool {
	return len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes))
}

// containers hold other files, or are documents made of compressed parts. What
// changes in them changes at no place one could foresee, but often behind a
// part that stays: pieces, then, and not one chunk. They are known by their
// marks so that neither a long plain-text beginning nor a name misleads.
var containers = []mark{
	{0, "PK\x03\x04"},              // zip, docx, epub, apk
	{0, "PK\x05\x06"},              // an empty zip
	{0, "\x1F\x8B\x08"},            // gzip
	{0, "7z\xBC\xAF\x27\x1C"},      // 7-Zip
	{0, "\xFD7zXZ\x00"},            // xz
	{0, "\x28\xB5\x2F\xFD"},        // zstd
	{0, "Rar!\x1A\x07"},            // RAR
	{4, "1AY&SY"},                  // bzip2
	{0, "%PDF-"},                   // PDF
	{0, "age-encryption.org/v1\n"}, // age
}

// media are images, sound and film in formats that compress.
var media = []mark{
	{0, "\xFF\xD8\xFF"},                     // JPEG
	{0, "\x89PNG\r\n\x1A\n"},                // PNG
	{0, "GIF87a"},                           // GIF
	{0, "GIF89a"},                           //
	{0, "\xFF\x0A"},                         // JPEG XL, bare
	{0, "\x00\x00\x00\x0CJXL \r\n\x87\n"},   // JPEG XL, boxed
	{0, "\x1A\x45\xDF\xA3"},                 // Matroska, WebM
	{0, "OggS"},                             // Ogg: Opus, Vorbis
	{0, "fLaC"},                             // FLAC
	{0, "ID3\x02"},                          // MP3 or AAC behind a tag
	{0, "ID3\x03"},                          //
	{0, "ID3\x04"},                          //
	{0, "#!AMR"},                            // AMR, narrow and wide band
	{0, "#!SILK_V3"},                        // SILK voice notes
	{0, "\x02#!SILK_V3"},                    // the same as WeChat writes it
	{0, "FLV\x01"},                          // Flash video
	{0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"}, // ASF: WMV, WMA
	{0, "\x00\x00\x01\xBA"},                 // MPEG program stream
}

// isContainer says whether head begins an archive, a document of compressed
// parts, or something encrypted as a whole.
func isContainer(head []byte) bool {
	return hasMark(containers, head)
}

// isMedia says whether head begins an image, sound or film that is compressed
// already. Formats that begin with a few set bits, as bare MP3 and AAC frames,
// are left to the extension.
func isMedia(head []byte) bool {
	return hasMark(media, head) || isBoxes(head) || isRIFF(head)
}

func hasMark(marks []mark, head []byte) bool {
	for _, m := range marks {
		if m.in(head) {
			return true
		}
	}
	return false
}

// isBoxes says whether head begins an ISO base media file: MP4, M4A, MOV, 3GP,
// HEIC, AVIF. Source: ISO/IEC 14496-12, the box "ftyp". Its length of less
// than 64 KiB begins with two NULs, which no text does.
func isBoxes(head []byte) bool {
	return mark{4, "ftyp"}.in(head) && binary.BigEndian.Uint32(head) < 1<<16
}

// isRIFF says whether head begins a RIFF file of a kind that compresses. WAV
// is one that does not.
func isRIFF(head []byte) bool {
	return mark{0, "RIFF"}.in(head) && (mark{8, "WEBP"}.in(head) || mark{8, "AVI "}.in(head))
}

// mediaNames are the extensions that make a binary of unknown content media.
var mediaNames = set(
	"3g2", "3gp", "aac", "amr", "avi", "avif", "flac", "flv", "gif", "heic", "heif",
	"jfif", "jpeg", "jpg", "jxl", "m4a", "m4b", "m4v", "mkv", "mov", "mp3", "mp4",
	"mpeg", "mpg", "oga", "ogg", "ogv", "opus", "png", "webm", "webp", "wma", "wmv",
)

// textNames are the extensions that make text of any encoding without NUL.
var textNames = set(
	"csv", "eml", "htm", "html", "ics", "json", "jsonl", "log", "mbox", "md", "ndjson",
	"srt", "svg", "tsv", "txt", "vcf", "vtt", "xhtml", "xml", "yaml", "yml",
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}
