// Package format turns the objects of a repository into bytes and bytes into
// objects. It is pure: it reads from the byte slices and io.ReaderAt values it
// is given, holds no keys and knows nothing of age. docs/format.md is the
// specification; the vectors in testdata/vectors are part of it.
//
// The plaintext of a pack, as ParseLayout and the stock tools see it:
//
//	50 2a 4d 18 | len | {"type":"pack","format":1,...}        skippable: header
//	28 b5 2f fd | ...  tar header, chunk, zeros, tar header…  zstd frame
//	28 b5 2f fd | ...                                         zstd frame
//	28 b5 2f fd 60 00 03 03 20 00 00                          the archive's end
//	52 2a 4d 18 | len | 00 00 00 …                            skippable: padding
//	51 2a 4d 18 | len | directory | len                       skippable: tail
//
// Index objects, manifests, news and notes have the same shape without the
// archive's end. Heads, authorities and tombstones are signed JSON in an
// Envelope.
//
// Every parser refuses bytes that its encoder would not have written, names
// the failure's Class, and allocates in proportion to the bytes it was given,
// never to a count that they declare.
package format
