// Package crypt reads the encrypted backups that WhatsApp leaves on an Android
// phone: msgstore.db.crypt12, .crypt14, .crypt15, and others beside it.
//
//	header      crypt12: 67 bytes. Else a protobuf behind its length as a varint
//	ciphertext  AES-256-GCM, nonce of 16 bytes, of a zlib stream of the database
//	tag         16 bytes
//	MD5         16 bytes, of all before; backups in several files have none
//	suffix      crypt12: 4 bytes, the end of the phone number
//
// The key of crypt12 and crypt14 is in a file that only the app can read on the
// phone. crypt15 is end-to-end encrypted: its key comes from 64 digits, which the
// owner has on paper or the app in a file. A password does not: with it, as with a
// passkey, WhatsApp's servers hand out the key, and nobody else can.
//
// What is known of the forms is from readers that others published, and holds for
// backups of 2017 to 2026.
//
// Nothing of a backup is trusted before the tag over all of it was found right. Its
// bytes go into a spill first, and are inflated from there. As it may have some
// gigabytes, GCM is computed here over a stream.
package crypt
