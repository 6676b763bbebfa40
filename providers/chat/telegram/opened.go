package telegram

import (
	"io/fs"
	"path"

	"chatkeep/providers/chat"
)

// opened is an export that is read, in whichever form, and what was learnt of it.
type opened struct {
	match   chat.Match
	options chat.Options
	files   *files
	owner   owner

	ignored map[string]int
	guessed bool // times had no zone
	nobody  bool // nobody is called as --me says, in a chat
	known   bool // the owner is, in another
}

func newOpened(fsys fs.FS, m chat.Match, o chat.Options) opened {
	return opened{match: m, options: o, files: newFiles(fsys), ignored: map[string]int{}}
}

// meet takes in whether the owner was met among the people of a chat.
func (o *opened) meet(p *people) {
	if p.self >= 0 {
		o.known = true
	} else if o.options.Me != "" {
		o.nobody = true
	}
}

// coverage is what is known of a chat, or that there is none.
func (d *dialog) coverage(id string) chat.Coverage {
	if d == nil {
		return chat.Coverage{Conversation: id, WhyIncomplete: "not in the export"}
	}
	return d.cover
}

// accounts tells where the export's records and files went.
func (o *opened) accounts(chats int, warnings ...string) chat.Accounts {
	a := chat.Accounts{Ignored: o.ignored, Warnings: warnings}
	name := path.Base(o.match.Path)
	if o.guessed && o.options.Zone == nil {
		a.Warnings = append(a.Warnings, name+": times have no zone in the export: taken as this machine's; --tz says otherwise")
	}
	if o.nobody && !o.known {
		a.Warnings = append(a.Warnings, "nobody here is called as --me says")
	}
	if chats == 0 {
		a.Warnings = append(a.Warnings, name+": no chats in it: they are a choice of the export")
	}
	if o.match.Whole {
		a.Unused = o.files.unused()
	}
	return a
}
