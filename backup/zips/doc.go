// Package zips opens zip files so that they come back exactly.
//
// A fresh export packs the same pictures and texts into a new zip, and as
// bytes the new zip has little in common with the old one: sizes, times and
// offsets differ, and what is compressed differs from the first changed byte
// on. So a zip is cut into segments. The content of a member is kept inflated,
// where it deduplicates, and everything around it as it is:
//
//	raw     local header of a.jpg
//	member  a.jpg, stored: its bytes stand in the zip as they are
//	raw     local header of chat.txt
//	member  chat.txt, deflated: its bytes, and zlib's level
//	raw     data descriptor, central directory, end of central directory
//
// A deflated member can be kept inflated only if the same compressed bytes can
// be made again. [Prove] finds out by doing so, to the last byte; [Deflate] does
// it again when the zip is restored. Where no level of zlib gives these bytes,
// because another program made them or in another way, the segment is kept as
// raw bytes. Nothing here trusts what a zip says about itself: names, sizes,
// checksums and offsets that lie cost deduplication, never a byte.
//
// The format is that of PKWARE's APPNOTE.TXT 6.3.10; "APPNOTE" in comments is
// this text. Compressed bytes are those of RFC 1951.
//
// The package works on readers and writers alone and knows nothing else of this
// program.
package zips
