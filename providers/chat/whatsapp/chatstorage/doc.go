// Package chatstorage reads the database of WhatsApp on an iPhone or a Mac:
// ChatStorage.sqlite, and what lies beside it in the app's folder.
//
//	group.net.whatsapp.WhatsApp.shared/   on a Mac below ~/Library/Group Containers
//	    ChatStorage.sqlite                chats and messages
//	    ContactsV2.sqlite                 names, from the phone's contacts
//	    CallHistory.sqlite                calls
//	    LID.sqlite                        which hidden address is which number's
//	    Library/Preferences/…plist        the owner's number
//	    Message/Media/…                   what was sent and received
//
// The folder comes as it is, as the database alone, or out of a backup of the phone
// ([iosbackup]), which has its files under other names.
//
// It is a store of Apple's Core Data: times are seconds since 2001, Z_PK numbers
// rows, and every release of the app adds columns and drops some, so that each is
// looked for before it is asked for. What columns, types and codes mean is known
// from readers of this database that are public: WhatsApp-Chat-Exporter, iLEAPP,
// IPED, MVT and SwiftWABackupAPI among them. Where they disagree, the data of a row
// decides; what none of them knows is kept as it is.
package chatstorage
