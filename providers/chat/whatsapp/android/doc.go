// Package android reads the database of WhatsApp on Android phones, as it is on the
// phone or in the app's own encrypted backup:
//
//	WhatsApp/                         Android/media/com.whatsapp/WhatsApp on the phone
//	    Databases/
//	        msgstore.db.crypt15                  of last night
//	        msgstore-2026-11-19.1.db.crypt15     of the nights before
//	        msgstore-increment-….db.crypt15      what came since, in a form of its own
//	    Media/WhatsApp Images/IMG-20261120-WA0001.jpg …
//	    Backups/wa.db.crypt15 …                  names of contacts, and settings
//	com.whatsapp/                     /data/data/com.whatsapp, which needs root
//	    databases/msgstore.db, wa.db
//	    files/key, encrypted_backup.key
//	    shared_prefs/com.whatsapp_preferences_light.xml
//
// In msgstore.db, table message has a row a message, and some hundred others have
// what messages of one kind have besides, by message_row_id. Until about 2022 it was
// all in one table, messages; databases of that time have both. Columns and tables come
// and go with every release, so that each is looked for before it is asked for, and
// rows of tables that this package does not know are kept as they are.
//
// What is known of the schema is from databases that others published, from readers
// that they wrote, and from the app's own SQL, up to 2026.
package android
