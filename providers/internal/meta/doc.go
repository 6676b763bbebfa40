// Package meta reads what Messenger and Instagram have in common: the messages
// in a download of "your information", and Messenger's export of end-to-end
// encrypted chats.
//
//	your_facebook_activity/messages/          or your_instagram_activity/…, or messages/ alone
//	  inbox/anna_1234567890/message_1.json    the newest messages, newest first
//	  inbox/anna_1234567890/message_2.json    older ones
//	  inbox/anna_1234567890/photos/…
//	  archived_threads/… message_requests/… filtered_threads/… e2ee_cutover/…
//	  stickers_used/… autofill_information.json
//
//	messages/Anna_3.json                      encrypted chats: one file a thread, oldest first
//	messages/media/6f1c….jpeg
//
// A thread in the download's JSON is {participants, messages, title,
// thread_path, …}; its text is UTF-8 whose bytes were each written as a code
// point of their own (see mend). In HTML a thread is pages of the same order,
// whose classes and words change; what stays is that a message is an element
// with a sender, a body and a time (see pageReader).
//
// Messages have no ids. What tells them apart is the thread, the millisecond,
// the sender, and a number among equal ones. Files are filled anew with every
// download, so nothing depends on which file a message stands in: the records of
// a thread are sorted by their time over all of its files, and those of one
// millisecond by what they say. What is held in memory for that is bounded (see
// shelfSize).
//
// The apps' maker documents none of this. It is known from public samples, and
// from the readers and bug reports of other projects: msgvault, chatalysis,
// messenger-JSON-viewer, chat-miner.
package meta

import "regexp"

// Routes are the forms in which threads come.
const (
	RouteJSON = "json" // a download in JSON
	RouteHTML = "html" // a download in HTML
	RouteE2EE = "e2ee" // the export of encrypted chats
)

// App is what differs between the apps.
type App struct {
	Name  string // of the provider, as "messenger"
	Title string
	// Activity are the folders of a download that hold "messages", as
	// "your_facebook_activity".
	Activity []string
	// Profile are the files of a download that name its owner.
	Profile []string
	// Own and Foreign are the marks of this app and of the other one.
	Own, Foreign Marks
	// Bare says that a thread without any mark is taken for this app's if it is
	// a page, or its file has the name that downloads give it; the other app
	// takes those under other names. Where a thread's own path is in it, either
	// may have written it, and both claim it.
	Bare bool
	// Encrypted says that the app exports encrypted chats.
	Encrypted bool
	// VoiceNotes says that all audio is: the app has no other.
	VoiceNotes bool
	// Parts is what the names of a download's zips look like; its first group is
	// what they have in common.
	Parts *regexp.Regexp
}

// Download is what the names of all parts of a download have in common, or "".
func (a *App) Download(name string) string {
	m := a.Parts.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return m[1]
}
