package chatstorage

import (
	"bytes"
	"io/fs"
	"path"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/iosbackup"
	"chatkeep/providers/internal/peek"
	"chatkeep/providers/internal/sqlite"
)

// Routes.
const (
	RouteFolder = "ios"        // the app's folder, or its database alone
	RouteBackup = "ios-backup" // a backup of the phone
)

// Names of files in the app's folder.
const (
	chatFile     = "ChatStorage.sqlite"
	contactsFile = "ContactsV2.sqlite"
	callsFile    = "CallHistory.sqlite"
	hiddenFile   = "LID.sqlite"
)

const (
	// headSize is how much of a database is looked at: its tables are described
	// near its beginning.
	headSize = 64 << 10
	// maxDatabases bounds the databases of other names looked at in one folder.
	maxDatabases = 16
)

// account is a place in a backup where the app keeps its files.
type account struct {
	domain string
	files  string // the folder of the databases
	media  string // the folder of Media
}

// accounts are WhatsApp, WhatsApp Business, and WhatsApp until 2015.
var accounts = []account{
	{"AppDomainGroup-group.net.whatsapp.WhatsApp.shared", ".", "Message"},
	{"AppDomainGroup-group.net.whatsapp.WhatsAppSMB.shared", ".", "Message"},
	{"AppDomain-net.whatsapp.WhatsApp", "Documents", "Library"},
}

// Recognize finds databases in a folder, whose entries are list. In a backup it
// claims the databases alone: all else in there is other apps'.
func Recognize(fsys fs.FS, list []fs.DirEntry) []chat.Match {
	if iosbackup.Is(fsys) {
		if found := inBackup(fsys); len(found) > 0 {
			return found
		}
	}
	var found []chat.Match
	own := map[string]bool{}
	others := 0
	for _, e := range list {
		name := e.Name()
		own[name] = true
		switch {
		case !e.Type().IsRegular() || name == callsFile || name == contactsFile || name == hiddenFile:
		case name == chatFile:
			found = append(found, chat.Match{Route: RouteFolder, Path: name, Sure: judge(fsys, name)})
		case isDatabase(name) && others < maxDatabases:
			if others++; mentions(fsys, name, "ZWAMESSAGE", "ZWACHATSESSION") {
				found = append(found, chat.Match{Route: RouteFolder, Path: name, Sure: 90})
			}
		}
	}
	if len(found) == 0 && own[callsFile] && mentions(fsys, callsFile, "ZWACDCALLEVENT") {
		found = append(found, chat.Match{Route: RouteFolder, Path: callsFile, Sure: 90})
	}
	if len(found) == 1 && found[0].Path == chatFile {
		info, err := fs.Stat(fsys, "Message")
		found[0].Whole = err == nil && info.IsDir()
	}
	return found
}

func inBackup(fsys fs.FS) (found []chat.Match) {
	for _, a := range accounts {
		if p, ok := iosbackup.Locate(fsys, a.domain, path.Join(a.files, chatFile)); ok {
			found = append(found, chat.Match{Route: RouteBackup, Path: p, Sure: 95})
		}
	}
	return found
}

func isDatabase(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".sqlite" || ext == ".db" || ext == ".sqlite3"
}

// judge says how sure it is of a file that has the right name.
func judge(fsys fs.FS, name string) int {
	switch {
	case mentions(fsys, name, "ZWAMESSAGE"):
		return 98
	case mentions(fsys, name):
		return 80 // its tables are described further on, or in the log
	}
	return 30 // the name alone is worth an error
}

// mentions says whether a file is a database that has words in its head.
func mentions(fsys fs.FS, name string, words ...string) bool {
	head, _ := peek.Head(fsys, name, headSize)
	if !bytes.HasPrefix(head, []byte(sqlite.Magic)) {
		return false
	}
	for _, w := range words {
		if !bytes.Contains(head, []byte(w)) {
			return false
		}
	}
	return true
}
