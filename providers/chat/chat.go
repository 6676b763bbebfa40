// Package chat is the contract between chatkeep and the apps whose exports it
// reads: what a conversation, a message and an attachment are, and how a
// source yields them. The suite in chattest is its proof.
//
// A provider turns an export into conversations and loses no byte on the way:
// everything in the export is a parsed record, an unparsed record, or named
// in an ignore list with its reason. Paths and names out of an export are
// data, never trusted.
package chat

import (
	"context"
	"io/fs"
	"iter"
	"time"
)

// Provider is one app. It is a plain value: a build's list of them is written
// out in providers/all.
type Provider struct {
	// Name is the word for --app, as "whatsapp".
	Name string
	// Title is the app's name as its maker writes it.
	Title string
	// Explain tells a person what to tap to get an export: plain text for a
	// terminal, wrapped at 78 columns.
	Explain string
	// Recognize says which exports of this app lie directly in the root
	// directory of fsys. It is cheap: names and first bytes, never a walk.
	// Nothing recognised is an empty list and no error.
	Recognize func(fsys fs.FS) ([]Match, error)
	// Open makes a source of one match of the same fsys.
	Open func(fsys fs.FS, match Match, options Options) (Source, error)
	// Download is for apps that hand out one export in several zips: given the
	// name of a zip or folder, it returns what the names of all parts of that
	// download have in common, and "" for other names. Parts that lie side by
	// side are recognised and opened as one file system, their folders merged.
	// It is nil where an export is always one zip or folder.
	Download func(name string) string
}

// Match is one recognised export.
type Match struct {
	// Route names the shape of export within the app, as "text".
	Route string
	// Path is what the export is known by: a file, a folder, or "." for the
	// whole directory.
	Path string
	// Sure is how certain this is, from 1 (could be) to 100 (nothing else
	// looks so). Two providers with the same figure for one path are a
	// question to the user, never a guess. Several matches of one provider for
	// one path are as many exports.
	Sure int
	// Whole says that the directory and all below it belong to this export,
	// so that no further one is looked for in there. Where Path is a folder, it
	// says so of that folder only.
	Whole bool
}

// Options are what an export cannot say of itself.
type Options struct {
	// Me is the name or id under which the owner of the export appears.
	Me string
	// Zone is where wall-clock times without a zone were shown; nil means
	// unknown, and times are then taken as the local zone of this machine
	// and marked so.
	Zone *time.Location
	// DateOrder is "", "dmy", "mdy" or "ymd".
	DateOrder string
	// Chat overrides the conversation's title where the export holds one.
	Chat string
	// Key asks for what opens an encrypted export: a key as a person writes it, or
	// the bytes of a key file. What says for people which one is needed, as "the
	// 64-digit key of msgstore.db.crypt15". No bytes, an error, or a Key that is
	// nil: there is none. It may be called by several goroutines.
	Key func(ctx context.Context, what string) ([]byte, error)
	// Name is the file or folder name the export came under ("WhatsApp Chat -
	// Anna.zip"): some exports tell the title nowhere else. It may be "".
	Name string
}

// Source yields what one export holds. It is used by one goroutine.
type Source interface {
	// Conversations yields each conversation once. It yields an error in
	// place of a conversation that cannot be read and goes on with the next.
	// Who takes part may be known for sure only when its messages were read.
	Conversations(ctx context.Context) iter.Seq2[*Conversation, error]

	// Messages streams a conversation's messages in the order of the export,
	// which is time order wherever the export has one. The message is valid
	// until the next one is asked for. An error for one record is followed by
	// the next record; an export that ends early yields what came before, then
	// an error that matches io.ErrUnexpectedEOF.
	Messages(ctx context.Context, c *Conversation) iter.Seq2[*Message, error]

	// Coverage tells what the export claims to hold of a conversation. It is
	// called when Messages has been read to its end.
	Coverage(c *Conversation) Coverage

	// Accounts tells where every byte of the export went. It is called last.
	Accounts() Accounts

	// Close frees what Open took.
	Close() error
}

// Accounts says where the bytes of an export went.
type Accounts struct {
	// Ignored counts what was deliberately not made into a record, by reason.
	Ignored map[string]int
	// Unused are files of the export that no message mentions.
	Unused []string
	// Warnings are for people: assumptions made, doubts left. They hold no
	// message text.
	Warnings []string
}
